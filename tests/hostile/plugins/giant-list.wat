;; Answers a list of a million integers. Must go over what may cross at once.
(component
  (core module $m
    (memory (export "memory") 1)
    (func (export "run") (result i32)
      (drop (memory.grow (i32.const 62)))
      (i32.store (i32.const 0) (i32.const 16))
      (i32.store (i32.const 4) (i32.const 1000000))
      (i32.const 0)))
  (core instance $i (instantiate $m))
  (type $result (list u32))
  (func (export "run") (result $result)
    (canon lift (core func $i "run") (memory (core memory $i "memory")))))
