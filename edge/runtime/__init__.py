"""An engine, the plugins loaded into it, and the results of their tools."""

from __future__ import annotations

import posix

from edge import _native as native
from edge import files
from edge.interfaces import Context, flatten, offered
from edge.limits import PI_ZERO
from edge.runtime.call import Instance
from edge.text import word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from os import PathLike
    from typing import Any

    from edge.interfaces import HostFunction, Interface
    from edge.limits import Limits
    from edge.policy.grants import Grants
    from edge.runtime.call import Call, Output, Stats

    Json = str | bytes | Mapping[str, Any]

EXECUTE = "zeroclaw:plugin/tool@0.1.0#execute"
"""edge.contract.EXECUTE."""


class Runtime:
    """Loads plugins. One is enough for a process; loaded plugins stay valid without it."""

    __slots__ = ("_engine", "_trust")

    def __init__(
        self,
        *,
        trusted: Iterable[bytes] | bytes | None = None,
        stack_bytes: int = 0,
        interpret: bool = False,
    ) -> None:
        """`trusted`: public keys whose artifacts may run, or the text of trust (edge.trust).

        The default is the trust of this machine. `stack_bytes`: the stack of every guest, 0 for the library's
        default. `interpret`: for Pulley code, which every CPU can execute, instead of native code.
        """
        self._engine = native.new_engine(stack_bytes, interpret=interpret)
        if isinstance(trusted, bytes):
            self._trust = trusted
        else:
            from edge import trust

            self._trust = trust.text() if trusted is None else trust.of_keys(trusted)

    def load(
        self,
        path: str | PathLike[str] | bytes,
        *,
        interfaces: Iterable[Interface] | None = None,
        grants: Grants | None = None,
        output: Output | None = None,
    ) -> Plugin:
        """Verifies and loads a .cwasm, named by a text or a `pathlib.Path`.

        `interfaces`: what the plugin may import in addition to WASI; by default logging to stderr, and no
        secrets. `grants`: its grants; a plugin that imports more is refused (`errors.NotGranted`). Its limits
        are in `grants.call_limits`; interfaces take grants separately.
        `output`: receives its standard streams as (1 or 2, bytes); by default they are dropped.
        """
        named = posix.fspath(path)
        path = named if isinstance(named, str) else files.decode(named)
        fd = files.open_input(path)
        try:
            return self.load_open(
                fd, files.base_name(path), interfaces=interfaces, grants=grants, output=output
            )
        finally:
            files.close(fd)

    def load_open(
        self,
        fd: int,
        name: str,
        *,
        head: bytes = b"",
        receipt: bytes = b"",
        interfaces: Iterable[Interface] | None = None,
        grants: Grants | None = None,
        output: Output | None = None,
    ) -> Plugin:
        """As `load`, from an open descriptor, which stays the caller's; `name` is for messages.

        `head`: of the package of this code. `receipt`: the result of an earlier check of the same file, from
        a place that only this user can write; after a new check the plugin has a new receipt.
        RATIONALE, "Why a checked artifact has a receipt".
        """
        provides, functions = flatten(offered(Context()) if interfaces is None else interfaces)
        try:
            handle, description, fresh = native.load_plugin(
                self._engine, fd, name, head, self._trust, receipt, provides
            )
        except Exception as error:
            from edge.runtime.load_errors import explain

            explain(error, fd, name, head, grants)
            raise
        plugin = Plugin(handle, name, description, provides, functions, output, fresh)
        if grants is not None:
            grants.check_load(plugin.description["imports"])
        return plugin


