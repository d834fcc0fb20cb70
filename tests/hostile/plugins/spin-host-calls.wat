;; Asks the host a million times. Must go over its limit of host calls.
(component
  (import "edge:hostile/host@0.1.0" (instance $host (export "poke" (func))))
  (core func $poke (canon lower (func $host "poke")))
  (core module $m
    (import "host" "poke" (func $poke))
    (func (export "run") (local $left i32)
      (local.set $left (i32.const 1000000))
      (loop $again
        (call $poke)
        (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))))
  (core instance $i (instantiate $m (with "host" (instance (export "poke" (func $poke))))))
  (func (export "run") (canon lift (core func $i "run"))))
