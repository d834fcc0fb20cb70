"""Installs from any source: opens it, compiles it if needed, installs the package."""

from __future__ import annotations

from contextlib import contextmanager

from edge import errors, files, store
from edge.files.folders import for_now
from edge.operations.numbering import number_of
from edge.store.consent import carry_out, review, shown
from edge.store.install import Installation, Outcome, refusals_told, refuse_other
from edge.suggest import shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge.dev.pack_source import Source as Plugin
    from edge.dev.progress import Draw
    from edge.sources import Say, Source
    from edge.store.consent import Consent, Request

KEY_DIGITS = 16

MAX_BYTES = 256 << 20
"""Default maximum size of a package or an archive."""


def install(
    what: str,
    *,
    sha256: str = "",
    most_bytes: int = MAX_BYTES,
    again: bool = False,
    consent: Consent | None = None,
    say: Say,
    draw: Draw,
) -> Outcome:
    """Installs the plugin that `what` names, as `edge.sources.open_source` takes it.

    `sha256`, `most_bytes`: refuse other digests and larger files. `again`: accepts other contents under the
    same release number. `consent`: called if consent is needed.
    `say`: takes progress messages; `draw` shows the progress of compiling (edge.dev.progress).
    Raises `errors.NeedsConsent` for an archive without consent, before compiling it.
    """
    with opened(
        what, sha256=sha256, most_bytes=most_bytes, again=again, consent=consent, say=say, draw=draw
    ) as (work, answer):
        return with_misfit(_enabled(carry_out(work, answer), answer))


@contextmanager
def opened(
    what: str,
    *,
    sha256: str = "",
    most_bytes: int = MAX_BYTES,
    again: bool = False,
    consent: Consent | None = None,
    say: Say,
    draw: Draw,
) -> Iterator[tuple[Installation, Consent | None]]:
    """Opens a source of `install`; yields its installation (edge/store/consent.py) and the consent function.

    For an archive, `consent` was already called; its answer is reused as long as the request is the same.
    """
    from edge.sources import open_source

    cache = f"{files.data_folder()}/downloads"
    with (
        for_now(cache),
        open_source(what, sha256=sha256, most_bytes=most_bytes, cache=cache, say=say) as source,
    ):
        # The query of a URL is never shown.
        named = shell("SOURCE" if source.remote and "?" in what else what)
        if source.fd is not None:
            yield _installation(source, source.fd, named, again=again), consent
            return
        plugin = _read(source)
        declared = plugin.manifest
        with refusals_told(source.origin):
            refuse_other(source.name, source.version, source.origin, declared.name, declared.version)
            plugin.release = number_of(declared, store.find(declared.name))
            if source.is_unpacked:
                consent = _agreed(plugin, source, consent, named)
        fd = _compile(plugin, source, say, draw)
        try:
            yield _installation(source, fd, named, again=again), consent
        finally:
            files.close(fd)


def _how(source: Source, named: str) -> str:
    """The remedy with the command that consents; `named`: the source as typed."""
    if source.fd is not None and not source.remote and not source.name:
        return f"`edge audit {named}` shows its requests; `edge install {named} --yes` consents"
    return f"`edge install {named} --yes` consents"


def _installation(source: Source, fd: int, named: str, *, again: bool) -> Installation:
    return Installation(
        fd,
        files.base_name(source.origin),
        origin=source.origin,
        remote=source.remote,
        again=again,
        name=source.name,
        version=source.version,
        how=_how(source, named),
    )


def with_misfit(done: Outcome) -> Outcome:
    """The outcome, with the reason if no call of the plugin fits on this machine."""
    if done.record.enabled:
        from edge.store.fitting import misfit

        done.misfit = misfit(done.record.name, done.call_plan)
    return done


def _enabled(done: Outcome, consent: Consent | None) -> Outcome:
    """Enables an installed release that waits for consent, if consent is given now."""
    record = done.record
    if done.change != "nothing" or record.enabled or record.is_approved(record.current):
        return done
    from edge.store import lifecycle

    try:
        done.record = lifecycle.enable(record.name, consent=consent)
    except errors.NeedsConsent:
        return done
    except errors.NotConfigured as error:
        done.needs = error.needs
    else:
        done.change = "enabled"
    done.asked = True
    return done


def _read(source: Source) -> Plugin:
    """The plugin in a folder, not yet compiled."""
    try:
        from edge.dev.pack_source import Source as Plugin
    except ImportError:
        from edge import _native as native

        raise errors.NoCompiler(
            f"{source.origin} is not compiled, and this installation of Edge has no compiler",
            f"On a PC: `edge pack DIR --target {native.about()['engine']}`; then install the package here",
        ) from None
    return Plugin(source.folder, foreign=True, shown=source.shown_folder)


def _agreed(plugin: Plugin, source: Source, consent: Consent | None, named: str) -> Consent | None:
    """Asks for consent, if needed, before an archive is compiled.

    The installation reuses the answer as long as its request is the same. `named`: the source as typed.
    """
    from edge.store.lock import locked
    from edge.trust import key_file

    name, version = plugin.manifest.name, plugin.manifest.version
    own = key_file.local_public()
    with locked():
        needs = review(
            plugin.manifest,
            plugin.component["imports"],
            signer=own.hex() if own is not None else "",
            remote=source.remote,
            before=store.find(name),
        )
    if needs.request is None:
        return consent
    if consent is None or not consent(needs.request):
        raise errors.NeedsConsent(
            f"{name} {version} was not installed: an archive is compiled only after consent to the "
            "permission requests of the plugin",
            f"`edge install {named} --yes` consents; a package of `edge pack` needs no compilation here",
        )
    known = shown(needs.request)

    def answer(request: Request) -> bool:
        return shown(request) == known or consent(request)

    return answer


def _compile(plugin: Plugin, source: Source, say: Say, draw: Draw) -> int:
    """Compiles a plugin into a package in memory, signed with this machine's key; returns its descriptor."""
    from edge import _native as native
    from edge._native import making
    from edge.dev.pack import pack_source_in_memory
    from edge.trust import key_file

    with key_file.wiped(key_file.local_seed()) as seed:
        signer = making.public_key(seed).hex()[:KEY_DIGITS]
        say(f"{source.origin} is compiled here and signed with this machine's key, {signer}")
        return pack_source_in_memory(
            plugin,
            [native.about()["engine"]],
            seed,
            say=say,
            draw=draw,
            file=files.base_name(source.origin),
        )
