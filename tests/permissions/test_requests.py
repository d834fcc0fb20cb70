from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.permissions import http, requests

if TYPE_CHECKING:
    Request = tuple[str, ...]

ASKS = [
    ("channel",),
    ("http_client", "api.example.org"),
    ("http_client", "api.example.org:443"),
    ("http_client", "*.example.org"),
    ("http_client", "other.org"),
    ("http_client",),
    ("config_read", "token"),
    ("config_read",),
    ("kv", "100"),
    ("kv", "99"),
    ("cli", "/bin/git"),
    ("cli", "/bin/git", "{word}"),
    ("cli", "/bin/git", "status"),
    ("delegate", "a/b"),
    ("limits", "memory", "100"),
    ("limits", "fuel", "50"),
    ("limits", "fuel", "100"),
]
lists = st.lists(st.sampled_from(ASKS))


@pytest.mark.parametrize(
    ("grant", "ask", "covers"),
    [
        (("http_client",), ("http_client", "*"), True),
        (("http_client", "*.a.org"), ("http_client", "x.a.org:1"), True),
        (("http_client", "x.a.org:1"), ("http_client", "x.a.org"), False),
        (("config_read", "a"), ("config_read", "b"), False),
        (("config_read",), ("http_client", "a.org"), False),
        (("cli", "/bin/a", "{int}"), ("cli", "/bin/a", "7"), True),
        (("cli", "/bin/a", "{int}"), ("cli", "/bin/b", "7"), False),
        (("cli", "/bin/a"), ("cli", "/bin/a", "7"), False),
        (("kv", "100"), ("kv", "100"), True),
        (("kv", "100"), ("kv", "101"), False),
        (("limits", "deadline", "2"), ("limits", "deadline", "1.5"), True),
        (("limits", "fuel", "100"), ("limits", "memory", "1"), False),
    ],
)
def test_a_grant_covers(grant: tuple[str, ...], ask: tuple[str, ...], covers: bool) -> None:
    assert requests.covers(grant, ask) is covers


@given(lists, lists)
def test_what_is_common_is_covered_by_both(declared: list[Request], granted: list[Request]) -> None:
    for ask in requests.common(declared, granted):
        assert requests.covered(ask, declared)
        assert requests.covered(ask, granted)


@given(lists, lists)
def test_what_is_declared_and_granted_is_common(declared: list[Request], granted: list[Request]) -> None:
    for ask in declared:
        if requests.covered(ask, granted):
            assert ask in requests.common(declared, granted)


@pytest.mark.parametrize("ask", ASKS)
def test_an_ask_has_no_problem(ask: tuple[str, ...]) -> None:
    assert not requests.problem(ask)


@pytest.mark.parametrize(
    "ask",
    [
        (),
        ("",),
        ("root",),
        ("channel", "x"),
        ("http_client", "a", "b"),
        ("http_client", "*.org"),
        ("config_read", ""),
        ("kv", "-1"),
        ("kv", "x"),
        ("kv", ""),
        ("limits", "memory"),
        ("cli", "git"),
        ("cli", "/bin/../git"),
        ("cli", "/bin/git", "{x}"),
        ("delegate", "*/*"),
        ("delegate", "a"),
        ("delegate", "A/b"),
    ],
)
def test_an_ask_has_a_problem(ask: tuple[str, ...]) -> None:
    assert requests.problem(ask)


def test_asks_are_spelled_as_a_shell_reads_them() -> None:
    import shlex

    for ask in (*ASKS, ("cli", "/bin/echo", "it's", "", "a b", "$x")):
        assert tuple(shlex.split(requests.spelled(ask))) == ask


HOSTS = (
    *("*", "a.org", "*.a.org", "x.a.org", "*.x.a.org", "y.x.a.org", "b.org", "a.org:1", "*.a.org:1"),
    *("*.a.org:2", "x.a.org:1", "*.x.a.org:1"),
)
OTHERS: tuple[Request, ...] = (
    *(("http_client",), ("cli",), ("cli", "/b", "a"), ("cli", "/b", "{word}"), ("cli", "/b", "{int}")),
    *(("cli", "/b", "{a|b}"), ("cli", "/c", "a"), ("cli", "/b", "a", "b"), ("kv", "1"), ("kv", "3"), ("kv",)),
    *(("limits",), ("limits", "memory", "1"), ("limits", "memory", "3"), ("limits", "fuel", "3")),
    *(("config_read",), ("config_read", "t"), ("channel",), ("delegate", "a/b"), ("delegate",)),
)
several = st.lists(
    st.one_of(st.sampled_from(OTHERS), st.sampled_from(HOSTS).map(lambda host: ("http_client", host))),
    max_size=6,
)


@given(several, several)
def test_looking_up_answers_as_comparing_with_each(own: list[Request], others: list[Request]) -> None:
    held = requests.Covering(own)
    for ask in others:
        assert held.covers(ask) == requests.covered(ask, own)
        assert set(held.within(ask)) == {one for one in own if requests.covers(ask, one)}


def test_what_is_common_of_thousands_compares_each_a_few_times(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"a{number}.example.org:{1 + number}" for number in range(4000)]
    own = [("http_client", name) for name in names]
    compared = []
    covers = http.host_covers

    def counted(*hosts: str) -> bool:
        compared.append(hosts)
        return covers(*hosts)

    monkeypatch.setattr(http, "host_covers", counted)
    assert len(requests.common(own, own)) == len(own)
    assert requests.common(own, [("http_client", "*.example.org")]) == tuple(own)
    # Comparing each with each is 16 million times.
    assert len(compared) <= 4 * len(own)
