"""Call plans: what a call of an installed plugin needs to know, derived beforehand, in calls/NAME.json.

A plan is derived from the release, the policy, the device's profile and the release of Edge. While none of
them has changed, calls use it as it is, since only its owner can write it; otherwise it is derived again.
"""

from __future__ import annotations

import posix

from edge import _native as native
from edge import files, store
from edge._version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.limits import Profile
    from edge.policy.grants import Audit, Grants
    from edge.store import Record

FORMAT = 3


class CallPlan:
    """How a plugin is called.

    stamp       of everything that the plan is derived from (`stamp_of`)
    receipt     proof of the last check of its code
    grants      its grants, compiled (edge.policy.grants)
    interfaces  the modules of edge.interfaces that implement its imports
    missing     why it may not be loaded; empty if it may
    risks       the risk of each tool
    operator    whether only keys that the operator added count
    withheld    settings that are not passed to it (edge.store.config.withheld)
    """

    __slots__ = (
        "grants",
        "interfaces",
        "missing",
        "name",
        "operator",
        "receipt",
        "release",
        "risks",
        "stamp",
        "withheld",
    )

    def __init__(
        self,
        name: str,
        release: str,
        stamp: str,
        *,
        receipt: str,
        grants: dict[str, Any],
        interfaces: list[str],
        missing: str,
        risks: dict[str, str],
        operator: bool,
        withheld: list[str],
    ) -> None:
        self.name = name
        self.release = release
        self.stamp = stamp
        self.receipt = receipt
        self.grants = grants
        self.interfaces = interfaces
        self.missing = missing
        self.risks = risks
        self.operator = operator
        self.withheld = withheld

    def granted(self, audit: Audit | None) -> Grants:
        """The grants; denials are passed to `audit`."""
        from edge.policy.grants import Grants

        return Grants.from_compiled(self.grants, audit)


def kept(record: Record, profile: Profile) -> CallPlan | None:
    """The stored call plan of an installed plugin; None if it is missing or out of date."""
    plan = last(record)
    return plan if plan is not None and plan.stamp == stamp_of(record, profile) else None


def last(record: Record) -> CallPlan | None:
    """The stored call plan, up to date or not."""
    try:
        text = store.read(store.call_plan_path(record.name))
    except Exception:
        # Whatever its fault, it can be derived again.
        return None
    return None if text is None else _parse(text, record)


def _parse(text: bytes, record: Record) -> CallPlan | None:
    """The call plan in a file if it is for the current release, otherwise None."""
    try:
        fields = native.read_json(text)
        if fields.pop("format") != FORMAT or fields["release"] != record.current:
            return None
        return CallPlan(fields.pop("name"), fields.pop("release"), fields.pop("stamp"), **fields)
    except Exception:
        return None


def stamp_of(record: Record, profile: Profile) -> str:
    """A text that changes whenever the record, the policy, the profile or this package may have changed."""
    path = files.policy_path()
    try:
        found = posix.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        policy = "none"
    except OSError as error:
        files.raise_for(path, error)
    else:
        # A policy that others may write is refused where it is read.
        policy = f"{store.identity(found)}{'' if found.st_mode & files.OTHERS_WRITE else ' guarded'}"
    return f"{__version__}, {profile.name}, {record.identity}, {policy}"
