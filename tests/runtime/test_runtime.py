from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Callable

import pytest

from edge import Limits, Runtime, errors
from edge import _native as native
from edge.interfaces.logging import Logging
from tests.support import packages

Artifact = Callable[..., Path]

QUESTION = json.dumps({"cron": "0 7 * * *", "after": "2026-01-30T09:30:00Z"})
QUIET = (Logging(lambda *_: None),)


def test_interpreted_and_native_code_answer_alike_for_the_same_fuel(artifact: Artifact) -> None:
    about = native.about()
    if about["interpreted"] == about["engine"]:
        pytest.skip("this CPU has no native code")
    engines = {False: about["engine"], True: about["interpreted"]}
    results = [
        Runtime(interpret=interpret)
        .load(str(artifact("cron-next", engine)), interfaces=QUIET)
        .call(QUESTION, limits=Limits(fixed=True))
        for interpret, engine in engines.items()
    ]
    assert results[0].output == results[1].output
    assert results[0].stats.fuel == results[1].stats.fuel


def test_a_path_may_be_a_text_a_path_or_bytes(artifact: Artifact) -> None:
    path = artifact("cron-next")
    for named in (str(path), path, str(path).encode()):
        assert Runtime().load(named, interfaces=QUIET).name == "cron-next"


def test_an_engine_takes_its_own_kind_of_code_only(artifact: Artifact) -> None:
    about = native.about()
    with pytest.raises(errors.WrongTarget, match=about["engine"]):
        Runtime(interpret=True).load(str(artifact("cron-next", about["engine"])), interfaces=QUIET)


def read_by(act: Callable[[], object]) -> int:
    """Bytes that this process read meanwhile."""

    def so_far() -> int:
        return int(Path("/proc/self/io").read_text().split()[1])

    before = so_far()
    act()
    return so_far() - before


@pytest.fixture
def kept(artifact: Artifact, tmp_path: Path) -> tuple[Path, bytes]:
    """An artifact of its own file, and the receipt for it."""
    path = tmp_path / "a.cwasm"
    path.write_bytes(artifact("cron-next").read_bytes())
    with path.open("rb") as file:
        return path, native.describe_artifact(file.fileno())[1]


def load(path: Path, receipt: bytes) -> None:
    with path.open("rb") as file:
        Runtime().load_open(file.fileno(), path.name, receipt=receipt, interfaces=QUIET)


def test_what_has_a_receipt_is_not_read_through_again(kept: tuple[Path, bytes]) -> None:
    path, receipt = kept
    size = path.stat().st_size
    assert read_by(lambda: load(path, b"")) > size
    assert read_by(lambda: load(path, receipt)) < size / 2


def test_a_receipt_is_for_one_unchanged_file(kept: tuple[Path, bytes]) -> None:
    path, receipt = kept
    contents = bytearray(path.read_bytes())
    contents[len(contents) // 2] ^= 1
    path.write_bytes(contents)
    with pytest.raises(errors.Damaged):
        load(path, receipt)


def test_a_receipt_does_not_help_a_file_that_others_may_write(kept: tuple[Path, bytes]) -> None:
    path, _ = kept
    os.chmod(path, 0o666)
    with path.open("rb") as file:
        receipt = native.describe_artifact(file.fileno())[1]
    assert read_by(lambda: load(path, receipt)) > path.stat().st_size


def test_a_receipt_does_not_stand_for_trust(kept: tuple[Path, bytes]) -> None:
    path, receipt = kept
    with path.open("rb") as file, pytest.raises(errors.Untrusted):
        Runtime(trusted=[bytes(32)]).load_open(file.fileno(), "a", receipt=receipt)


def test_of_a_package_it_is_said_how_it_runs(wasm: Artifact, tmp_path: Path) -> None:
    path = tmp_path / "a.edge"
    path.write_bytes(packages.package(wasm("cron-next"), name="cron-next"))
    with pytest.raises(errors.NotArtifact, match="a.edge is a package") as caught:
        Runtime().load(str(path))
    assert "edge install" in caught.value.remedy
    assert "edge call" in caught.value.remedy
