;; Calls itself for ever without a loop and without a deeper stack. Must run out of fuel.
(component
  (core module $m (func $run (export "run") (return_call $run)))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run"))))
