from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.doctor import elf
from tests.conftest import built
from tests.doctor.files import elf_file


@pytest.mark.parametrize(
    ("target", "name"),
    [("pi-zero", "armhf, 32 bits"), ("board", "arm, 32 bits"), ("pi-64", "aarch64, 64 bits")],
)
def test_what_is_built_for_devices_says_so(target: str, name: str) -> None:
    found = elf.read(str(built("cross.build", target)))
    assert found is not None
    assert found.name == name
    assert found.arch in (elf.ARMV6 if found.machine == elf.ARM else (-1,))


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ([(6, 10), (28, 1)], (10, True)),
        ([(4, "ARM1176JZF-S"), (5, "v6"), (6, 7), (28, 1)], (7, True)),
        ([(32, 1, "aeabi"), (67, "2.09"), (65, "other"), (6, 6)], (6, False)),
        ([(6, 300)], (300, False)),
        ([], (-1, False)),
    ],
)
def test_attributes_of_arm_are_read(
    tmp_path: Path, attributes: list[tuple[int | str, ...]], expected: tuple[int, bool]
) -> None:
    path = tmp_path / "library"
    path.write_bytes(elf_file(attributes=attributes))
    found = elf.read(str(path))
    assert found is not None
    assert (found.arch, found.hard_float) == expected


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_is_damaged_is_read_to_an_end(tmp_path: Path, data: st.DataObject) -> None:
    contents = bytearray(elf_file(attributes=[(4, "x"), (6, 10), (28, 1)]))
    for _ in range(data.draw(st.integers(1, 4))):
        contents[data.draw(st.integers(4, len(contents) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "library"
    path.write_bytes(contents[: data.draw(st.integers(0, len(contents)))])
    elf.read(str(path))
