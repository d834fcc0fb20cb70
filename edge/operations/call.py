"""Calls of installed plugins under their call plans.

`edge call` takes the same steps in edge/cli/call.py, which imports only the modules that every call needs. It
uses this module for the rest. RATIONALE, "Why `edge call` takes its steps itself".
"""

from __future__ import annotations

from edge import audit, errors, files, store
from edge.limits import admission
from edge.manifest import UNKNOWN_RISK, Tool
from edge.operations import limit_remedy
from edge.plugin_log import sink
from edge.policy import file as policy_file
from edge.store import config
from edge.store.call import prepare

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge.interfaces.logging import Sink
    from edge.limits import Limits
    from edge.limits.admission import Slot
    from edge.runtime import Json, Plugin, ToolResult
    from edge.runtime.call import Output
    from edge.store.call import Prepared
    from edge.store.call_plan import CallPlan


class Loaded:
    """A loaded release of an installed plugin; its calls share the code.

    name    of the plugin
    limits  of a call
    """

    __slots__ = ("_plugin", "_prepared", "limits", "name")

    def __init__(self, prepared: Prepared, plugin: Plugin) -> None:
        self._prepared = prepared
        self._plugin = plugin
        self.name = prepared.name
        self.limits = prepared.limits

    @property
    def tools(self) -> list[dict[str, str]]:
        """Every tool: name, description, parameters (a JSON Schema as text)."""
        return self._plugin.tools

    def call(
        self,
        arguments: Json,
        *,
        tool: str | None = None,
        timeout: float | None = None,
        unattended: bool = False,
    ) -> ToolResult:
        """Calls a tool with the plugin's configuration and limits, in an instance of its own.

        `arguments`: a JSON object, as text or as a dictionary. `tool`: optional if there is only one.
        `timeout`: seconds, less than the limit. `unattended`: refuses tools above the policy's risk for
        unattended calls (`errors.Denied`).

        Raises `errors.NotAdmitted`, `errors.Busy` or `errors.RateExceeded` if this device has no room for
        the call, `errors.ArgumentsError` if the arguments are not a JSON object, `errors.UsageError` for an
        unknown tool, `errors.ToolError` if the plugin reports a failure, and `errors.CallFailed` if the
        call trapped or went over a limit.
        """
        limits = within(self.limits, timeout)
        with admit(self._prepared, limits):
            return self._call(arguments, tool, limits, timeout, unattended=unattended)

    def _call(
        self, arguments: Json, tool: str | None, limits: Limits, timeout: float | None, *, unattended: bool
    ) -> ToolResult:
        prepared = self._prepared
        if unattended:
            check_unattended(prepared.plan, self._plugin, [] if tool is None else [tool])
        text = files.read_guarded(store.config_path(self.name), files.OTHERS_WRITE)
        try:
            return self._plugin.call(
                arguments,
                tool=tool,
                config=given_config(text, self.name, prepared.plan.withheld),
                limits=limits,
            )
        except Exception as error:
            explain(error, prepared, timeout)
            raise


def load(name: str, *, log: Sink | None = None, output: Output | None = None) -> Loaded:
    """Loads the current release of an enabled plugin; signature and trust are checked.

    `log`, `output`: sinks of its log, as in `edge.Runtime.load` and `edge.Logging`; by default the log is
    stored for `edge log`. Raises `errors.NotInstalled`, `errors.NotEnabled`, `errors.NotGranted`,
    `errors.StoreDamaged`, and `errors.Refused` for a release that is no longer trusted.
    """
    with prepare(name) as prepared:
        return _load(prepared, log, output)


def call(
    name: str,
    arguments: Json,
    *,
    tool: str | None = None,
    timeout: float | None = None,
    unattended: bool = False,
    log: Sink | None = None,
    output: Output | None = None,
) -> ToolResult:
    """Loads a plugin for one call; takes and raises the same as `load` and `Loaded.call`."""
    with prepare(name) as prepared:
        limits = within(prepared.limits, timeout)
        # Before loading: a call without enough memory does not start.
        with admit(prepared, limits):
            loaded = _load(prepared, log, output)
            return loaded._call(arguments, tool, limits, timeout, unattended=unattended)


def _load(prepared: Prepared, log: Sink | None, output: Output | None) -> Loaded:
    keep, keep_written = sink(prepared.name)
    plugin = prepared.load(log=log or keep, output=output or keep_written, audit=audit.append)
    return Loaded(prepared, plugin)


def within(limits: Limits, timeout: float | None) -> Limits:
    """Limits with at most `timeout` seconds; `errors.OptionsError` unless it is above 0."""
    if timeout is None:
        return limits
    if not timeout > 0:
        raise errors.OptionsError(
            f"Invalid timeout: {timeout:g} s", "A timeout has to be more than 0 seconds"
        )
    return limits.replace(deadline=min(timeout, limits.deadline))


def admit(prepared: Prepared, limits: Limits) -> Slot:
    """Counts a call among all running calls of this device until the slot is closed."""
    own = prepared.plan.grants["limits"]
    try:
        return admission.admit(prepared.profile, prepared.name, limits, own)
    except errors.EdgeError as error:
        limit_remedy.explain_room(error, prepared.name)
        raise


def check_unattended(own: CallPlan, plugin: Plugin, named: Iterable[str]) -> None:
    """Raises `errors.Denied` if the risk of the named tool (of any tool, if none is named) is too high."""
    policy = policy_file.load()
    for name in named or [offered["name"] for offered in plugin.tools]:
        policy.check_unattended(own.name, Tool(name, own.risks.get(name, UNKNOWN_RISK)))


def given_config(text: bytes | None, name: str, withheld: list[str]) -> bytes | None:
    """The configuration for a call, from the text of its file; `errors.StoreDamaged` for an empty file."""
    if text == b"":
        config.values(name)
    return config.without(text, name, withheld) if text and withheld else text


def explain(error: Exception, prepared: Prepared, timeout: float | None) -> None:
    """Sets the remedy of a call's error according to the plugin's call plan.

    `timeout`: the requested timeout. If a fault of this machine made the call fail, raises that fault.
    """
    if isinstance(error, errors.ArgumentsError):
        # The invalid JSON may be the configuration.
        config.values(prepared.name)
    if isinstance(error, errors.HostFailed) and isinstance(error.__cause__, errors.EnvironmentFault):
        # A fault of this machine, for instance a lost secret, is not a fault of the plugin.
        raise error.__cause__ from None
    limit_remedy.explain(error, prepared.plan, timeout)
