;; A reactor that greets whoever the subject names.
(module
  (import "hairspring_v1" "param_read" (func $param_read (param i32 i32 i32 i32) (result i32)))
  (import "hairspring_v1" "reply_write" (func $reply_write (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "nameHello, !")
  (func (export "hairspring_message") (result i32)
    (local $length i32)
    ;; The capture {name}, into 256 bytes at 64; the whole length comes back.
    (local.set $length (call $param_read (i32.const 0) (i32.const 4) (i32.const 64) (i32.const 256)))
    (if (i32.gt_u (local.get $length) (i32.const 256)) (then (return (i32.const 1))))
    (call $reply_write (i32.const 4) (i32.const 7))
    (call $reply_write (i32.const 64) (local.get $length))
    (call $reply_write (i32.const 11) (i32.const 1))
    (i32.const 0)))
