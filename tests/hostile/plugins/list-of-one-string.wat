;; Answers a list of thousands of strings that are all the same 60 kB: a small memory, hundreds of megabytes for the
;; host. Must go over what may cross at once.
(component
  (core module $m
    (memory (export "memory") 1)
    (func (export "run") (result i32) (local $at i32)
      (local.set $at (i32.const 1024))
      (loop $again
        (i32.store (local.get $at) (i32.const 0))
        (i32.store offset=4 (local.get $at) (i32.const 60000))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))
        (br_if $again (i32.lt_u (local.get $at) (i32.const 50000))))
      (i32.store (i32.const 65520) (i32.const 1024))
      (i32.store (i32.const 65524) (i32.const 6000))
      (i32.const 65520)))
  (core instance $i (instantiate $m))
  (type $result (list string))
  (func (export "run") (result $result)
    (canon lift (core func $i "run") (memory (core memory $i "memory")))))