class Plugin:
    """A verified component, from which instances are made. It owns its native handle.

    handle       the native plugin
    description  the signed description, a dictionary
    name         the plugin's own name, or its file's if it has none
    shown        the name for display
    tools        every tool: name, description, parameters (a JSON Schema as text)
    provides     the names of the host functions, one a line
    functions    these functions
    receipt      proof of the check of its file if it was checked now; otherwise empty
    """

    __slots__ = (
        "_options",
        "_output",
        "description",
        "functions",
        "handle",
        "name",
        "provides",
        "receipt",
        "shown",
        "tools",
    )

    def __init__(
        self,
        handle: native.Plugin,
        file_name: str,
        description: dict[str, Any],
        provides: bytes,
        functions: tuple[HostFunction, ...],
        output: Output | None,
        receipt: bytes = b"",
    ) -> None:
        self.handle = handle
        self.receipt = receipt
        self.name = file_name
        self.description: dict[str, Any] = {}
        self.describe(description)
        self.provides = provides
        self.functions = functions
        self._output = output
        self._options: tuple[Limits, native.InstanceOptions] | None = None

    def describe(self, facts: Mapping[str, Any]) -> None:
        """Adds to its description; a newly compiled plugin reports its name and tools only when called."""
        self.description.update(facts)
        own = self.description.get("plugin")
        # A trusted signer may sign invalid values.
        if isinstance(own, dict) and isinstance(own.get("name"), str):
            self.name = own["name"]
        self.shown = word(self.name)
        self.tools: list[dict[str, str]] = self.description.get("tools") or []

    def options_for(self, limits: Limits) -> native.InstanceOptions:
        """Limits for the native library; calls with the same limits share them."""
        if self._options is None or self._options[0] is not limits:
            self._options = (limits, native.instance_options(limits.options()))
        return self._options[1]

    def instance(self, limits: Limits | None = None) -> Instance:
        """A warm instance, for channel and memory plugins: it keeps its memory between calls."""
        limits = limits or PI_ZERO.limits
        return Instance(self, limits, self.options_for(limits), self._output)

    def start(
        self,
        arguments: Json,
        *,
        tool: str | None = None,
        config: Json | None = None,
        limits: Limits | None = None,
    ) -> Call:
        """Starts a call of the tool in a new instance, to be stepped in turn with others.

        `config` reaches the plugin as `__config`; a `__config` among the arguments does not.
        """
        self._check_tool(tool)
        merged = native.merge_arguments(_json(arguments), b"" if config is None else _json(config))
        return self.instance(limits).start(EXECUTE, merged.decode())

    def call(
        self,
        arguments: Json,
        *,
        tool: str | None = None,
        config: Json | None = None,
        limits: Limits | None = None,
    ) -> ToolResult:
        """Calls the tool in a new instance and waits for its result.

        Raises ToolError if the plugin reports that the call failed.
        """
        call = self.start(arguments, tool=tool, config=config, limits=limits)
        try:
            call.run()
            return ToolResult(call)
        finally:
            call.instance.close()

    def _check_tool(self, name: str | None) -> None:
        if name is None and len(self.tools) == 1:
            return
        if any(tool["name"] == name for tool in self.tools):
            return
        from edge.runtime.tool_errors import refuse_tool

        refuse_tool(self, name)


class ToolResult:
    """The result of a tool.

    success  False if the tool understood its arguments and refused; `error` then has the reason
    output   text, usually JSON
    error    text or None
    stats    what the call cost
    """

    __slots__ = ("error", "output", "stats", "success")

    def __init__(self, call: Call) -> None:
        assert call.results is not None
        ((case, answer),) = call.results
        if case == "err":
            from edge import errors
            from edge.text import phrase

            raise errors.ToolError(f"{call.plugin} says: {phrase(answer)}")
        self.success: bool = answer["success"]
        self.output: str = answer["output"]
        self.error: str | None = answer["error"]
        self.stats: Stats = call.instance.stats

    def __repr__(self) -> str:
        return f"ToolResult(success={self.success}, output={self.output!r}, error={self.error!r})"


def _json(document: Json) -> bytes:
    if isinstance(document, str):
        # Lone surrogates become bytes that the native library refuses, with their position.
        return document.encode("utf-8", "surrogatepass")
    if isinstance(document, bytes):
        return document
    import json

    try:
        return json.dumps(document, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        from edge import errors

        raise errors.ArgumentsError(
            f"This cannot be written as JSON: {error}",
            "JSON has text, finite numbers, booleans, None, lists and dictionaries with text as keys",
        ) from None
