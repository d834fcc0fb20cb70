"""Every small file that Edge keeps, in every state that a power cut or a repaired filesystem leaves it in.

One line of the table a kind of file: what meets it, what helps. It ends with 5, names the file, says what
helps; doctor sees it; and after what helps the same command ends as it did before.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable, NamedTuple

import pytest

from edge.files import runtime_dir
from tests.faults.commands.machine import Command, Machine
from tests.faults.commands.table import ALL, KEY, NAME, Shop

EMPTY, HALVED, NULS, FOLDER, GONE = STATES = ("empty", "halved", "nuls", "folder", "gone")
FIFO = "fifo"
"""No power cut makes one; what a folder is to a command, so is that, and it keeps nobody waiting."""
CONTENTS = (EMPTY, HALVED, NULS)

CALL = ("call", NAME, '{"do":"arguments"}')
READ_SECRET = ("call", NAME, '{"do":"secret","text":"token"}')
RELOAD = ("reload", NAME)
INSTALL = ("install", "2.edge", "--yes")
OFFICE = ("key", "show", "office")
PACKED = "packed.edge"
LOCKED = ("pack", "folder", "-o", PACKED, "--key", "locked", "--passphrase-file", "passphrase")
REGISTERED = ("install", "weather", "--yes")
DISABLE = ("disable", NAME)

LOCKED_ALL_THE_SAME = ("store lock", "policy lock", "trust lock")
"""A FIFO can be locked as well."""

Remedy = tuple[str, ...]


class Kind(NamedTuple):
    """A file, below the machine's folder.

    command  that meets it
    ends     as what, where nothing is wrong
    states   in which it is a fault; in all others the command ends as ever, and nothing has to be done
    remedy   commands that help, and `mv` or `rm` of the file
    check    of doctor that sees it
    sees     states that doctor sees although the command ends as ever
    gone     how the command ends where the file is gone, if that is no fault of the machine's
    """

    file: str
    command: Remedy
    check: str
    remedy: tuple[Remedy, ...]
    states: tuple[str, ...] = STATES
    ends: int = 0
    sees: tuple[str, ...] = ()
    gone: int = 0


FORGET = (("remove", NAME, "--forget"), INSTALL, ("secret", NAME, "token"))
SETTING = (("config", NAME, "--reset"), ("config", NAME, "place=here"))
SET_SECRET = (("secret", NAME, "token"),)
MOVE = (("mv",),)
PACK_AGAIN = (*MOVE, ("pack", "folder", "-o", PACKED), ("install", PACKED, "--yes"))

KINDS = {
    "record": Kind("data/edge/store/plugins/faults.json", CALL, "store", FORGET),
    "head": Kind("data/edge/store/releases/*/head", CALL, "plugins", (INSTALL,)),
    "manifest.json": Kind("data/edge/store/releases/*/manifest.json", ("show", NAME), "plugins", (INSTALL,)),
    "manifest.toml": Kind("data/edge/store/releases/*/manifest.toml", RELOAD, "plugins", (INSTALL,)),
    "code": Kind("data/edge/store/releases/*/code", RELOAD, "plugins", (INSTALL,)),
    "calls": Kind("data/edge/store/calls/faults.json", CALL, "files", MOVE, states=(), sees=(FOLDER,)),
    "config": Kind(
        "data/edge/config/faults.json", CALL, "configuration", SETTING, states=STATES[:4], sees=(GONE,)
    ),
    "secrets": Kind(
        "data/edge/secrets/faults.json", READ_SECRET, "secrets", SET_SECRET, states=STATES[:4], sees=(GONE,)
    ),
    "secrets.key": Kind("data/edge/keys/secrets.key", READ_SECRET, "secrets", SET_SECRET),
    "local.key": Kind("data/edge/keys/local.key", CALL, "keys", PACK_AGAIN, states=STATES[:4], gone=3),
    "key": Kind(
        "data/edge/keys/office.key",
        OFFICE,
        "keys",
        (("mv",), ("key", "new", "office")),
        states=STATES[:4],
        gone=2,
    ),
    "locked key": Kind(
        "data/edge/keys/locked.key", LOCKED, "keys", (("backup",),), states=STATES[:4], gone=2
    ),
    "trust": Kind(
        "config/edge/trusted.keys",
        CALL,
        "trust",
        (("mv",), ("key", "trust", KEY)),
        states=STATES[:4],
        sees=(GONE,),
    ),
    "policy": Kind("config/edge/policy.json", CALL, "trust", MOVE, states=STATES[:4], sees=(GONE,)),
    "registry": Kind(
        "config/edge/registry",
        REGISTERED,
        "registry",
        (("backup",),),
        states=STATES[:4],
        ends=2,
    ),
    "store lock": Kind("data/edge/store/lock", DISABLE, "files", MOVE, states=(FOLDER,)),
    "audit lock": Kind("data/edge/audit/lock", DISABLE, "files", MOVE, states=(FOLDER,)),
    "audit log": Kind(
        "data/edge/audit/log", DISABLE, "audit", MOVE, states=(FOLDER,), sees=(EMPTY, HALVED, NULS, GONE)
    ),
    "policy lock": Kind(
        "config/edge/policy.json.lock", ("policy", "level", "default"), "files", MOVE, states=(FOLDER,)
    ),
    "trust lock": Kind(
        "config/edge/trusted.keys.lock", ("key", "floor", "48.0.0"), "files", MOVE, states=(FOLDER,)
    ),
    "counters": Kind("run/edge/counters", CALL, "files", MOVE, states=(FOLDER,)),
    "log": Kind("run/edge/*/log/faults", CALL, "files", MOVE, states=(), sees=(FOLDER,)),
}


def damage(path: Path, state: str) -> None:
    raw = path.read_bytes()
    if state in CONTENTS:
        path.write_bytes({EMPTY: b"", HALVED: raw[: len(raw) // 2], NULS: bytes(len(raw))}[state])
        return
    path.unlink()
    if state == FOLDER:
        path.mkdir(mode=0o700)
    elif state == FIFO:
        os.mkfifo(path, 0o600)


@pytest.fixture(scope="module")
def begin(shop: Shop) -> Iterator[Path]:
    """A machine with one of each."""
    machine = Machine(shop.folder / "machine")
    machine.become(shop.start(ALL))
    (shop.folder / "passphrase").write_text("correct horse\n")
    # So that it is taken for a path of the shop's, and no file is made where the tests run.
    (shop.folder / PACKED).write_bytes(b"")
    for words in (
        ("key", "new", "office"),
        ("key", "new", "locked", "--passphrase-file", "passphrase"),
        ("call", NAME, '{"do":"log"}'),
        CALL,
    ):
        machine.run(shop.placed(Command(words)))
    with machine.here():
        log = Path(runtime_dir.checked_folder(f"{runtime_dir.own_folder()}/log")) / NAME
    log.write_bytes(b"1800000000 info said\n")
    registry = machine.root / "config/edge/registry"
    registry.write_text(f"{shop.folder}/index.json\n")
    registry.chmod(0o600)
    (shop.folder / "index.json").write_text('{"plugins": []}')
    path = shop.folder / "states"
    shutil.copytree(machine.root, path, symlinks=True)
    yield path
    shutil.rmtree(path)


def current(root: Path, pattern: str) -> Path:
    """The file, of the release that is current where there are two."""
    found = sorted(root.glob(pattern))
    now = json.loads((root / "data/edge/store/plugins/faults.json").read_text())["current"]
    return next((path for path in found if now in str(path)), found[0])


@pytest.mark.parametrize("state", (*STATES, FIFO))
@pytest.mark.parametrize("name", KINDS)
def test_a_file(shop: Shop, begin: Path, name: str, state: str) -> None:
    kind = KINDS[name]
    machine = Machine(shop.folder / "machine")
    machine.become(begin)
    path = current(machine.root, kind.file)
    kept = path.read_bytes()
    damage(path, state)

    def run(words: Remedy) -> tuple[int, Any]:
        if words[0] == "secret":
            ended = machine.run(shop.placed(Command(words, "first")))
            return ended.status, json.loads(ended.out)
        return machine.look(*shop.placed(Command(words)).words)

    alike = FOLDER if state == FIFO else state
    faulty, told = alike in kind.states, seen(run)
    assert (kind.check in told or "files" in told) == (faulty or alike in kind.sees), told
    status, said = run(kind.command)
    if not faulty or (state == FIFO and name in LOCKED_ALL_THE_SAME):
        assert status == (kind.gone if state == GONE and kind.gone else kind.ends), said
        return
    assert status == 5, said
    short = f"{path.name} of release {path.parent.name[:16]}"
    assert str(path) in said["error"]["message"] or short in said["error"]["message"]
    assert said["error"]["remedy"]
    assert all(word not in said["error"]["remedy"] for word in ("dmesg", "Check the path", "JSON object"))
    if alike == FOLDER:
        path.rename(f"{path}.away")
    for words in kind.remedy:
        if words == ("mv",):
            if path.exists():
                path.rename(f"{path}.damaged")
        elif words == ("backup",):
            path.write_bytes(kept)
            path.chmod(0o600)
        else:
            assert run(words)[0] == 0, words
    status, said = run(kind.command)
    assert status == kind.ends, said
    assert kind.check not in seen(run)


def seen(run: Callable[[Remedy], tuple[int, Any]]) -> dict[str, str]:
    """What doctor finds, by its check."""
    checks = run(("doctor",))[1]["checks"]
    named = {kind.check for kind in KINDS.values()}
    return {
        check["name"]: check["found"]
        for check in checks
        if check["status"] != "pass" and check["name"] in named
    }
