"""Installs what an operator names: opened, compiled where that is needed, then installed."""

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
"""Of a package or an archive, unless another size is given."""


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

    `sha256`, `most_bytes`: what is refused. `again`: lets a release number come back.
    `consent` is asked where an operator has to agree.
    `say`: takes lines of progress; `draw` shows that of compiling (edge.dev.progress).
    Raises `errors.NeedsConsent` for an archive that nobody agreed to: it is not even compiled.
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
    """Opens what `install` takes; answers its installation (edge/store/consent.py) and who is asked.

    Of an archive `consent` was asked by then: the answer holds as long as the same would be asked.
    """
    from edge.sources import open_source

    cache = f"{files.data_folder()}/downloads"
    with (
        for_now(cache),
        open_source(what, sha256=sha256, most_bytes=most_bytes, cache=cache, say=say) as source,
    ):
        # What follows a question mark in a URL is shown nowhere.
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
    """How an operator consents to what a source brings; `named`: the source, as it is typed."""
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
    """The outcome, with the reason why no call of the plugin fits on this machine, if that is so."""
    if done.record.enabled:
        from edge.store.fitting import misfit

        done.misfit = misfit(done.record.name, done.terms)
    return done


def _enabled(done: Outcome, consent: Consent | None) -> Outcome:
    """Enables a release that is installed already and waits for consent, if somebody agrees now."""
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
    """The plugin in a folder, which has no code for this machine yet."""
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
    """Asks before anything of an archive is compiled, where somebody has to be asked.

    The answer holds for the installation, as long as that shows the same. `named`: the source, as typed.
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
    """A package that exists in memory only, signed by who compiles it."""
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
