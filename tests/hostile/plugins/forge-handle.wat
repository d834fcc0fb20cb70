;; Waits for a timer that it never got. Must trap.
(component
  (import "wasi:io/poll@0.2.6" (instance $poll
    (export "pollable" (type $pollable (sub resource)))
    (export "[method]pollable.block" (func (param "self" (borrow $pollable))))))
  (core func $block (canon lower (func $poll "[method]pollable.block")))
  (core module $m
    (import "wasi" "block" (func $block (param i32)))
    (func (export "run") (call $block (i32.const 1234))))
  (core instance $i (instantiate $m (with "wasi" (instance (export "block" (func $block))))))
  (func (export "run") (canon lift (core func $i "run"))))
