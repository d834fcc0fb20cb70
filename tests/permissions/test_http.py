from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.permissions import http

labels = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,4}[a-z0-9])?", fullmatch=True)
hosts = st.lists(labels, min_size=2, max_size=4).map(".".join)
ports = st.integers(1, 65535)
host_patterns = st.builds(
    lambda wild, host, port: f"{'*.' if wild else ''}{host}{f':{port}' if port else ''}",
    st.booleans(),
    st.sampled_from(["example.org", "api.example.org", "a.api.example.org", "other.org"]),
    st.sampled_from([0, 80, 443]),
)


@pytest.mark.parametrize(
    "pattern", ["example.org", "*.example.org", "*.example.org:8443", "localhost", "127.0.0.1:1", "a-b.c"]
)
def test_a_host_pattern(pattern: str) -> None:
    assert not http.host_problem(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        *[
            "",
            "*",
            "*.",
            "*.org",
            "a.*.org",
            "a*.org",
            "*a.org",
            "**.a.org",
            "*.*.a.org",
            "A.org",
            "a..org",
            ".a",
        ],
        *[
            "a.",
            "a:",
            "a:0",
            "a:65536",
            "a:443x",
            "a:0443",
            "a:+1",
            "a:b:1",
            "a/b",
            "http://a",
            "u@a.org",
            "a b",
        ],
        *[
            "-a.org",
            "a-.org",
            "ä.org",
            "a.org\n",
            "a\0.org",
            "a.org:٤٤٣",
            "[::1]",
            "x" * 64,
            "a." * 127 + "a",
        ],
    ],
)
def test_no_host_pattern(pattern: str) -> None:
    assert http.host_problem(pattern)


@pytest.mark.parametrize(
    ("pattern", "host", "port", "matches"),
    [
        ("example.org", "example.org", 443, True),
        ("example.org", "api.example.org", 443, False),
        ("example.org", "example.org.", 443, False),
        ("example.org:443", "example.org", 443, True),
        ("example.org:443", "example.org", 80, False),
        ("*.example.org", "api.example.org", 80, True),
        ("*.example.org", "a.b.example.org", 80, True),
        ("*.example.org", "example.org", 80, False),
        ("*.example.org", ".example.org", 80, False),
        ("*.example.org", "evilexample.org", 80, False),
        ("*.example.org", "a.example.org.evil.com", 80, False),
        ("*.example.org", "evil.com/.example.org", 80, False),
        ("*.example.org", "evil.com#.example.org", 80, False),
        ("*", "example.org", 1, True),
        ("*", "user@example.org", 1, False),
    ],
)
def test_a_host_matches(pattern: str, host: str, port: int, matches: bool) -> None:
    assert http.host_matches(pattern, host, port) is matches


@given(host_patterns, host_patterns, hosts, ports)
def test_a_host_pattern_covers_what_another_matches(outer: str, inner: str, label: str, port: int) -> None:
    host = inner.partition(":")[0].replace("*.", f"{label}.")
    port = int(inner.partition(":")[2] or port)
    assert http.host_matches(inner, host, port)
    if http.host_covers(outer, inner):
        assert http.host_matches(outer, host, port)


@given(host_patterns)
def test_a_host_pattern_covers_itself_and_all_covers_it(pattern: str) -> None:
    assert not http.host_problem(pattern)
    assert http.host_covers(pattern, pattern)
    assert http.host_covers("*", pattern)
    assert not http.host_covers(pattern, "*")


@pytest.mark.parametrize(
    ("pattern", "instead"),
    [
        ("https://api.example.org/", "write only the host, api.example.org:443"),
        ("http://api.example.org", "write only the host, api.example.org:80"),
        ("HTTPS://user:pw@API.example.org:8443/v1?x=1", "write only the host, api.example.org:8443"),
        ("api.example.org/v1", "write only the host, api.example.org"),
        ("https://", "this is a URL"),
        ("[::1]", "IPv6"),
        ("[2001:db8::1]:443", "IPv6"),
        ("https://[::1]/", "IPv6"),
        ("2001:db8::1", "IPv6"),
        ("API.example.org", "trailing dot: api.example.org"),
        ("api.example.org.", "trailing dot: api.example.org"),
        ("bücher.example", "xn--"),
    ],
)
def test_other_spellings_of_a_host_are_told_what_to_write(pattern: str, instead: str) -> None:
    problem = http.host_problem(pattern)
    assert instead in problem
    _, comma, host = problem.rpartition(", ")
    if comma and "write only the host" in problem:
        assert not http.host_problem(host)
