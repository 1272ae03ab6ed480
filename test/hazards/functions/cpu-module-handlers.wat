;; class: cpu
;; tries: to catch the end of an endless loop and to go on
;; expects: HS_FUNCTION_CPU
;; kills: no
;; calls: 2

(module
  (memory (export "memory") 1)
  (func (export "hairspring_message") (result i32)
    (loop $again
      (try (do (loop $for-ever (br $for-ever))) (catch_all))
      (br $again))
    (i32.const 0)))
