"""Calls of installed plugins, on their own terms.

`edge call` does the same steps in edge/cli/call.py, where no module more is imported than a call needs; what
is not on the way of every call it takes from here. RATIONALE, "Why `edge call` takes its steps itself".
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
    from edge.store.call_plan import Terms


class Loaded:
    """The release of an installed plugin that was current when it was loaded; its calls share the code.

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

        `arguments`: a JSON object, as text or as a dictionary. `tool`: may be left out where there is one.
        `timeout`: seconds, less than the limits give. `unattended`: refuses a tool of a higher risk than the
        policy lets run with nobody there (`errors.Denied`).

        Raises `errors.NotAdmitted`, `errors.Busy` or `errors.RateExceeded` for what this device has no room
        for, `errors.ArgumentsError` for arguments that are no JSON object, `errors.UsageError` for a tool
        that there is not, `errors.ToolError` where the plugin could not carry it out, and
        `errors.CallFailed` where the call ended badly.
        """
        limits = within(self.limits, timeout)
        with admit(self._prepared, limits):
            return self._call(arguments, tool, limits, timeout, unattended=unattended)

    def _call(
        self, arguments: Json, tool: str | None, limits: Limits, timeout: float | None, *, unattended: bool
    ) -> ToolResult:
        prepared = self._prepared
        if unattended:
            check_unattended(prepared.terms, self._plugin, [] if tool is None else [tool])
        text = files.read_guarded(store.config_path(self.name), files.OTHERS_WRITE)
        try:
            return self._plugin.call(
                arguments,
                tool=tool,
                config=given_config(text, self.name, prepared.terms.withheld),
                limits=limits,
            )
        except Exception as error:
            explain(error, prepared, timeout)
            raise


def load(name: str, *, log: Sink | None = None, output: Output | None = None) -> Loaded:
    """Loads the current release of an enabled plugin; signature and trust are checked.

    `log`, `output`: take what it logs, as `edge.Runtime.load` and `edge.Logging` have them; by default that
    is kept for `edge log`. Raises `errors.NotInstalled`, `errors.NotEnabled`, `errors.NotGranted`,
    `errors.StoreDamaged`, and `errors.Refused` for a release that is not trusted any more.
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
    """Loads a plugin for one call, as `load` and `Loaded.call` have it; raises what they raise."""
    with prepare(name) as prepared:
        limits = within(prepared.limits, timeout)
        # Before it is loaded: what there is no memory for does not even begin.
        with admit(prepared, limits):
            loaded = _load(prepared, log, output)
            return loaded._call(arguments, tool, limits, timeout, unattended=unattended)


def _load(prepared: Prepared, log: Sink | None, output: Output | None) -> Loaded:
    keep, keep_written = sink(prepared.name)
    plugin = prepared.load(log=log or keep, output=output or keep_written, audit=audit.append)
    return Loaded(prepared, plugin)


def within(limits: Limits, timeout: float | None) -> Limits:
    """Limits with no more time than `timeout`, in seconds; `errors.OptionsError` unless it is more than 0."""
    if timeout is None:
        return limits
    if not timeout > 0:
        raise errors.OptionsError(
            f"Invalid timeout: {timeout:g} s", "A timeout has to be more than 0 seconds"
        )
    return limits.replace(deadline=min(timeout, limits.deadline))


def admit(prepared: Prepared, limits: Limits) -> Slot:
    """Counts a call among all that this device has under way, until the slot is closed."""
    own = prepared.terms.grants["limits"]
    try:
        return admission.admit(prepared.profile, prepared.name, limits, own)
    except errors.EdgeError as error:
        limit_remedy.explain_room(error, prepared.name)
        raise


def check_unattended(own: Terms, plugin: Plugin, named: Iterable[str]) -> None:
    """Raises `errors.Denied` for a tool of too high a risk: the one that is named, or any there is."""
    policy = policy_file.load()
    for name in named or [offered["name"] for offered in plugin.tools]:
        policy.check_unattended(own.name, Tool(name, own.risks.get(name, UNKNOWN_RISK)))


def given_config(text: bytes | None, name: str, withheld: list[str]) -> bytes | None:
    """What a call gets of the configuration as its file has it; `errors.StoreDamaged` for an empty file."""
    if text == b"":
        config.values(name)
    return config.without(text, name, withheld) if text and withheld else text


def explain(error: Exception, prepared: Prepared, timeout: float | None) -> None:
    """Gives the error of a call the remedy that goes with the plugin's terms.

    `timeout`: what was asked for instead of its own. Raises instead of it what this machine has lost, if that
    is what made the call fail.
    """
    if isinstance(error, errors.ArgumentsError):
        # Nobody named the configuration, which may be what is no JSON.
        config.values(prepared.name)
    if isinstance(error, errors.HostFailed) and isinstance(error.__cause__, errors.EnvironmentFault):
        # What this machine has lost, a secret for one, is no fault of the plugin's.
        raise error.__cause__ from None
    limit_remedy.explain(error, prepared.terms, timeout)
