;; A component around a generated module, which takes the place of the empty one. `run` answers what the module's own
;; `run` does, floats as their bits, and a digest of the first page of the module's memory and its size.
(component
  (core module)
  (core instance $generated (instantiate 0))
  (core module $adapter
    (import "generated" "run" (func $run (param i32 i64 f32 f64) (result i32 i64 f32 f64)))
    (import "generated" "memory" (memory $theirs 0))
    (memory $own 1)
    (export "memory" (memory $own))
    (func (export "run") (param i32 i64 f32 f64) (result i32)
      (local $a i32) (local $b i64) (local $c f32) (local $d f64)
      (call $run (local.get 0) (local.get 1) (local.get 2) (local.get 3))
      (local.set $d) (local.set $c) (local.set $b) (local.set $a)
      (i32.store $own (i32.const 0) (local.get $a))
      (i64.store $own (i32.const 8) (local.get $b))
      (i32.store $own (i32.const 16) (i32.reinterpret_f32 (local.get $c)))
      (i64.store $own (i32.const 24) (i64.reinterpret_f64 (local.get $d)))
      (i64.store $own (i32.const 32) (call $digest))
      (i32.store $own (i32.const 40) (memory.size $theirs))
      (i32.const 0))
    (func $digest (result i64) (local $at i32) (local $state i64)
      (if (i32.eqz (memory.size $theirs)) (then (return (i64.const 0))))
      (loop $again
        (local.set $state
          (i64.mul
            (i64.xor (local.get $state) (i64.load $theirs (local.get $at)))
            (i64.const 0x100000001b3)))
        (local.set $state (i64.rotl (local.get $state) (i64.const 29)))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))
        (br_if $again (i32.lt_u (local.get $at) (i32.const 65536))))
      (local.get $state)))
  (core instance $adapter (instantiate $adapter (with "generated" (instance $generated))))
  (func (export "run")
    (param "a" u32) (param "b" u64) (param "c" f32) (param "d" f64)
    (result (tuple u32 u64 u32 u64 u64 u32))
    (canon lift (core func $adapter "run") (memory (core memory $adapter "memory")))))
