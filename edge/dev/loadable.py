"""Whether any device can load a component: one answer for all commands, before anything is compiled.

The library reports features that the engine leaves out (native/src/features.rs). This module checks imports.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from edge import errors
from edge.contract import PREFIX
from edge.interfaces import Context, Interface, offered
from edge.permissions.catalogue import interfaces

OWN = "edge:host/"
WASI = "wasi:"
WASI_0_2 = "0.2."
MAX_LISTED = 5


def provided(secrets: Mapping[str, str] | None = None) -> tuple[Interface, ...]:
    """All interfaces besides WASI that a plugin may import, with no values except the given secrets."""
    return offered(Context(secrets=lambda: secrets or {}), interfaces())


def check(encoded: dict[str, Any], file: str, *, packed: bool = False) -> None:
    """Raises `errors.MissingImport` or `errors.Unsupported` for a component that no device loads.

    `encoded`: the result of edge.dev.compiler.decode. `file` is for messages. A component outside the
    contract may import what an application provides (`Runtime.load`), unless it is `packed`.
    """
    is_plugin = packed or any(name.startswith(PREFIX) for name in encoded["exports"])
    missing = _missing(encoded["imports"], encoded["missing"], is_plugin=is_plugin)
    if not missing:
        return
    newer = [name for name in missing if _is_newer_wasi(name)]
    if newer:
        raise errors.Unsupported(
            f"{file}: it is built for a newer WASI than 0.2, which Edge provides: {_listed(newer)}",
            "Build it for wasm32-wasip2",
        )
    raise errors.MissingImport(
        f"{file}: it imports interfaces that this release of Edge does not provide: {_listed(missing)}",
        _remedy(missing),
    )


def _missing(imports: Iterable[str], wasi: Iterable[str], *, is_plugin: bool) -> list[str]:
    """Interfaces that Edge does not provide; of one provided in part, the missing functions."""
    own = {f"{interface.name}#{name}" for interface in provided() for name in interface.functions}
    known = {interface.name for interface in provided()}
    absent = set(wasi)
    found: dict[str, None] = {}
    for name in imports:
        interface = name.partition("#")[0]
        if name.startswith(WASI):
            if name in absent:
                found[interface] = None
        elif name not in own and (is_plugin or name.startswith((PREFIX, OWN))):
            found[name if interface in known else interface] = None
    return list(found)


def _is_newer_wasi(interface: str) -> bool:
    version = interface.partition("@")[2]
    return interface.startswith(WASI) and bool(version) and not version.startswith(WASI_0_2)


def _remedy(missing: list[str]) -> str:
    if any(name.startswith(PREFIX) for name in missing):
        return "Build it against wit/ in Edge's repository, the contract of this release"
    if all(name.startswith((WASI, OWN)) for name in missing):
        return "Build it without them: no permission or option adds them in this release"
    return "Build it for a world of wit/ in Edge's repository: plugins get no other interfaces"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
    return f"{', '.join(names[:MAX_LISTED])}{more}"
