;; Takes memory until it gets no more, then gives up. Must name the memory limit, not only the trap.
(component
  (core module $m
    (memory 1)
    (func (export "run")
      (loop $again (br_if $again (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
      unreachable))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run"))))
