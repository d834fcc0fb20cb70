;; Answers a string in Latin-1 or UTF-16 whose marked length goes far beyond its memory. Must trap.
(component
  (core module $m
    (memory (export "memory") 1)
    (func (export "run") (result i32)
      (i32.store (i32.const 0) (i32.const 16))
      (i32.store (i32.const 4) (i32.const 0xffffffff))
      (i32.const 0)))
  (core instance $i (instantiate $m))
  (type $result string)
  (func (export "run") (result $result)
    (canon lift (core func $i "run") (memory (core memory $i "memory")) string-encoding=latin1+utf16)))
