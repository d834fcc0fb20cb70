;; Calls through a table what has another type. Must trap.
(component
  (core module $m
    (type $wanted (func (param i32) (result i64)))
    (table funcref (elem $run))
    (func $run (export "run") (drop (call_indirect (type $wanted) (i32.const 7) (i32.const 0)))))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run"))))
