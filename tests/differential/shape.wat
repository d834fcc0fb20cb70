;; What every generated module exports.
(module
  (memory (export "memory") 1)
  (func (export "run") (param i32 i64 f32 f64) (result i32 i64 f32 f64) unreachable))
