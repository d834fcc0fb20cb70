;; Imports a file system of its own invention. Must be refused when it is loaded.
(component
  (import "root:files/everything@1.0.0" (instance $files (export "read-all" (func (result string)))))
  (core module $m (func (export "run")))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run"))))
