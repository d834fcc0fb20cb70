"""Checks that entries follow one another."""

from __future__ import annotations

from edge.audit.line import NOTHING, digest, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

OLDEST = ".3"
"""The ending of the oldest file. Only when all files are full is one dropped, and then the oldest has it."""


def problems(read: list[tuple[str, bytes]]) -> Iterator[str]:
    """The problems of one log. `files`: contents by name, oldest first."""
    before: bytes | None = None
    last = damaged = 0
    for name, data in read:
        if not data:
            yield f"{name}: the file is empty; a power cut may have truncated it"
        *lines, torn = data.split(b"\n")
        for place, text in enumerate(lines, 1):
            raw, where = text + b"\n", f"{name}, line {place}"
            entry = parse(text)
            if entry is None:
                damaged += 1
                yield f"{where}: entry {last + damaged}, expected here, is damaged or changed"
            else:
                seq, prev = entry["seq"], entry["prev"]
                if before is None:
                    yield from _check_first(where, seq, prev)
                elif seq > last + damaged + 1:
                    yield f"{where}: {_named(last + damaged + 1, seq - 1)} missing"
                elif seq <= last:
                    yield f"{where}: entry {seq} is out of order after entry {last}"
                elif not damaged and prev != digest(before):
                    yield f"{where}: entry {seq} does not match entry {last}; one of them was changed"
                last, damaged = seq, 0
            before = raw
        if torn:
            yield (
                f"{name}: the last {len(torn)} bytes are not a complete entry; a power cut may have "
                "truncated it"
            )


def _check_first(where: str, seq: int, prev: str) -> Iterator[str]:
    if seq == 1 and prev != NOTHING:
        yield f"{where}: entry 1 refers to an earlier entry"
    elif seq > 1 and f"{OLDEST}, " not in where:
        yield f"{where}: {_named(1, seq - 1)} missing"


def _named(first: int, last: int) -> str:
    return f"entry {first} is" if first == last else f"entries {first} to {last} are"
