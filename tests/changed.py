"""The tests of changed files: `python -m tests.changed [SINCE]` runs them; SINCE is a commit, else HEAD.

Selects, for every changed file:

    tests/.../test_*.py        itself
    edge/FOLDER/NAME.py        its mirrored test file, those in tests/README.md, those that import it
    a text in edge/            the tests that quote what it was; with a command in it, the checks of remedies
    a document                 tests/test_documents.py

A quick answer between two edits, not the last word: that is `make test`.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REMEDIES = ("tests/remedies/test_complete.py", "tests/remedies/test_named.py")
ALWAYS = ("tests/test_documents.py", "tests/test_imports.py")
BY_IMPORT = 8
"""A module that more test files import is everybody's, such as edge/errors.py: its own tests have to do."""
SHORTEST_QUOTE = 10
OTHER_KINDS = ("board", "cross", "differential", "faults", "fuzz", "hostile", "power")


def git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout


@cache
def test_files() -> dict[str, str]:
    """Test files of this machine's kinds, each with its source."""
    files = (file.relative_to(ROOT) for file in sorted(ROOT.glob("tests/**/test_*.py")))
    return {str(file): (ROOT / file).read_text() for file in files if file.parts[1] not in OTHER_KINDS}


def importers(module: str) -> list[str]:
    """Test files that import a module of edge/, given by its path."""
    package, _, name = module.removesuffix(".py").removesuffix("/__init__").replace("/", ".").rpartition(".")
    pattern = re.compile(
        rf"^\s*(?:from {re.escape(package)}\.{name} import|from {re.escape(package)} import .*\b{name}\b)",
        re.M,
    )
    return [file for file, source in test_files().items() if pattern.search(source)]


@cache
def table() -> list[tuple[str, list[str]]]:
    """Rows of tests/README.md: a pattern of modules below edge/, and where their tests are."""
    lines = (ROOT / "tests" / "README.md").read_text().partition("| tests of |")[2].partition("\n\n")[0]
    rows = [line.strip("|").split(" | ") for line in lines.splitlines() if line.startswith("| `")]
    return [(module, named(where)) for modules, where in rows for module in named(modules)]


def named(cell: str) -> list[str]:
    """Paths in a cell; a name without a folder is in that of the one before."""
    folder, found = "", []
    for path in re.findall(r"`([^`]+)`", cell):
        if "/" in path:
            folder = path.rpartition("/")[0]
        found.append(path if "/" in path or not folder else f"{folder}/{path}")
    return found


def tests_of(module: str) -> list[str]:
    """The tests of a module, given by its path."""
    path = Path(module)
    name = path.parent.name if path.stem == "__init__" else path.stem
    folder = Path("tests", *path.parent.parts[1:])
    found = {str(where / f"test_{name}.py") for where in (folder, folder.parent)} & test_files().keys()
    inside = str(path.relative_to("edge"))
    for pattern, where in table():
        if fnmatch(inside, f"{pattern}*" if pattern.endswith("/") else pattern):
            found.update(f"tests/{place}".rstrip("/") for place in where)
    by_import = importers(module)
    return sorted(found.union(by_import if len(by_import) <= BY_IMPORT else ()))


def texts(source: str) -> Iterator[str]:
    """The texts of Python source, those parts of an f-string that are fixed one by one."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def quoting(replaced: Iterable[str]) -> list[str]:
    """Test files that quote one of the texts, or of which one contains a text of theirs."""
    long = {text.strip() for text in replaced if len(text.strip()) >= SHORTEST_QUOTE}

    def quotes(source: str) -> bool:
        return any(
            quote in text or text in quote
            for quote in texts(source)
            if len(quote) >= SHORTEST_QUOTE
            for text in long
        )

    return [file for file, source in test_files().items() if long and quotes(source)]


def versions(path: str, since: str) -> tuple[set[str], set[str]]:
    """The texts that a module had, and those it has."""
    command = ["git", "show", f"{since}:{path}"]
    before = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    now = ROOT / path
    return set(texts(before)), set(texts(now.read_text())) if now.exists() else set()


def selected(paths: Iterable[str], since: str = "HEAD") -> list[str]:
    """What to run for changed files."""
    found = set(ALWAYS)
    for path in paths:
        if path in test_files():
            found.add(path)
        elif path.startswith("edge/") and path.endswith(".py"):
            found.update(tests_of(path))
            had, has = versions(path, since)
            found.update(quoting(had - has))
            found.update(REMEDIES if any("`" in text for text in had ^ has) else ())
        else:
            # A document or a data file: the tests that name it read it.
            found.update(file for file, source in test_files().items() if Path(path).name in source)
    return sorted(file for file in found if not any(file.startswith(f"{other}/") for other in found))


def main(since: str = "HEAD") -> int:
    changed = git("diff", "--name-only", since, "--").split()
    changed += git("ls-files", "--others", "--exclude-standard").split()
    run = selected(changed, since)
    print(f"changed files: {len(changed)}; tests: {' '.join(run)}", file=sys.stderr)
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile", *run]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
