;; Copies all of its memory in one instruction, for ever. Must run out of time when its time is over.
(component
  (core module $m
    (memory 60)
    (func (export "run")
      (loop $again (memory.copy (i32.const 0) (i32.const 8) (i32.const 3900000)) (br $again))))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run"))))
