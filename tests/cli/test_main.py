from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable

import pytest

from edge import cli

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"], ["help"]])
def test_help_names_every_command(edge: Callable[..., Any], words: list[str]) -> None:
    ran = edge(*words)
    assert ran.status == 0
    assert all(f"\n  {name} " in ran.out for name in cli.COMMANDS)


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_has_help_with_an_example(edge: Callable[..., Any], name: str) -> None:
    ran = edge(name, "--help")
    assert ran.status == 0
    assert ran.out.startswith(f"edge {name} ")
    assert f"Example:\n  edge {name} " in ran.out
    assert "--json" in ran.out


def test_help_of_a_command_may_stand_first(edge: Callable[..., Any]) -> None:
    for more in ([], ["--json"]):
        assert edge("help", "run", *more).out == edge("run", "--help", *more).out
    assert edge("help", "fly").status == 2


def test_a_command_that_is_not_there_is_told_what_there_is(edge: Callable[..., Any]) -> None:
    ran = edge("fly")
    assert (ran.status, ran.out) == (2, "")
    assert "No such command: `fly`" in ran.err
    assert "run, compile" in ran.err


def test_errors_are_json_when_asked_for(edge: Callable[..., Any]) -> None:
    ran = edge("run", "--json", "nowhere.cwasm", "{}")
    assert (ran.status, ran.err) == (2, "")
    error = ran.document["error"]
    assert (error["kind"], error["exit"]) == ("UsageError", 2)
    assert "nowhere.cwasm" in error["message"]
    assert error["remedy"]


def test_version_says_what_this_is(edge: Callable[..., Any]) -> None:
    ran = edge("--version")
    assert ran.status == 0
    assert "wasmtime 48." in ran.out


def test_an_interrupt_is_no_traceback(edge: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_dispatch", interrupt)
    ran = edge("run")
    assert (ran.status, ran.err) == (130, "edge: interrupted\n")


def test_an_interrupt_is_json_when_asked_for(
    edge: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_dispatch", interrupt)
    ran = edge("run", "--json")
    assert (ran.status, ran.err) == (130, "")
    error = ran.document["error"]
    assert (error["kind"], error["exit"], set(error)) == (
        "Interrupted",
        130,
        {"kind", "message", "remedy", "exit"},
    )


def test_a_fault_of_edge_itself_comes_with_its_trace(
    edge: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> int:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(cli, "_dispatch", fail)
    ran = edge("run")
    assert ran.status == 5
    assert "Traceback" in ran.err
    assert "report it" in ran.err


@pytest.mark.parametrize(("number", "kind"), [(errno.EIO, "IoFault"), (errno.ENOSPC, "DiskFull")])
def test_what_this_machine_can_not_do_is_no_fault_of_edge_itself(
    edge: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, number: int, kind: str
) -> None:
    def fail(*_: object) -> int:
        raise OSError(number, os.strerror(number), "/some/file")

    monkeypatch.setattr(cli, "_dispatch", fail)
    ran = edge("run", "--json")
    said = ran.document["error"]
    assert (ran.status, ran.err, said["kind"]) == (5, "", kind)
    assert said["message"] == f"/some/file: {os.strerror(number)}"
    assert said["remedy"]


def test_no_memory_is_no_fault_of_edge_itself(
    edge: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> int:
        raise MemoryError

    monkeypatch.setattr(cli, "_dispatch", fail)
    ran = edge("run", "--json")
    assert (ran.status, ran.err, ran.document["error"]["kind"]) == (5, "", "OutOfMemory")


@pytest.mark.skipif(sys.maxsize < 1 << 32, reason="an instance reserves no more than it needs")
def test_memory_that_the_system_does_not_give_is_no_fault_of_the_plugin(
    artifact: Callable[[str], Path],
) -> None:
    limited = 'ulimit -v 400000 && exec "$@"'
    words = [sys.executable, "-m", "edge", "run", str(artifact("faults")), '{"do": "nothing"}', "--json"]
    ran = subprocess.run(["sh", "-c", limited, "sh", *words], capture_output=True, text=True, check=False)
    said = json.loads(ran.stdout)["error"]
    assert (ran.returncode, said["kind"]) == (5, "OutOfMemory")


def test_a_closed_standard_output_is_an_error_and_no_traceback() -> None:
    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m edge --help >&-"],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == 5
    assert done.stderr.startswith("edge: standard output: ")


@pytest.mark.parametrize("words", [("--help",), ("list", "--help", "--json"), ("doctor",)])
def test_when_nobody_reads_the_answer_that_is_no_error(words: tuple[str, ...]) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    done = subprocess.run(
        [sys.executable, "-m", "edge", *words], cwd=ROOT, stdout=theirs, stderr=subprocess.PIPE, check=False
    )
    os.close(theirs)
    assert (done.returncode, done.stderr) == (141, b"")


def test_talk_never_goes_to_standard_output() -> None:
    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m edge fly 2>&-"], cwd=ROOT, stdout=subprocess.PIPE, check=False
    )
    assert (done.returncode, done.stdout) == (2, b"")
