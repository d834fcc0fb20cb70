from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.manifest import Manifest
from edge.policy.diff import difference

LOGGING = "zeroclaw:plugin/logging@0.1.0#log-record"
SECRETS = "zeroclaw:plugin/secrets@0.1.0#get"
HTTP = "wasi:http/outgoing-handler@0.2.3#handle"
WIDE, NARROW = ("http_client", "*.a.org"), ("http_client", "x.a.org")
MUCH, LITTLE = ("limits", "memory", "200"), ("limits", "memory", "100")


def manifest(*asks: Any, **parts: Any) -> Manifest:
    return Manifest(fields={"name": "a"}, requests=asks, **parts)


def told(old: Manifest, new: Manifest) -> list[tuple[str, bool]]:
    return [(change.what, change.wider) for change in difference([], old, [], new)]


def test_a_new_import_is_wider_and_one_less_is_not() -> None:
    found = difference([LOGGING, SECRETS], manifest(), [LOGGING, HTTP], manifest())
    assert [(change.what, change.wider) for change in found] == [
        ("imports http_client: wasi:http/outgoing-handler@0.2.3", True),
        ("no longer imports config_read", False),
    ]


def test_what_every_plugin_has_is_no_difference() -> None:
    assert difference([], manifest(), [LOGGING, "wasi:io/poll@0.2.0#poll"], manifest()) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ([], [NARROW], [("declares http_client x.a.org", True)]),
        (
            [NARROW],
            [WIDE],
            [("declares http_client *.a.org", True), ("no longer declares http_client x.a.org", False)],
        ),
        (
            [WIDE],
            [NARROW],
            [("declares http_client x.a.org", False), ("no longer declares http_client *.a.org", False)],
        ),
        (
            [LITTLE],
            [MUCH],
            [("declares limits memory 200", True), ("no longer declares limits memory 100", False)],
        ),
        (
            [MUCH],
            [LITTLE],
            [("declares limits memory 100", False), ("no longer declares limits memory 200", False)],
        ),
        ([LITTLE], [], [("no longer declares limits memory 100", True)]),
    ],
)
def test_what_is_declared(old: list[Any], new: list[Any], expected: list[Any]) -> None:

    assert told(manifest(*old), manifest(*new)) == expected


@pytest.mark.parametrize(
    ("old", "new", "wider"),
    [
        ({"t": "high"}, {"t": "low"}, True),
        ({"t": "low"}, {"t": "high"}, False),
        ({}, {"t": "medium"}, True),
        ({"t": "medium"}, {}, False),
        ({}, {"t": "high"}, None),
    ],
)
def test_a_lower_risk_lets_more_run_unattended(
    old: dict[str, str], new: dict[str, str], wider: bool | None
) -> None:
    found = told(manifest(risks=old), manifest(risks=new))
    assert [is_wider for _, is_wider in found] == ([] if wider is None else [wider])


@pytest.mark.parametrize(
    ("old", "new", "wider"),
    [("strict", "default", True), ("strict", "", True), ("", "strict", False), ("default", "default", None)],
)
def test_a_lower_level_of_its_own_is_wider(old: str, new: str, wider: bool | None) -> None:
    found = told(manifest(level=old), manifest(level=new))
    assert [is_wider for _, is_wider in found] == ([] if wider is None else [wider])


asks = st.lists(
    st.sampled_from([WIDE, NARROW, MUCH, LITTLE, ("channel",), ("kv", "10"), ("kv", "20")]), unique=True
)


@given(asks, asks)
def test_no_change_both_ways_without_a_difference(old: list[Any], new: list[Any]) -> None:
    assert bool(told(manifest(*old), manifest(*new))) is (set(old) != set(new))


@given(asks)
def test_a_version_is_not_wider_than_itself(asked: list[Any]) -> None:
    assert told(manifest(*asked), manifest(*asked)) == []
