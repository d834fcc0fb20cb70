from __future__ import annotations

from pathlib import Path
from typing import Callable

import pytest

from edge import _native as native
from edge import trust
from tests import mutations

SAMPLE = 1000


@pytest.fixture(scope="module")
def genuine(package: Callable[..., Path]) -> mutations.Genuine:
    path = package("cron-next", engines=(native.about()["engine"], "pulley32"), with_wasm=True)
    return mutations.Genuine(path.read_bytes(), trust.text())


def test_a_changed_package_is_refused_with_a_reason(genuine: mutations.Genuine) -> None:
    found = mutations.run(genuine, SAMPLE, seed=0)
    assert sum(found.values()) == SAMPLE
    assert {"BadSignature", "Damaged", "NotPackage", "Untrusted"} <= set(found)


def test_what_is_not_changed_would_be_told(genuine: mutations.Genuine) -> None:
    with pytest.raises(AssertionError, match="it was taken"):
        genuine.refuse(genuine.contents)


@pytest.mark.parametrize("change", mutations.CHANGES)
def test_every_kind_of_change_changes_something(
    genuine: mutations.Genuine, change: Callable[..., bytes]
) -> None:
    from random import Random

    made = {change(genuine.contents, genuine, Random(seed)) for seed in range(20)}
    assert made - {genuine.contents}


def test_a_cut_at_every_boundary_is_refused(genuine: mutations.Genuine) -> None:
    for place in genuine.places[:-1]:
        for cut in (place - 1, place, place + 1):
            genuine.refuse(genuine.contents[: max(cut, 0)])
