;; Zeroes memory from $at to $end, both multiples of 256 bytes. It reads first: most of a memory is as it was, and
;; what is only read need not be written back. clear-memory.ts has the binary.
(module
  (import "hairspring" "memory" (memory 0))
  (func (export "clear") (param $at i32) (param $end i32)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (if
          (v128.any_true
            (v128.or
              (v128.or
                (v128.or
                  (v128.or (v128.load (local.get $at)) (v128.load offset=16 (local.get $at)))
                  (v128.or (v128.load offset=32 (local.get $at)) (v128.load offset=48 (local.get $at))))
                (v128.or
                  (v128.or (v128.load offset=64 (local.get $at)) (v128.load offset=80 (local.get $at)))
                  (v128.or (v128.load offset=96 (local.get $at)) (v128.load offset=112 (local.get $at)))))
              (v128.or
                (v128.or
                  (v128.or (v128.load offset=128 (local.get $at)) (v128.load offset=144 (local.get $at)))
                  (v128.or (v128.load offset=160 (local.get $at)) (v128.load offset=176 (local.get $at))))
                (v128.or
                  (v128.or (v128.load offset=192 (local.get $at)) (v128.load offset=208 (local.get $at)))
                  (v128.or (v128.load offset=224 (local.get $at)) (v128.load offset=240 (local.get $at)))))))
          (then (memory.fill (local.get $at) (i32.const 0) (i32.const 256))))
        (local.set $at (i32.add (local.get $at) (i32.const 256)))
        (br $next)))))
