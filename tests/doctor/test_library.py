from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Callable

import pytest

from edge import _native as native
from edge.doctor.finding import Finding

Check = Callable[[str], Finding]

ROOT = Path(__file__).resolve().parent.parent.parent


def test_it_tells_releases_and_the_fingerprint(finding: Check) -> None:
    about = native.about()
    found = finding("library")
    assert found.status == "pass"
    assert about["fingerprints"][about["engine"]] in found.found
    assert f"ABI {native.lib.EDGE_ABI_VERSION}" in found.found


def test_a_library_of_another_release(finding: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    about = {**native.about(), "library": "9.9.9"}
    monkeypatch.setattr("edge._native.about", lambda: about)
    found = finding("library")
    assert found.status == "warn"
    assert "library 9.9.9" in found.found
    assert found.remedy


def test_without_a_library_the_rest_is_still_looked_at(tmp_path: Path) -> None:
    (tmp_path / "libedge.so").write_bytes(b"no library")
    done = subprocess.run(
        [sys.executable, "-m", "edge", "doctor", "--json"],
        cwd=ROOT,
        env={**os.environ, "EDGE_LIBRARY": str(tmp_path / "libedge.so")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "")
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert [name for name, check in checks.items() if check["status"] == "fail"] == ["processor", "library"]
    assert all(checks[name]["remedy"] for name in ("processor", "library"))
    assert checks["clock"]["status"] == checks["python"]["status"] == "pass"
    assert checks["plugins"]["found"] == "not checked: the native library cannot be used"
