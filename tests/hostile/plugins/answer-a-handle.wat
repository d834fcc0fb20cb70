;; Answers a handle instead of a value. Must be an error, and the host keeps nothing of it.
(component
  (import "wasi:io/poll@0.2.6" (instance $poll (export "pollable" (type $pollable (sub resource)))))
  (alias export $poll "pollable" (type $pollable))
  (import "wasi:clocks/monotonic-clock@0.2.6" (instance $clock
    (alias outer 1 $pollable (type $outer))
    (export "pollable" (type $p (eq $outer)))
    (export "subscribe-duration" (func (param "when" u64) (result (own $p))))))
  (core func $subscribe (canon lower (func $clock "subscribe-duration")))
  (core module $m
    (import "wasi" "subscribe" (func $subscribe (param i64) (result i32)))
    (func (export "run") (result i32) (call $subscribe (i64.const 0))))
  (core instance $i (instantiate $m (with "wasi" (instance (export "subscribe" (func $subscribe))))))
  (func $run (result (own $pollable)) (canon lift (core func $i "run")))
  (instance $attack (export "run" (func $run)))
  (export "edge:hostile/attack@0.1.0" (instance $attack)))
