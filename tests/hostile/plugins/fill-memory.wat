;; Fills all of its memory in one instruction, for ever: a millisecond of work for a few units of fuel. Must run
;; out of time when its time is over, not when its fuel is.
(component
  (core module $m
    (memory 60)
    (func (export "run")
      (loop $again (memory.fill (i32.const 0) (i32.const 0) (i32.const 3900000)) (br $again))))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run"))))
