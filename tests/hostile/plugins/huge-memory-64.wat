;; Starts with a 64-bit memory of 256 TB, whose size wraps where pointers have 32 bits. Must never run.
(component
  (core module $m
    (memory i64 0x100000000)
    (func (export "run")))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run"))))
