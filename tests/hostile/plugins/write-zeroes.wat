;; Lets the host write zeroes to standard output for ever: 64 kB of work for a few units of fuel. Must run out of time.
(component
  (import "wasi:io/streams@0.2.6" (instance $streams
    (export "output-stream" (type $stream (sub resource)))
    (export "error" (type $error (sub resource)))
    (type $failure (variant (case "last-operation-failed" (own $error)) (case "closed")))
    (export "stream-error" (type $stream-error (eq $failure)))
    (export "[method]output-stream.write-zeroes"
      (func (param "self" (borrow $stream)) (param "len" u64) (result (result (error $stream-error)))))))
  (alias export $streams "output-stream" (type $stream))
  (import "wasi:cli/stdout@0.2.6" (instance $stdout
    (alias outer 1 $stream (type $outer))
    (export "output-stream" (type $s (eq $outer)))
    (export "get-stdout" (func (result (own $s))))))
  (core module $memory (memory (export "memory") 1))
  (core instance $memory (instantiate $memory))
  (core func $get (canon lower (func $stdout "get-stdout")))
  (core func $zeroes (canon lower (func $streams "[method]output-stream.write-zeroes") (memory (core memory $memory "memory"))))
  (core module $m
    (import "wasi" "get" (func $get (result i32)))
    (import "wasi" "zeroes" (func $zeroes (param i32 i64 i32)))
    (func (export "run") (local $stdout i32)
      (local.set $stdout (call $get))
      (loop $again (call $zeroes (local.get $stdout) (i64.const -1) (i32.const 0)) (br $again))))
  (core instance $i (instantiate $m (with "wasi" (instance
    (export "get" (func $get)) (export "zeroes" (func $zeroes))))))
  (func (export "run") (canon lift (core func $i "run"))))
