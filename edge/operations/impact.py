"""The plugins that a change of trust or policy stops."""

from __future__ import annotations

from edge.store import status
from edge.store.view import View

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.errors import EdgeError


class Stopped:
    """An enabled plugin that calls no longer load after a change.

    name   name of the plugin
    error  the error that a call raises now
    """

    __slots__ = ("error", "name")

    def __init__(self, name: str, error: EdgeError) -> None:
        self.name = name
        self.error = error

    @property
    def why(self) -> str:
        """The message of the error, without the plugin's name."""
        return status.why(self.error, self.name)


class Impact:
    """Created before a change; after it, `stopped` returns the plugins that it stopped."""

    __slots__ = ("_before",)

    def __init__(self) -> None:
        self._before = status.loading()

    def stopped(self) -> tuple[Stopped, ...]:
        """The plugins that calls loaded before and do not load now, by name."""
        view = View()
        stopped = []
        for name in self._before:
            record = view.record(name)
            error = status.problem(record, view) if record is not None and record.current else None
            if error is not None:
                stopped.append(Stopped(name, error))
        return tuple(stopped)


class Done:
    """A change that was made.

    event    the change, as in the audit log, with additional fields
    stopped  plugins that calls no longer load because of it
    remarks  effects that the operator may not expect
    """

    __slots__ = ("event", "remarks", "stopped")

    def __init__(
        self, event: dict[str, Any], stopped: tuple[Stopped, ...] = (), remarks: tuple[str, ...] = ()
    ) -> None:
        self.event = event
        self.stopped = stopped
        self.remarks = remarks

    def facts(self) -> dict[str, Any]:
        """The same as plain data, for JSON."""
        return {**self.event, "stops": [plugin.name for plugin in self.stopped]}
