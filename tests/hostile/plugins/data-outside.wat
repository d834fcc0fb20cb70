;; Its data lie outside its memory, which only shows when it is instantiated. Must trap.
(component
  (core module $m
    (memory 1)
    (data (i32.const 65530) "overflow")
    (func (export "run")))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run"))))
