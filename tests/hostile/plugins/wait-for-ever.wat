;; Waits on shared memory for ever, which no deadline could end. Threads are left out of the profile: must be refused.
(component
  (core module $m
    (memory 1 1 shared)
    (func (export "run") (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run"))))
