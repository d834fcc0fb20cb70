"""`cross/pizero`, as scripts call it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Callable

import pytest

from cross.board import Board
from cross.cache import ROOT

QUESTION = '{"cron": "0 7 * * mon", "after": "2026-01-30T09:30:00Z"}'


def pizero(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        [str(ROOT / "cross" / "pizero"), *arguments],
        check=False,
        cwd=cwd,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
    )


def test_a_command_with_files_in_one_document(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "inner").write_text("deep")
    (tmp_path / "file").write_bytes(b"\xff")
    command = "edge --version; cat file folder/inner; echo problem >&2; exit 9"
    done = pizero("--with", "file", "folder", "--json", "--icount", "--", "sh", "-c", command, cwd=tmp_path)
    assert done.returncode == 9, done.stderr
    document = json.loads(done.stdout)
    assert document["exit"] == 9
    assert document["stdout"].startswith("edge ")
    assert document["stdout"].encode("utf-8", "surrogateescape").endswith(b"\xffdeep")
    assert document["stderr"] == "problem\n"
    assert document["bare_rss_kb"] > document["bare_anon_kb"] > 0
    assert document["peak_rss_kb"] > document["peak_anon_kb"] > 0
    assert document["virtual_ms"] > 0
    assert document["boot_s"] > 0


def test_output_goes_where_the_command_wrote_it(tmp_path: Path) -> None:
    done = pizero("--", "sh", "-c", "echo answer; echo problem >&2", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "answer\n")
    assert "problem\n" in done.stderr
    assert "peak memory" in done.stderr


@pytest.mark.parametrize(
    "arguments", [(), ("--",), ("edge",), ("--unknown", "--", "true"), ("--with", "--", "true")]
)
def test_wrong_usage(arguments: tuple[str, ...], tmp_path: Path) -> None:
    done = pizero(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")


def test_no_board(tmp_path: Path) -> None:
    done = pizero("--with", "missing", "--", "true", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (5, "")
    assert "missing cannot be copied to the board" in done.stderr


def test_edge_runs_what_this_machine_compiled(board: Board, artifact: Callable[..., Path]) -> None:
    tool = artifact("cron-next", "pulley32")
    board.put(tool.name, tool.read_bytes())
    done = board.run(["edge", "run", tool.name, QUESTION])
    assert done.exit == 0, done.stderr
    assert b"2026-02-02T07:00:00Z" in done.stdout
