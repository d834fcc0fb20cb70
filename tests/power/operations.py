"""What is cut off in its middle: operations of the command line, each with the state that it starts from."""

from __future__ import annotations

import os
import posix
from pathlib import Path
from typing import Any, Callable, NamedTuple
from unittest import mock

from edge import audit
from edge.audit.rotating_file import FILE_BYTES
from edge.policy import change
from edge.store import config, lifecycle, secrets
from edge.store.installed import Installed
from edge.trust import edit
from tests.support import packages
from tests.support.installing import install

NAME = "faults"
OTHER = bytes(range(32))
ASK = ("http_client", "api.example.org:443")
MANIFEST = """
permissions = ["config_read"]

[config_schema.properties.place]
type = "string"
[config_schema.properties.token]
type = "string"
x-secret = true

[[edge.tools]]
name = "faults"
risk = "low"
"""
RELEASES = 3
WIDER = 4
"""The release that asks for more, so that the record, the consents and the approval change at once."""

Act = Callable[[Path], object]


class Operation(NamedTuple):
    """An operation, and what it is to be judged by.

    event   what the audit log calls it
    start   what happened before; both are given the folder of the packages
    act     the operation
    again   what comes of it when it is done once more: "new" or "old" state, or the name of an error
    finish  whether recovery is allowed to finish it
    named   without files that have no name: as on vfat
    """

    event: str
    start: tuple[Act, ...]
    act: Act
    again: str = "new"
    finish: bool = False
    named: bool = False


def pack(folder: Path, wasm: Path) -> None:
    """Writes the packages of all releases, signed by this machine's key."""
    folder.mkdir()
    for release in range(1, RELEASES + 1):
        package = packages.package(
            wasm, name=NAME, version=f"1.0.{release}", release=release, manifest=MANIFEST
        )
        (folder / f"{release}.edge").write_bytes(package)
    wider = f"{MANIFEST}\n[edge.kv]\nquota_bytes = 65536\n"
    package = packages.package(wasm, name=NAME, version=f"1.0.{WIDER}", release=WIDER, manifest=wider)
    (folder / f"{WIDER}.edge").write_bytes(package)


def put(release: int) -> Act:
    """Installs a release; whoever is asked agrees."""

    def act(folder: Path) -> None:
        path = folder / f"{release}.edge"
        fd = os.open(path, os.O_RDONLY)
        try:
            install(fd, path.name, origin=path.name, consent=lambda _: True)
        finally:
            os.close(fd)

    return act


def configure(place: str) -> Act:
    """Sets a value."""
    return lambda _: config.change(Installed(NAME).manifest, {"place": place})


def hide(value: str) -> Act:
    """Sets a secret."""
    return lambda _: secrets.set_secret(NAME, "token", value)


def grant(_: Path) -> object:
    """Grants something by name."""
    return change.grant(NAME, ASK)


def of_plugin(act: Callable[..., object], **how: Any) -> Act:
    """A change that is given the plugin's name."""
    return lambda _: act(NAME, **how)


def trust_other(_: Path) -> object:
    """Trusts another key."""
    return edit.add(OTHER, "other")


def fill_log(_: Path) -> None:
    """All files of the audit log are there, and the next entry makes them move on."""
    while not os.path.exists(f"{audit.folder()}/log.3"):
        audit.append({"event": "config", "plugin": NAME, "changed": ["x" * 900] * 3})
    while os.path.getsize(f"{audit.folder()}/log") < FILE_BYTES - 40:
        rest = FILE_BYTES - 300 - os.path.getsize(f"{audit.folder()}/log")
        audit.append({"event": "config", "plugin": NAME, "changed": ["x" * 900] * 3 if rest > 3300 else []})
        if rest < 300:
            break


def tear_log(_: Path) -> None:
    """The power was cut before, in the middle of an entry."""
    with open(f"{audit.folder()}/log", "ab") as file:
        file.write(b'{"seq": 1')


ALL = (put(1), put(2), configure("here"), hide("first"), grant)

OPERATIONS = {
    "install": Operation("install", (), put(1)),
    "upgrade": Operation("upgrade", ALL, put(3)),
    "wider-upgrade": Operation("upgrade", ALL, put(WIDER)),
    "rollback": Operation("rollback", ALL, of_plugin(lifecycle.rollback), again="old"),
    "disable": Operation("disable", ALL, of_plugin(lifecycle.disable)),
    "enable": Operation(
        "enable",
        (*ALL, of_plugin(lifecycle.disable)),
        of_plugin(lifecycle.enable, consent=lambda _: True),
    ),
    "remove": Operation("remove", ALL, of_plugin(lifecycle.remove), again="NotInstalled", finish=True),
    "forget": Operation(
        "remove", ALL, of_plugin(lifecycle.remove, forget=True), again="NotInstalled", finish=True
    ),
    "take-back": Operation("revoke", ALL, of_plugin(lifecycle.take_back)),
    "first-config": Operation("config", (put(1),), configure("there")),
    "config": Operation("config", ALL, configure("there")),
    "first-secret": Operation("config", (put(1),), hide("second")),
    "secret": Operation("config", ALL, hide("second")),
    "first-trust": Operation("trust", (), trust_other),
    "trust": Operation("trust", (lambda _: edit.add(OTHER[::-1], "before"),), trust_other),
    "first-grant": Operation("policy", (), grant),
    "grant": Operation("policy", (lambda _: change.set_level("strict", NAME),), grant),
    "full-log": Operation("disable", (put(1), fill_log), of_plugin(lifecycle.disable)),
    "torn-log": Operation("disable", (put(1), tear_log), of_plugin(lifecycle.disable)),
    "named-install": Operation("install", (), put(1), named=True),
    "named-upgrade": Operation("upgrade", ALL, put(3), named=True),
    "named-secret": Operation("config", ALL, hide("second"), named=True),
}


def without_unnamed() -> None:
    """From now on every file has a name while it is written."""
    mock.patch.object(posix, "O_TMPFILE", posix.O_DIRECTORY).start()
