from __future__ import annotations

from types import SimpleNamespace

import pytest

from edge.interfaces.secrets import SERVED_TO, Secrets

SECRETS = Secrets({"token": "s3cret", "unset": None})


@pytest.mark.parametrize(
    ("name", "answer"),
    [("token", ("ok", "s3cret")), ("unset", ("err", "not-found")), ("other", ("err", "not-found"))],
)
def test_execute_gets_what_is_there(name: str, answer: tuple[str, str]) -> None:
    assert SECRETS.functions["get"](SimpleNamespace(function=SERVED_TO), name) == (answer,)


@pytest.mark.parametrize("function", ["zeroclaw:plugin/tool@0.1.0#name", "execute", ""])
def test_nothing_but_execute_gets_a_secret(function: str) -> None:
    assert SECRETS.functions["get"](SimpleNamespace(function=function), "token") == (("err", "unavailable"),)


def test_values_do_not_show() -> None:
    assert "s3cret" not in repr(SECRETS)
