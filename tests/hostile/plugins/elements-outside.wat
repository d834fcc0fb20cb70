;; Its table is filled from outside its bounds. Must trap.
(component
  (core module $m
    (table 1 funcref)
    (elem (i32.const 1) $run)
    (func $run (export "run")))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run"))))
