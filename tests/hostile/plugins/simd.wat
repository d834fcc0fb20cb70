;; Uses what the engine profile leaves out: SIMD. Must be refused before anything is compiled.
(component
  (core module $m
    (func (export "run") (drop (i32x4.splat (i32.const 1)))))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run"))))
