"""A call of an installed plugin, on the shortest way from its name to its code."""

from __future__ import annotations

import posix

from edge import files, store, trust
from edge.profiles import here
from edge.runtime import Runtime
from edge.store import record, terms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from edge.grants import Audit
    from edge.instance import Output
    from edge.interfaces import Interface
    from edge.interfaces.logging import Sink
    from edge.plugin import Plugin
    from edge.profiles import Profile
    from edge.store.record import Record
    from edge.store.terms import Terms

SECRETS = "config_read"
CHANNEL = "channel"


class Loaded:
    """An installed plugin, loaded.

    plugin   to be called
    terms    on which terms
    profile  of this device
    """

    __slots__ = ("plugin", "profile", "terms")

    def __init__(self, plugin: Plugin, own: Terms, profile: Profile) -> None:
        self.plugin = plugin
        self.terms = own
        self.profile = profile


def load(
    name: str, *, log: Sink | None = None, output: Output | None = None, audit: Audit | None = None
) -> Loaded:
    """Loads the current release of an enabled plugin; its signature and trust are checked each time.

    Raises `errors.NotInstalled`, `errors.NotEnabled`, `errors.NotGranted`, or what is wrong with the release.
    """
    found = record.get(name)
    while True:
        try:
            return _load(found, here(), log, output, audit)
        except FileNotFoundError:  # noqa: PERF203 a switch of releases is rare
            # Between the record and its release, another process may have switched to a new one.
            again = record.get(name)
            if again == found:
                _miss(found)
            found = again


def _load(
    found: Record, profile: Profile, log: Sink | None, output: Output | None, audit: Audit | None
) -> Loaded:
    """Raises FileNotFoundError for a release that is not there any more."""
    if not found.enabled:
        _refuse_disabled(found.name)
    folder = store.release_path(found.current)
    head = _open(f"{folder}/{store.HEAD}", files.read_all)
    own = terms.of(found, profile)
    if own.missing:
        _refuse_missing(own, audit)
    # The line ties the signature to what was asked for: another plugin's release does not load under this
    # name, wherever it came from.
    trusted = trust.text(operator_only=own.operator) + f"\nplugin {found.name}\n".encode()
    runtime = Runtime(trusted=trusted, stack_bytes=profile.stack_bytes, interpret=found.interpret)
    plugin: Plugin = _open(
        f"{folder}/{store.CODE}",
        lambda fd: runtime.load_open(
            fd,
            found.name,
            head=head,
            receipt=own.receipt.encode(),
            interfaces=_interfaces(found.name, own, log, audit),
            output=output,
        ),
    )
    if plugin.receipt:
        own.receipt = plugin.receipt.decode()
        own.keep()
    return Loaded(plugin, own, profile)


def _open(path: str, act: Callable[[int], Any]) -> Any:
    try:
        fd = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC | posix.O_NOFOLLOW)
    except FileNotFoundError:
        raise
    except OSError as error:
        files.raise_for(path, error)
    try:
        return act(fd)
    finally:
        posix.close(fd)


def _interfaces(name: str, own: Terms, log: Sink | None, audit: Audit | None) -> tuple[Interface, ...]:
    """What it may import: its own capabilities are looked at when it uses them."""
    from edge.interfaces.logging import Logging

    offered: list[Interface] = [Logging(log)]
    if SECRETS in own.needs:
        from edge.interfaces.secrets import Secrets
        from edge.sealed import Sealed

        offered.append(Secrets(Sealed(name), own.granted(audit)))
    if CHANNEL in own.needs:
        from edge.interfaces.inbound import Inbound

        offered.append(Inbound(own.granted(audit)))
    return tuple(offered)


def _refuse_disabled(name: str) -> None:
    from edge import errors

    raise errors.NotEnabled(
        f"{name} is installed and not enabled",
        f"`edge show {name}` shows what it asks for, `edge enable {name}` enables it",
    )


def _refuse_missing(own: Terms, audit: Audit | None) -> None:
    from edge import errors
    from edge.store.installed import description_of

    if audit is not None:
        own.granted(audit).check_load(description_of(own.release)["imports"])
    raise errors.NotGranted(f"{own.name}: {own.missing}")


def _miss(found: Record) -> None:
    from edge import errors

    raise errors.StoreDamaged(f"{store.release_path(found.current)}: files of {found.name} are missing")
