;; Asks for 4 GB of random bytes in one call. Must go over what may cross at once, before any are made.
(component
  (import "wasi:random/random@0.2.6"
    (instance $random (export "get-random-bytes" (func (param "len" u64) (result (list u8))))))
  (core module $memory
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0)))
  (core instance $memory (instantiate $memory))
  (core func $bytes (canon lower (func $random "get-random-bytes")
    (memory (core memory $memory "memory")) (realloc (core func $memory "realloc"))))
  (core module $m
    (import "random" "bytes" (func $bytes (param i64 i32)))
    (func (export "run") (call $bytes (i64.const 0x1_0000_0000) (i32.const 0))))
  (core instance $i (instantiate $m (with "random" (instance (export "bytes" (func $bytes))))))
  (func (export "run") (canon lift (core func $i "run"))))
