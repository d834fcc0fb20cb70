"""Installed plugins, loaded as `edge call` loads them."""

from __future__ import annotations

from typing import NamedTuple

from edge.limits import Profile
from edge.runtime import Plugin
from edge.store.call import prepare
from edge.store.call_plan import CallPlan


class Loaded(NamedTuple):
    plugin: Plugin
    plan: CallPlan
    profile: Profile


def load(name: str) -> Loaded:
    """The current release of a plugin."""
    with prepare(name) as prepared:
        return Loaded(prepared.load(), prepared.plan, prepared.profile)
