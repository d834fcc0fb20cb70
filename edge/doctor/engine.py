"""Which installed releases a native library would load, this one or another.

RATIONALE, "Why another library is asked in a process of its own".
"""

from __future__ import annotations

import sys

from edge import _native as native
from edge import errors, files
from edge.files.encoding import check

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from edge.store.view import View

ELF = b"\x7fELF"
TIMEOUT = 120
ASK = """
import sys
sys.path[:] = {path!r}
from edge.cli import main
sys.exit(main(["--version", "--json"]))
"""


class Release:
    """An installed release, and whether a library would load it.

    plugin   the plugin's name
    version  of the plugin
    id       its folder in the store
    current  whether calls run it; otherwise it is the previous release
    problem  why it would not be loaded; empty if it would
    """

    __slots__ = ("current", "id", "plugin", "problem", "version")

    def __init__(self, plugin: str, version: str, release_id: str, *, current: bool, problem: str) -> None:
        self.plugin = plugin
        self.version = version
        self.id = release_id
        self.current = current
        self.problem = problem


def judged(library: dict[str, Any], view: View) -> Iterator[Release]:
    """Every release of every plugin, judged by a library's description (`about`)."""
    here = native.about()
    for plugin in view.installed():
        for release_id in filter(None, (plugin.current, plugin.previous)):
            current = release_id == plugin.current
            try:
                description = view.release(release_id, plugin.name).description
            except errors.EdgeError as error:
                yield Release(plugin.name, "?", release_id, current=current, problem=error.message)
                continue
            yield Release(
                plugin.name,
                description["version"],
                release_id,
                current=current,
                problem=_problem(description, here, library),
            )


def about(path: str) -> dict[str, Any]:
    """A library's description, from the library itself or from a file that contains it.

    Raises `errors.UsageError` for a file that is neither, `errors.LibraryMissing` for a library that cannot
    run here.
    """
    content = check(files.read_input(path), path)
    description = _ask(path) if content.startswith(ELF) else content
    try:
        found = native.read_json(description, path)
        fingerprints = found["fingerprints"]
        if not all(isinstance(each, str) for each in fingerprints.values()):
            raise TypeError
    except (errors.ArgumentsError, AttributeError, KeyError, TypeError):
        raise errors.UsageError(
            f"{path} is neither a library nor a description of one",
            "Name a libedge.so, or a file with the output of `edge --version --json`",
        ) from None
    return dict(found)


def _ask(path: str) -> bytes:
    import os
    import subprocess

    # In a bundle, Edge's modules are found in one file, not by a path. -B: nothing is added to the bundle.
    modules = os.path.dirname(os.path.dirname(errors.__file__))
    words = [sys.executable, "-I", "-S", "-B", "-c", ASK.format(path=[modules, *sys.path])]
    try:
        done = subprocess.run(
            words,
            env={**os.environ, "EDGE_LIBRARY": os.path.abspath(path)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=TIMEOUT,
        )
    except subprocess.TimeoutExpired:
        raise errors.LibraryMissing(f"{path} did not answer within {TIMEOUT} s") from None
    if done.returncode == 0:
        return done.stdout
    raise errors.LibraryMissing(
        f"{path} cannot be run here: {_why(done.returncode, done.stdout)}",
        "On a machine where it runs, save the output of `edge --version --json` and name that file instead",
    )


def _why(status: int, answer: bytes) -> str:
    try:
        message: str = native.read_json(answer)["error"]["message"]
    except (errors.ArgumentsError, KeyError, TypeError):
        return f"the process that opened it ended with {status}"
    return message


def _problem(description: dict[str, Any], here: dict[str, Any], library: dict[str, Any]) -> str:
    """Why a library would not load a release. The store has only the code for the library in use."""
    codes = {file["engine"]: file["fingerprint"] for file in description["files"] if "engine" in file}
    engine = here["engine"] if here["engine"] in codes else here["interpreted"]
    if engine not in codes:
        return f"it contains no code for {here['engine']}"
    runs = [library[name] for name in ("engine", "interpreted") if name in library]
    if runs and engine not in runs:
        return f"its code is for {engine}; the library executes {' and '.join(dict.fromkeys(runs))}"
    wanted = library["fingerprints"].get(engine)
    if codes[engine] == wanted:
        return ""
    compiler = description["compiler"]
    made_by = f"edge {compiler['edge']}, wasmtime {compiler['wasmtime']}"
    return f"its code for {engine} has fingerprint {codes[engine]} ({made_by}); the library requires {wanted}"
