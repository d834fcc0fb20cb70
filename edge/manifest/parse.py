"""Reads and checks manifest.toml."""

from __future__ import annotations

from edge.manifest import OWN, Manifest, refuse
from edge.manifest.rules import check
from edge.manifest.text import read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def parse(
    text: str | bytes,
    *,
    strictness: str = OWN,
    imports: Sequence[str] | None = None,
    file: str = "manifest.toml",
) -> Manifest:
    """Reads and checks a manifest.

    `strictness`: `own` for plugins packed here, `foreign` for others, whose rules are looser. `imports`: the
    component's imports, as `interface#function`, against which permissions are checked; None if unknown.
    `file` is for messages.

    Raises `errors.BadManifest` with every problem and its line; warnings are kept in the manifest.
    """
    document, lines = read(text, file)
    problems, manifest = check(document, lines, strictness, imports)
    wrong = [problem for problem in problems if not problem.warning]
    if wrong or manifest is None:
        refuse(file, wrong)
    manifest.warnings = tuple(problem for problem in problems if problem.warning)
    return manifest
