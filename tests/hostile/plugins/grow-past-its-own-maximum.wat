;; Asks again and again for more than the maximum of its own memory, and gets nothing. What it did not get must not count:
;; its other memory must still grow.
(component
  (core module $m
    (memory $bounded 1 2)
    (memory $other 1)
    (func (export "run") (local $rounds i32)
      (loop $again
        (if (i32.ne (memory.grow $bounded (i32.const 2)) (i32.const -1)) (then unreachable))
        (local.set $rounds (i32.add (local.get $rounds) (i32.const 1)))
        (br_if $again (i32.lt_u (local.get $rounds) (i32.const 1000))))
      (if (i32.eq (memory.grow $other (i32.const 1)) (i32.const -1)) (then unreachable))))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run"))))
