"""The difference between the requests of two versions of a plugin, and what of it widens them."""

from __future__ import annotations

from edge.manifest import RISKS
from edge.permissions import levels, requests
from edge.permissions.catalogue import to_grant

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from edge.manifest import Manifest
    from edge.permissions.catalogue import Request


class Change:
    """A request or property that is new, or gone.

    what   a description
    wider  whether the plugin may do more
    request    the new permission request, or None
    """

    __slots__ = ("request", "what", "wider")

    def __init__(self, what: str, *, wider: bool, request: Request | None = None) -> None:
        self.what = what
        self.wider = wider
        self.request = request


def difference(
    old_imports: Iterable[str], old: Manifest, new_imports: Iterable[str], new: Manifest
) -> list[Change]:
    """The changes from an old version to a new one, widening ones first."""
    changes = [
        *_imports(old_imports, new_imports),
        *_requests(old, new),
        *_tools(old, new),
        *_level(old, new),
    ]
    return sorted(changes, key=lambda change: not change.wider)


def _imports(old: Iterable[str], new: Iterable[str]) -> Iterator[Change]:
    before, after = to_grant(old), to_grant(new)
    for capability in after:
        if capability not in before:
            yield Change(f"imports {capability}: {', '.join(after[capability])}", wider=True)
    for capability in before:
        if capability not in after:
            yield Change(f"no longer imports {capability}", wider=False)


def _requests(old: Manifest, new: Manifest) -> Iterator[Change]:
    before, after = requests.Covering(old.requests), requests.Covering(new.requests)
    for request in new.requests:
        if request not in before:
            yield Change(
                f"declares {requests.spelled(request)}", wider=not before.covers(request), request=request
            )
    named = {request[:2] for request in new.requests if request[0] == "limits"}
    for request in old.requests:
        if request not in after:
            # A plugin that requested less than the device's default, and no longer does, gets the default.
            wider = request[0] == "limits" and request[:2] not in named
            yield Change(f"no longer declares {requests.spelled(request)}", wider=wider)


def _tools(old: Manifest, new: Manifest) -> Iterator[Change]:
    for name in (*new.risks, *(name for name in old.risks if name not in new.risks)):
        before, after = old.tool(name).risk, new.tool(name).risk
        if before != after:
            lower = RISKS.index(after) < RISKS.index(before)
            yield Change(f"the risk of {name} changes from {before} to {after}", wider=lower)


def _level(old: Manifest, new: Manifest) -> Iterator[Change]:
    before, after = old.level or levels.ORDER[0], new.level or levels.ORDER[0]
    if before != after:
        lower = levels.is_lower(after, before)
        yield Change(f"its own security level changes from {before} to {after}", wider=lower)
