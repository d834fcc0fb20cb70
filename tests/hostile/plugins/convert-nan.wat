;; Makes an integer of what is not a number. Must trap.
(component
  (core module $m
    (global $nan (mut f64) (f64.const nan))
    (func (export "run") (drop (i32.trunc_f64_s (global.get $nan)))))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run"))))
