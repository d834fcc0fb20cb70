;; Writes single bytes to standard output and standard error in turn, for ever: each is kept as a piece of its own,
;; which costs more than a byte. Must run out of time, and memory must not grow.
(component
  (import "wasi:io/streams@0.2.6" (instance $streams
    (export "output-stream" (type $stream (sub resource)))
    (export "error" (type $error (sub resource)))
    (type $failure (variant (case "last-operation-failed" (own $error)) (case "closed")))
    (export "stream-error" (type $stream-error (eq $failure)))
    (export "[method]output-stream.write"
      (func (param "self" (borrow $stream)) (param "contents" (list u8)) (result (result (error $stream-error)))))))
  (alias export $streams "output-stream" (type $stream))
  (import "wasi:cli/stdout@0.2.6" (instance $stdout
    (alias outer 1 $stream (type $outer))
    (export "output-stream" (type $s (eq $outer)))
    (export "get-stdout" (func (result (own $s))))))
  (import "wasi:cli/stderr@0.2.6" (instance $stderr
    (alias outer 1 $stream (type $outer))
    (export "output-stream" (type $s (eq $outer)))
    (export "get-stderr" (func (result (own $s))))))
  (core module $memory (memory (export "memory") 1))
  (core instance $memory (instantiate $memory))
  (core func $stdout (canon lower (func $stdout "get-stdout")))
  (core func $stderr (canon lower (func $stderr "get-stderr")))
  (core func $write (canon lower (func $streams "[method]output-stream.write") (memory (core memory $memory "memory"))))
  (core module $m
    (import "wasi" "stdout" (func $get-stdout (result i32)))
    (import "wasi" "stderr" (func $get-stderr (result i32)))
    (import "wasi" "write" (func $write (param i32 i32 i32 i32)))
    (func (export "run") (local $stdout i32) (local $stderr i32)
      (local.set $stdout (call $get-stdout))
      (local.set $stderr (call $get-stderr))
      (loop $again
        (call $write (local.get $stdout) (i32.const 1024) (i32.const 1) (i32.const 0))
        (call $write (local.get $stderr) (i32.const 1024) (i32.const 1) (i32.const 0))
        (br $again))))
  (core instance $i (instantiate $m (with "wasi" (instance
    (export "stdout" (func $stdout)) (export "stderr" (func $stderr)) (export "write" (func $write))))))
  (func (export "run") (canon lift (core func $i "run"))))
