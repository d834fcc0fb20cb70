from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge import _native as native
from edge import errors
from edge import limits as profiles
from edge.limits import GB, MB, PI_64, PI_ZERO, PROFILES, WORKSTATION, Limits, Profile

NATIVE = Path(__file__).parent.parent.parent / "native"
HEADER = (NATIVE / "edge.h").read_text()
LIMITS = (NATIVE / "src" / "limits.rs").read_text()
STACKS = (NATIVE / "src" / "stacks.rs").read_text()


def rust(source: str, name: str) -> int:
    """A constant of the library."""
    match = re.search(rf"const {name}: \w+ = ([^;]+);", source)
    assert match is not None, name
    text = match.group(1)
    text = re.sub(r"[A-Z_]{3,}", lambda other: str(rust(source, other.group())), text)
    return int(eval(text))


def test_every_field_of_the_native_options_is_set() -> None:
    match = re.search(r"typedef struct \{([^}]*)\} edge_instance_options;", HEADER)
    assert match is not None
    assert set(re.findall(r"uint\d+_t (\w+);", match.group(1))) == set(Limits().options())


@pytest.mark.parametrize(
    "option", [name for name, value in Limits().options().items() if value and not name.startswith("fixed")]
)
def test_a_pi_zero_gets_the_defaults_of_the_library(option: str) -> None:
    assert PI_ZERO.limits.options()[option] == rust(LIMITS, option.upper())


def test_a_pi_zero_gets_the_stack_of_the_library() -> None:
    assert PI_ZERO.stack_bytes == rust(STACKS, "STACK_BYTES")


@pytest.mark.parametrize("profile", PROFILES.values())
def test_no_limit_is_left_open(profile: Profile) -> None:
    options = profile.limits.options()
    # A slice is the engine's own: interpreted code is slower.
    assert all(value for name, value in options.items() if not name.startswith(("fixed", "slice")))
    assert all(getattr(profile, name) for name in Profile.__slots__)


@pytest.mark.parametrize("profile", PROFILES.values())
def test_a_device_has_room_for_a_plugin_that_calls_another(profile: Profile) -> None:
    assert profile.memory >= 2 * (profile.limits.memory + profile.stack_bytes)


@pytest.mark.parametrize("profile", PROFILES.values())
def test_the_table_of_the_module_says_what_holds(profile: Profile) -> None:
    row = next(
        line for line in (profiles.__doc__ or "").splitlines() if line.startswith(f"| {profile.name} ")
    )
    cells = [cell.strip() for cell in row.strip("|").split("|")][2:]
    powers = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
    limits = profile.limits
    assert limits.fuel == 10 ** int(cells[0].translate(powers)[2:])
    assert limits.deadline == int(cells[1].split()[0])
    sizes = {"kB": 1 << 10, "MB": MB, "GB": GB}
    found = [int(number) * sizes[unit] for number, unit in map(str.split, cells[2:5])]
    assert found == [limits.memory, profile.stack_bytes, profile.memory]
    assert [int(cell) for cell in cells[5:]] == [profile.concurrent_calls, profile.calls_per_minute]


@given(wide=st.booleans(), memory=st.integers(0, 64 * GB))
def test_a_machine_gets_the_profile_it_has_memory_for(wide: bool, memory: int) -> None:
    found = profiles.fitting(wide=wide, memory=memory)
    assert found is PI_ZERO or (wide and found.memory <= memory // 2)


@pytest.mark.parametrize(
    ("wide", "memory", "found"),
    [
        (False, 8 * GB, PI_ZERO),
        (True, 512 * MB, PI_ZERO),
        (True, 1 * GB, PI_64),
        (True, 4 * GB, PI_64),
        (True, 8 * GB, WORKSTATION),
    ],
)
def test_machines_and_their_profiles(wide: bool, memory: int, found: Profile) -> None:
    assert profiles.fitting(wide=wide, memory=memory) is found


def test_here_is_one_of_them() -> None:
    assert profiles.named("here") is profiles.here()
    assert profiles.here() in PROFILES.values()


def test_a_profile_that_does_not_exist_is_named_none() -> None:
    with pytest.raises(ValueError, match="pi-zero, pi-64, workstation and here"):
        profiles.named("vax")


def test_replace_changes_what_is_given_and_nothing_else() -> None:
    changed = WORKSTATION.limits.replace(fuel=7)
    assert changed.options() == {**WORKSTATION.limits.options(), "fuel": 7}
    assert changed != WORKSTATION.limits


def test_replace_knows_its_fields() -> None:
    with pytest.raises(TypeError, match="speed"):
        PI_ZERO.limits.replace(speed=1)


def test_seconds_become_nanoseconds() -> None:
    options = Limits(deadline=0.5, fixed=True, fixed_clock=2).options()
    assert (options["deadline_ns"], options["fixed"], options["fixed_clock_ns"]) == (
        500_000_000,
        1,
        2_000_000_000,
    )


def test_limits_show_what_is_given() -> None:
    assert repr(Limits(memory=1)) == "Limits(memory=1)"


@given(st.sampled_from([name for name in Limits.__slots__ if not name.startswith("fixed")]))
def test_a_limit_of_zero_is_the_default_and_never_none_at_all(name: str) -> None:
    zero: dict[str, Any] = {name: 0}
    assert Limits(**zero) == Limits()


def test_a_deadline_of_less_than_a_nanosecond_is_not_the_default() -> None:
    assert Limits(deadline=1e-12).options()["deadline_ns"] == 1


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        ({"deadline": float("inf")}, "deadline is inf; .* seconds from 0 to 1000000000"),
        ({"deadline": float("nan")}, "deadline is nan"),
        ({"deadline": "30"}, "deadline is '30'"),
        ({"fuel": 1e9}, "fuel is 1000000000.0; .* whole number from 0 to 18446744073709551615"),
        ({"memory": -1}, "memory is -1"),
        ({"slice_fuel": 1 << 64}, "slice_fuel is 18446744073709551616"),
        ({"host_calls": 1 << 32}, "host_calls is 4294967296; .* from 0 to 4294967295"),
        ({"log_bytes": None}, "log_bytes is None"),
        ({"fixed_clock": 1 << 34}, "fixed_clock"),
    ],
)
def test_an_amount_outside_its_range_is_refused_where_it_comes_in(limits: dict[str, Any], says: str) -> None:
    with pytest.raises(errors.OptionsError, match=says):
        Limits(**limits)
    with pytest.raises(errors.OptionsError, match=says):
        PI_ZERO.limits.replace(**limits)


def test_the_largest_amounts_are_taken() -> None:
    wide = dict.fromkeys(("fuel", "slice_fuel", "memory", "fixed_seed"), (1 << 64) - 1)
    narrow = dict.fromkeys(("table_elements", "host_calls", "crossing_bytes", "log_bytes"), (1 << 32) - 1)
    amounts: dict[str, Any] = {**wide, **narrow}
    most = Limits(**amounts, deadline=1e9, fixed_clock=(1 << 34) - 1)
    native.instance_options(most.options())


@pytest.mark.parametrize("amount", [-1, 1 << 32, 1.5])
def test_a_profile_has_rates_that_can_be_counted(amount: int) -> None:
    with pytest.raises(errors.OptionsError, match="calls_per_minute is"):
        Profile(
            "mine",
            Limits(),
            stack_bytes=1 << 19,
            calls_per_minute=amount,
            concurrent_calls=1,
            memory=1 << 20,
            delegation_depth=1,
        )
