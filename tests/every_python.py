"""The tests of the host package on every Python that Edge supports: `python -m tests.every_python`.

Looks for them on the PATH and among pyenv's. In CI (the variable CI is set) each of them has to be there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import tomllib

from cross import cache

ROOT = Path(__file__).resolve().parent.parent
VERSIONS = ("3.9", "3.10", "3.11", "3.12", "3.13")
# What does not depend on the Python that runs it, and was tested by `make test` before.
ELSEWHERE = ("tests/cross", "tests/board")


def find(version: str) -> Path | None:
    """An interpreter of that version."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    for candidate in sorted(pyenv.glob(f"versions/{version}.*/bin/python{version}")):
        return candidate
    found = shutil.which(f"python{version}")
    return Path(found) if found else None


def environment(interpreter: Path) -> Path:
    """A virtual environment with what the tests need, in the cache for every checkout."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needs = [*project["dependencies"], *project["optional-dependencies"]["test"]]

    def make(stage: Path) -> None:
        run([interpreter, "-m", "venv", stage])
        run([stage / "bin" / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check", *needs])

    return cache.product(interpreter.name, cache.key(interpreter.resolve(), *needs), make)


def run(command: list[str | Path]) -> None:
    """Runs to success, or ends this program."""
    env = {**os.environ, "EDGE_BUILD_PYTHON": sys.executable}
    status = subprocess.run(list(map(str, command)), check=False, cwd=ROOT, env=env).returncode
    if status:
        sys.exit(status)


def main() -> None:
    """Tests with each version in turn."""
    missing = [version for version in VERSIONS if find(version) is None]
    if missing and os.environ.get("CI"):
        sys.exit(f"Python {', '.join(missing)} is not here; CI tests on {', '.join(VERSIONS)}")
    for version in VERSIONS:
        interpreter = find(version)
        if interpreter is None:
            print(f"Python {version} is not here: not tested", file=sys.stderr)
            continue
        print(f"== Python {version}", file=sys.stderr, flush=True)
        python = environment(interpreter) / "bin" / "python"
        run([python, "-m", "pytest", "-q", "tests", *(f"--ignore={path}" for path in ELSEWHERE)])


if __name__ == "__main__":
    main()
