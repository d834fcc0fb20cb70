;; Fills a heap that only a garbage collector would bound. Collected types are left out of the profile: must be refused.
(component
  (core module $m
    (type $node (struct (field (ref null $node))))
    (func (export "run") (local $head (ref null $node))
      (loop $again (local.set $head (struct.new $node (local.get $head))) (br $again))))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run"))))
