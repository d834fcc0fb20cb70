;; Two functions that call one another through a table without end. Must trap when the stack is used up.
(component
  (core module $m
    (type $function (func))
    (table funcref (elem $ping $pong))
    (func $ping (export "run") (call_indirect (type $function) (i32.const 1)) (call_indirect (type $function) (i32.const 1)))
    (func $pong (call_indirect (type $function) (i32.const 0)) (call_indirect (type $function) (i32.const 0))))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run"))))
