;; Calls the host from every depth of its stack, down to the last. The host's part needs stack too: must trap in the
;; guest, never in the library.
(component
  (import "edge:hostile/host@0.1.0" (instance $host (export "poke" (func))))
  (core func $poke (canon lower (func $host "poke")))
  (core module $m
    (import "host" "poke" (func $poke))
    (func $run (export "run") (local $depth i32)
      (call $deeper (i32.const 0)))
    (func $deeper (param $depth i32)
      (if (i32.gt_u (local.get $depth) (i32.const 1500)) (then (call $poke)))
      (call $deeper (i32.add (local.get $depth) (i32.const 1)))
      (call $deeper (i32.const 0))))
  (core instance $i (instantiate $m (with "host" (instance (export "poke" (func $poke))))))
  (func (export "run") (canon lift (core func $i "run"))))
