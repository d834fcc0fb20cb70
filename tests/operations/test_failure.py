from __future__ import annotations

import errno

import pytest

from edge import errors
from edge.operations import failure


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OSError(errno.ENOSPC, "full", "/a"), errors.DiskFull),
        (OSError(errno.EIO, "broken", "/a"), errors.IoFault),
        (MemoryError(), errors.OutOfMemory),
        (OSError(errno.EBADF, "not open"), errors.InternalFault),
        (KeyError("name"), errors.InternalFault),
    ],
)
def test_what_the_machine_can_not_do_is_no_fault_of_ours(
    error: Exception, kind: type[errors.EdgeError]
) -> None:
    assert type(failure.meant(error)) is kind


def test_an_error_is_data_with_the_problems_of_a_manifest() -> None:
    assert failure.facts(errors.NotInstalled("none", "look")) == {
        "kind": "NotInstalled",
        "message": "none",
        "remedy": "look",
        "exit": 2,
    }
    assert failure.facts(errors.BadManifest("two", "", ["one", "other"]))["problems"] == ("one", "other")


def test_of_a_long_trace_the_end_is_kept() -> None:
    found = failure.trace(ValueError("x" * failure.MAX_TRACE + "end"))
    assert (len(found), found.endswith("end")) == (failure.MAX_TRACE, True)
