;; Divides the smallest integer by -1. Must trap.
(component
  (core module $m
    (global $smallest (mut i64) (i64.const 0x8000000000000000))
    (func (export "run") (drop (i64.div_s (global.get $smallest) (i64.const -1)))))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run"))))
