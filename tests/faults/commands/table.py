"""Commands that are interrupted, each with what happened on its machine before."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path
from typing import NamedTuple

from tests.faults.commands.machine import Command, Machine
from tests.power.operations import MANIFEST, RELEASES
from tests.power.operations import NAME as NAME
from tests.support import packages, packing
from tests.support.home import LOCAL

KEY = "1f" * 32
"""A public key that nobody uses."""

NOTHING = "nothing"
ONE = "one"
ALL = "all"
DISABLED = "disabled"
REMOVED = "removed"
STARTS: dict[str, tuple[str, tuple[Command, ...]]] = {
    ONE: (NOTHING, (Command(("install", "1.edge", "--yes")),)),
    ALL: (
        ONE,
        (
            Command(("install", "2.edge", "--yes")),
            Command(("config", NAME, "place=here")),
            Command(("secret", NAME, "token"), "first"),
            Command(("policy", "grant", NAME, "http_client", "api.example.org:443")),
            Command(("key", "trust", KEY, "--label", "other")),
        ),
    ),
    DISABLED: (ALL, (Command(("disable", NAME)),)),
    REMOVED: (ALL, (Command(("remove", NAME)),)),
}
"""What a machine begins with: all of another one, and these commands on it."""

NEW = "new"
OLD = "old"


class Interrupted(NamedTuple):
    """A command to be interrupted.

    command  what stands on the command line
    start    what the machine begins with
    again    the state that comes of doing it once more, or the kind of error that says it is done
    finish   whether it is the next command that finishes what this one began
    """

    command: Command
    start: str
    again: str = NEW
    finish: bool = False


def of(*words: str, stdin: str = "") -> Command:
    """A command."""
    return Command(words, stdin)


COMMANDS = {
    "install": Interrupted(of("install", "1.edge", "--yes"), NOTHING),
    "install-archive": Interrupted(of("install", "1.tar.gz", "--yes"), NOTHING),
    "install-folder": Interrupted(of("install", "folder", "--yes"), NOTHING),
    "install-again": Interrupted(of("install", "3.edge", "--yes"), REMOVED),
    "upgrade": Interrupted(of("install", "3.edge", "--yes"), ALL),
    "upgrade-archive": Interrupted(of("install", "3.tar.gz", "--yes"), ALL),
    "rollback": Interrupted(of("rollback", NAME), ALL, again=OLD),
    "enable": Interrupted(of("enable", NAME, "--yes"), DISABLED),
    "disable": Interrupted(of("disable", NAME), ALL),
    "remove": Interrupted(of("remove", NAME), ALL, again="NotInstalled", finish=True),
    "forget": Interrupted(of("remove", NAME, "--forget"), ALL, again="NotInstalled", finish=True),
    "config": Interrupted(of("config", NAME, "place=there"), ALL),
    "first-config": Interrupted(of("config", NAME, "place=there"), ONE),
    "unset": Interrupted(of("config", NAME, "--unset", "place"), ALL),
    "secret": Interrupted(of("secret", NAME, "token", stdin="another"), ALL),
    "first-secret": Interrupted(of("secret", NAME, "token", stdin="another"), ONE),
    "unset-secret": Interrupted(of("secret", NAME, "token", "--unset"), ALL),
    "key": Interrupted(of("key", "new", "office"), NOTHING, again="UsageError"),
    "trust": Interrupted(of("key", "trust", "2e" * 32, "--plugins", "a,b*"), ALL),
    "first-trust": Interrupted(of("key", "trust", "2e" * 32, "--plugins", "a,b*"), NOTHING),
    "revoke": Interrupted(of("key", "revoke", KEY, "--reason", "lost"), ALL),
    "floor": Interrupted(of("key", "floor", "48.0.0"), ALL),
    "grant": Interrupted(of("policy", "grant", NAME, "http_client", "b.example.org:443"), ALL),
    "first-grant": Interrupted(of("policy", "grant", NAME, "http_client", "b.example.org:443"), NOTHING),
    "ungrant": Interrupted(of("policy", "revoke", NAME, "http_client"), ALL),
    "level": Interrupted(of("policy", "level", "strict", NAME), ALL),
}


class Shop:
    """Packages, and folders with what machines begin with, each made when it is first asked for."""

    def __init__(self, folder: Path, wasm: Path, seed: bytes | bytearray) -> None:
        self.folder = folder
        self._wasm = wasm
        self._seed = seed
        folder.mkdir()
        self._pack()

    def start(self, name: str) -> Path:
        """What a machine begins with; it has to be at `self.folder / "machine"` for paths to be right."""
        path = self.folder / f"start-{name}"
        if path.exists():
            return path
        machine = Machine(self.folder / "machine")
        if name == NOTHING:
            for below in ("data", "config", "run", "home"):
                (machine.root / below).mkdir(mode=0o700, parents=True)
            key = machine.root / "data" / LOCAL
            key.parent.mkdir(mode=0o700, parents=True)
            key.write_bytes(self._seed)
            key.chmod(0o600)
        else:
            before, commands = STARTS[name]
            machine.become(self.start(before))
            for command in commands:
                ended = machine.run(self.placed(command))
                if ended.status:
                    raise AssertionError(f"{command.words}: {ended}")
        shutil.copytree(machine.root, path, symlinks=True)
        shutil.rmtree(machine.root)
        return path

    def placed(self, command: Command) -> Command:
        """The same, with the paths of what it installs."""
        here = (str(self.folder / word) if (self.folder / word).exists() else word for word in command.words)
        return command._replace(words=tuple(here))

    def _pack(self) -> None:
        for release in range(1, RELEASES + 1):
            path = self.folder / f"{release}.edge"
            version = f"1.0.{release}"
            path.write_bytes(
                packages.package(
                    self._wasm,
                    name=NAME,
                    version=version,
                    release=release,
                    manifest=MANIFEST,
                    seed=self._seed,
                )
            )
            with tarfile.open(self.folder / f"{release}.tar.gz", "w:gz") as archive:
                archive.add(path, path.name)
        packing.folder(self.folder / "folder", NAME, self._wasm, {})
