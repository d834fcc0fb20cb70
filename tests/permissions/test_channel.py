from __future__ import annotations

from edge.manifest.parse import parse
from edge.permissions import requests

HEAD = 'name = "a"\nversion = "1.0.0"\nwasm_path = "a.wasm"\ncapabilities = ["tool"%s]\n'


def test_the_contracts_capability_asks_for_it() -> None:
    assert parse(HEAD % ', "channel"').requests == (("channel",),)
    assert parse(HEAD % "").requests == ()


def test_it_has_no_words() -> None:
    assert requests.problem(("channel",)) == ""
    assert requests.problem(("channel", "news")) == "channel takes 0 words"
