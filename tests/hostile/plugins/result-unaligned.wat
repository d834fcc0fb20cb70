;; Answers with a place that is not aligned. Must trap.
(component
  (core module $m
    (memory (export "memory") 1)
    (func (export "run") (result i32) (i32.const 2)))
  (core instance $i (instantiate $m))
  (type $result string)
  (func (export "run") (result $result)
    (canon lift (core func $i "run") (memory (core memory $i "memory")))))
