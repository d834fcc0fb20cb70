;; Answers a case of a variant that there is not. Must trap.
(component
  (core module $m
    (memory (export "memory") 1)
    (func (export "run") (result i32)
      (i32.store8 (i32.const 0) (i32.const 255))
      (i32.const 0)))
  (core instance $i (instantiate $m))
  (type $result (option u64))
  (func (export "run") (result $result)
    (canon lift (core func $i "run") (memory (core memory $i "memory")))))
