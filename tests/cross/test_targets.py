from __future__ import annotations

import pytest

from cross import targets


def test_every_device_is_built_checked_and_runnable() -> None:
    for row in targets.table().values():
        if row.is_device:
            assert row.triple and row.zig and row.cpu and row.engine and row.elf, row.name
            assert bool(row.userland) == bool(row.emulator), row.name


def test_32_bit_arm_is_held_to_the_pi_zero() -> None:
    arm = [row for row in targets.table().values() if row.elf and row.elf.machine == "ARM"]
    assert {row.elf.max_cpu_arch for row in arm if row.elf} == {"v6KZ"}


def test_an_unknown_name_is_answered_with_those_there_are() -> None:
    with pytest.raises(targets.UnknownTarget, match="unknown target pico; known are pi-zero, "):
        targets.get("pico")
