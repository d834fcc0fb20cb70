;; Leaves through exit instead of returning. Must end the call, and nothing else.
(component
  (import "wasi:cli/exit@0.2.6" (instance $exit (export "exit" (func (param "status" (result))))))
  (core func $leave (canon lower (func $exit "exit")))
  (core module $m
    (import "exit" "exit" (func $leave (param i32)))
    (func (export "run") (call $leave (i32.const 0)) unreachable))
  (core instance $i (instantiate $m (with "exit" (instance (export "exit" (func $leave))))))
  (func (export "run") (canon lift (core func $i "run"))))
