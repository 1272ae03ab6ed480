;; class: escape
;; tries: to reach the host by exports that are named like members of all objects
;; expects: ok
;; kills: no
;; calls: 4

(module
  (import "hairspring_v1" "reply_write" (func $reply_write (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "contained")
  (func $odd (result i32) (unreachable))
  (export "__proto__" (func $odd))
  (export "constructor" (func $odd))
  (export "then" (func $odd))
  (export "toString" (func $odd))
  (export "valueOf" (func $odd))
  (export "hasOwnProperty" (func $odd))
  (export "" (func $odd))
  (func (export "hairspring_message") (result i32)
    (call $reply_write (i32.const 0) (i32.const 9))
    (i32.const 0)))
