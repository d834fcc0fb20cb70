;; Answers a long list of small things, each a hundred times larger at the host than in its memory. Must go over what may cross at once.
(component
  (core module $m
    (memory (export "memory") 1)
    (func (export "run") (result i32)
      (i32.store (i32.const 0) (i32.const 0))
      (i32.store (i32.const 4) (i32.const 65000))
      (i32.const 0)))
  (core instance $i (instantiate $m))
  (type $result (list (tuple bool)))
  (func (export "run") (result $result)
    (canon lift (core func $i "run") (memory (core memory $i "memory")))))
