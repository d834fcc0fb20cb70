from __future__ import annotations

import pytest

from edge.permissions.secrets import allowed_names, use_of
from edge.policy.grants import Grants

TOKEN, KEY = ("config_read", "token"), ("config_read", "key")


@pytest.mark.parametrize(
    ("declared", "allowed", "configured", "name", "expected"),
    [
        ([TOKEN], [TOKEN], True, "token", "granted"),
        ([TOKEN, KEY], [TOKEN], True, "key", "denied"),
        ([TOKEN], [TOKEN], True, "other", "none"),
        ([TOKEN], [], True, "other", "denied"),
        ([], [], True, "other", "none"),
        ([], [], False, "other", "denied"),
    ],
)
def test_only_who_is_granted_secrets_learns_which_there_are(
    declared: list[tuple[str, str]],
    allowed: list[tuple[str, str]],
    configured: bool,
    name: str,
    expected: str,
) -> None:
    assert use_of(Grants("a", "default", declared, allowed, {}, configured=configured), name) == expected


def test_the_names_that_are_allowed() -> None:
    assert allowed_names([["kv", "1"], ["config_read", "token"], ["config_read"]]) == ["token"]
