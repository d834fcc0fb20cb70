;; Takes random bytes for ever, 64 kB at a time: a second of the kernel's work for a few units of fuel. Must run
;; out of time.
(component
  (import "wasi:random/random@0.2.6"
    (instance $random (export "get-random-bytes" (func (param "len" u64) (result (list u8))))))
  (core module $memory
    (memory (export "memory") 4)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 65536)))
  (core instance $memory (instantiate $memory))
  (core func $bytes (canon lower (func $random "get-random-bytes")
    (memory (core memory $memory "memory")) (realloc (core func $memory "realloc"))))
  (core module $m
    (import "random" "bytes" (func $bytes (param i64 i32)))
    (func (export "run") (loop $again (call $bytes (i64.const 65536) (i32.const 0)) (br $again))))
  (core instance $i (instantiate $m (with "random" (instance (export "bytes" (func $bytes))))))
  (func (export "run") (canon lift (core func $i "run"))))
