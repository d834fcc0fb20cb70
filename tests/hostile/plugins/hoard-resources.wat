;; Makes handles of a resource of its own for ever; the host keeps a table of them. Must go over a limit, and the
;; host's memory must not grow with its fuel.
(component
  (type $thing (resource (rep i32)))
  (core func $new (canon resource.new $thing))
  (core module $m
    (import "thing" "new" (func $new (param i32) (result i32)))
    (func (export "run") (loop $again (drop (call $new (i32.const 7))) (br $again))))
  (core instance $i (instantiate $m (with "thing" (instance (export "new" (func $new))))))
  (func (export "run") (canon lift (core func $i "run"))))
