;; class: memory
;; tries: to have its memory several times over by waiting until it is ended, message after message
;; expects: HS_FUNCTION_TIMEOUT
;; kills: no
;; limits: memory=256MiB cpu=300ms timeout=300ms
;; calls: 40

(module
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "hairspring_message") (result i32) (local $at i32)
    (drop (memory.grow (i32.const 950)))
    (local.set $at (i32.mul (memory.size) (i32.const 65_536)))
    (loop $touch
      (local.set $at (i32.sub (local.get $at) (i32.const 4_096)))
      (i32.store8 (local.get $at) (i32.const 1))
      (br_if $touch (i32.gt_u (local.get $at) (i32.const 65_536))))
    (i32.store (i32.const 16) (i32.const 1))
    (i64.store (i32.const 24) (i64.const 3_600_000_000_000))
    (drop (call $poll (i32.const 0) (i32.const 256) (i32.const 1) (i32.const 512)))
    (i32.const 0)))
