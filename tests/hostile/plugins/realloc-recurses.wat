;; Calls itself without end when the host asks it for memory. Must trap when its stack is used up.
(component
  (import "edge:hostile/host@0.1.0" (instance $host (export "give" (func (result string)))))
  (core module $memory
    (memory (export "memory") 1)
    (func $realloc (export "realloc") (param i32 i32 i32 i32) (result i32)
      (i32.add (i32.const 1)
        (call $realloc (local.get 0) (local.get 1) (local.get 2) (local.get 3)))))
  (core instance $memory (instantiate $memory))
  (core func $give (canon lower (func $host "give")
    (memory (core memory $memory "memory")) (realloc (core func $memory "realloc"))))
  (core module $m
    (import "host" "give" (func $give (param i32)))
    (func (export "run") (call $give (i32.const 0))))
  (core instance $i (instantiate $m (with "host" (instance (export "give" (func $give))))))
  (func (export "run") (canon lift (core func $i "run"))))
