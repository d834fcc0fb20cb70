"""Changes of installed plugins: in one call that asks for consent, or planned and then committed."""

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
    """A change that was worked out and not made. Nobody holds a lock meanwhile.

    request  what an operator has to agree to, None where nobody has to
    stamp    the same as long as nothing changed of what the request was worked out from. A service that
             plans again for its client's second request compares it with that of the first

    Leaving a `with`, or `close`, closes the files that it has open.
    """

    __slots__ = ("_files", "_finish", "_work", "request", "stamp")

    def __init__(self, work: Work[Any, Any], finish: Callable[[Any], T_co], files: ExitStack) -> None:
        self._work = work
        self._finish = finish
        self._files = files
        self._set(consenting.plan(work))

    def commit(self, *, agreed: bool = False) -> T_co | None:
        """Makes the change; `agreed`: whether an operator agreed to `request`.

        None where something changed since it was planned: nothing was done, and `request` and `stamp` are
        new. Raises `errors.NeedsConsent` where nobody agreed to a change that is not made without,
        `errors.NotGranted` or `errors.CheckFailed` where the plugin would not work.
        """
        done, planned = consenting.commit(self._work, self.stamp, agreed=agreed)
        if done is None:
            self._set(planned)
            return None
        return self._finish(done)

    def close(self) -> None:
        """Closes the files that it has open; raises nothing."""
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

    `source`: as `edge install` takes it. `consent` is asked where an operator has to agree; None: nobody
    agrees. A new plugin is installed then and not enabled. `sha256`, `most_bytes`: what is refused. `again`
    lets a release number come back with other contents. `say` takes lines of progress.

    Raises `errors.NeedsConsent` for a release that wants more than the one before, and for an archive, where
    nobody agreed; `errors.Refused` for what is not trusted, revoked, damaged or older; `errors.CheckFailed`
    where the release fails its own check, and `errors.NoCompiler` for a folder where there is no compiler.
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
    """Works out an installation, of which every byte was checked if somebody has to agree.

    Takes and raises what `install` does, `errors.NeedsConsent` only for an archive. A release that is
    installed already and waits for consent is enabled by `plan_enable`.
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
    """Enables a plugin, once an operator agreed to what it asks for and it passed its self-check.

    Raises `errors.NotInstalled`, `errors.NeedsConsent` where nobody agreed, `errors.NotGranted` or
    `errors.CheckFailed` where it would not work; it then stays as it was.
    """
    lifecycle.enable(name, consent=consent)
    return get(name)


def plan_enable(name: str) -> Change[InstalledPlugin]:
    """Works out what enabling a plugin needs. Raises `errors.NotInstalled`."""
    return Change(lifecycle.Enabling(name), lambda _: get(name), ExitStack())


def disable(name: str) -> InstalledPlugin:
    """Disables a plugin: blocks new calls. Running calls finish. Raises `errors.NotInstalled`."""
    lifecycle.disable(name)
    return get(name)


def rollback(name: str) -> InstalledPlugin:
    """Goes back to the previous release, which is disabled where it never had consent.

    Raises `errors.NotInstalled`, `errors.StateError` where no other release is kept, and
    `errors.StoreDamaged` or `errors.Refused` where that can't be loaded.
    """
    lifecycle.rollback(name)
    return get(name)


def reload(name: str) -> InstalledPlugin:
    """Verifies every byte of a plugin again, and works out again what it is granted.

    Raises `errors.NotInstalled`, `errors.StoreDamaged`, `errors.Refused` and `errors.NotGranted`.
    """
    lifecycle.reload(name)
    return get(name)


def remove(name: str, *, forget: bool = False) -> bool:
    """Removes a plugin with its configuration, secrets, log and grants; whether it was installed till now.

    `forget`: accepts older releases later, and also removes a damaged plugin. Raises `errors.NotInstalled`.
    """
    return lifecycle.remove(name, forget=forget)


def settings(name: str) -> dict[str, Any]:
    """The settings of a plugin, a dictionary.

    values    what is set
    schema    the JSON Schema of each setting
    secrets   whether each secret is set
    missing   required settings and secrets that are not set
    withheld  values that the installed release does not get
    free      whether any text may be set

    Raises `errors.NotInstalled`, and `errors.StoreDamaged` where the configuration can't be read.
    """
    return setting.describe(name)


def configure(
    name: str, changes: Mapping[str, Any], *, unset: Iterable[str] = (), reset: bool = False
) -> Unchecked:
    """Sets and removes settings of a plugin, all of it or nothing; answers what was set without a check.

    `changes`: values as JSON has them, by setting. `unset`: settings to remove. `reset` first drops all that
    is set. Raises `errors.NotInstalled`, `errors.ConfigError` for what the schema does not allow, and
    `errors.ArgumentsError` for what is no JSON.
    """
    return setting.change(name, setting.plain(changes), unset, reset=reset)


def set_secret(name: str, secret: str, value: str) -> errors.EdgeError | None:
    """Sets a secret of a plugin; answers what was wrong with its secrets before, if that was so.

    Raises `errors.NotInstalled`, and `errors.ConfigError` for what is no secret of the plugin or not as its
    schema wants it. No message has the value.
    """
    return setting.set_secret(name, secret, value)


def unset_secret(name: str, secret: str) -> errors.EdgeError | None:
    """Removes a secret of a plugin. Answers and raises as `set_secret`."""
    return setting.unset_secret(name, secret)


def _drop(_: str) -> None:
    """For progress that nobody wants to see."""
