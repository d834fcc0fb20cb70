"""Limits how many denials of a plugin are written, so that a hostile one cannot fill the log.

Per plugin, over all processes: MAX_DENIALS within a minute, then one entry each for 1, 10, 100 and so on that
were not written. RATIONALE, "Why what plugins do has audit files of its own".
"""

from __future__ import annotations

import posix
from time import monotonic

from edge import text
from edge.files import runtime_dir

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Event = dict[str, Any]

MAX_DENIALS = 20
SECONDS = 60
NAMELESS = "-"
FOLDER = "denied"

WORD = 8

_here: dict[str, tuple[int, int]] = {}
_told: set[str] = set()


def append_denied(event: Event, write: Callable[[Event], str]) -> str:
    """Appends a denial with `write`, unless there were too many."""
    plugin = event.get("plugin", "")
    count = _count(plugin)
    if count > MAX_DENIALS:
        rest = count - MAX_DENIALS
        if rest != 10 ** (len(str(rest)) - 1):
            return ""
        event = {"event": "suppressed", "plugin": plugin, "denied": rest}
    try:
        return write(event)
    except Exception as error:
        from edge import errors

        if not isinstance(error, errors.EnvironmentFault):
            raise
        _tell(error.message)
        return ""


def delete(name: str) -> None:
    """Deletes the counts of a plugin."""
    runtime_dir.drop(f"{runtime_dir.own_folder()}/{FOLDER}/{name}")


def _count(plugin: str) -> int:
    """How many denials the plugin had within this minute, including this one."""
    now = int(monotonic()) // SECONDS
    name = plugin if text.is_plugin_name(plugin) else NAMELESS
    try:
        return _count_shared(name, now)
    except Exception as error:
        from edge import errors

        if not isinstance(error, (errors.EdgeError, OSError)):
            raise
        # Without shared memory, each process counts on its own.
        minute, count = _here.get(name, (now, 0))
        count = count + 1 if minute == now else 1
        _here[name] = (now, count)
        return count


def _count_shared(name: str, now: int) -> int:
    path = f"{runtime_dir.own_folder(FOLDER)}/{name}"
    fd = runtime_dir.open_file(path)
    try:
        runtime_dir.lock(fd, path)
        data = posix.pread(fd, 2 * WORD, 0)
        minute, count = (int.from_bytes(data[at : at + WORD], "little") for at in (0, WORD))
        count = count + 1 if minute == now and len(data) == 2 * WORD else 1
        posix.pwrite(fd, now.to_bytes(WORD, "little") + count.to_bytes(WORD, "little"), 0)
        return count
    finally:
        posix.close(fd)


def _tell(why: str) -> None:
    if why in _told:
        return
    _told.add(why)
    import sys

    if sys.stderr is not None:
        print(f"edge: denials cannot be audited: {why}", file=sys.stderr)
