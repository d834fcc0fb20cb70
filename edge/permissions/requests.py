"""Permission requests and grants: tuples of words that begin with the capability.

    ("channel",)                            messages that wait for a channel plugin
    ("http_client", "api.example.org:443")  requests to a host
    ("config_read", "token")                a secret of the configuration
    ("kv", "65536")                         storage, in bytes
    ("cli", "/usr/bin/git", "status")       a program with arguments, as edge/permissions/cli.py has them
    ("delegate", "weather/forecast")        a tool of another plugin
    ("limits", "memory", "67108864")        a limit

A capability's name alone means everything that a manifest may declare of it. The module in the capability's
row of the catalogue defines the meaning of its words.
"""

from __future__ import annotations

from edge.permissions.catalogue import GRANTABLE, permission
from edge.permissions.names import WORD
from edge.text import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge.permissions.catalogue import Request


def covers(grant: Request, request: Request) -> bool:
    """Whether a grant covers a request."""
    if grant[0] != request[0]:
        return False
    if len(grant) == 1 or grant == request:
        return True
    return len(grant) == len(request) and permission(request[0]).covers(grant, request)


class Covering:
    """Permission requests or grants, looked up by what covers them or is covered by them.

    Every use is a look-up: a manifest and a policy may have a thousand of them each.
    """

    __slots__ = ("_all", "_groups", "_within")

    def __init__(self, requests: Iterable[Request]) -> None:
        self._all: dict[Request, None] = dict.fromkeys(requests)
        # By what covers them, where that can be listed; the others by a shared key.
        self._within: dict[Request, list[Request]] = {}
        self._groups: dict[Request, list[Request]] = {}
        for request in self._all:
            if len(request) == 1:
                continue
            own = permission(request[0])
            wider = tuple(own.wider(request))
            for key in wider:
                self._within.setdefault(key, []).append(request)
            if not wider:
                self._groups.setdefault(own.group(request), []).append(request)

    def __contains__(self, request: Request) -> bool:
        return request in self._all

    def covers(self, request: Request) -> bool:
        """Whether one of these covers a request."""
        if request in self._all or request[:1] in self._all:
            return True
        if len(request) == 1:
            return False
        own = permission(request[0])
        if any(wider in self._all for wider in own.wider(request)):
            return True
        alike = self._groups.get(own.group(request), ()) if self._groups else ()
        return any(covers(other, request) for other in alike)

    def within(self, request: Request) -> Iterable[Request]:
        """Those of these that a request covers."""
        if len(request) == 1:
            return [own for own in self._all if own[0] == request[0]]
        listed = self._within.get(request)
        if listed is not None or not self._groups:
            return listed or ()
        alike = self._groups.get(permission(request[0]).group(request), ())
        return [own for own in alike if covers(request, own)]


def covered(request: Request, grants: Iterable[Request]) -> bool:
    """Whether one of the grants covers a request; use `Covering` for many requests."""
    return any(covers(grant, request) for grant in grants)


def common(declared: Iterable[Request], granted: Iterable[Request]) -> tuple[Request, ...]:
    """What is both declared and granted: of two overlapping patterns, the narrower."""
    held = Covering(granted)
    found: dict[Request, None] = {}
    for request in declared:
        if held.covers(request):
            found[request] = None
        found.update(dict.fromkeys(held.within(request)))
    return tuple(found)


def problem(request: Request) -> str:
    """The problem of a request; empty if there is none."""
    if not request or request[0] not in GRANTABLE:
        return f"unknown capability; capabilities are {', '.join(GRANTABLE)}"
    if len(request) == 1:
        return ""
    own = permission(request[0])
    if own.words and len(request) != own.words:
        return f"{request[0]} takes {own.words - 1} word{'' if own.words == 2 else 's'}"
    return own.problem(request)


def range_problem(request: Request) -> str:
    """The problem of a new grant's amount; empty if there is none."""
    own = permission(request[0])
    return own.range_problem(request) if len(request) > 1 and len(request) == own.words else ""


def spelled(request: Request) -> str:
    """A request on one line, with words quoted as a shell needs them.

    Everything outside printable ASCII is escaped, so that no name passes for another: people decide on this.
    """
    return " ".join(
        word if _is_plain(word) else "'" + plain(word).replace("'", "'\\''") + "'" for word in request
    )


def _is_plain(word: str) -> bool:
    return bool(word) and set(word) <= WORD | frozenset("/:*{}|")
