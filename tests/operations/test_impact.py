from __future__ import annotations

from typing import Any, Callable

from edge import errors
from edge.operations.impact import Impact
from edge.policy import change
from edge.store import lifecycle

Put = Callable[..., Any]


def test_what_calls_loaded_and_load_no_more_was_stopped_with_the_reason(put: Put) -> None:
    put()
    put(name="other")
    impact = Impact()
    change.set_level("strict", "faults")
    (found,) = impact.stopped()
    assert (found.name, type(found.error)) == ("faults", errors.Untrusted)
    assert found.why.startswith("it is signed by key")


def test_what_was_not_loaded_before_or_is_gone_was_not_stopped(put: Put) -> None:
    put()
    put(name="other")
    lifecycle.disable("faults")
    impact = Impact()
    lifecycle.remove("other")
    change.set_level("strict")
    assert impact.stopped() == ()
