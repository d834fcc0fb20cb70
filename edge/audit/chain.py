"""Checks that entries follow one another."""

from __future__ import annotations

from edge.audit.line import NOTHING, digest, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    Read = list[tuple[str, bytes]]
    """Files of one name, each with its contents, the oldest first."""

OLDEST = ".3"
"""The ending of the oldest file. Only when all files are full is one dropped, and then the oldest has it."""


def problems(read: Read) -> Iterator[str]:
    """What is wrong with files of one name."""
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


def behind(name: str, read: Read, others: Read, field: str) -> list[str]:
    """What is missing at the end of a log, by what entries of another say of its newest in a field."""
    newest = 0
    for line in _lines(read):
        entry = parse(line)
        newest = entry["seq"] if entry is not None else newest + 1
    told = [entry.get(field) for entry in map(parse, _lines(others)) if entry is not None]
    known = max((number for number in told if isinstance(number, int)), default=0)
    return [f"{name}: {_named(newest + 1, known)} missing at its end"] if known > newest else []


def _lines(read: Read) -> Iterator[bytes]:
    for _, data in read:
        yield from data.split(b"\n")[:-1]


def _check_first(where: str, seq: int, prev: str) -> Iterator[str]:
    if seq == 1 and prev != NOTHING:
        yield f"{where}: entry 1 refers to an earlier entry"
    elif seq > 1 and f"{OLDEST}, " not in where:
        yield f"{where}: {_named(1, seq - 1)} missing"


def _named(first: int, last: int) -> str:
    return f"entry {first} is" if first == last else f"entries {first} to {last} are"
