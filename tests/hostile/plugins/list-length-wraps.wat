;; Answers a list whose size in bytes wraps around. Must trap.
(component
  (core module $m
    (memory (export "memory") 1)
    (func (export "run") (result i32)
      (i32.store (i32.const 0) (i32.const 16))
      (i32.store (i32.const 4) (i32.const 0x20000001))
      (i32.const 0)))
  (core instance $i (instantiate $m))
  (type $result (list u64))
  (func (export "run") (result $result)
    (canon lift (core func $i "run") (memory (core memory $i "memory")))))
