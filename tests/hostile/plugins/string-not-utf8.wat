;; Answers a string that is no UTF-8. Must trap.
(component
  (core module $m
    (memory (export "memory") 1)
    (data (i32.const 16) "\c0\80\ff\ed\a0\80")
    (func (export "run") (result i32)
      (i32.store (i32.const 0) (i32.const 16))
      (i32.store (i32.const 4) (i32.const 6))
      (i32.const 0)))
  (core instance $i (instantiate $m))
  (type $result string)
  (func (export "run") (result $result)
    (canon lift (core func $i "run") (memory (core memory $i "memory")))))
