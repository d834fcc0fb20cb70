"""Changes of installed plugins: one call that asks for consent, or a plan and a commit."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Generic, TypeVar

from edge import errors
from edge.installed.plugin import InstalledPlugin, get
from edge.operations import install as installing
from edge.operations import settings as setting
from edge.store import consent as consenting
from edge.store import lifecycle

T_co = TypeVar("T_co", covariant=True)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from edge.operations.settings import Unchecked
    from edge.store.consent import Plan, Request, Work
    from edge.store.install import Outcome

    Consent = Callable[[Request], bool]
    Say = Callable[[str], None]


class Change(Generic[T_co]):
    """A planned change. No lock is held between the plan and the commit.

    request  the request for consent; None if no consent is needed
    stamp    unchanged as long as the inputs of the plan are unchanged. A service that plans again for the
             second request of its client compares it with the first stamp

    `close`, or leaving a `with`, closes its open files.
    """

    __slots__ = ("_files", "_finish", "_work", "request", "stamp")

    def __init__(self, work: Work[Any, Any], finish: Callable[[Any], T_co], files: ExitStack) -> None:
        self._work = work
        self._finish = finish
        self._files = files
        self._set(consenting.plan(work))

    def commit(self, *, agreed: bool = False) -> T_co | None:
        """Makes the change; `agreed`: whether the operator consented to `request`.

        Returns None if the inputs changed since the plan: nothing was done, and `request` and `stamp` are
        new. Raises `errors.NeedsConsent` if the change needs consent and has none, `errors.NotGranted` or
        `errors.CheckFailed` if the plugin would not work.
        """
        done, planned = consenting.commit(self._work, self.stamp, agreed=agreed)
        if done is None:
            self._set(planned)
            return None
        return self._finish(done)

    def close(self) -> None:
        """Closes its open files; raises nothing."""
        self._files.close()

    def _set(self, planned: Plan) -> None:
        self.request: Request | None = planned.request
        self.stamp: str = planned.stamp

    def __enter__(self) -> Change[T_co]:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def install(
    source: str,
    *,
    consent: Consent | None = None,
    sha256: str = "",
    most_bytes: int = installing.MAX_BYTES,
    again: bool = False,
    say: Say | None = None,
) -> Outcome:
    """Installs a plugin, or another release of one.

    `source`: as in `edge install`. `consent`: called if consent is needed; None gives no consent. Without
    consent, a new plugin is installed but not enabled. `sha256`, `most_bytes`: refuse other digests and
    larger files. `again`: accepts other contents under the same release number. `say`: takes progress
    messages.

    Raises `errors.NeedsConsent` without consent, for an archive and for a release that requests more than the
    previous one; `errors.Refused` for an untrusted, revoked, damaged or older release; `errors.CheckFailed`
    if the release fails its self-check; `errors.NoCompiler` for a folder if there is no compiler.
    """
    return installing.install(
        source,
        consent=consent,
        sha256=sha256,
        most_bytes=most_bytes,
        again=again,
        say=say or _drop,
        draw=_drop,
    )


def plan_install(
    source: str,
    *,
    sha256: str = "",
    most_bytes: int = installing.MAX_BYTES,
    again: bool = False,
    say: Say | None = None,
) -> Change[Outcome]:
    """Plans an installation. If consent is needed, every byte has been verified.

    Takes and raises the same as `install`, `errors.NeedsConsent` only for an archive. `plan_enable` enables
    an installed release that waits for consent.
    """
    with ExitStack() as files:
        opened = installing.opened(
            source, sha256=sha256, most_bytes=most_bytes, again=again, say=say or _drop, draw=_drop
        )
        work, _ = files.enter_context(opened)
        change = Change(work, installing.with_misfit, files)
        change._files = files.pop_all()
        return change


def enable(name: str, *, consent: Consent | None = None) -> InstalledPlugin:
    """Enables a plugin after consent to its requests and a passed self-check.

    Raises `errors.NotInstalled`, `errors.NeedsConsent` without consent, `errors.NotGranted` or
    `errors.CheckFailed` if it would not work; it is then unchanged.
    """
    lifecycle.enable(name, consent=consent)
    return get(name)


def plan_enable(name: str) -> Change[InstalledPlugin]:
    """Plans enabling a plugin. Raises `errors.NotInstalled`."""
    return Change(lifecycle.Enabling(name), lambda _: get(name), ExitStack())


def disable(name: str) -> InstalledPlugin:
    """Disables a plugin: blocks new calls. Running calls finish. Raises `errors.NotInstalled`."""
    lifecycle.disable(name)
    return get(name)


def rollback(name: str) -> InstalledPlugin:
    """Goes back to the previous release, which is disabled if it never had consent.

    Raises `errors.NotInstalled`, `errors.StateError` if no other release is kept, and `errors.StoreDamaged`
    or `errors.Refused` if it can't be loaded.
    """
    lifecycle.rollback(name)
    return get(name)


def reload(name: str) -> InstalledPlugin:
    """Verifies every byte of a plugin again, and computes its grants again.

    Raises `errors.NotInstalled`, `errors.StoreDamaged`, `errors.Refused` and `errors.NotGranted`.
    """
    lifecycle.reload(name)
    return get(name)


def remove(name: str, *, forget: bool = False) -> bool:
    """Removes a plugin with its configuration, secrets, log and grants; returns whether it was installed.

    `forget`: accepts older releases later, and also removes a damaged plugin. Raises `errors.NotInstalled`.
    """
    return lifecycle.remove(name, forget=forget)


def settings(name: str) -> dict[str, Any]:
    """The settings of a plugin, a dictionary.

    values    what is set
    schema    the JSON Schema of each setting
    secrets   whether each secret is set
    missing   required settings and secrets that are not set
    withheld  values that the installed release does not receive
    free      whether any text may be set

    Raises `errors.NotInstalled`, and `errors.StoreDamaged` if the configuration can't be read.
    """
    return setting.describe(name)


def configure(
    name: str, changes: Mapping[str, Any], *, unset: Iterable[str] = (), reset: bool = False
) -> Unchecked:
    """Sets and removes settings of a plugin, all or none; returns what was set without a check.

    `changes`: JSON values by setting. `unset`: settings to remove. `reset` first removes all values. Raises
    `errors.NotInstalled`, `errors.ConfigError` for values that the schema does not allow, and
    `errors.ArgumentsError` for values that JSON can't express.
    """
    return setting.change(name, setting.plain(changes), unset, reset=reset)


def set_secret(name: str, secret: str, value: str) -> errors.EdgeError | None:
    """Sets a secret of a plugin; returns the earlier damage of its secrets, None without any.

    Raises `errors.NotInstalled`, and `errors.ConfigError` for an unknown secret and for a value that its
    schema does not allow. No message contains the value.
    """
    return setting.set_secret(name, secret, value)


def unset_secret(name: str, secret: str) -> errors.EdgeError | None:
    """Removes a secret of a plugin. Returns and raises the same as `set_secret`."""
    return setting.unset_secret(name, secret)


def _drop(_: str) -> None:
    """Drops progress messages."""
