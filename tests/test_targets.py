from __future__ import annotations

import sys
from pathlib import Path

import pytest

from edge.targets import DEVICES, ENGINES, engine_of

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TABLE = Path(__file__).parent.parent / "cross" / "targets.toml"


def test_devices_and_engines_are_those_of_the_table() -> None:
    rows = tomllib.loads(TABLE.read_text())
    assert DEVICES == {name: row["engine"] for name, row in rows.items() if row["build"] == "device"}


def test_a_target_is_a_device_or_an_engine() -> None:
    assert engine_of("pi-64") == "aarch64"
    assert [engine_of(name) for name in ENGINES] == list(ENGINES)


def test_another_name_is_told_what_there_is() -> None:
    with pytest.raises(ValueError, match=r"pi-zero.*pulley32"):
        engine_of("pdp-11")
