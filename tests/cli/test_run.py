from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable

import pytest

from edge import _native as native
from tests.support.descriptors import descriptors

ROOT = Path(__file__).resolve().parent.parent.parent
CASE = json.loads((ROOT / "examples" / "cron-next" / "cases.json").read_text())[0]
ARGUMENTS = json.dumps(CASE["arguments"])

Edge = Callable[..., Any]
Artifact = Callable[[str], Path]


def test_the_answer_is_on_stdout_and_events_are_on_stderr(edge: Edge, artifact: Artifact) -> None:
    ran = edge("run", artifact("cron-next"), ARGUMENTS)
    assert ran.status == 0
    assert json.loads(ran.out) == CASE["output"]
    assert ran.err.startswith("cron-next [info] cron-next::execute schedule success: ")


def test_the_tool_may_be_named(edge: Edge, artifact: Artifact) -> None:
    assert edge("run", artifact("cron-next"), "cron_next", ARGUMENTS).status == 0


def test_a_wasm_is_compiled_and_run(edge: Edge, wasm: Artifact) -> None:
    ran = edge("run", wasm("cron-next"), "cron_next", ARGUMENTS)
    assert ran.status == 0
    assert json.loads(ran.out) == CASE["output"]


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["no JSON"], "The arguments must be a JSON object"),
        (["{}", "--config", "no JSON"], "The configuration must be a JSON object"),
        (["{}", "--config", "@/nowhere.json"], "/nowhere.json: No such file"),
        (["{}", "--secret", "token=/nowhere"], "/nowhere: No such file"),
        (["{}", "--manifest", "/nowhere.toml"], "/nowhere.toml: No such file"),
    ],
)
def test_what_is_wrong_without_asking_the_plugin_is_told_before_a_wasm_is_compiled(
    edge: Edge, wasm: Artifact, compiled: list[str], words: list[str], what: str
) -> None:
    ran = edge("run", wasm("cron-next"), *words)
    assert (ran.status, ran.out) == (2, "")
    assert what in ran.err
    assert compiled == []


def test_arguments_from_standard_input_are_looked_at_before_a_wasm_is_compiled(
    wasm: Artifact, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "edge", "run", str(wasm("faults")), "-"],
        cwd=ROOT,
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path)},
        input="no JSON",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "The arguments must be a JSON object" in done.stderr
    assert "compiling" not in done.stderr


def test_arguments_from_standard_input_reach_a_wasm(wasm: Artifact) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "edge", "run", str(wasm("cron-next")), "-"],
        cwd=ROOT,
        input=ARGUMENTS,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == CASE["output"]


def test_an_unchanged_wasm_is_compiled_once(
    edge: Edge, wasm: Artifact, tmp_path: Path, compiled: list[str]
) -> None:
    path = tmp_path / "a.wasm"
    path.write_bytes(wasm("cron-next").read_bytes())
    ran = [edge("run", path, *named, ARGUMENTS) for named in (["no_such"], ["cron_next"], [])]
    assert [found.status for found in ran] == [2, 0, 0]
    assert (json.loads(ran[1].out), len(compiled)) == (CASE["output"], 1)
    assert "compiling" not in ran[1].err + ran[2].err
    path.write_bytes(wasm("faults").read_bytes())
    assert (edge("run", path, '{"do": "nothing"}').status, len(compiled)) == (0, 2)


def test_what_has_no_tool_is_told_before_it_is_compiled_and_from_the_cache(
    edge: Edge, wasm: Artifact, tmp_path: Path, compiled: list[str]
) -> None:
    engine = native.about()["engine"]
    assert edge("run", wasm("memory"), "{}").status == 2
    assert compiled == []
    assert edge("compile", wasm("memory"), "--target", engine, "-o", tmp_path).status == 0
    ran = edge("run", wasm("memory"), "{}")
    assert (ran.status, compiled) == (2, [engine])
    assert "memory plugin, which has no tool" in ran.err


@pytest.mark.parametrize(
    ("contents", "message"), [(b"", "is empty"), (b"(component)", "it is not WebAssembly")]
)
def test_a_wasm_that_is_none_is_not_called_an_artifact(
    edge: Edge, tmp_path: Path, contents: bytes, message: str
) -> None:
    (tmp_path / "a.wasm").write_bytes(contents)
    ran = edge("run", tmp_path / "a.wasm", "{}")
    assert (ran.status, message in ran.err, "trailer" in ran.err) == (3, True, False)


def test_a_component_that_can_not_be_decoded_is_not_cached(
    edge: Edge, tmp_path: Path, compiled: list[str]
) -> None:
    (tmp_path / "a.wasm").write_bytes(b"\0asm\x0d\0\1\0\xff")
    assert [edge("run", tmp_path / "a.wasm", "{}").status for _ in range(2)] == [3, 3]
    assert compiled == []


