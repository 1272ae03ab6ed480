;; The core module of a component that answers with the payload: test/support/component/wrap-module.ts puts it into one.
(module
  (memory (export "memory") 1)
  (global $free (mut i32) (i32.const 4096))
  (func (export "realloc") (param i32 i32 i32 i32) (result i32)
    (local $to i32)
    (local.set $to
      (i32.and
        (i32.add (global.get $free) (i32.sub (local.get 2) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get 2))))
    (global.set $free (i32.add (local.get $to) (local.get 3)))
    (local.get $to))
  ;; Parameters: subject, headers, payload and captures, a pointer and a length each.
  (func (export "handle") (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
    (i32.store (i32.const 1028) (local.get 4))
    (i32.store (i32.const 1032) (local.get 5))
    (i32.const 1024)))
