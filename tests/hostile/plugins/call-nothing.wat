;; Calls an empty place of a table. Must trap.
(component
  (core module $m
    (type $function (func))
    (table 4 funcref)
    (func (export "run") (call_indirect (type $function) (i32.const 3))))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run"))))
