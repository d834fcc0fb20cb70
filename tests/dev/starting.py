"""How a bundle's program is started."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any


def start(program: Path | str, *words: str, **given: Any) -> tuple[int, str, str]:
    """Exit code, standard output and standard error, in the Python that the tests run in.

    `given`: what `subprocess.run` takes, and environment variables, in capitals.
    """
    env = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "EDGE_PYTHON": sys.executable}
    env.update((name, given.pop(name)) for name in [*given] if name.isupper())
    done = subprocess.run(
        [str(program), *words], env=env, capture_output=True, text=True, check=False, **given
    )
    return done.returncode, done.stdout, done.stderr
