;; Reports one event with 2.5 MB of control characters, which would be four times as long where they are shown. Must
;; answer, and no more of it than the limit of log bytes may reach anybody.
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
  (core module $memory (memory (export "memory") 40) (data (i32.const 0) "flood"))
  (core instance $memory (instantiate $memory))
  (core func $log (canon lower (func $logging "log-record") (memory (core memory $memory "memory"))))
  (core module $m
    (import "host" "log"
      (func $log (param i32 i32 i32 i32 i32 i32 i32 i64 i32 i32 i32 i32 i32)))
    (import "host" "memory" (memory 40))
    (func (export "run")
      (memory.fill (i32.const 1000) (i32.const 27) (i32.const 2500000))
      (call $log (i32.const 2)
        (i32.const 0) (i32.const 5)               ;; function-name
        (i32.const 36)                            ;; action: note
        (i32.const 0) (i32.const 0)               ;; outcome: none
        (i32.const 0) (i64.const 0)               ;; duration-ms: none
        (i32.const 0) (i32.const 0) (i32.const 0) ;; attrs: none
        (i32.const 1000) (i32.const 2500000))))   ;; message
  (core instance $i (instantiate $m (with "host" (instance
    (export "log" (func $log)) (export "memory" (memory $memory "memory"))))))
  (func (export "run") (canon lift (core func $i "run"))))
