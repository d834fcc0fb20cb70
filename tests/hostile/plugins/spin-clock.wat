;; Asks for the time for ever: calls that cost hardly any fuel. Must run out of time.
(component
  (import "wasi:clocks/monotonic-clock@0.2.6" (instance $clock (export "now" (func (result u64)))))
  (core func $now (canon lower (func $clock "now")))
  (core module $m
    (import "clock" "now" (func $now (result i64)))
    (func (export "run") (loop $again (drop (call $now)) (br $again))))
  (core instance $i (instantiate $m (with "clock" (instance (export "now" (func $now))))))
  (func (export "run") (canon lift (core func $i "run"))))
