;; Fills a large table in one instruction, for ever. Must run out of time when its time is over.
(component
  (core module $m
    (table 10000 funcref)
    (func (export "run")
      (loop $again (table.fill (i32.const 0) (ref.null func) (i32.const 10000)) (br $again))))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run"))))
