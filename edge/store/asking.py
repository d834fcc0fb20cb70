"""Asking an operator while nobody holds the store's lock: others go on with their plugins meanwhile.

What needs an answer is begun under the lock and given up at the question, before it changed anything. Then
somebody is asked, and it begins anew: the answer counts if the question is the same, else it is asked again.
"""

from __future__ import annotations

from edge.store.lock import locked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from edge.store.install import Consent, Request

    T = TypeVar("T")
    Answer = Callable[[Request, tuple[str, ...]], bool]


class _Unanswered(Exception):
    """A question that nobody was asked yet."""

    def __init__(self, request: Request, question: tuple[object, ...]) -> None:
        super().__init__()
        self.request = request
        self.question = question


def with_answers(consent: Consent | None, work: Callable[[Answer], T]) -> T:
    """Does `work` under the store's lock; `consent` answers what it asks, without it. None: nobody agrees.

    `work` gives its function, with a request, the releases that the answer is about.
    """
    if consent is None:
        with locked():
            return work(lambda *_: False)
    known: dict[tuple[object, ...], bool] = {}

    def answer(request: Request, about: tuple[str, ...]) -> bool:
        question = (about, *_shown(request))
        if question not in known:
            raise _Unanswered(request, question)
        return known[question]

    while True:
        try:
            with locked():
                return work(answer)
        except _Unanswered as asked:
            request, question = asked.request, asked.question
        known[question] = consent(request)


def _shown(request: Request) -> tuple[object, ...]:
    """All that whoever is asked goes by, but what the release itself says."""
    changes = tuple((change.what, change.wider) for change in request.changes)
    granted = request.grants
    return changes, request.signer, request.remote, granted.level, tuple(granted.allowed)
