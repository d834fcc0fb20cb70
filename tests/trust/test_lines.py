"""Lines of trust: what the one reader says of a line is what a load goes by, and what docs/keys.md says."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edge import errors, trust
from edge._native import making
from tests.support import packing

SEED = bytes(range(32))
KEY = making.public_key(SEED).hex()
NAMES = ("weather", "weather-2", "w", "pump.x", "plugins")
HEADS = {name: packing.head(packing.spelled({"format": 1, "name": name}), SEED) for name in NAMES}

blank = st.sampled_from(["", " ", "  ", "\t", "\u00a0", "\u3000", "\u200b", "\x0b", "\x0c", "\r", "\x85"])
scope = st.sampled_from(["plugins", "plugin", "Plugins", "PLUGIN", "plug", "scope", "for", "\u0440lugins"])
sign = st.sampled_from(["=", ":", "", "\uff1d", " =", "= ", ","])
names = st.sampled_from(
    ["weather", "weather*", "w*", "*", "Weather", "pump.x,w", "w,,x", "-w", "", "#", "a-*", "w-"]
)
told = st.one_of(
    st.sampled_from(
        [
            "office",
            "the office",
            "Büro",
            "#",
            "# x",
            "\ufeff",
            "\x00",
            "=",
            ":",
            "plugins",
            "5",
            "https://a.b",
        ]
    ),
    st.tuples(scope, sign, names).map("".join),
)
kind = st.sampled_from(["ed25519", "revoked ed25519", "Ed25519", "revoked", "\ufeffed25519", "ed25519\t"])
key = st.sampled_from([KEY, KEY.upper(), KEY[:-1], "ab" * 32])
line = st.tuples(
    blank, kind, st.just(" ") | blank, key, st.lists(st.tuples(st.just(" ") | blank, told), max_size=3), blank
).map(lambda parts: "".join((*parts[:4], *(word for pair in parts[4] for word in pair), parts[5])))

HIDDEN = re.compile(
    r"[^\S \t]|[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)
NAME = r"[a-z0-9]([a-z0-9._-]{0,126}[a-z0-9])?"
PATTERN = rf"({NAME}|[a-z0-9][a-z0-9._-]{{0,127}}\*|\*)"
SCOPE = rf"[ \t]+plugins=({PATTERN}(?:,{PATTERN})*)(?=[ \t]|$)"
TRUSTED = re.compile(rf"ed25519[ \t]+([0-9a-fA-F]{{64}})(?:{SCOPE})?(?:[ \t]+(.*))?")
REVOKED = re.compile(r"revoked[ \t]+ed25519[ \t]+([0-9a-fA-F]{64})(?:[ \t]+(.*))?")
SIGN = re.compile(r"[=:\uff1d\uff1a]")
FIRST = re.compile(r"plugins?([ \t]|$)", re.IGNORECASE)
SEEMS = re.compile(r"plugins?[ \t]*[=:\uff1d\uff1a]", re.IGNORECASE)


def as_documented(text: str) -> list[Any] | None:
    """What docs/keys.md says that a line about a key means; None where it has to be refused."""
    text = text[:-1] if text.endswith("\r") else text
    if HIDDEN.search(text):
        return None
    text = text.partition("#")[0].strip(" \t")
    if not text:
        return []
    if found := TRUSTED.fullmatch(text):
        label = found[found.re.groups] or ""
        refused = SIGN.search(label.replace("://", "")) or FIRST.match(label)
        return (
            None if refused else ["ed25519", found[1].lower(), label, found[2].split(",") if found[2] else []]
        )
    if found := REVOKED.fullmatch(text):
        reason = found[2] or ""
        return None if SEEMS.search(reason) else ["revoked", "ed25519", found[1].lower(), reason]
    return None


def read(text: str) -> list[Any] | None:
    try:
        (said,) = making.read_trust(text.encode(), "")
    except errors.OptionsError:
        return None
    return said


def loads(text: str, name: str) -> type[errors.EdgeError] | None:
    """What the gate through which all code comes says to a plugin of that name signed with KEY."""
    try:
        making.describe_head(HEADS[name], "", text.encode())
    except errors.EdgeError as error:
        return type(error)
    return None


@given(line)
@example(f"ed25519 {KEY} plugins = weather")
@example(f"ed25519 {KEY}\u00a0plugins=weather")
@example(f"ed25519 {KEY} plugins=weather plugins=w")
def test_a_line_means_what_is_documented(text: str) -> None:
    assert read(text) == as_documented(text)


@given(line, st.sampled_from(NAMES))
@example(f"ed25519 {KEY} plugin=w", "weather")
@example(f"ed25519 {KEY} plugins=w*", "weather")
@example(f"revoked ed25519 {KEY} lost", "weather")
def test_what_is_shown_of_a_line_is_what_is_enforced(text: str, name: str) -> None:
    said, came_to = read(text), loads(text, name)
    if said is None:
        assert came_to is errors.OptionsError
    elif said[:1] == ["revoked"] and said[2] == KEY:
        assert came_to is errors.Revoked
    elif said[:2] != ["ed25519", KEY]:
        assert came_to is errors.Untrusted
    elif said[3] and not any(fnmatchcase(name, pattern) for pattern in said[3]):
        assert came_to is errors.OutOfScope
    else:
        assert came_to not in (errors.OptionsError, errors.Revoked, errors.Untrusted, errors.OutOfScope)


@given(st.lists(line, max_size=5))
def test_without_its_keys_a_bundle_trusts_nobody(lines: list[str]) -> None:
    text = trust._without_keys("\n".join(lines).encode())
    try:
        said = making.read_trust(text, "")
    except errors.OptionsError:
        return
    assert not [words for words in said if words[:1] == ["ed25519"]]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", ""])
def test_windows_ends_of_lines_are_the_same(end: str) -> None:
    said = making.read_trust(f"ed25519 {KEY} plugins=w office{end}".encode(), "")
    assert said[0] == ["ed25519", KEY, "office", ["w"]]


def test_the_character_is_named_with_its_line() -> None:
    with pytest.raises(errors.OptionsError, match=r"line 2 of trust: the character U\+FEFF"):
        making.read_trust(f"# first\n\ufeffed25519 {KEY}".encode(), "trusted.keys")


@pytest.mark.parametrize(
    ("label", "why"),
    [
        ("plugins of the office", "first word, `plugins`, may be taken for a scope; begin the label with"),
        ("Plugin", "first word, `Plugin`, may be taken for a scope; begin the label with"),
        ("for:weather", "`:` may be taken for a scope; leave it out"),
        ("office plugins = weather", "`=` may be taken for a scope; leave it out"),
    ],
)
def test_a_label_that_seems_a_scope_is_refused_with_what_to_write(label: str, why: str) -> None:
    with pytest.raises(errors.OptionsError, match=re.escape(f"the label's {why}")) as refused:
        making.read_trust(f"ed25519 {KEY} {label}".encode(), "trusted.keys")
    assert "right behind the key, plugins=NAME" in refused.value.message
