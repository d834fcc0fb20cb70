"""What a host offers to plugins: interfaces with functions, one file for each of the contract's own.

A host function is called with the Call that asks and the parameters, and answers with the tuple of its
results: `()` for a function that answers nothing, `(value,)` for others, values as in `edge.runtime.values`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    HostFunction = Callable[..., tuple[Any, ...]]


class Interface:
    """Functions under the name by which components import them: `package:name/interface@version`."""

    __slots__ = ("functions", "name")

    def __init__(self, name: str, functions: Mapping[str, HostFunction]) -> None:
        self.name = name
        self.functions = functions


def flatten(interfaces: Iterable[Interface]) -> tuple[bytes, tuple[HostFunction, ...]]:
    """Names, one a line, and functions in the same order: the library asks for a function by its line."""
    names = []
    functions = []
    for interface in interfaces:
        for name, function in interface.functions.items():
            names.append(f"{interface.name}#{name}")
            functions.append(function)
    return "\n".join(names).encode(), tuple(functions)
