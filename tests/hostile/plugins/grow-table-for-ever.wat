;; Asks for a larger table for ever. Must run out of fuel within its table limit.
(component
  (core module $m
    (table 1 funcref)
    (func (export "run") (loop $again (drop (table.grow (ref.null func) (i32.const 1))) (br $again))))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run"))))
