"""What can be asked for and granted: a tuple of words, its first the capability.

    ("channel",)                            messages that wait for a channel plugin
    ("http_client", "api.example.org:443")  requests to a host
    ("config_read", "token")                a secret of the configuration
    ("kv", "65536")                         storage, in bytes
    ("cli", "/usr/bin/git", "status")       a program with arguments, as edge/permissions/cli.py has them
    ("delegate", "weather/forecast")        a tool of another plugin
    ("limits", "memory", "67108864")        a limit

A capability's name alone stands for all that a manifest may declare of it. The module that
a capability's row of the catalogue names says what its words mean.
"""

from __future__ import annotations

from edge.permissions.catalogue import GRANTABLE, permission
from edge.permissions.names import WORD
from edge.text import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge.permissions.catalogue import Request


def covers(grant: Request, ask: Request) -> bool:
    """Whether a grant covers a request."""
    if grant[0] != ask[0]:
        return False
    if len(grant) == 1 or grant == ask:
        return True
    return len(grant) == len(ask) and permission(ask[0]).covers(grant, ask)


class Covering:
    """Permission requests or grants, looked up by what covers them or is covered by them.

    Every use is a look-up: a manifest and a policy may have a thousand of them each.
    """

    __slots__ = ("_all", "_groups", "_within")

    def __init__(self, own: Iterable[Request]) -> None:
        self._all: dict[Request, None] = dict.fromkeys(own)
        # By what covers them, where that can be listed; the others by a shared key.
        self._within: dict[Request, list[Request]] = {}
        self._groups: dict[Request, list[Request]] = {}
        for ask in self._all:
            if len(ask) == 1:
                continue
            wider = tuple(permission(ask[0]).wider(ask))
            for key in wider:
                self._within.setdefault(key, []).append(ask)
            if not wider:
                self._groups.setdefault(permission(ask[0]).group(ask), []).append(ask)

    def __contains__(self, ask: Request) -> bool:
        return ask in self._all

    def covers(self, ask: Request) -> bool:
        """Whether one of these covers a request."""
        if ask in self._all or ask[:1] in self._all:
            return True
        if len(ask) == 1:
            return False
        if any(wider in self._all for wider in permission(ask[0]).wider(ask)):
            return True
        return any(covers(own, ask) for own in self._groups.get(permission(ask[0]).group(ask), ()))

    def within(self, ask: Request) -> Iterable[Request]:
        """Those of these that a request covers."""
        if len(ask) == 1:
            return [own for own in self._all if own[0] == ask[0]]
        listed = self._within.get(ask)
        if listed is not None:
            return listed
        return [own for own in self._groups.get(permission(ask[0]).group(ask), ()) if covers(ask, own)]


def covered(ask: Request, grants: Iterable[Request]) -> bool:
    """Whether one of the grants covers a request; use `Covering` for many requests."""
    return any(covers(grant, ask) for grant in grants)


def common(declared: Iterable[Request], granted: Iterable[Request]) -> tuple[Request, ...]:
    """What is both declared and granted: of two overlapping patterns, the narrower."""
    held = Covering(granted)
    found: dict[Request, None] = {}
    for ask in declared:
        if held.covers(ask):
            found[ask] = None
        found.update(dict.fromkeys(held.within(ask)))
    return tuple(found)


def problem(ask: Request) -> str:
    """The problem of a request; empty if there is none."""
    if not ask or ask[0] not in GRANTABLE:
        return f"unknown capability; capabilities are {', '.join(GRANTABLE)}"
    if len(ask) == 1:
        return ""
    own = permission(ask[0])
    if own.words and len(ask) != own.words:
        return f"{ask[0]} takes {own.words - 1} words"
    return own.problem(ask)


def range_problem(ask: Request) -> str:
    """The problem of a new grant's amount; empty if there is none."""
    own = permission(ask[0])
    return own.range_problem(ask) if len(ask) > 1 and len(ask) == own.words else ""


def spelled(ask: Request) -> str:
    """A request on one line, with words quoted as a shell needs them.

    Everything outside printable ASCII is escaped, so that no name passes for another: people decide on this.
    """
    return " ".join(
        word if _is_plain(word) else "'" + plain(word).replace("'", "'\\''") + "'" for word in ask
    )


def _is_plain(word: str) -> bool:
    return bool(word) and set(word) <= WORD | frozenset("/:*{}|")
