;; Takes timers for ever and gives none back. Must go over the number that a guest may hold.
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
    (func (export "run") (loop $again (drop (call $subscribe (i64.const 0))) (br $again))))
  (core instance $i (instantiate $m (with "wasi" (instance (export "subscribe" (func $subscribe))))))
  (func (export "run") (canon lift (core func $i "run"))))
