"""Whether an interrupted command left the old state or the new one, and everything works from there on."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edge import audit, errors, store
from edge.files import TEMPORARY
from tests.faults.commands import table
from tests.faults.commands.machine import END, Command, Ended, Machine, Place, injecting
from tests.faults.commands.table import NAME, NEW, OLD, Shop

View = dict[str, Any]

LOOKS = {
    "call": ("call", NAME, '{"do":"arguments"}'),
    "list": ("list",),
    "show": ("show", NAME),
    "config": ("config", NAME),
    "secrets": ("secret", NAME),
    "token": ("call", NAME, '{"do":"secret","text":"token"}'),
    "keys": ("key", "list"),
    "policy": ("policy",),
}
"""What an operator looks at."""

OF_CALLS = ("call", "token")
"""What a removal that another has to finish has changed already, before anybody does."""

OF_OTHERS = ("left: config/", "left: data/edge/downloads/")
"""What the next removes who changes policy or trust, or installs something, and not whoever recovers."""

NEUTRAL = ("disable", "nobody")
"""Takes the store's lock, and with it recovers the store, and changes nothing."""

ENVIRONMENT = 5
KILLED = -signal.SIGKILL
TORN = "a power cut may have truncated it"

DERIVED = ("store/staging/", "store/releases/", "store/calls/", "keys/secrets.key", "audit/", "downloads/")
"""Below data/edge: what a command that fails may change. `left` looks for releases that nobody needs."""


class Case:
    """A command, the states before and after it, and a machine on which to interrupt it.

    done_anyway  how often a command told that it failed when it was done: what it could not do any more was
                 to make that last
    """

    def __init__(self, shop: Shop, name: str) -> None:
        self.interrupted = table.COMMANDS[name]
        self.command: Command = shop.placed(self.interrupted.command)
        self._start = shop.start(self.interrupted.start)
        self.machine = Machine(shop.folder / "machine")
        self.done_anyway = 0
        self.begin()
        with self.machine.here():
            self._entries = list(audit.entries())
        self.old = self._view()
        self.begin()
        self.places = self.machine.places(self.command)
        self.new = self._view()
        if self.old == self.new:
            raise AssertionError(f"{name} changes nothing")

    def begin(self) -> None:
        """The machine is as it was before the command."""
        self.machine.become(self._start)

    def changes(self) -> list[Place]:
        """Where something changes, and the end."""
        return [place for place in self.places if place.changes or place.call == END]

    def kill(self, *places: Place) -> list[str]:
        """What is wrong after a kill as the command entered a call; then as it was done again, and so on."""
        self.begin()
        for turn, place in enumerate(places):
            ended = self.machine.run(self.command, *injecting(place, "signal=KILL"))
            # What is done again may come to an end before it comes to that call.
            if ended.status != KILLED and not turn:
                return [f"it was not killed but ended with {ended}"]
        return [*self.judged(is_done=False)]

    def fail(self, place: Place, error: str, *, on: bool = False) -> list[str]:
        """What is wrong after a call failed; with `on`, and all later ones of its name."""
        self.begin()
        ended = self.machine.run(self.command, *injecting(place, f"error={error}", on=on))
        self.done_anyway += ended.status != 0 and self._view() == self.new
        return [*self.told(ended), *self.judged(is_done=ended.status == 0)]

    def told(self, ended: Ended) -> Iterator[str]:
        """A failure is this machine's, said with its cause and a remedy, and without a trace."""
        if "Traceback" in ended.err:
            yield f"a trace: {ended.err[-700:]}"
        elif ended.status not in (0, ENVIRONMENT):
            yield f"it ended with {ended}"
        elif ended.status:
            said = json.loads(ended.out)["error"]
            what, _, why = said["message"].partition(": ")
            if not (what and why and said["remedy"]):
                yield f"it says {said}"

    def judged(self, *, is_done: bool) -> Iterator[str]:
        """What is wrong with the machine as it is now; `is_done`: the command said that it was done."""
        parts = OF_CALLS if self.interrupted.finish else tuple(LOOKS)
        kept = _contents(self.machine.root / "data/edge")
        before = self._view()
        if not self._is_whole(before, parts, is_done=is_done):
            yield f"half a state: {self._told(before)}"
        is_old = all(before[part] == self.old[part] for part in parts)
        if is_old and any(self.old[part] != self.new[part] for part in parts):
            changed = sorted(_changed(kept, _contents(self._start / "data/edge")))
            if changed:
                yield f"it is as before, but for {', '.join(changed)}"
        yield from self._audited(TORN, is_new=all(before[part] == self.new[part] for part in parts))
        self.machine.look(*NEUTRAL)
        recovered = self._view()
        if not self._is_whole(recovered, tuple(LOOKS), is_done=is_done):
            yield f"half a state after recovery: {self._told(recovered)}"
        if any(recovered[part] != before[part] for part in parts):
            yield f"recovery changes it: {self._told(recovered)}"
        yield from (found for found in left(self.machine) if not found.startswith(OF_OTHERS))
        yield from self._done_again(is_new=recovered == self.new)

    def _done_again(self, *, is_new: bool) -> Iterator[str]:
        wanted = self.interrupted.again if is_new else NEW
        ended = self.machine.run(self.command)
        kind = json.loads(ended.out).get("error", {}).get("kind", "")
        now = self._view()
        if kind != (wanted if wanted not in (NEW, OLD) else ""):
            yield f"done again, it ends with {ended}"
        if now != (self.old if wanted == OLD else self.new):
            yield f"done again: {self._told(now)}"
        yield from left(self.machine)
        yield from self._audited()

    def _is_whole(self, now: View, parts: tuple[str, ...], *, is_done: bool) -> bool:
        states = (self.new,) if is_done else (self.old, self.new)
        return any(all(now[part] == state[part] for part in parts) for state in states)

    def _view(self) -> View:
        return {part: _plain(part, *self.machine.look(*words)) for part, words in LOOKS.items()}

    def _audited(self, but: str = "\0", *, is_new: bool = False) -> Iterator[str]:
        """What is wrong with the log: no entry is lost, and what was done was written down before."""
        with self.machine.here():
            yield from (f"audit: {problem}" for problem in audit.verify() if but not in problem)
            entries = list(audit.entries())
        if entries[: len(self._entries)] != self._entries:
            yield "audit: entries are lost"
        if is_new and len(entries) == len(self._entries):
            yield "audit: it was done and not written down"

    def _told(self, now: View) -> str:
        return "; ".join(f"{part} {self._state(part, now[part])}" for part in now)

    def _state(self, part: str, value: object) -> str:
        if self.old[part] == self.new[part] == value:
            return "as ever"
        return "old" if value == self.old[part] else "new" if value == self.new[part] else f"is {value}"


