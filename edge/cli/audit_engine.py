"""`edge audit --engine`: lists installed releases that a library would not load, before it is installed."""

from __future__ import annotations

from edge import _native as native
from edge import errors
from edge.cli import output
from edge.doctor import engine
from edge.doctor.finding import counted
from edge.store import status
from edge.store.view import View

TYPE_CHECKING = False
if TYPE_CHECKING:
    from edge.cli.options import Arguments
    from edge.doctor.engine import Release

REMEDY = (
    "Keep the current library until these releases are replaced: compile the plugins with the release of\n"
    "Edge that contains the new library, install them, then replace the library"
)


def run(arguments: Arguments) -> int:
    """Exits with 1 if an installed release would not load."""
    path, *more = arguments.positional or [""]
    if more or arguments.get("log") or arguments.get("verify"):
        raise errors.UsageError(
            "audit: --engine takes one library, or one file that describes a library",
            "Usage: edge audit --engine [FILE]",
        )
    library = engine.about(path) if path else native.about()
    view = View()
    releases = list(engine.judged(library, view))
    wrong = [release for release in releases if release.problem]
    refused = {release.id: _refused(release, view) for release in releases}
    if arguments.get("json"):
        output.document(
            {
                "library": path or None,
                "engine": library.get("engine"),
                "wasmtime": library.get("wasmtime"),
                "releases": [
                    {**{name: getattr(each, name) for name in each.__slots__}, "refused": refused[each.id]}
                    for each in releases
                ],
                "ok": not wrong,
                "remedy": REMEDY if wrong else "",
            }
        )
        return 1 if wrong else 0
    for release in releases:
        state = "current" if release.current else "kept"
        verdict = f"WOULD NOT LOAD: {release.problem}" if release.problem else "loads"
        if refused[release.id]:
            verdict += f"; refused here with any library: {refused[release.id]}"
        output.show(f"{release.plugin} {release.version} ({state}): {verdict}")
    output.answer(f"{counted(len(releases), 'release')}, {len(wrong)} of them would not load")
    if wrong:
        output.answer(f"\n{REMEDY}")
    return 1 if wrong else 0


def _refused(release: Release, view: View) -> str | None:
    """The reason why trust refuses a release, with any library; None if it does not."""
    error = view.release(release.id, release.plugin).refusal
    return None if error is None else status.why(error, release.plugin)
