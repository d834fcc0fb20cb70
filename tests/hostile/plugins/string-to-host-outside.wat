;; Hands the host a string outside its memory. Must trap, before the host sees it.
(component
  (import "edge:hostile/host@0.1.0" (instance $host (export "take" (func (param "text" string)))))
  (core module $memory (memory (export "memory") 1))
  (core instance $memory (instantiate $memory))
  (core func $take (canon lower (func $host "take") (memory (core memory $memory "memory"))))
  (core module $m
    (import "host" "take" (func $take (param i32 i32)))
    (func (export "run") (call $take (i32.const 65535) (i32.const 2))))
  (core instance $i (instantiate $m (with "host" (instance (export "take" (func $take))))))
  (func (export "run") (canon lift (core func $i "run"))))
