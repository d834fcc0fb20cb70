"""Timings of both for information; `python -m bench` checks the budgets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bench.versus import Peers, bare_kb

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

ROUNDS = 9


@pytest.fixture(scope="module")
def peers(tmp_path_factory: pytest.TempPathFactory) -> Peers:
    return Peers(Path(tmp_path_factory.mktemp("versus")))


@pytest.mark.parametrize("peer", ["edge", "wasmtime"])
def test_process_to_first_answer(benchmark: BenchmarkFixture, peers: Peers, peer: str) -> None:
    measured = []
    benchmark.group = "process start to exit"
    benchmark.pedantic(  # type: ignore[no-untyped-call]
        lambda: measured.append(getattr(peers, peer)()), rounds=ROUNDS, warmup_rounds=1
    )
    best = min(measured, key=lambda one: one["seconds"])
    benchmark.extra_info["import to first answer, ms"] = round(best["seconds"] * 1000, 2)
    benchmark.extra_info["warm call, µs"] = round(min(one["warm_seconds"] for one in measured) * 1e6, 1)
    benchmark.extra_info["memory over bare Python, kB"] = best["peak_kb"] - bare_kb()
