"""Python plugins, by componentize-py."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from pathlib import Path

from cross.guests.errors import BuildFailed
from cross.toolchain import ToolMissing

FEATURE = "plugins-wit-v0"
RUN_COMPONENTIZE = "import sys, componentize_py; sys.exit(componentize_py.script())"


def version() -> str:
    """The tool that builds Python plugins."""
    try:
        return f"componentize-py {importlib.metadata.version('componentize-py')}"
    except importlib.metadata.PackageNotFoundError:
        remedy = f"run `{sys.executable} -m pip install componentize-py`"
        raise ToolMissing(f"{sys.executable} has no componentize-py: {remedy}") from None


def build(source: Path, wit: Path, out: Path) -> None:
    """Builds the plugin whose module `app` is in `source` into the file `out`."""
    print(f"{source.name}: {version()}", file=sys.stderr)
    command = [sys.executable, "-c", RUN_COMPONENTIZE]
    command += ["--wit-path", str(wit), "--world", "tool-plugin", "--features", FEATURE]
    command += ["componentize", "app", "--python-path", str(source), "--output", str(out)]
    if subprocess.run(command, check=False, stdout=sys.stderr).returncode != 0:
        raise BuildFailed(f"{source}: componentize-py failed, see its messages above")
