"""A machine whose files are a tree of the model's, and what an operator would find on it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable

from edge import audit, errors, store
from edge.policy import file as policy_file
from edge.store import config
from edge.store.lock import locked
from edge.store.secrets import StoredSecrets
from edge.trust import edit, held
from tests.power.disk import Tree, write
from tests.power.operations import NAME
from tests.store.running import load

View = dict[str, Any]
KEY = Path("data/edge/keys/local.key")

PLACES = {"XDG_DATA_HOME": "data", "XDG_CONFIG_HOME": "config"}


@contextmanager
def at(root: Path) -> Iterator[None]:
    """Within it, this process is on the machine whose folder this is."""
    before = {name: os.environ.get(name) for name in PLACES}
    os.environ.update(environment(root))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def holding(tree: Tree, folder: Path) -> Iterator[Path]:
    """A machine that holds a tree, for as long as somebody looks at it."""
    root = folder / "survivor"
    write(tree, root)
    try:
        with at(root):
            yield root
    finally:
        shutil.rmtree(root)


def environment(root: Path) -> dict[str, str]:
    """What tells a process that it is on that machine."""
    return {name: str(root / below) for name, below in PLACES.items()}


def empty(root: Path, seed: bytes | bytearray) -> None:
    """A machine on which nothing happened but that its key was made."""
    for folder in (root / "config", (root / KEY).parent):
        folder.mkdir(parents=True, mode=0o700)
    (root / KEY).write_bytes(seed)
    (root / KEY).chmod(0o600)


def view() -> View:
    """What an operator finds, each part a value or what went wrong."""
    return {
        "record": _or_error(_record),
        "call": _or_error(lambda: load(NAME).plugin.call({"do": "arguments"}).output),
        "config": _or_error(lambda: config.values(NAME)),
        "secret": _or_error(lambda: StoredSecrets(NAME, ["token"])["token"]),
        "policy": _or_error(_policy),
        "trust": _or_error(_trust),
    }


def recover() -> None:
    """What the next change of the store does before anything else."""
    with locked():
        pass


def newest() -> int:
    """The number of the newest entry of what operators did."""
    return max((entry["seq"] for entry in audit.entries() if "since" not in entry), default=0)


def left() -> list[str]:
    """What is in the store and should not be, once it was recovered."""
    root = Path(store.root())
    if not root.exists():
        # One into which nothing came goes with its lock.
        return []
    found = [f"staging/{name}" for name in os.listdir(root / "staging")]
    found += [f"plugins/{name}" for name in os.listdir(root / "plugins") if name != f"{NAME}.json"]
    known = store.find(NAME)
    named = {known.current, known.previous} - {""} if known is not None else set()
    there = set(os.listdir(root / "releases"))
    return found + [f"releases: {sorted(there)} instead of {sorted(named)}"] * (there != named)


def _or_error(look: Callable[[], object]) -> object:
    try:
        return look()
    except (errors.EdgeError, OSError) as error:
        return type(error).__name__


def _record() -> object:
    found = store.find(NAME)
    if found is None:
        return None
    kept = {name: getattr(found, name) for name in ("current", "enabled", "floor", "consents", "approved")}
    return {**kept, "previous": found.previous} if found.current else kept


def _policy() -> object:
    said = policy_file.load().of(NAME)
    return said.level, said.consents, said.grants


def _trust() -> object:
    held.check_all()
    return [(entry.label, entry.public) for entry in held.entries()], edit.revocations()
