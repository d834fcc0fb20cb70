"""What a call of an installed plugin needs to know, worked out beforehand: calls/NAME.json.

It follows from the release, the policy, the device's profile and the release of Edge. While none of these
changed it is read and believed, since only its owner can write it; otherwise it is worked out anew.
"""

from __future__ import annotations

import posix

from edge import _native as native
from edge import files, keys, places, store
from edge._version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.grants import Audit, Grants
    from edge.profiles import Limits, Profile
    from edge.store.record import Record

FORMAT = 2


class Terms:
    """On which terms a plugin is called.

    receipt   stands for the last check of its code
    grants    what it is granted, compiled (edge.grants)
    needs     the capabilities that its imports need
    missing   why it may not be loaded at all, empty when it may
    risks     the risk of each tool
    operator  whether only keys that the operator added count
    withheld  settings that it does not get (edge.config.withheld)
    """

    __slots__ = (
        "_stamp",
        "grants",
        "missing",
        "name",
        "needs",
        "operator",
        "receipt",
        "release",
        "risks",
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
        needs: list[str],
        missing: str,
        risks: dict[str, str],
        operator: bool,
        withheld: list[str],
    ) -> None:
        self.name = name
        self.release = release
        self._stamp = stamp
        self.receipt = receipt
        self.grants = grants
        self.needs = needs
        self.missing = missing
        self.risks = risks
        self.operator = operator
        self.withheld = withheld

    def limits(self, profile: Profile) -> Limits:
        """The limits of a call."""
        own = self.grants["limits"]
        base = profile.limits
        changes = {name: own[name] for name in own if name in base.__slots__ and name != "deadline"}
        return base.replace(deadline=own["deadline"], **changes)

    def granted(self, audit: Audit | None) -> Grants:
        """The grants; what is denied is told to `audit`."""
        from edge.grants import Grants

        return Grants.from_compiled(self.grants, audit)

    def keep(self) -> None:
        """Writes it down for the next call; where the store can't be written, that one works it out too."""
        from edge import errors
        from edge.json_text import json_text
        from edge.staged import Staged

        fields = {name: getattr(self, name) for name in self.__slots__ if name[0] != "_"}
        document = {"format": FORMAT, "stamp": self._stamp, **fields}
        try:
            with Staged(store.terms_path(self.name), 0o600) as staged:
                staged.write(json_text(document).encode())
                staged.commit()
        except (errors.EnvironmentFault, errors.UsageError):
            return


def of(record: Record, profile: Profile) -> Terms:
    """The terms of a plugin that is installed."""
    stamp = _stamp(record, profile)
    try:
        text = store.read(store.terms_path(record.name))
    except Exception:
        # Whatever is wrong with it, it can be worked out.
        text = None
    if text is not None:
        found = _parse(text, record)
        if found is not None and found._stamp == stamp:
            return found
        return derive(record, profile, receipt=found.receipt if found is not None else "")
    return derive(record, profile)


def derive(record: Record, profile: Profile, *, receipt: str = "") -> Terms:
    """Works them out from manifest and policy, and keeps them."""
    from edge import grants, levels
    from edge.capabilities import capability_of
    from edge.store import awaited
    from edge.store.installed import description_of, manifest_of
    from edge.store.record import policy_for

    stamp = _stamp(record, profile)
    manifest = manifest_of(record.current)
    imports = description_of(record.current)["imports"]
    found = grants.resolve(manifest, policy_for(record), profile=profile, name=record.name)
    missing = "; ".join(
        f"{', '.join(row.imported)} needs {row.capability}: {row.reason}" for row in found.missing(imports)
    )
    compiled = found.compiled()
    # A whole number of seconds as such: arithmetic on floats is 64 kB of a Pi Zero's libm.
    limits = {
        limit: int(amount) if amount == int(amount) else amount for limit, amount in found.limits.items()
    }
    compiled["limits"] = limits
    terms = Terms(
        record.name,
        record.current,
        stamp,
        receipt=receipt,
        grants=compiled,
        needs=sorted({capability_of(name) for name in imports}),
        missing=missing,
        risks=manifest.risks,
        operator=levels.operator_only(found.level),
        withheld=awaited.withheld(manifest),
    )
    terms.keep()
    return terms


def forget(name: str) -> None:
    """Drops what was worked out, so that the next call does so anew."""
    files.remove(store.terms_path(name))


def _parse(text: bytes, record: Record) -> Terms | None:
    """What was kept, if it is about the release that is current; anything else is worked out anew."""
    try:
        said = native.read_json(text)
        if said.pop("format") != FORMAT or said["release"] != record.current:
            return None
        return Terms(said.pop("name"), said.pop("release"), said.pop("stamp"), **said)
    except Exception:
        return None


def _stamp(record: Record, profile: Profile) -> str:
    """Changes whenever the record, the policy, the profile or this package may have."""
    path = places.policy_file()
    try:
        found = posix.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        said = "none"
    except OSError as error:
        files.raise_for(path, error)
    else:
        # A file that others may write is believed by nobody; whoever reads the policy says so.
        said = f"{store.identity(found)}{'' if found.st_mode & keys.OTHERS_WRITE else ' guarded'}"
    return f"{__version__}, {profile.name}, {record.identity}, {said}"
