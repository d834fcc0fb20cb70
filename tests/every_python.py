"""The tests of the host package on every other Python that Edge supports: `python -m tests.every_python`.

Looks for them on the PATH and among pyenv's. In CI (the variable CI is set) each of them has to be there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import tomllib

from cross import cache

ROOT = Path(__file__).resolve().parent.parent
VERSIONS = ("3.9", "3.10", "3.11", "3.12", "3.13")
# What does not depend on the Python that runs it, and was tested by `make test` before.
ELSEWHERE = (
    "tests/board",
    "tests/cross",
    "tests/differential",
    "tests/faults",
    "tests/fuzz",
    "tests/hostile",
    "tests/power",
)


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


def run(command: list[str | Path]) -> str:
    """What a command says; ends the test of this version when it fails."""
    env = {**os.environ, "EDGE_BUILD_PYTHON": sys.executable}
    done = subprocess.run(
        list(map(str, command)),
        check=False,
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise Failed(done.stdout)
    return done.stdout


class Failed(Exception):
    """A command failed; the text is all that it said."""


def test(version: str) -> bool:
    """Runs the tests with one version and says how that went."""
    interpreter = find(version)
    if interpreter is None:
        print(f"Python {version} is not here: not tested", file=sys.stderr)
        return True
    try:
        python = environment(interpreter) / "bin" / "python"
        said = run([python, "-m", "pytest", "-q", "tests", *(f"--ignore={path}" for path in ELSEWHERE)])
    except Failed as failed:
        print(f"== Python {version}\n{failed}", file=sys.stderr, flush=True)
        return False
    print(f"== Python {version}: {said.splitlines()[-1]}", file=sys.stderr, flush=True)
    return True


def main() -> None:
    """Tests with every version but this one, as many at once as there are CPUs."""
    missing = [version for version in VERSIONS if find(version) is None]
    if missing and os.environ.get("CI"):
        sys.exit(f"Python {', '.join(missing)} is not here; CI tests on {', '.join(VERSIONS)}")
    this = "{}.{}".format(*sys.version_info)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        passed = list(pool.map(test, (version for version in VERSIONS if version != this)))
    sys.exit(0 if all(passed) else 1)


if __name__ == "__main__":
    main()
