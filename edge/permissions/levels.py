"""The security levels: one table of rules. docs/security-levels.md says the same to people.

consent         what makes a declared capability count: nothing more (`none`), the operator's word at
                installation (`install`), or a grant of the operator's for it (`explicit`)
wildcard_hosts  whether `*.example.org` counts as a host
cli             whether programs of the device may be started
keys            whose signatures count: of any key trusted here, or only of those the operator added
limits          percent of the device profile's limits that need nobody's consent
delegation      whether tools of other plugins may be called
each_call       whether every call is checked against a list of exactly what is allowed: a grant of a
                capability as a whole does not count
digests         whether every use of a capability is audited, with a digest of its arguments

What is loaded is verified at every level: there is no rule for that.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.limits import Profile

LEVELS: dict[str, dict[str, Any]] = {
    "relaxed": {
        "consent": "none",
        "wildcard_hosts": True,
        "cli": True,
        "keys": "trusted",
        "limits": 400,
        "delegation": True,
        "each_call": False,
        "digests": False,
    },
    "default": {
        "consent": "install",
        "wildcard_hosts": True,
        "cli": True,
        "keys": "trusted",
        "limits": 100,
        "delegation": True,
        "each_call": False,
        "digests": False,
    },
    "strict": {
        "consent": "explicit",
        "wildcard_hosts": False,
        "cli": False,
        "keys": "operator",
        "limits": 50,
        "delegation": True,
        "each_call": False,
        "digests": False,
    },
    "paranoid": {
        "consent": "explicit",
        "wildcard_hosts": False,
        "cli": False,
        "keys": "operator",
        "limits": 25,
        "delegation": False,
        "each_call": True,
        "digests": True,
    },
}

DEFAULT = "default"
ORDER = tuple(LEVELS)

LIMITS = (
    "fuel",
    "deadline",
    "memory",
    "table_elements",
    "host_calls",
    "crossing_bytes",
    "log_bytes",
)
RATES = ("calls_per_minute", "concurrent_calls")
"""What a manifest may ask for and a level scales. Slices, and clocks that stand still, are the host's."""

MOST = 1 << 53
NARROW = (1 << 32) - 1
MOST_OF = {
    "deadline": 1_000_000_000,
    "table_elements": NARROW,
    "host_calls": NARROW,
    "crossing_bytes": NARROW,
    "log_bytes": NARROW,
    "calls_per_minute": NARROW,
    "concurrent_calls": NARROW,
}
"""How much of a limit or rate there may be: what the native library's numbers hold, MOST of all others."""


def amount_problem(name: str, amount: Any) -> str:
    """What is wrong with an amount of a limit, a rate or a quota, empty when nothing is."""
    kinds = (int, float) if name == "deadline" else (int,)
    most = MOST_OF.get(name, MOST)
    if isinstance(amount, kinds) and not isinstance(amount, bool) and 0 < amount <= most:
        return ""
    what = "number above 0" if name == "deadline" else "whole number from 1"
    return f"{name} has to be a {what} to {most}"


def level(name: str) -> str:
    """The name, if it is a level's; a ValueError with the names that there are otherwise."""
    if name not in LEVELS:
        raise ValueError(f"levels are {', '.join(ORDER)}")
    return name


def operator_only(name: str) -> bool:
    """Whether only keys that the operator added count."""
    only: bool = LEVELS[name]["keys"] == "operator"
    return only


def is_lower(name: str, other: str) -> bool:
    """Whether a level asks less than another."""
    return ORDER.index(name) < ORDER.index(other)


def stricter(name: str, other: str) -> str:
    """The stricter of two levels."""
    return other if is_lower(name, other) else name


def free_limits(name: str, profile: Profile) -> dict[str, float]:
    """What a plugin may use without anybody's consent; whole numbers but for `deadline`."""
    percent = LEVELS[name]["limits"]
    amounts = {field: getattr(profile.limits, field) for field in LIMITS}
    amounts.update((field, getattr(profile, field)) for field in RATES)
    found: dict[str, float] = {}
    for field, amount in amounts.items():
        scaled = amount * percent / 100
        found[field] = scaled if field == "deadline" else max(int(scaled), 1)
    return found
