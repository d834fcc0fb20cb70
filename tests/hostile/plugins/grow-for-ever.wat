;; Asks for more memory for ever, and writes to what it gets. Must run out of fuel within its memory limit.
(component
  (core module $m
    (memory 1)
    (func (export "run") (local $page i32)
      (loop $again
        (local.set $page (memory.grow (i32.const 1)))
        (if (i32.ne (local.get $page) (i32.const -1))
          (then (i32.store (i32.shl (local.get $page) (i32.const 16)) (i32.const -1))))
        (br $again))))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run"))))
