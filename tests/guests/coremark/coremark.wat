;; CoreMark as a component, around the core module that takes the place of the empty one.
;;
;; `run` asks the host's clock, in milliseconds, before and after every measurement, and answers with iterations a
;; second. It measures 10 iterations, then ten times as many until that takes a second or more, and at last that many
;; times (1 + 10 / seconds). So the host decides how much is done: to the answers 0, 5000, 5000 and 20000 it makes
;; 10 iterations before the second question and 30 before the fourth. A last measurement under 10 seconds counts as 0.
(component
  (import "edge:coremark/clock@0.1.0" (instance $clock (export "ms" (func (result u32)))))
  (core func $ms (canon lower (func $clock "ms")))
  (core module)
  (core instance $bench (instantiate 0 (with "env" (instance (export "clock_ms" (func $ms))))))
  (func (export "run") (result f32) (canon lift (core func $bench "run"))))
