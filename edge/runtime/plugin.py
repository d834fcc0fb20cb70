"""A loaded plugin: what it says of itself, its tools, its instances."""

from __future__ import annotations

from edge import _native as native
from edge.runtime.instance import Instance

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from edge.interfaces import HostFunction
    from edge.limits import Limits
    from edge.runtime.call import Call
    from edge.runtime.instance import Output, Stats

    Json = str | bytes | Mapping[str, Any]

EXECUTE = "zeroclaw:plugin/tool@0.1.0#execute"
"""edge.contract.EXECUTE."""


class Plugin:
    """A verified component, ready to make instances of. It owns its native handle and frees it with itself.

    handle       the native plugin
    description  what the signed description says, a dictionary
    provides     the names of the host functions, one a line
    functions    these functions
    receipt      stands for the check of its file, where that was done now; empty otherwise
    """

    __slots__ = (
        "_file_name",
        "_options",
        "_output",
        "description",
        "functions",
        "handle",
        "provides",
        "receipt",
    )

    def __init__(
        self,
        handle: native.Plugin,
        file_name: str,
        provides: bytes,
        functions: tuple[HostFunction, ...],
        output: Output | None,
        receipt: bytes = b"",
    ) -> None:
        self.handle = handle
        self.receipt = receipt
        self.description: dict[str, Any] = native.describe_plugin(handle)
        self.provides = provides
        self.functions = functions
        self._file_name = file_name
        self._output = output
        self._options: tuple[Limits, native.InstanceOptions] | None = None

    @property
    def name(self) -> str:
        """The plugin's own name, or its file's where it has none."""
        facts = self.description.get("plugin")
        return facts["name"] if facts else self._file_name

    @property
    def tools(self) -> list[dict[str, str]]:
        """Every tool: name, description, parameters (a JSON Schema as text)."""
        return self.description.get("tools") or []

    def options_for(self, limits: Limits) -> native.InstanceOptions:
        """Limits as the native library takes them; calls that share theirs share these."""
        if self._options is None or self._options[0] is not limits:
            self._options = (limits, native.instance_options(limits.options()))
        return self._options[1]

    def instance(self, limits: Limits | None = None) -> Instance:
        """A warm instance, for channel and memory plugins: it keeps its memory between calls."""
        return Instance(self, limits, self._output)

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
            f"This can't be written as JSON: {error}",
            "JSON has text, finite numbers, booleans, None, lists and dictionaries with text as keys",
        ) from None
