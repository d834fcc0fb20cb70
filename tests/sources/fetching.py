"""What tests of fetching share."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any, Callable

import pytest

from edge import errors
from edge.sources.fetch import Fetched
from tests.sources.servers import Release, Server

BODY = bytes(range(256)) * 1000
MAX_BYTES = 1_000_000
Get = Callable[..., bytes]


def contents(got: Fetched) -> bytes:
    with os.fdopen(got.fd, "rb") as file:
        read = file.read()
    assert got.sha256 == hashlib.sha256(read).hexdigest()
    return read


def left(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir())


def interrupted(get: Get, server: Server, **how: Any) -> str:
    """A fetch that ended in the midst of the body, with what it left; its URL."""
    url = f"{server.url}/a.edge"
    server.answer = Release(BODY, cut=100_000, **how)
    with pytest.raises(errors.FetchFailed, match="closed the connection too early"):
        get(url)
    server.requests.clear()
    return url


# What works.
