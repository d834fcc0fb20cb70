;; Writes across the end of its memory. Must trap.
(component
  (core module $m
    (memory 1)
    (global $end (mut i32) (i32.const 65533))
    (func (export "run") (i32.store (global.get $end) (i32.const -1))))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run"))))
