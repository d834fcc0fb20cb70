"""Every capability, one row each. Adding one touches its row and the files that the row names.

A capability is what an import needs and a manifest requests. `edge/permissions/PERMISSION.py` defines its
requests, what a grant covers, how a manifest declares it and which security level excludes it;
`edge/interfaces/INTERFACE.py` implements it. tests/permissions/test_catalogue.py fails for a row whose files
are missing.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from edge import errors
    from edge.manifest.findings import Declared, Findings
    from edge.manifest.lines import Path

    Request = tuple[str, ...]

ALWAYS = "always"
WHOLE = "whole"
BY_ARGUMENT = "argument"
NEVER = ""
UNKNOWN = "unknown"
NAME_LIMIT = 200
"""Maximum characters of a name from a plugin in messages."""


class Capability:
    """A row of the catalogue.

    name        as manifests, policies and the audit log have it
    refused     when a missing grant shows: never (ALWAYS: every plugin has it), when the plugin is loaded
                (WHOLE), or at the use that it depends on (BY_ARGUMENT); NEVER for what no import needs
    imports     interfaces `package:name/interface`, or whole packages, that need it
    permission  the module of edge.permissions with its requests; empty if it cannot be granted
    interface   the module of edge.interfaces that implements it, as `offer(context)`; empty where the native
                library does, or nothing does yet
    wit         the file in wit/ that declares the interface (below wit/deps/ for a package other than the
                contract's); empty where WASI or the library does
    """

    __slots__ = ("imports", "interface", "name", "permission", "refused", "wit")

    def __init__(
        self,
        name: str,
        refused: str,
        imports: tuple[str, ...] = (),
        *,
        permission: str = "",
        interface: str = "",
        wit: str = "",
    ) -> None:
        self.name = name
        self.refused = refused
        self.imports = imports
        self.permission = permission
        self.interface = interface
        self.wit = wit


# Secrets are refused by argument: guests in Python import all of their world, used or not.
CATALOGUE = (
    Capability(
        "wasi",
        ALWAYS,
        ("wasi:cli", "wasi:clocks", "wasi:filesystem", "wasi:io", "wasi:random", "wasi:sockets"),
    ),
    Capability(
        "logging",
        ALWAYS,
        ("zeroclaw:plugin/logging", "zeroclaw:plugin/types"),
        interface="logging",
        wit="logging.wit",
    ),
    Capability("http_client", WHOLE, ("wasi:http", "edge:host/http"), permission="http"),
    Capability(
        "channel",
        WHOLE,
        ("zeroclaw:plugin/inbound",),
        permission="channel",
        interface="inbound",
        wit="inbound.wit",
    ),
    Capability("limits", NEVER, permission="limits"),
    Capability("kv", WHOLE, ("edge:host/kv",), permission="kv"),
    Capability(
        "config_read",
        BY_ARGUMENT,
        ("zeroclaw:plugin/secrets",),
        permission="secrets",
        interface="secrets",
        wit="secrets.wit",
    ),
    Capability("cli", BY_ARGUMENT, ("edge:host/cli",), permission="cli"),
    Capability("delegate", BY_ARGUMENT, ("edge:host/delegate",), permission="delegate"),
    # Imports that belong to no other row; nobody can grant them.
    Capability(UNKNOWN, WHOLE),
)

_BY_NAME = {row.name: row for row in CATALOGUE}
_BY_IMPORT = {name: row.name for row in CATALOGUE for name in row.imports}


class Permission:
    """The requests of one capability: common rules; subclasses override them.

    A request and a grant are tuples of words, the capability's name first (edge/permissions/requests.py).

    words    how many words a full request has; 0 where there may be any number
    table    the table or array of a manifest, below [edge], that declares it; empty for none
    setting  where a manifest declares it, for messages
    levels   the security levels at which it can be granted; None for all
    """

    name = ""
    words = 2
    table = ""
    setting = ""
    levels: tuple[str, ...] | None = None

    def problem(self, request: Request) -> str:
        """The problem of a full request; empty if there is none."""
        return "" if request[1] else "a name is missing"

    def range_problem(self, _: Request) -> str:
        """The problem of a new grant's amount; empty if there is none."""
        return ""

    def covers(self, _: Request, __: Request) -> bool:
        """Whether a grant covers a different full request."""
        return False

    def group(self, request: Request) -> Request:
        """A key that two full requests share if one covers the other."""
        return request

    def wider(self, _: Request) -> Iterable[Request]:
        """All full requests that cover this one, including itself, if they can be listed; otherwise none."""
        return ()

    def matches(self, request: Request, use: tuple[str, ...]) -> bool:
        """Whether a grant covers one use, given by its words."""
        return not use or request[1:] == use

    def excludes(self, request: Request, level: str) -> bool:
        """Whether nobody can grant it at a security level."""
        return self.levels is not None and level not in self.levels

    def why_excluded(self, level: str) -> str:
        """Why a security level excludes the capability; empty if it does not."""
        return ""

    def hint(self, level: str) -> str:
        """What a grant must be like at a level that requires one; begins with a comma, or is empty."""
        return ""

    def normal(self, use: tuple[str, ...]) -> tuple[str, ...]:
        """The canonical spelling of a use."""
        return use

    def target(self, use: tuple[str, ...]) -> str:
        """The target of a use, for the audit log."""
        return use[0] if use else ""

    def denied(self, plugin: str, use: tuple[str, ...]) -> errors.EdgeError:
        """The error for a use that is not granted."""
        from edge import errors

        return errors.Denied(
            f"{plugin} may not {self.verb(use)}",
            f"The manifest must declare it ({self.setting}) and the operator must grant it",
        )

    def verb(self, _: tuple[str, ...]) -> str:
        """A use as a verb, for messages: `use kv`."""
        return f"use {self.name}"

    def read(self, found: Findings, path: Path, value: Any) -> list[Request]:
        """The requests that its table declares; adds problems to `found`."""
        raise NotImplementedError

    def declare(self, found: Findings, declared: Declared, own: list[Request]) -> list[Request]:
        """The requests that other fields of a manifest declare; `own`: those of its table.

        Reports to `found` what has no effect, and what lacks a required permission.
        """
        if self.table and declared.has_no_import(self.name) and ("edge", self.table) in found.lines:
            found.careless(
                ("edge", self.table),
                f"[edge.{self.table}] has no effect: the component does not import {self.name}",
            )
        return []


GRANTABLE = tuple(row.name for row in CATALOGUE if row.permission)


def capability(name: str) -> Capability:
    """The row of a capability. Raises KeyError for an unknown name."""
    return _BY_NAME[name]


def permission(name: str) -> Permission:
    """The permission of a grantable capability."""
    module = __import__(f"edge.permissions.{_BY_NAME[name].permission}", None, None, ["PERMISSION"])
    found: Permission = module.PERMISSION
    return found


def permissions() -> Iterator[Permission]:
    """The permissions of all grantable capabilities, in the catalogue's order."""
    return map(permission, GRANTABLE)


def capability_of(name: str) -> str:
    """The capability that an import needs, given as `package:name/interface@version#function`."""
    interface = name.partition("#")[0].partition("@")[0]
    return _BY_IMPORT.get(interface) or _BY_IMPORT.get(interface.partition("/")[0]) or UNKNOWN


def needed(imports: Iterable[str]) -> dict[str, list[str]]:
    """The imported interfaces by the capability that they need, in the catalogue's order."""
    found: dict[str, dict[str, None]] = {}
    for name in imports:
        found.setdefault(capability_of(name), {})[name.rpartition("#")[0] or name] = None
    return {name: list(found[name]) for name in _BY_NAME if name in found}


def to_grant(imports: Iterable[str]) -> dict[str, list[str]]:
    """As `needed`, without what every plugin has."""
    return {name: found for name, found in needed(imports).items() if _BY_NAME[name].refused != ALWAYS}


def interfaces(imports: Iterable[str] | None = None) -> list[str]:
    """The modules of edge.interfaces that implement these imports; all of them for None."""
    needs = _BY_NAME if imports is None else {capability_of(name) for name in imports}
    return [row.interface for row in CATALOGUE if row.interface and row.name in needs]
