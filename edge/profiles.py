"""What a plugin may use: limits, all of them always on."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MB = 1 << 20
NS = 1_000_000_000


class Limits:
    """Limits of one instance and its calls; 0 stands for the native library's default (native/src/limits.rs).

    fuel            units for one call; what a call spends is the same on every CPU
    slice_fuel      units after which a call lets others run
    deadline        seconds for one call
    memory          bytes of linear memory of an instance
    table_elements  of each table
    host_calls      for one call
    crossing_bytes  of the values of one crossing, either way
    log_bytes       kept of what the guest writes, until they are taken
    fixed           clocks stand still at `fixed_clock` and random bytes follow from `fixed_seed`: same
    question, same answer fixed_clock     seconds since 1970
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
        fuel: int = 0,
        slice_fuel: int = 0,
        deadline: float = 0,
        memory: int = 0,
        table_elements: int = 0,
        host_calls: int = 0,
        crossing_bytes: int = 0,
        log_bytes: int = 0,
        fixed: bool = False,
        fixed_clock: int = 0,
        fixed_seed: int = 0,
    ) -> None:
        self.fuel = fuel
        self.slice_fuel = slice_fuel
        self.deadline = deadline
        self.memory = memory
        self.table_elements = table_elements
        self.host_calls = host_calls
        self.crossing_bytes = crossing_bytes
        self.log_bytes = log_bytes
        self.fixed = fixed
        self.fixed_clock = fixed_clock
        self.fixed_seed = fixed_seed

    def replace(self, **changes: Any) -> Limits:
        """The same limits but for those given."""
        return Limits(**{name: changes.pop(name, getattr(self, name)) for name in self.__slots__}, **changes)

    def options(self) -> dict[str, int]:
        """As the native library takes them."""
        return {
            "fuel": self.fuel,
            "slice_fuel": self.slice_fuel,
            "deadline_ns": int(self.deadline * NS),
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
        given = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__ if getattr(self, name))
        return f"Limits({given})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Limits) and self.options() == other.options()

    def __hash__(self) -> int:
        return hash(tuple(self.options().values()))


PI_ZERO = Limits()
"""The native library's defaults: they suit a board with 512 MB. What runs within them runs everywhere."""

WORKSTATION = Limits(fuel=100_000_000_000, deadline=300, memory=256 * MB)
"""For a PC: ten times the time, sixteen times the memory."""
