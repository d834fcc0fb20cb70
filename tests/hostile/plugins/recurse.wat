;; Calls itself without end. Must trap when its stack is used up.
(component
  (core module $m
    (func $run (export "run") (call $run) (call $run)))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run"))))
