;; Polls one handle a million times in one list. Must go over what may cross at once.
(component
  (import "wasi:io/poll@0.2.6" (instance $poll
    (export "pollable" (type $pollable (sub resource)))
    (export "poll" (func (param "in" (list (borrow $pollable))) (result (list u32))))))
  (alias export $poll "pollable" (type $pollable))
  (import "wasi:clocks/monotonic-clock@0.2.6" (instance $clock
    (alias outer 1 $pollable (type $outer))
    (export "pollable" (type $p (eq $outer)))
    (export "subscribe-duration" (func (param "when" u64) (result (own $p))))))
  (core module $memory
    (memory (export "memory") 63)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 16)))
  (core instance $memory (instantiate $memory))
  (core func $subscribe (canon lower (func $clock "subscribe-duration")))
  (core func $poll (canon lower (func $poll "poll")
    (memory (core memory $memory "memory")) (realloc (core func $memory "realloc"))))
  (core module $m
    (import "wasi" "subscribe" (func $subscribe (param i64) (result i32)))
    (import "wasi" "poll" (func $poll (param i32 i32 i32)))
    (import "memory" "memory" (memory 63))
    (func (export "run") (local $pollable i32) (local $at i32)
      (local.set $pollable (call $subscribe (i64.const 0)))
      (local.set $at (i32.const 1024))
      (loop $again
        (i32.store (local.get $at) (local.get $pollable))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))
        (br_if $again (i32.lt_u (local.get $at) (i32.const 4001024))))
      (call $poll (i32.const 1024) (i32.const 1000000) (i32.const 0))))
  (core instance $i (instantiate $m
    (with "wasi" (instance (export "subscribe" (func $subscribe)) (export "poll" (func $poll))))
    (with "memory" (instance $memory))))
  (func (export "run") (canon lift (core func $i "run"))))
