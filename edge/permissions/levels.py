"""The security levels: one table of rules. docs/security-levels.md describes them.

consent    what makes a declared capability count: nothing more (`none`), the operator's word at
           installation (`install`), or a grant of the operator's for it (`explicit`)
keys       which keys count: every trusted one, or only those that the operator added
limits     percent of the device profile's limits that need no consent
each_call  whether every call is checked against a list of exactly what is allowed: a grant of a
           capability as a whole does not count
digests    whether every use of a capability is audited, with a digest of its arguments

Each capability names the levels that exclude it (edge/permissions/catalogue.py). What is loaded is verified
at every level: there is no rule for that.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.limits import Profile

LEVELS: dict[str, dict[str, Any]] = {
    "relaxed": {
        "consent": "none",
        "keys": "trusted",
        "limits": 400,
        "each_call": False,
        "digests": False,
    },
    "default": {
        "consent": "install",
        "keys": "trusted",
        "limits": 100,
        "each_call": False,
        "digests": False,
    },
    "strict": {
        "consent": "explicit",
        "keys": "operator",
        "limits": 50,
        "each_call": False,
        "digests": False,
    },
    "paranoid": {
        "consent": "explicit",
        "keys": "operator",
        "limits": 25,
        "each_call": True,
        "digests": True,
    },
}

DEFAULT = "default"
ORDER = tuple(LEVELS)


def level(name: str) -> str:
    """The name, if it is a level; otherwise raises ValueError with the known names."""
    if name not in LEVELS:
        raise ValueError(f"unknown level; levels are {', '.join(ORDER)}")
    return name


def operator_only(name: str) -> bool:
    """Whether only keys that the operator added count."""
    only: bool = LEVELS[name]["keys"] == "operator"
    return only


def is_lower(name: str, other: str) -> bool:
    """Whether a level is less strict than another."""
    return ORDER.index(name) < ORDER.index(other)


def stricter(name: str, other: str) -> str:
    """The stricter of two levels."""
    return other if is_lower(name, other) else name


def free_limits(name: str, profile: Profile) -> dict[str, float]:
    """The limits that need no consent; whole numbers except `deadline`."""
    from edge.permissions.limits import LIMITS, RATES

    percent = LEVELS[name]["limits"]
    amounts = {field: getattr(profile.limits, field) for field in LIMITS}
    amounts.update((field, getattr(profile, field)) for field in RATES)
    found: dict[str, float] = {}
    for field, amount in amounts.items():
        scaled = amount * percent / 100
        found[field] = scaled if field == "deadline" else max(int(scaled), 1)
    return found
