"""Limits of plugins, and profiles of devices. All limits are always enforced.

| profile | for | fuel | deadline | memory | stack | all plugins | at once | a minute |
|---|---|---|---|---|---|---|---|---|
| pi-zero | 32 bits, or less than 768 MB | 10⁹ | 30 s | 16 MB | 512 kB | 96 MB | 4 | 60 |
| pi-64 | 64 bits, up to 4 GB | 10¹⁰ | 60 s | 64 MB | 512 kB | 384 MB | 8 | 240 |
| workstation | more | 10¹¹ | 300 s | 256 MB | 1 MB | 2 GB | 32 | 6000 |
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

KB = 1 << 10
MB = 1 << 20
GB = 1 << 30
NS = 1_000_000_000

WIDE = sys.maxsize > 1 << 32

FUEL = 1_000_000_000
DEADLINE = 30
MEMORY = 16 * MB
TABLE_ELEMENTS = 100_000
HOST_CALLS = 1_000
CROSSING_BYTES = 4 * MB
LOG_BYTES = 64 * KB

MAX_DEADLINE = 1_000_000_000
CLOCK_BITS = 34
"""Seconds since 1970 whose nanoseconds 64 bits hold."""

LARGEST = (1 << 64) - 1

NAMELESS = "-"
"""The key under which unnamed plugins are counted."""

SMALL_DEVICE = 768 * MB
WORKSTATION_FROM = 4 * GB


class Limits:
    """Limits of one instance and its calls. A missing value, or 0, means the native library's default.

    fuel            units for one call; a call spends the same on every CPU
    slice_fuel      units after which a call lets others run; by default about 30 ms of interpreted code on
                    a Pi Zero, about 5 ms of native code on a PC
    deadline        seconds for one call, on the monotonic clock
    memory          bytes of linear memory of an instance
    table_elements  of all tables together
    host_calls      for one call; as many log events are allowed in addition, further ones are dropped
    crossing_bytes  of the values of one crossing, in either direction
    log_bytes       of all that the guest logs in one call, events and standard streams together; the rest is
                    dropped
    fixed           clocks stop at `fixed_clock` and random bytes derive from `fixed_seed`: the same call
                    gives the same result
    fixed_clock     seconds since 1970

    OptionsError for an amount outside its range: whole numbers of 64 bits, of 32 bits for tables, host calls,
    crossing and log; the deadline is finite.
    """

    __slots__ = (
        "crossing_bytes",
        "deadline",
        "fixed",
        "fixed_clock",
        "fixed_seed",
        "fuel",
        "host_calls",
        "log_bytes",
        "memory",
        "slice_fuel",
        "table_elements",
    )

    def __init__(
        self,
        *,
        fuel: int = FUEL,
        slice_fuel: int = 0,
        deadline: float = DEADLINE,
        memory: int = MEMORY,
        table_elements: int = TABLE_ELEMENTS,
        host_calls: int = HOST_CALLS,
        crossing_bytes: int = CROSSING_BYTES,
        log_bytes: int = LOG_BYTES,
        fixed: bool = False,
        fixed_clock: int = 0,
        fixed_seed: int = 0,
    ) -> None:
        # One expression, because every call creates Limits: only whole numbers support `|`.
        try:
            is_wrong = (fuel | slice_fuel | memory | fixed_seed) >> 64 or not 0 <= deadline <= MAX_DEADLINE
            is_wrong = is_wrong or (table_elements | host_calls | crossing_bytes | log_bytes) >> 32
            is_wrong = is_wrong or fixed_clock >> CLOCK_BITS
        except TypeError:
            is_wrong = True
        if is_wrong:
            from edge.limits.amounts import refuse

            refuse(locals(), MAX_DEADLINE, CLOCK_BITS)
        self.fuel = fuel or FUEL
        self.slice_fuel = slice_fuel
        self.deadline = deadline or DEADLINE
        self.memory = memory or MEMORY
        self.table_elements = table_elements or TABLE_ELEMENTS
        self.host_calls = host_calls or HOST_CALLS
        self.crossing_bytes = crossing_bytes or CROSSING_BYTES
        self.log_bytes = log_bytes or LOG_BYTES
        self.fixed = fixed
        self.fixed_clock = fixed_clock
        self.fixed_seed = fixed_seed

    def replace(self, **changes: Any) -> Limits:
        """A copy with these limits changed."""
        return Limits(**{name: changes.pop(name, getattr(self, name)) for name in self.__slots__}, **changes)

    def within(self, own: Mapping[str, float]) -> Limits:
        """The limits of a call of a plugin with these limits of its own; the others stay."""
        whole = {name: int(own[name]) for name in own if name in self.__slots__ and name != "deadline"}
        return self.replace(deadline=own["deadline"], **whole)

    def options(self) -> dict[str, int]:
        """The limits as the fields of the native library."""
        return {
            "fuel": self.fuel,
            "slice_fuel": self.slice_fuel,
            "deadline_ns": max(1, int(self.deadline * NS)),
            "memory_bytes": self.memory,
            "table_elements": self.table_elements,
            "host_calls": self.host_calls,
            "crossing_bytes": self.crossing_bytes,
            "log_bytes": self.log_bytes,
            "fixed": int(self.fixed),
            "fixed_clock_ns": self.fixed_clock * NS,
            "fixed_seed": self.fixed_seed,
        }

    def __repr__(self) -> str:
        default = Limits()
        given = ((name, getattr(self, name)) for name in self.__slots__)
        return f"Limits({', '.join(f'{name}={x!r}' for name, x in given if x != getattr(default, name))})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Limits) and self.options() == other.options()

    def __hash__(self) -> int:
        return hash(tuple(self.options().values()))


class Profile:
    """A kind of device.

    limits            of each plugin, unless it is granted others
    stack_bytes       guest stack, one size for all calls of a Runtime
    calls_per_minute  of each plugin
    concurrent_calls  of each plugin, all processes together
    memory            bytes for the live instances of all plugins, all processes together
    delegation_depth  how many plugins may call one another in a chain
    """

    __slots__ = (
        "calls_per_minute",
        "concurrent_calls",
        "delegation_depth",
        "limits",
        "memory",
        "name",
        "stack_bytes",
    )

    def __init__(
        self,
        name: str,
        limits: Limits,
        *,
        stack_bytes: int,
        calls_per_minute: int,
        concurrent_calls: int,
        memory: int,
        delegation_depth: int,
    ) -> None:
        try:
            is_wrong = (stack_bytes | memory) >> 64 or (calls_per_minute | concurrent_calls) >> 32
        except TypeError:
            is_wrong = True
        if is_wrong:
            from edge.limits.amounts import refuse

            refuse(locals(), MAX_DEADLINE, CLOCK_BITS)
        self.name = name
        self.limits = limits
        self.stack_bytes = stack_bytes
        self.calls_per_minute = calls_per_minute
        self.concurrent_calls = concurrent_calls
        self.memory = memory
        self.delegation_depth = delegation_depth

    def __repr__(self) -> str:
        return f"Profile({self.name!r})"


PI_ZERO = Profile(
    "pi-zero",
    Limits(),
    stack_bytes=512 * KB,
    calls_per_minute=60,
    concurrent_calls=4,
    memory=96 * MB,
    delegation_depth=3,
)
"""A plugin that runs within these limits runs on every device."""

PI_64 = Profile(
    "pi-64",
    Limits(fuel=10_000_000_000, deadline=60, memory=64 * MB),
    stack_bytes=512 * KB,
    calls_per_minute=240,
    concurrent_calls=8,
    memory=384 * MB,
    delegation_depth=4,
)

WORKSTATION = Profile(
    "workstation",
    Limits(fuel=100_000_000_000, deadline=300, memory=256 * MB),
    stack_bytes=1 * MB,
    calls_per_minute=6000,
    concurrent_calls=32,
    memory=2 * GB,
    delegation_depth=4,
)

PROFILES = {profile.name: profile for profile in (PI_ZERO, PI_64, WORKSTATION)}


def named(name: str) -> Profile:
    """A profile by its name; `here` is the profile of this machine."""
    if name == "here":
        return here()
    try:
        return PROFILES[name]
    except KeyError:
        raise ValueError(f"profiles are {', '.join(PROFILES)} and here") from None


def here() -> Profile:
    """The profile of this machine, by its word size and memory."""
    # A 32-bit Python counts as a 32-bit machine with any kernel, because its address space is limited.
    return fitting(wide=WIDE, memory=_memory_total() if WIDE else 0)


def fitting(*, wide: bool, memory: int) -> Profile:
    """The profile for a machine with this many bytes of memory, with a 64-bit address space or without."""
    if not wide or memory < SMALL_DEVICE:
        return PI_ZERO
    return PI_64 if memory <= WORKSTATION_FROM else WORKSTATION


def _memory_total() -> int:
    from posix import sysconf

    return sysconf("SC_PAGE_SIZE") * sysconf("SC_PHYS_PAGES")
