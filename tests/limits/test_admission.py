from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge import errors
from edge.limits import MB, PI_ZERO, Limits, admission
from edge.limits.admission import INSTANCE_BYTES, RESERVE_BYTES, Admission, Counters

MEMINFO = "MemTotal:         443000 kB\nMemFree:           99000 kB\nMemAvailable:     {} kB\nBuffers: 1 kB\n"


class Machine:
    """Files that say how much memory there is."""

    def __init__(self, folder: Path) -> None:
        self.root = str(folder)
        self.processes = folder / "proc"
        self.groups = folder / "sys" / "fs" / "cgroup"
        (self.processes / "self").mkdir(parents=True)
        self.free(300 * MB)
        self.in_groups("")

    def free(self, count: int) -> None:
        (self.processes / "meminfo").write_text(MEMINFO.format(count >> 10))

    def in_groups(self, lines: str) -> None:
        (self.processes / "self" / "cgroup").write_text(lines)

    def group(self, path: str, **files: object) -> None:
        folder = self.groups / path
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / f"memory.{name}").write_text(f"{content}\n")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "machine")


@pytest.fixture
def counters(tmp_path: Path, machine: Machine) -> Iterator[Counters]:
    with Counters(str(tmp_path / "counters"), root=machine.root) as found:
        yield found


def test_this_machine_says_what_is_free() -> None:
    assert 0 < admission.free_bytes() < admission.UNKNOWN


def test_free_is_what_the_kernel_calls_available(machine: Machine) -> None:
    machine.free(123 * MB)
    assert admission.free_bytes(machine.root) == 123 * MB


def test_a_kernel_that_does_not_say_refuses_nothing(machine: Machine) -> None:
    (machine.processes / "meminfo").write_text("MemTotal: 443000 kB\n")
    assert admission.free_bytes(machine.root) == admission.UNKNOWN


@pytest.mark.parametrize(
    "said", ["", "MemAvailable:", "MemAvailable: much", "MemAvailable: -1 kB", f"MemAvailable: {10**30} kB"]
)
def test_what_no_kernel_says_refuses_nothing(machine: Machine, said: str) -> None:
    (machine.processes / "meminfo").write_text(said)
    machine.in_groups("0\n::\n:memory\n9:memory:no-slash\n0::/group\n")
    machine.group("group", max="-1", current="")
    machine.group("", max="99 bottles")
    assert admission.free_bytes(machine.root) == admission.UNKNOWN


@pytest.mark.parametrize(
    ("limit", "used", "cached", "free"),
    [(100, 30, 0, 70), (100, 90, 60, 70), (100, 120, 0, 0), (1000, 10, 0, 300), ("max", 10, 0, 300)],
)
def test_a_control_group_leaves_less(
    machine: Machine, limit: int | str, used: int, cached: int, free: int
) -> None:
    machine.in_groups("0::/system.slice/edge.service\n")
    machine.group(
        "system.slice",
        max=limit if isinstance(limit, str) else limit * MB,
        current=used * MB,
        stat=f"anon 1\ninactive_file {cached * MB}\nactive_file 9",
    )
    machine.group("system.slice/edge.service", max="max", current=1)
    assert admission.free_bytes(machine.root) == free * MB


def test_a_control_group_of_version_1_leaves_less(machine: Machine) -> None:
    machine.in_groups("5:cpu:/a\n4:memory,hugetlb:/a\n1:name=systemd:/a\n")
    machine.group(
        "memory/a",
        limit_in_bytes=90 * MB,
        usage_in_bytes=80 * MB,
        stat=f"inactive_file 1\ntotal_inactive_file {20 * MB}",
    )
    assert admission.free_bytes(machine.root) == 30 * MB


def test_an_instance_needs_memory_stack_and_what_the_library_takes() -> None:
    assert admission.need(Limits(memory=5 * MB), PI_ZERO) == 5 * MB + PI_ZERO.stack_bytes + INSTANCE_BYTES


