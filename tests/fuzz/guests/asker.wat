;; Does whatever a step may come to: answers, asks its host, waits, computes for ever, traps.
(component
  (import "edge:fuzz/host@0.1.0" (instance $host (export "ask" (func (param "value" u32) (result u32)))))
  (import "wasi:io/poll@0.2.6" (instance $poll
    (export "pollable" (type $pollable (sub resource)))
    (export "[method]pollable.block" (func (param "self" (borrow $pollable))))))
  (alias export $poll "pollable" (type $pollable))
  (import "wasi:clocks/monotonic-clock@0.2.6" (instance $clock
    (alias outer 1 $pollable (type $outer))
    (export "pollable" (type $p (eq $outer)))
    (export "subscribe-duration" (func (param "when" u64) (result (own $p))))))
  (core func $ask (canon lower (func $host "ask")))
  (core func $subscribe (canon lower (func $clock "subscribe-duration")))
  (core func $block (canon lower (func $poll "[method]pollable.block")))
  (core module $m
    (import "host" "ask" (func $ask (param i32) (result i32)))
    (import "host" "subscribe" (func $subscribe (param i64) (result i32)))
    (import "host" "block" (func $block (param i32)))
    (func (export "answer") (param i32) (result i32) (local.get 0))
    (func (export "ask") (param i32) (result i32) (call $ask (call $ask (local.get 0))))
    (func (export "wait") (call $block (call $subscribe (i64.const 1000000000))))
    (func (export "spin") (loop $again (br $again)))
    (func (export "trap") unreachable))
  (core instance $i (instantiate $m (with "host" (instance
    (export "ask" (func $ask)) (export "subscribe" (func $subscribe)) (export "block" (func $block))))))
  (func (export "answer") (param "value" u32) (result u32) (canon lift (core func $i "answer")))
  (func (export "ask") (param "value" u32) (result u32) (canon lift (core func $i "ask")))
  (func (export "wait") (canon lift (core func $i "wait")))
  (func (export "spin") (canon lift (core func $i "spin")))
  (func (export "trap") (canon lift (core func $i "trap"))))
