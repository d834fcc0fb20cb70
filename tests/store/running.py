"""Installed plugins, loaded as `edge call` loads them."""

from __future__ import annotations

from typing import NamedTuple

from edge.plugin import Plugin
from edge.profiles import Profile
from edge.store.calling import prepare
from edge.store.terms import Terms


class Loaded(NamedTuple):
    plugin: Plugin
    terms: Terms
    profile: Profile


def load(name: str) -> Loaded:
    """The current release of a plugin."""
    with prepare(name) as prepared:
        return Loaded(prepared.load(), prepared.terms, prepared.profile)
