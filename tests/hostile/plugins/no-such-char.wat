;; Answers a character that is half of one. Must trap.
(component
  (core module $m
    (memory (export "memory") 1)
    (func (export "run") (result i32) (i32.const 0xd800)))
  (core instance $i (instantiate $m))
  (type $result char)
  (func (export "run") (result $result)
    (canon lift (core func $i "run") (memory (core memory $i "memory")))))
