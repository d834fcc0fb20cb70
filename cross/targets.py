"""The table of targets, typed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import tomllib

TABLE = Path(__file__).with_name("targets.toml")


class UnknownTarget(Exception):
    """An unknown target, or one without the requested entry."""


@dataclass(frozen=True)
class Elf:
    """The requirements of the ELF check."""

    machine: str
    max_glibc: str
    max_cpu_arch: str | None = None
    float_abi: str | None = None


@dataclass(frozen=True)
class Userland:
    """The Debian architecture whose Python runs the library here, and the CPU to emulate for it."""

    debian: str
    cpu: str


@dataclass(frozen=True)
class Static:
    """How to build for a statically linked program instead, and the CPU to emulate for it."""

    triple: str
    zig: str
    cpu: str


@dataclass(frozen=True)
class Target:
    """One row of targets.toml, whose head explains the fields."""

    name: str
    title: str
    build: str
    triple: str = ""
    zig: str = ""
    cpu: str = ""
    engine: str = ""
    emulator: str = ""
    elf: Elf | None = None
    userland: Userland | None = None
    static: Static | None = None

    @property
    def is_device(self) -> bool:
        """Whether it gets the runtime-only library, cross-built with a standard library of its own."""
        return self.build == "device"


@cache
def table() -> dict[str, Target]:
    """Every target by name."""
    rows: dict[str, dict[str, Any]] = tomllib.loads(TABLE.read_text())
    return {name: _target(name, row) for name, row in rows.items()}


def get(name: str) -> Target:
    """The target of this name."""
    try:
        return table()[name]
    except KeyError:
        raise UnknownTarget(f"unknown target {name}; known are {', '.join(table())}") from None


def _target(name: str, row: dict[str, Any]) -> Target:
    nested = {"elf": Elf, "userland": Userland, "static": Static}
    return Target(
        name, **{field: nested[field](**value) if field in nested else value for field, value in row.items()}
    )
