"""A call of an installed plugin, by the shortest path from its name to its code.

RATIONALE, "What an `edge call` avoids".
"""

from __future__ import annotations

import posix

from edge import files, store
from edge.interfaces import Context, offered
from edge.limits import here
from edge.runtime import Runtime
from edge.store import call_plan
from edge.trust import text_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    from edge.interfaces import Values
    from edge.interfaces.logging import Sink
    from edge.limits import Profile
    from edge.policy.grants import Audit
    from edge.runtime import Plugin
    from edge.runtime.call import Output
    from edge.store import Record
    from edge.store.call_plan import CallPlan


class Prepared:
    """An installed plugin with open files, which changes of the store do not affect.

    Leaving its `with` closes them; a loaded plugin stays valid.

    name     of the plugin
    plan     its call plan
    profile  of this device
    limits   of a call
    """

    __slots__ = ("_fd", "_head", "_interpret", "limits", "name", "plan", "profile")

    def __init__(self, record: Record) -> None:
        if not record.enabled:
            from edge.store.refusal import refuse_disabled

            refuse_disabled(record.name)
        self.name = record.name
        self._interpret = record.interpret
        folder = store.release_path(record.current)
        self._fd = _open(f"{folder}/{store.HEAD}")
        try:
            # None for a FIFO that another process has open.
            self._head = files.read_all(self._fd) or b""
        except OSError as error:
            files.raise_own(f"{folder}/{store.HEAD}", error)
        finally:
            posix.close(self._fd)
        self._fd = _open(f"{folder}/{store.CODE}")
        try:
            self.profile = here()
            self.plan = call_plan.kept(record, self.profile) or _planned(record, self.profile)
            self.limits = self.profile.limits.within(self.plan.grants["limits"])
        except BaseException:
            posix.close(self._fd)
            raise

    def load(
        self, *, log: Sink | None = None, output: Output | None = None, audit: Audit | None = None
    ) -> Plugin:
        """Loads its current release; signature and trust are checked each time.

        Raises `errors.NotGranted`, or the fault of the release.
        """
        own = self.plan
        context = Context(log, lambda: _secrets(self.name, own), lambda: own.granted(audit))
        if own.missing:
            from edge.store.refusal import refuse_missing

            refuse_missing(own, audit)
        trusted = text_for(self.name, operator_only=own.operator)
        runtime = Runtime(trusted=trusted, stack_bytes=self.profile.stack_bytes, interpret=self._interpret)
        try:
            plugin = runtime.load_open(
                self._fd,
                self.name,
                head=self._head,
                receipt=own.receipt.encode(),
                interfaces=offered(context, own.interfaces),
                output=output,
            )
        except Exception as error:
            from edge.store.refusal import explain

            explain(error, own, self._head, audit)
            raise
        if plugin.receipt:
            own.receipt = plugin.receipt.decode()
            from edge.store.planning import keep

            keep(own)
        return plugin

    def __enter__(self) -> Prepared:
        return self

    def __exit__(self, *_: object) -> None:
        posix.close(self._fd)


def prepare(name: str) -> Prepared:
    """Opens the current release of an enabled plugin.

    Raises `errors.NotInstalled`, `errors.NotEnabled`, or `errors.StoreDamaged`.
    """
    record = _record(name)
    while True:
        try:
            return Prepared(record)
        except Exception as error:  # noqa: PERF203 a switch of releases is rare
            # Another process may have switched releases after the record was read.
            again = _record(name)
            if again == record:
                if isinstance(error, FileNotFoundError):
                    from edge.store.refusal import refuse_gone

                    refuse_gone(record)
                raise
            record = again


def _planned(record: Record, profile: Profile) -> CallPlan:
    from edge.store import planning

    return planning.of(record, profile)


def _record(name: str) -> Record:
    record = store.find(name)
    if record is not None and record.current:
        return record
    from edge.store import records

    return records.get(name)


def _open(path: str) -> int:
    try:
        return posix.open(path, files.READ_OWN)
    except FileNotFoundError:
        raise
    except OSError as error:
        files.raise_own(path, error)


def _secrets(name: str, own: CallPlan) -> Values:
    from edge.permissions.secrets import allowed_names
    from edge.store.secrets import StoredSecrets

    return StoredSecrets(name, allowed_names(own.grants["allowed"]))