def _listed(folder: Path) -> list[str]:
    """What a folder has; a command that made no use of the store leaves none."""
    return os.listdir(folder) if folder.exists() else []


def left(machine: Machine) -> Iterator[str]:
    """What is there and should not be, once the store was recovered."""
    for place in ("data", "config"):
        for path in sorted((machine.root / place).rglob("*")):
            if path.name.startswith((".", "unpacked-")) or path.name.endswith(".tmp"):
                yield f"left: {path.relative_to(machine.root)}"
    installed = machine.root / "data/edge/store"
    yield from (f"left: staging/{name}" for name in _listed(installed / "staging"))
    try:
        with machine.here():
            known = store.find(NAME)
    except errors.StoreDamaged as error:
        yield error.message
        return
    if known is None or not known.current:
        for kind in ("config", "secrets"):
            if (machine.root / f"data/edge/{kind}/{NAME}.json").exists():
                yield f"left: data/edge/{kind}/{NAME}.json of what is not installed"
    named = {known.current, known.previous} - {""} if known is not None else set()
    there = set(_listed(installed / "releases"))
    if there != named:
        yield f"releases are {sorted(there)}, and the record has {sorted(named)}"


def _plain(part: str, status: int, said: Any) -> object:
    """Of an answer, what is the same whenever the state is."""
    if "error" in said and isinstance(said["error"], dict):
        return status, said["error"]["kind"], said["error"]["message"]
    if part in OF_CALLS:
        return status, said["output"], said["error"]
    if part == "keys":
        # A new key is another each time.
        return {**said, "own": [(key["name"], key["locked"]) for key in said["own"]]}
    return status, said


def _contents(folder: Path) -> dict[str, bytes]:
    return {
        name: path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
        and not (name := str(path.relative_to(folder))).startswith(DERIVED)
        and path.name != "lock"
        # What was being written, and takes no file's place: recovery removes it.
        and not path.name.endswith(TEMPORARY)
    }


def _changed(one: dict[str, bytes], other: dict[str, bytes]) -> set[str]:
    return {name for name in {*one, *other} if one.get(name) != other.get(name)}
