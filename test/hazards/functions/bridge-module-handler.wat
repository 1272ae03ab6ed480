;; class: bridge
;; tries: to enter its handler again from within, and from its start
;; expects: ok HS_FUNCTION_CPU HS_FUNCTION_THREW
;; kills: no
;; binds: kv
;; calls: 8

(module
  (import "hairspring_v1" "call" (func $call (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "hairspring_v1" "reply_write" (func $reply_write (param i32 i32)))
  (memory (export "memory") 1)
  (global $depth (mut i32) (i32.const 0))
  (data (i32.const 0) "KV")
  (data (i32.const 8) "[\"k\"]")
  (data (i32.const 16) "contained")
  (data (i32.const 32) "get")
  (func $message (export "hairspring_message") (result i32)
    (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
    (drop (call $call (i32.const 0) (i32.const 2) (i32.const 32) (i32.const 3) (i32.const 8) (i32.const 5)
      (i32.const 0) (i32.const 0)))
    (if (i32.lt_s (global.get $depth) (i32.const 20)) (then (drop (call $message))))
    (global.set $depth (i32.sub (global.get $depth) (i32.const 1)))
    (if (i32.eqz (global.get $depth)) (then (call $reply_write (i32.const 16) (i32.const 9))))
    (i32.const 0)))
