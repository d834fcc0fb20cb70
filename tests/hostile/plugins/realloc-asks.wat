;; Calls the host while the host asks it for memory. Must trap: it may not leave its component then.
(component
  (import "edge:hostile/host@0.1.0" (instance $host
    (export "poke" (func)) (export "give" (func (result string)))))
  (core func $poke (canon lower (func $host "poke")))
  (core module $memory
    (import "host" "poke" (func $poke))
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (call $poke) (i32.const 16)))
  (core instance $memory (instantiate $memory (with "host" (instance (export "poke" (func $poke))))))
  (core func $give (canon lower (func $host "give")
    (memory (core memory $memory "memory")) (realloc (core func $memory "realloc"))))
  (core module $m
    (import "host" "give" (func $give (param i32)))
    (func (export "run") (call $give (i32.const 0))))
  (core instance $i (instantiate $m (with "host" (instance (export "give" (func $give))))))
  (func (export "run") (canon lift (core func $i "run"))))
