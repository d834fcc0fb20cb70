;; Goes to one limit or another, as its functions say.
(component
  (import "wasi:io/poll@0.2.6" (instance $poll
    (export "pollable" (type $pollable (sub resource)))
    (export "[method]pollable.block" (func (param "self" (borrow $pollable))))))
  (alias export $poll "pollable" (type $pollable))
  (import "wasi:clocks/monotonic-clock@0.2.6" (instance $clock
    (alias outer 1 $pollable (type $outer))
    (export "pollable" (type $p (eq $outer)))
    (export "subscribe-duration" (func (param "when" u64) (result (own $p))))))
  (import "edge:limits/host@0.1.0" (instance $host
    (export "ask" (func))
    (export "give" (func (result (list u8))))
    (export "take" (func (param "bytes" (list u8))))))
  (core func $subscribe (canon lower (func $clock "subscribe-duration")))
  (core func $block (canon lower (func $poll "[method]pollable.block")))
  (core func $ask (canon lower (func $host "ask")))

  (core module $memory
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 4096))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
      (global.set $next (i32.add (local.get $at) (local.get 3)))
      (if (i32.gt_u (global.get $next) (i32.mul (memory.size) (i32.const 65536)))
        (then (if (i32.eq (i32.const -1) (memory.grow (i32.add (i32.const 1)
            (i32.shr_u (i32.sub (global.get $next) (i32.mul (memory.size) (i32.const 65536))) (i32.const 16)))))
          (then (unreachable)))))
      (local.get $at)))
  (core instance $memory (instantiate $memory))
  (core func $give (canon lower (func $host "give")
    (memory (core memory $memory "memory")) (realloc (core func $memory "realloc"))))
  (core func $take (canon lower (func $host "take") (memory (core memory $memory "memory"))))

  (core module $m
    (import "host" "subscribe" (func $subscribe (param i64) (result i32)))
    (import "host" "block" (func $block (param i32)))
    (import "host" "ask" (func $ask))
    (import "host" "give" (func $give (param i32)))
    (import "host" "take" (func $take (param i32 i32)))
    (import "memory" "memory" (memory 1))
    (table $table 1 funcref)
    ;; Sleeps so many nanoseconds.
    (func (export "sleep") (param i64) (call $block (call $subscribe (local.get 0))))
    ;; Asks the host so many times.
    (func (export "ask") (param i32)
      (block $done
        (loop $again
          (br_if $done (i32.eqz (local.get 0)))
          (call $ask)
          (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
          (br $again))))
    ;; So many rounds of work, then one question, for ever.
    (func (export "work-and-ask") (param i32)
      (local $rounds i32)
      (loop $again
        (local.set $rounds (local.get 0))
        (loop $work
          (local.set $rounds (i32.sub (local.get $rounds) (i32.const 1)))
          (br_if $work (local.get $rounds)))
        (call $ask)
        (br $again)))
    (func (export "spin") (loop $again (br $again)))
    (func (export "recurse") (call $recurse (i32.const 0)))
    (func $recurse (param i32) (call $recurse (i32.add (local.get 0) (i32.const 1))) (call $ask))
    ;; The size that the table has after asking for so many elements more.
    (func (export "grow-table") (param i32) (result i32)
      (drop (table.grow $table (ref.null func) (local.get 0)))
      (table.size $table))
    ;; The pages that memory has after asking for so many more, all of them written to.
    (func (export "grow-memory") (param i32) (result i32)
      (local $at i32)
      (drop (memory.grow (local.get 0)))
      (local.set $at (i32.mul (memory.size) (i32.const 65536)))
      (loop $touch
        (local.set $at (i32.sub (local.get $at) (i32.const 4096)))
        (i32.store (local.get $at) (i32.const 1))
        (br_if $touch (local.get $at)))
      (memory.size))
    ;; How many bytes the host gives.
    (func (export "give") (result i32) (call $give (i32.const 16)) (i32.load (i32.const 20)))
    ;; Gives the host so many bytes.
    (func (export "take") (param i32)
      (drop (memory.grow (i32.shr_u (local.get 0) (i32.const 16))))
      (call $take (i32.const 0) (local.get 0))))
  (core instance $i (instantiate $m
    (with "memory" (instance $memory))
    (with "host" (instance
      (export "subscribe" (func $subscribe)) (export "block" (func $block)) (export "ask" (func $ask))
      (export "give" (func $give)) (export "take" (func $take))))))
  (func (export "sleep") (param "nanoseconds" u64) (canon lift (core func $i "sleep")))
  (func (export "ask") (param "times" u32) (canon lift (core func $i "ask")))
  (func (export "work-and-ask") (param "rounds" u32) (canon lift (core func $i "work-and-ask")))
  (func (export "spin") (canon lift (core func $i "spin")))
  (func (export "recurse") (canon lift (core func $i "recurse")))
  (func (export "grow-table") (param "elements" u32) (result u32) (canon lift (core func $i "grow-table")))
  (func (export "grow-memory") (param "pages" u32) (result u32) (canon lift (core func $i "grow-memory")))
  (func (export "give") (result u32) (canon lift (core func $i "give")))
  (func (export "take") (param "bytes" u32) (canon lift (core func $i "take"))))
