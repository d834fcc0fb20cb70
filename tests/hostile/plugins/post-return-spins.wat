;; Answers, and computes for ever when it may clean up. Must run out of fuel.
(component
  (core module $m
    (memory (export "memory") 1)
    (func (export "run") (result i32) (i32.const 0))
    (func (export "post") (param i32) (loop $again (br $again))))
  (core instance $i (instantiate $m))
  (type $result string)
  (func (export "run") (result $result)
    (canon lift (core func $i "run") (memory (core memory $i "memory")) (post-return (core func $i "post")))))
