;; Divides by zero, which ARM does in software. Must trap.
(component
  (core module $m
    (global $zero (mut i64) (i64.const 0))
    (func (export "run") (drop (i64.div_u (i64.const 1) (global.get $zero)))))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run"))))
