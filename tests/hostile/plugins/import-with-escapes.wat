;; Its module imports under a name that would clear the terminal. Must be refused, and whoever is told of it must keep
;; the terminal.
(component
  (core module $m (import "\1b[2J\0a\08" "\1b]0;owned\07" (func)) (func (export "run")))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run"))))
