;; Lets one memory grow to the limit, then asks for so much more that a sum of 64 bits wraps, and does that again.
;; Must get no more than its limit, however it asks.
(component
  (core module $m
    (memory $large i64 1)
    (memory $small 3)
    (func (export "run") (local $rounds i32)
      (loop $again
        (loop $grow (br_if $grow (i64.ne (memory.grow $large (i64.const 8)) (i64.const -1))))
        (drop (memory.grow $large (i64.const -2)))
        (local.set $rounds (i32.add (local.get $rounds) (i32.const 1)))
        (br_if $again (i32.lt_u (local.get $rounds) (i32.const 20))))
      (if (i64.le_u (memory.size $large) (i64.const 64)) (then unreachable))))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run"))))
