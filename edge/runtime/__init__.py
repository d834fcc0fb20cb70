"""An engine, the plugins that are loaded into it, and what their tools answer."""

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
    """Loads plugins. One is enough for a process; what it loaded lives on without it."""

    __slots__ = ("_engine", "_trust")

    def __init__(
        self,
        *,
        trusted: Iterable[bytes] | bytes | None = None,
        stack_bytes: int = 0,
        interpret: bool = False,
    ) -> None:
        """`trusted`: public keys whose artifacts may run, or text that says more of trust (edge.trust).

        By default that is what this machine trusts. `stack_bytes`: the stack of every guest, 0 for the
        library's default. `interpret`: for Pulley code, which any CPU executes, instead of this CPU's own.
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

        `interfaces`: what the plugin may import beside WASI; by default logging to stderr, and no secrets.
        `grants`: what it is granted; one that imports more is refused (`errors.NotGranted`). Its limits are
        in `grants.call_limits`, and interfaces take grants of their own.
        `output`: takes what the plugin writes to its standard streams, as (1 or 2, bytes); by default it is
        dropped.
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

        `head`: of the package that this code is from. `receipt`: what an earlier check of the same file
        answered, kept where nobody else can write; the plugin has a new one where it was checked again.
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
    """A verified component, ready to make instances of. It owns its native handle and frees it with itself.

    handle       the native plugin
    description  what the signed description says, a dictionary
    name         the plugin's own name, or its file's where it has none
    shown        the name as people see it
    tools        every tool: name, description, parameters (a JSON Schema as text)
    provides     the names of the host functions, one a line
    functions    these functions
    receipt      stands for the check of its file, where that was done now; empty otherwise
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
        """Adds to its description; what was just compiled knows its name and tools only by being called."""
        self.description.update(facts)
        own = self.description.get("plugin")
        # Whoever is trusted to sign may sign nonsense.
        if isinstance(own, dict) and isinstance(own.get("name"), str):
            self.name = own["name"]
        self.shown = word(self.name)
        self.tools: list[dict[str, str]] = self.description.get("tools") or []

    def options_for(self, limits: Limits) -> native.InstanceOptions:
        """Limits as the native library takes them; calls that share theirs share these."""
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
        """Begins a call of the tool in an instance of its own, to be stepped in turn with others.

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
        """Calls the tool in an instance of its own and waits for its answer.

        Raises ToolError when the plugin says that the call could not be carried out at all.
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
    """What a tool answered.

    success  False when the tool understood its arguments and still says no; `error` then tells why
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
        # Lone surrogates become bytes that the native library refuses, with the place where they stand.
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
