"""What a host offers to plugins: interfaces with functions, one file for each of the contract's own.

A host function is called with the Call that asks and the parameters, and answers with the tuple of its
results: `()` for a function that answers nothing, `(value,)` for others, values as in `edge.runtime.values`.
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
        """Texts by their names; None for one that is known and not set."""

        def __contains__(self, name: object, /) -> bool: ...
        def __getitem__(self, name: str, /) -> str | None: ...
        def __len__(self) -> int: ...


OFFERED = {"logging": "logging", "config_read": "secrets", "channel": "inbound"}
"""The module of this package that has a capability's interface, as `offer(context)`."""


class Interface:
    """Functions under the name by which components import them: `package:name/interface@version`."""

    __slots__ = ("functions", "name")

    def __init__(self, name: str, functions: Mapping[str, HostFunction]) -> None:
        self.name = name
        self.functions = functions


class Context:
    """What the interfaces of one plugin are made of.

    log      takes what the plugin logs; None for standard error
    secrets  its secrets by name, None for one that is known and not set
    grants   what it is granted, None for all of it

    The last two are asked only for a plugin that needs them.
    """

    __slots__ = ("grants", "log", "secrets")

    def __init__(
        self,
        log: Sink | None = None,
        secrets: Callable[[], Values] = dict,
        grants: Callable[[], Grants | None] = lambda: None,
    ) -> None:
        self.log = log
        self.secrets = secrets
        self.grants = grants


def offered(context: Context, needs: Iterable[str] = OFFERED) -> tuple[Interface, ...]:
    """The interfaces of capabilities, of all there are by default; others than those have none yet."""
    names = [f"edge.interfaces.{OFFERED[capability]}" for capability in OFFERED if capability in needs]
    return tuple([__import__(name, None, None, ["offer"]).offer(context) for name in names])


def flatten(interfaces: Iterable[Interface]) -> tuple[bytes, tuple[HostFunction, ...]]:
    """Names, one a line, and functions in the same order: the library asks for a function by its line."""
    names = []
    functions = []
    for interface in interfaces:
        for name, function in interface.functions.items():
            names.append(f"{interface.name}#{name}")
            functions.append(function)
    return "\n".join(names).encode(), tuple(functions)