def test_a_machine_without_a_key_makes_one(
    edge: Edge, wasm: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert edge("run", wasm("cron-next"), ARGUMENTS).status == 0
    assert (tmp_path / ".local" / "share" / "edge" / "keys" / "local.key").exists()


def test_json_is_one_document(edge: Edge, artifact: Artifact) -> None:
    ran = edge("run", "--json", artifact("cron-next"), ARGUMENTS)
    found = ran.document
    assert (ran.status, found["success"], found["error"]) == (0, True, None)
    assert json.loads(found["output"]) == CASE["output"]
    assert found["fuel"] > 0
    assert found["host_calls"] == 1


def test_a_tool_that_says_no_exits_with_1(edge: Edge, artifact: Artifact) -> None:
    ran = edge("run", artifact("faults"), '{"do": "no", "text": "half"}')
    assert (ran.status, ran.out, ran.err) == (1, "half\n", "edge: faults says: no\n")
    ran = edge("run", artifact("faults"), '{"do": "error", "text": "out of paper"}')
    assert (ran.status, ran.out, ran.err) == (1, "", "edge: faults says: out of paper\n")


def test_arguments_may_come_from_standard_input(artifact: Artifact) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "edge", "run", str(artifact("faults")), "-"],
        cwd=ROOT,
        input=json.dumps({"do": "arguments", "text": "x" * 300_000}),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert len(done.stdout) > 300_000


@pytest.mark.parametrize("way", ["inline", "file"])
def test_configuration_reaches_the_plugin(edge: Edge, artifact: Artifact, tmp_path: Path, way: str) -> None:
    config = '{"a":1}'
    (tmp_path / "config.json").write_text(config)
    given = config if way == "inline" else f"@{tmp_path / 'config.json'}"
    ran = edge("run", artifact("faults"), '{"do": "arguments"}', "--config", given)
    assert json.loads(ran.out)["__config"] == {"a": 1}


@pytest.mark.parametrize("text", [b"s3cret\n", b"s3cret\r\n", b"\xef\xbb\xbfs3cret"])
def test_a_secret_comes_from_a_file(edge: Edge, artifact: Artifact, tmp_path: Path, text: bytes) -> None:
    (tmp_path / "token").write_bytes(text)
    ran = edge(
        "run", artifact("faults"), '{"do": "secret", "text": "token"}', "--secret", f"token={tmp_path}/token"
    )
    assert ran.out == 'Ok("s3cret")\n'


@pytest.mark.parametrize(
    ("options", "arguments", "message"),
    [
        (["--fuel", "100000"], '{"do": "spin"}', "fuel"),
        (["--timeout", "0.1", "--fuel", "999999999999999"], '{"do": "spin"}', "longer than 100 ms"),
        (["--memory", "1"], '{"do": "nothing"}', "memory"),
    ],
)
def test_limits_end_a_call(
    edge: Edge, artifact: Artifact, options: list[str], arguments: str, message: str
) -> None:
    ran = edge("run", artifact("faults"), arguments, *options)
    assert (ran.status, ran.out) == (4, "")
    assert message in ran.err


def test_with_fixed_the_same_question_has_the_same_answer(edge: Edge, artifact: Artifact) -> None:
    ran = [edge("run", artifact("wasi"), "{}", "--fixed", "--json").document for _ in range(2)]
    for facts in ran:
        del facts["call_ms"]
    assert ran[0] == ran[1]
    assert json.loads(ran[0]["output"])["wall_clock"] // 10**9 == 946_684_800


def test_stats_are_talk(edge: Edge, artifact: Artifact) -> None:
    ran = edge("run", artifact("faults"), '{"do": "nothing"}', "--stats")
    assert ran.out == ""
    assert "fuel " in ran.err


def test_what_a_guest_writes_is_talk(edge: Edge, artifact: Artifact) -> None:
    ran = edge("run", artifact("wasi"), '{"a": "\\u001b[2J"}')
    assert ran.status == 0
    assert ran.out.startswith("{")
    assert "out: " in ran.err
    assert "\x1b" not in ran.err


def test_ctrl_c_ends_a_call(artifact: Artifact) -> None:
    words = ["run", str(artifact("faults")), '{"do": "spin"}', "--fuel", "999999999999999"]
    process = subprocess.Popen(
        [sys.executable, "-m", "edge", *words], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=10)
    assert (process.returncode, err) == (130, "edge: interrupted\n")


def test_nothing_is_left_behind_by_running_a_wasm(edge: Edge, wasm: Artifact, tmp_path: Path) -> None:
    copy = tmp_path / "cron-next.wasm"
    copy.write_bytes(wasm("cron-next").read_bytes())
    before = descriptors()
    assert edge("run", copy, ARGUMENTS).status == 0
    assert os.listdir(tmp_path) == ["cron-next.wasm"]
    assert descriptors() == before
