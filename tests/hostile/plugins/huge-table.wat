;; Starts with a table of ten million elements. Must go over its table limit before it runs.
(component
  (core module $m
    (table 10000000 funcref)
    (func (export "run")))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run"))))
