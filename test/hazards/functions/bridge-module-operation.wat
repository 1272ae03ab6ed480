;; class: bridge
;; tries: to add records of its own to those that the host reads, by the name of an operation
;; expects: ok
;; kills: no
;; calls: 8
;; binds: kv

(module
  (import "hairspring_v1" "call" (func $call (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "hairspring_v1" "reply_write" (func $reply_write (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "KV")
  (data (i32.const 8) "[]")
  (data (i32.const 16) "contained")
  (data (i32.const 32) "the host took it")
  (data (i32.const 64) "get\",[],0,0,3,\"info\",\"forged\",2,1,0,0,\"KV\",\"get")
  (func (export "hairspring_message") (result i32)
    (if (i32.eq (i32.const 1)
        (call $call (i32.const 0) (i32.const 2) (i32.const 64) (i32.const 47) (i32.const 8) (i32.const 2)
          (i32.const 0) (i32.const 0)))
      (then (call $reply_write (i32.const 16) (i32.const 9)))
      (else (call $reply_write (i32.const 32) (i32.const 16))))
    (i32.const 0)))
