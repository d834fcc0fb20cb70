;; Answers, and traps when it may clean up. Must trap, and its answer does not count.
(component
  (core module $m
    (memory (export "memory") 1)
    (func (export "run") (result i32) (i32.const 0))
    (func (export "post") (param i32) unreachable))
  (core instance $i (instantiate $m))
  (type $result string)
  (func (export "run") (result $result)
    (canon lift (core func $i "run") (memory (core memory $i "memory")) (post-return (core func $i "post")))))
