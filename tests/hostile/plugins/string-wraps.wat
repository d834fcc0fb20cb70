;; Answers a string whose end wraps around to the start of memory. Must trap.
(component
  (core module $m
    (memory (export "memory") 1)
    (func (export "run") (result i32)
      (i32.store (i32.const 0) (i32.const 0xfffffff0))
      (i32.store (i32.const 4) (i32.const 0x20))
      (i32.const 0)))
  (core instance $i (instantiate $m))
  (type $result string)
  (func (export "run") (result $result)
    (canon lift (core func $i "run") (memory (core memory $i "memory")))))
