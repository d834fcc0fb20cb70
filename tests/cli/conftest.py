from __future__ import annotations

import json
from typing import Any, Callable, NamedTuple

import pytest

from edge.cli import main


class Ran(NamedTuple):
    """What a command left."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """What it left on standard output, which has to be one JSON document."""
        assert self.out.count("\n") == 1
        return json.loads(self.out)


@pytest.fixture
def edge(capfd: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Runs a command of the command line."""

    def run(*words: object) -> Ran:
        capfd.readouterr()
        status = main([str(word) for word in words])
        return Ran(status, *capfd.readouterr())

    return run
