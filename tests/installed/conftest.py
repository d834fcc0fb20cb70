"""The same empty store as in tests/store."""

from __future__ import annotations

from tests.store.conftest import empty, packed, put

__all__ = ("empty", "packed", "put")