def test_a_device_takes_so_many_and_no_more(counters: Counters) -> None:
    limits = Limits(memory=31 * MB)
    each = admission.need(limits, PI_ZERO)
    slots = [
        Admission(counters, PI_ZERO).admit(f"plugin-{number}", limits)
        for number in range(PI_ZERO.memory // each)
    ]
    with pytest.raises(
        errors.NotAdmitted,
        match="one-more may use 32.0 MB, 3 others may use 96.0 MB, and 96.0 MB are available: "
        "the pi-zero profile allows no more for all plugins",
    ) as caught:
        Admission(counters, PI_ZERO).admit("one-more", limits)
    assert caught.value.remedy.startswith("Wait until another call has ended")
    slots[0].close()
    Admission(counters, PI_ZERO).admit("one-more", limits).close()


def test_waiting_is_no_remedy_where_nothing_else_runs(counters: Counters) -> None:
    with pytest.raises(errors.NotAdmitted) as never:
        Admission(counters, PI_ZERO).admit("large", Limits(memory=PI_ZERO.memory))
    assert never.value.remedy.startswith("It never fits on this device")


def test_where_this_machine_has_too_little_free_others_are_to_be_closed(
    machine: Machine, counters: Counters
) -> None:
    machine.free(RESERVE_BYTES + 20 * MB)
    with pytest.raises(errors.NotAdmitted) as caught:
        Admission(counters, PI_ZERO).admit("large", Limits(memory=30 * MB))
    assert caught.value.remedy.startswith("Close other programs")


def test_what_is_free_decides_where_it_is_less(machine: Machine, counters: Counters) -> None:
    machine.free(RESERVE_BYTES + 20 * MB)
    Admission(counters, PI_ZERO).admit("small", Limits(memory=19 * MB)).close()
    with pytest.raises(
        errors.NotAdmitted, match="and 20.0 MB are available: 44.0 MB are free, and 24.0 MB are reserved"
    ):
        Admission(counters, PI_ZERO).admit("large", Limits(memory=20 * MB))


def test_less_free_than_the_reserve_is_no_room(machine: Machine, counters: Counters) -> None:
    machine.free(RESERVE_BYTES - MB)
    with pytest.raises(errors.NotAdmitted, match=r"and 0\.0 MB are available"):
        Admission(counters, PI_ZERO).admit("any", Limits(memory=1))


def test_the_profile_bounds_calls_of_a_plugin(counters: Counters) -> None:
    admit = Admission(counters, PI_ZERO).admit
    limits = Limits(memory=1)
    slots = [admit("busy", limits) for _ in range(PI_ZERO.concurrent_calls)]
    with pytest.raises(errors.Busy) as caught:
        admit("busy", limits)
    assert caught.value.exit_code == 4
    for slot in slots:
        slot.close()
    for _ in range(PI_ZERO.calls_per_minute - len(slots)):
        admit("busy", limits).close()
    with pytest.raises(errors.RateExceeded) as exceeded:
        admit("busy", limits)
    assert exceeded.value.exit_code == 4


def test_a_plugin_may_have_bounds_of_its_own(counters: Counters) -> None:
    admit = Admission(counters, PI_ZERO).admit
    with admit("own", Limits(memory=1), concurrent=1), pytest.raises(errors.Busy):
        admit("own", Limits(memory=1), concurrent=1)
    with pytest.raises(errors.RateExceeded):
        admit("own", Limits(memory=1), per_minute=1)


@pytest.mark.parametrize(
    ("amounts", "says"),
    [
        ({"memory": 1 << 64}, "memory is 18446744073709551616"),
        ({"memory": -1}, "memory is -1"),
        ({"concurrent": 1 << 32}, "concurrent is 4294967296; .* 0 to 4294967295"),
        ({"per_minute": 1.5}, "per_minute is 1.5"),
    ],
)
def test_an_amount_that_can_not_be_counted_is_named_with_its_range(
    tmp_path: Path, amounts: dict[str, Any], says: str
) -> None:
    with Counters(str(tmp_path / "counters")) as counters, pytest.raises(errors.OptionsError, match=says):
        counters.enter("a", **amounts)
