;; class: memory
;; tries: to leave a large memory behind with each message
;; expects: ok HS_FUNCTION_MEMORY
;; kills: no
;; limits: memory=256MiB cpu=1s timeout=10s
;; calls: 12

(module
  (import "hairspring_v1" "reply_write" (func $reply_write (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 600) "contained")
  (func (export "hairspring_message") (result i32) (local $at i32)
    (drop (memory.grow (i32.const 2_000)))
    (local.set $at (i32.mul (memory.size) (i32.const 65_536)))
    (loop $touch
      (local.set $at (i32.sub (local.get $at) (i32.const 4_096)))
      (i32.store8 (local.get $at) (i32.const 1))
      (br_if $touch (i32.gt_u (local.get $at) (i32.const 65_536))))
    (call $reply_write (i32.const 600) (i32.const 9))
    (i32.const 0)))
