;; Polls an empty list, which would wait for ever. Must trap.
(component
  (import "wasi:io/poll@0.2.6" (instance $poll
    (export "pollable" (type $pollable (sub resource)))
    (export "poll" (func (param "in" (list (borrow $pollable))) (result (list u32))))))
  (core module $memory
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 16)))
  (core instance $memory (instantiate $memory))
  (core func $poll (canon lower (func $poll "poll")
    (memory (core memory $memory "memory")) (realloc (core func $memory "realloc"))))
  (core module $m
    (import "wasi" "poll" (func $poll (param i32 i32 i32)))
    (func (export "run") (call $poll (i32.const 1024) (i32.const 0) (i32.const 0))))
  (core instance $i (instantiate $m (with "wasi" (instance (export "poll" (func $poll))))))
  (func (export "run") (canon lift (core func $i "run"))))
