from __future__ import annotations

from typing import Callable

import pytest

from edge.doctor import examine
from edge.doctor.finding import Finding
from tests.store.conftest import empty, packed, put

__all__ = ["empty", "packed", "put"]


@pytest.fixture
def finding() -> Callable[[str], Finding]:
    """What one check finds, of all that are made."""
    return lambda name: dict(examine())[name]
