;; Reads 4 GB behind the start of a small memory. Must trap.
(component
  (core module $m
    (memory 1)
    (global $far (mut i32) (i32.const -4))
    (func (export "run") (drop (i64.load offset=0xffffffff (global.get $far)))))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run"))))
