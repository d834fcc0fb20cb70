;; Exports a function that the host would have to call back. Asynchronous components are left out of the profile: must
;; be refused.
(component
  (core func $return (canon task.return))
  (core module $m
    (import "" "return" (func $return))
    (func (export "run") (result i32) (i32.const 1))
    (func (export "callback") (param i32 i32 i32) (result i32) (i32.const 1)))
  (core instance $i (instantiate $m (with "" (instance (export "return" (func $return))))))
  (func (export "run") async (canon lift (core func $i "run") async (callback (core func $i "callback")))))
