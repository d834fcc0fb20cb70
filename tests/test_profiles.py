from __future__ import annotations

import re
from pathlib import Path

import pytest

from edge.profiles import PI_ZERO, WORKSTATION, Limits

HEADER = Path(__file__).parent.parent / "native" / "edge.h"


def test_every_field_of_the_native_options_is_set() -> None:
    match = re.search(r"typedef struct \{([^}]*)\} edge_instance_options;", HEADER.read_text())
    assert match is not None
    assert set(re.findall(r"uint\d+_t (\w+);", match.group(1))) == set(Limits().options())


def test_a_pi_zero_gets_the_defaults_of_the_library() -> None:
    assert not any(PI_ZERO.options().values())


def test_replace_changes_what_is_given_and_nothing_else() -> None:
    changed = WORKSTATION.replace(fuel=7)
    assert changed.options() == {**WORKSTATION.options(), "fuel": 7}
    assert changed != WORKSTATION


def test_replace_knows_its_fields() -> None:
    with pytest.raises(TypeError, match="speed"):
        PI_ZERO.replace(speed=1)


def test_seconds_become_nanoseconds() -> None:
    options = Limits(deadline=0.5, fixed=True, fixed_clock=2).options()
    assert (options["deadline_ns"], options["fixed"], options["fixed_clock_ns"]) == (
        500_000_000,
        1,
        2_000_000_000,
    )


def test_limits_show_what_is_given() -> None:
    assert repr(Limits(memory=1)) == "Limits(memory=1)"
