;; Gives a handle back twice. Must trap.
(component
  (import "wasi:io/poll@0.2.6" (instance $poll (export "pollable" (type $pollable (sub resource)))))
  (alias export $poll "pollable" (type $pollable))
  (import "wasi:clocks/monotonic-clock@0.2.6" (instance $clock
    (alias outer 1 $pollable (type $outer))
    (export "pollable" (type $p (eq $outer)))
    (export "subscribe-duration" (func (param "when" u64) (result (own $p))))))
  (core func $subscribe (canon lower (func $clock "subscribe-duration")))
  (core func $drop (canon resource.drop $pollable))
  (core module $m
    (import "wasi" "subscribe" (func $subscribe (param i64) (result i32)))
    (import "wasi" "drop" (func $drop (param i32)))
    (func (export "run") (local $pollable i32)
      (local.set $pollable (call $subscribe (i64.const 0)))
      (call $drop (local.get $pollable))
      (call $drop (local.get $pollable))))
  (core instance $i (instantiate $m (with "wasi" (instance
    (export "subscribe" (func $subscribe)) (export "drop" (func $drop))))))
  (func (export "run") (canon lift (core func $i "run"))))
