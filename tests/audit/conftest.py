from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the log is, which nobody has written yet."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data" / "edge" / "audit"


@pytest.fixture
def small(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, with files so small that some ten entries fill them all."""
    monkeypatch.setattr("edge.audit.rotating_file.FILE_BYTES", 700)
    return folder
