;; Reports events for ever, each with 10 kB of text. Must reach its deadline: logging fails no guest.
(component
  (import "zeroclaw:plugin/logging@0.1.0" (instance $logging
    (type $level' (enum "trace" "debug" "info" "warn" "error"))
    (export "log-level" (type $level (eq $level')))
    (type $action' (enum "start" "complete" "fail" "cancel" "skip" "timeout" "retry" "inbound" "outbound" "send"
      "receive" "connect" "disconnect" "reconnect" "spawn" "kill" "tick" "trigger" "schedule" "approve" "reject"
      "defer" "read" "write" "delete" "list-action" "query" "invoke" "dispatch" "resolve" "register" "unregister"
      "load" "save" "migrate" "validate" "note" "memory-audit"))
    (export "plugin-action" (type $action (eq $action')))
    (type $outcome' (enum "success" "failure"))
    (export "plugin-outcome" (type $outcome (eq $outcome')))
    (type $event' (record (field "function-name" string) (field "action" $action)
      (field "outcome" (option $outcome)) (field "duration-ms" (option u64))
      (field "attrs" (option string)) (field "message" string)))
    (export "plugin-event" (type $event (eq $event')))
    (export "log-record" (func (param "level" $level) (param "event" $event)))))
  (core module $memory (memory (export "memory") 1) (data (i32.const 0) "flood"))
  (core instance $memory (instantiate $memory))
  (core func $log (canon lower (func $logging "log-record") (memory (core memory $memory "memory"))))
  (core module $m
    (import "host" "log"
      (func $log (param i32 i32 i32 i32 i32 i32 i32 i64 i32 i32 i32 i32 i32)))
    (func (export "run")
      (loop $again
        (call $log (i32.const 2)
          (i32.const 0) (i32.const 5)               ;; function-name
          (i32.const 36)                            ;; action: note
          (i32.const 0) (i32.const 0)               ;; outcome: none
          (i32.const 0) (i64.const 0)               ;; duration-ms: none
          (i32.const 0) (i32.const 0) (i32.const 0) ;; attrs: none
          (i32.const 0) (i32.const 10000))          ;; message
        (br $again))))
  (core instance $i (instantiate $m (with "host" (instance (export "log" (func $log))))))
  (func (export "run") (canon lift (core func $i "run"))))
