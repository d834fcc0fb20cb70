;; Traps when the host asks it for memory. Must trap.
(component
  (import "edge:hostile/host@0.1.0" (instance $host (export "give" (func (result string)))))
  (core module $memory
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) unreachable))
  (core instance $memory (instantiate $memory))
  (core func $give (canon lower (func $host "give")
    (memory (core memory $memory "memory")) (realloc (core func $memory "realloc"))))
  (core module $m
    (import "host" "give" (func $give (param i32)))
    (func (export "run") (call $give (i32.const 0))))
  (core instance $i (instantiate $m (with "host" (instance (export "give" (func $give))))))
  (func (export "run") (canon lift (core func $i "run"))))
