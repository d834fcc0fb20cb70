;; Lets a 64-bit memory grow by so much that its size wraps. Must get nothing, and trap.
(component
  (core module $m
    (memory i64 1)
    (func (export "run")
      (if (i64.ne (memory.grow (i64.const 0xffffffffffff)) (i64.const -1)) (then (loop $again (br $again))))
      unreachable))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run"))))
