;; Fills more than there is. Must trap, with nothing outside touched.
(component
  (core module $m
    (memory 1)
    (func (export "run") (memory.fill (i32.const 1) (i32.const 255) (i32.const -1))))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run"))))
