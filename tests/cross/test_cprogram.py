from __future__ import annotations

import signal
from pathlib import Path
from typing import Callable

from cross import cprogram
from cross.cache import ROOT

CANARY = ROOT / "cross" / "canary" / "canary.c"


def test_the_emulated_pi_zero_runs_what_was_made_for_it() -> None:
    done = cprogram.run("pi-zero", cprogram.program("pi-zero", CANARY))
    assert (done.returncode, done.stdout) == (0, "12345678\n")


def test_the_emulated_pi_zero_refuses_a_newer_cpu() -> None:
    done = cprogram.run("pi-zero", cprogram.program("pi-zero", CANARY, cpu="cortex_a7"))
    assert done.returncode == -signal.SIGILL


def test_a_c_program_drives_the_library_on_an_arm1176(artifact: Callable[..., Path]) -> None:
    driver = cprogram.program("pi-zero", ROOT / "tests" / "abi" / "driver.c", with_library=True)
    from edge.trust import key_file

    public_key = key_file.local_public()
    assert public_key
    tool = artifact("cron-next", "pulley32")
    question = '{"cron": "0 7 * * mon", "after": "2026-01-30T09:30:00Z"}'
    done = cprogram.run("pi-zero", driver, str(tool), public_key.hex(), question, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "2026-02-02T07:00:00Z" in done.stdout
    assert "checks passed" in done.stdout
