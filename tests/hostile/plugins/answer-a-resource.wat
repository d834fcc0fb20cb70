;; Answers a handle of a resource of its own, which the host has no use for. Must be an error, and no handle may stay.
(component
  (type $thing' (resource (rep i32)))
  (export $thing "thing" (type $thing'))
  (core func $new (canon resource.new $thing'))
  (core module $m
    (import "thing" "new" (func $new (param i32) (result i32)))
    (func (export "run") (result i32) (call $new (i32.const 7))))
  (core instance $i (instantiate $m (with "thing" (instance (export "new" (func $new))))))
  (func (export "run") (result (own $thing)) (canon lift (core func $i "run"))))
