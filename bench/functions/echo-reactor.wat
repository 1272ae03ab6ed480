;; A reactor that answers with its payload, up to 60,000 bytes.
(module
  (import "hairspring_v1" "data_read" (func $read (param i32 i32) (result i32)))
  (import "hairspring_v1" "reply_write" (func $reply (param i32 i32)))
  (memory (export "memory") 1)
  (func (export "hairspring_message") (result i32)
    (call $reply (i32.const 1024) (call $read (i32.const 1024) (i32.const 60000)))
    (i32.const 0)))
