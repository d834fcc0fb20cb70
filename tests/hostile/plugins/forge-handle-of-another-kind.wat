;; Passes a timer for an output stream. Must trap.
(component
  (import "wasi:io/poll@0.2.6" (instance $poll (export "pollable" (type $pollable (sub resource)))))
  (alias export $poll "pollable" (type $pollable))
  (import "wasi:io/streams@0.2.6" (instance $streams
    (export "output-stream" (type $stream (sub resource)))
    (alias outer 1 $pollable (type $outer))
    (export "pollable" (type $p (eq $outer)))
    (export "[method]output-stream.subscribe" (func (param "self" (borrow $stream)) (result (own $p))))))
  (import "wasi:clocks/monotonic-clock@0.2.6" (instance $clock
    (alias outer 1 $pollable (type $outer))
    (export "pollable" (type $p (eq $outer)))
    (export "subscribe-duration" (func (param "when" u64) (result (own $p))))))
  (core func $subscribe (canon lower (func $clock "subscribe-duration")))
  (core func $output (canon lower (func $streams "[method]output-stream.subscribe")))
  (core module $m
    (import "wasi" "subscribe" (func $subscribe (param i64) (result i32)))
    (import "wasi" "output" (func $output (param i32) (result i32)))
    (func (export "run") (drop (call $output (call $subscribe (i64.const 0))))))
  (core instance $i (instantiate $m (with "wasi" (instance
    (export "subscribe" (func $subscribe)) (export "output" (func $output))))))
  (func (export "run") (canon lift (core func $i "run"))))
