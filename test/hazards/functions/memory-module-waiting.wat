;; class: memory
;; tries: to hold its memory several times over in instances that wait, and catch what ends them
;; expects: ok HS_FUNCTION_MEMORY
;; kills: no
;; limits: memory=256MiB cpu=1s timeout=10s
;; calls: 12

(module
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "hairspring_v1" "reply_write" (func $reply_write (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 600) "contained")
  (func $sleep (param $ns i64)
    (i32.store (i32.const 16) (i32.const 1))
    (i64.store (i32.const 24) (local.get $ns))
    (try (do (drop (call $poll (i32.const 0) (i32.const 256) (i32.const 1) (i32.const 512)))) (catch_all)))
  (func (export "hairspring_message") (result i32) (local $at i32)
    (call $sleep (i64.const 50_000_000))
    (drop (memory.grow (i32.const 3_800)))
    (local.set $at (i32.mul (memory.size) (i32.const 65_536)))
    (loop $touch
      (local.set $at (i32.sub (local.get $at) (i32.const 4_096)))
      (i32.store8 (local.get $at) (i32.const 1))
      (br_if $touch (i32.gt_u (local.get $at) (i32.const 65_536))))
    (call $sleep (i64.const 500_000_000))
    (call $reply_write (i32.const 600) (i32.const 9))
    (i32.const 0)))
