"""The host functions that plugins can import, one file for each interface of the contract.

A host function receives the calling Call and the parameters, and returns the tuple of its results: `()` for
none, `(value,)` for one, values as in `edge.runtime.values`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, Protocol

    from edge.interfaces.logging import Sink
    from edge.policy.grants import Grants

    HostFunction = Callable[..., tuple[Any, ...]]

    class Values(Protocol):
        """Texts by name; None for a name that is known and not set."""

        def __contains__(self, name: object, /) -> bool: ...
        def __getitem__(self, name: str, /) -> str | None: ...
        def __len__(self) -> int: ...


BY_DEFAULT = ("logging", "secrets")
"""The default for a plugin whose application names no interfaces: logging, and no secrets."""


class Interface:
    """Functions under the name that components import: `package:name/interface@version`."""

    __slots__ = ("functions", "name")

    def __init__(self, name: str, functions: Mapping[str, HostFunction]) -> None:
        self.name = name
        self.functions = functions


class Context:
    """What the interfaces of one plugin are built from.

    log      takes what the plugin logs; None for standard error
    secrets  its secrets by name, None for one that is known and not set
    grants   what it is granted, None for everything
    own      interfaces that replace those of a module, by its name

    Secrets and grants are called only for a plugin that needs them.
    """

    __slots__ = ("grants", "log", "own", "secrets")

    def __init__(
        self,
        log: Sink | None = None,
        secrets: Callable[[], Values] = dict,
        grants: Callable[[], Grants | None] = lambda: None,
        own: Mapping[str, Interface] | None = None,
    ) -> None:
        self.log = log
        self.secrets = secrets
        self.grants = grants
        self.own = own or {}


def offered(context: Context, modules: Iterable[str] = BY_DEFAULT) -> tuple[Interface, ...]:
    """The interfaces of these modules of this package (edge.permissions.catalogue.interfaces lists them)."""
    return tuple([context.own.get(name) or _module(name).offer(context) for name in modules])


def _module(name: str) -> Any:
    return __import__(f"edge.interfaces.{name}", None, None, ["offer"])


def flatten(interfaces: Iterable[Interface]) -> tuple[bytes, tuple[HostFunction, ...]]:
    """Names, one a line, and the functions in the same order: the library calls them by line number."""
    names = []
    functions = []
    for interface in interfaces:
        for name, function in interface.functions.items():
            names.append(f"{interface.name}#{name}")
            functions.append(function)
    return "\n".join(names).encode(), tuple(functions)
