;; Answers a case of an enumeration that there is not. Must trap.
(component
  (core module $m
    (memory (export "memory") 1)
    (func (export "run") (result i32) (i32.const 2)))
  (core instance $i (instantiate $m))
  (type $colours (enum "red" "green"))
  (import "colours" (type $result (eq $colours)))
  (func (export "run") (result $result)
    (canon lift (core func $i "run") (memory (core memory $i "memory")))))
