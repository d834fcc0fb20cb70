"""Code of one component for several engines."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Callable, NoReturn

import pytest

from edge import errors
from edge.dev import compiler
from edge.dev.compilation import Compilation
from edge.trust import key_file
from tests.support.descriptors import descriptors

Wasm = Callable[[str], Path]
MB = 1 << 20


@pytest.mark.parametrize(
    ("cpus", "free", "count"),
    [(2, 8 << 30, 2), (4, 8 << 30, 4), (4, 1 << 30, 2), (4, 300 * MB, 1), (1, 8 << 30, 1), (4, 0, 1)],
)
def test_as_many_engines_at_once_as_there_are_cpus_and_memory(
    monkeypatch: pytest.MonkeyPatch, cpus: int, free: int, count: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cpus)))
    monkeypatch.setattr("edge.limits.admission.free_bytes", lambda: free)
    assert compiler.at_once(18 * MB) == count


def test_an_engine_is_compiled_once_however_often_it_is_wanted(wasm: Wasm, compiled: list[str]) -> None:
    given = wasm("cron-next").read_bytes()
    component = compiler.encode(given, "x.wasm")["wasm"]
    with Compilation(given, "x.wasm") as compilation:
        first = compilation.code(component, ["pulley32", "pulley32"])
        second = compilation.code(component, ["pulley64", "pulley32"])
        assert second["pulley32"] is first["pulley32"]
        assert list(second) == ["pulley64", "pulley32"]
    assert compiled == ["pulley32", "pulley64"]


def test_when_one_engine_fails_the_processes_of_the_others_end(
    wasm: Wasm, compiled: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    component = wasm("sensor-digest").read_bytes()
    monkeypatch.setattr(compiler, "at_once", lambda _: 2)
    before = len(descriptors())
    with Compilation(component, "x.wasm") as compilation:
        with pytest.raises(errors.OptionsError, match="no engine target"):
            compilation.code(component, ["pulley32", "pdp-11", "aarch64"])
        assert compilation.find("pulley32") is None
    assert sorted(compiled) == ["pdp-11", "pulley32"]
    assert len(descriptors()) == before


def test_processes_that_were_ended_take_no_more(wasm: Wasm) -> None:
    processes = compiler.Processes()
    processes.end()
    component = wasm("cron-next").read_bytes()
    with open(os.devnull, "wb") as out, pytest.raises(errors.OutOfMemory):
        compiler.compile_component(
            component, "x.wasm", "pulley32", key_file.local_seed(), out.fileno(), processes
        )


def test_the_private_key_is_read_to_compile_only_and_wiped_in_the_end(
    wasm: Wasm, compiled: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = wasm("cron-next").read_bytes()
    component = compiler.encode(given, "x.wasm")["wasm"]
    with Compilation(given, "x.wasm") as compilation:
        compilation.code(component, ["pulley32"])
        seed = compilation.seed
        assert any(seed)
    assert not any(seed)

    def refuse() -> NoReturn:
        pytest.fail("the private key was read")

    monkeypatch.setattr(key_file, "local_seed", refuse)
    with Compilation(given, "x.wasm") as compilation:
        compilation.code(component, ["pulley32"])
    assert compiled == ["pulley32"]
