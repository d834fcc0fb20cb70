"""What fuzzing found, each as small as it can be."""

from __future__ import annotations

import pytest

from edge import Interface, Limits, Runtime, errors
from edge._native import making
from tests.fuzz import plugins


def test_an_instance_whose_host_answered_nonsense_takes_no_more_calls() -> None:
    host = Interface(plugins.ASK, {"ask": lambda *_: ("nonsense",)})
    runtime = Runtime(trusted=[making.public_key(plugins.SEED)])
    plugin = runtime.load(plugins.written(plugins.artifact("asker")), interfaces=[host])
    with plugin.instance(Limits(fuel=100_000)) as instance:
        with pytest.raises(errors.ValueMismatch):
            instance.call("ask", 1)
        with pytest.raises(errors.StateError):
            instance.call("answer", 7)
