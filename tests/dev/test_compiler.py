"""What a file does to the compiler ends in the compiler's own process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable

import pytest

from edge import errors
from edge._native import making
from edge.dev import compiler

Wasm = Callable[[str], Path]

ROOT = Path(__file__).parent.parent.parent
TIMEOUT = 60

# (component (import "a:b/c" (func))): the decoder of WIT panics on a name that is an interface's.
PANICS = b"\0asm\x0d\0\1\0\7\5\1\x40\0\1\0\x0a\x0a\1\0\5a:b/c\1\0"


@pytest.fixture(scope="module")
def component(wasm: Wasm) -> bytes:
    encoded: bytes = compiler.encode(wasm("cron-next").read_bytes(), "cron-next")["wasm"]
    return encoded


def test_a_module_with_metadata_comes_back_as_a_component(wasm: Wasm) -> None:
    given = wasm("cron-next").read_bytes()
    encoded = compiler.encode(given, "cron-next")
    assert encoded == making.encode_component(given, "cron-next")
    assert compiler.encode(encoded["wasm"], "cron-next")["wasm"] == encoded["wasm"]


def test_what_makes_the_compiler_fail_is_refused() -> None:
    with pytest.raises(errors.InvalidWasm, match=r"^x\.wasm: the compiler failed: internal error"):
        compiler.encode(PANICS, "x.wasm")


def test_refusals_are_those_of_the_library() -> None:
    for data, kind in ((b"no wasm at all", errors.NotWasm), (b"\0asm\1\0\0\0", errors.NotComponent)):
        with pytest.raises(kind, match=r"^x\.wasm: "):
            compiler.encode(data, "x.wasm")


def test_memory_is_limited(monkeypatch: pytest.MonkeyPatch, component: bytes) -> None:
    monkeypatch.setattr(compiler, "BASE_MB", 24)
    monkeypatch.setattr(compiler, "MB_PER_MB", 0)
    with (
        open(os.devnull, "wb") as out,
        pytest.raises(errors.TooComplex, match=r"^x\.wasm: .* 24 MB of memory"),
    ):
        compiler.compile_component(component, "x.wasm", "pulley32", making.new_key(), out.fileno())


def test_cpu_time_is_limited(wasm: Wasm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiler, "BASE_SECONDS", 1)
    monkeypatch.setattr(compiler, "SECONDS_PER_MB", 0)
    large = wasm("sensor-digest").read_bytes()
    with (
        open(os.devnull, "wb") as out,
        pytest.raises(errors.TooComplex, match=r"^x\.wasm: .* 1 s of CPU time"),
    ):
        compiler.compile_component(large, "x.wasm", "pulley32", making.new_key(), out.fileno())


def test_valid_code_over_a_limit_of_cranelift_is_not_called_damaged() -> None:
    wasmtime = pytest.importorskip("wasmtime", reason="the assembler is not here")
    table = " ".join(["0"] * 70_000)
    wide = wasmtime.wat2wasm(f"(component (core module (func (param i32) (br_table {table} (local.get 0)))))")
    with open(os.devnull, "wb") as out, pytest.raises(errors.TooComplex, match="70000|69999"):
        compiler.compile_component(bytes(wide), "x.wasm", "pulley32", making.new_key(), out.fileno())


def test_a_compiler_that_the_system_kills_is_no_fault_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiler, "BOOT", "import os; os.kill(os.getpid(), 9)")
    with pytest.raises(errors.OutOfMemory, match=r"^x\.wasm: the compiler process was killed"):
        compiler.decode(b"", "x.wasm")


def test_a_lower_limit_around_the_compiler_is_no_fault_of_the_file() -> None:
    """With fewer addresses or less CPU time than the compiler's own limits, those of the shell are named."""
    code = (
        "import resource\nfrom edge import errors\nfrom edge.dev import compiler\n"
        "resource.setrlimit(resource.RLIMIT_CPU, (30, 30))\n"
        "limits = {'cpu_s': 60, 'memory_mb': 512}\n"
        "print(compiler._ended(-24, 'x', limits, b''))\n"
        "resource.setrlimit(resource.RLIMIT_DATA, (400 << 20, 400 << 20))\n"
        "print(compiler._ended(1, 'x', limits, b'MemoryError'))\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    time, memory = ran.stdout.splitlines()
    assert "more than 30 s of CPU time, the limit of this process. Raise that limit: `ulimit -t`" in time
    assert "more than 400 MB of memory, the limit of this process. Raise that limit: `ulimit -d`" in memory


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_the_compiler_ends_with_who_started_it(wasm: Wasm, tmp_path: Path, how: signal.Signals) -> None:
    command = [sys.executable, "-m", "edge", "compile", str(wasm("sensor-digest")), "--target", "pi-zero"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([*command, "-o", str(tmp_path)], env=env, stderr=subprocess.DEVNULL) as process:
        (child,) = waited_for(lambda: children(process.pid))
        process.send_signal(how)
        assert process.wait(TIMEOUT) != 0
    waited_for(lambda: not Path(f"/proc/{child}").exists())
    assert list(tmp_path.iterdir()) == []


def children(pid: int) -> list[int]:
    threads = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for thread in threads for child in (thread / "children").read_text().split()]


def waited_for(condition: Callable[[], Any]) -> Any:
    until = time.monotonic() + TIMEOUT
    while not (found := condition()):
        assert time.monotonic() < until
        time.sleep(0.01)
    return found
