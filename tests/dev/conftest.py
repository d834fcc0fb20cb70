from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.dev import bundle


@pytest.fixture(scope="module")
def library() -> Iterator[None]:
    """The library of a bundle is the one that the tests run with, for this machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bundle, "_library", lambda _: Path(os.environ["EDGE_LIBRARY"]))
        yield


@pytest.fixture(scope="module")
def archive(library: None, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001 for its effect
    path = tmp_path_factory.mktemp("bundle") / "edge.tar.gz"
    bundle.write(str(path), "x86_64-linux")
    return path


@pytest.fixture
def unpacked(archive: Path, tmp_path: Path) -> Path:
    subprocess.run(["tar", "-xzf", archive, "-C", tmp_path], check=True)
    return tmp_path / "edge"
