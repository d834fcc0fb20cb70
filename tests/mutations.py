"""Packages that somebody changed: each one is refused with a reason, and nothing of it is loaded.

`python -m tests.mutations [COUNT] [SEED]` changes one package in that many ways.
"""

from __future__ import annotations

import os
import random
import struct
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from edge import Runtime, errors
from edge import _native as native
from edge._native import making
from edge.package import HEAD_BYTES, open_package
from tests.support import packing

COUNT = 10_000
FILE = "changed.edge"
LENGTH = slice(8, 12)
LENGTHS = (0, 1, HEAD_BYTES, 2**20, 2**20 + 1, 2**31 - 1, 2**31, 2**32 - 1)
FIELDS = (0, 8, 12, 44, HEAD_BYTES)
"""Where magic, length, key, signature and description begin."""

MIN_REASON = 12


class Genuine:
    """A package that nobody changed, and a device that takes it."""

    def __init__(self, contents: bytes, trusted: bytes) -> None:
        self.contents = contents
        self.trusted = trusted
        description, files = packing.apart(contents)
        self.head = contents[: len(contents) - sum(map(len, files.values()))]
        self.files = list(files.values())
        self._runtime = Runtime(trusted=trusted)
        self._code = f"code.{native.about()['engine']}"
        at = len(self.head)
        for name, data in files.items():
            if name == self._code:
                self._place = slice(at, at + len(data))
            at += len(data)
        assert description["files"]
        self._install(contents)
        self._load(self.head, contents[self._place])

    @property
    def places(self) -> list[int]:
        """Where a field, a file or the end is."""
        ends = [len(self.head)]
        for data in self.files:
            ends.append(ends[-1] + len(data))
        return [*FIELDS, *ends]

    def refuse(self, contents: bytes) -> str:
        """The kind of error that a changed package ends in; an AssertionError where it is taken."""
        head, code = contents[: len(self.head)], contents[self._place]
        if (head, code) != (self.head, self.contents[self._place]):
            _refused(lambda: self._load(head, code))
        return _refused(lambda: self._install(contents))

    def _install(self, contents: bytes) -> None:
        """What comes in through the door: all of it is checked before anything is loaded."""
        with _file(contents) as fd:
            package = open_package(fd, FILE, self.trusted)
            package.check_all()
            package.declared()

    def _load(self, head: bytes, code: bytes) -> None:
        """What was changed where it is kept, and so goes straight to the loader."""
        with _file(code) as fd:
            self._runtime.load_open(fd, FILE, head=head)


def _refused(act: Callable[[], None]) -> str:
    try:
        act()
    except errors.Refused as error:
        prefix, _, reason = error.message.partition(": ")
        assert prefix == FILE, error.message
        assert len(reason) >= MIN_REASON, error.message
        assert error.message.isprintable()
        return type(error).__name__
    raise AssertionError("it was taken")


@contextmanager
def _file(contents: bytes) -> Iterator[int]:
    fd = os.memfd_create(FILE)
    try:
        os.fchmod(fd, 0o600)
        with open(fd, "wb", closefd=False) as file:
            file.write(contents)
        yield fd
    finally:
        os.close(fd)


def changed(genuine: Genuine, source: random.Random) -> bytes:
    """The package after one change, or a few."""
    contents = genuine.contents
    while contents == genuine.contents:
        for _ in range(source.choice((1, 1, 1, 2, 3))):
            contents = source.choice(CHANGES)(contents, genuine, source)
    return contents


def _place(contents: bytes, genuine: Genuine, source: random.Random) -> int:
    """Mostly where the format is, and near where parts of it meet."""
    kind = source.randrange(4)
    if kind == 0:
        place = source.choice(genuine.places) + source.randint(-2, 2)
    elif kind == 1:
        place = source.randrange(HEAD_BYTES)
    elif kind == 2:
        place = source.randrange(len(genuine.head))
    else:
        place = source.randrange(len(genuine.contents))
    return min(max(place, 0), max(len(contents) - 1, 0))


def _flip(contents: bytes, genuine: Genuine, source: random.Random) -> bytes:
    at = _place(contents, genuine, source)
    return (
        contents[:at]
        + bytes(byte ^ 1 << source.randrange(8) for byte in contents[at : at + 1])
        + contents[at + 1 :]
    )


def _overwrite(contents: bytes, genuine: Genuine, source: random.Random) -> bytes:
    at = _place(contents, genuine, source)
    new = source.randbytes(source.randint(1, 64))
    return contents[:at] + new + contents[at + len(new) :]


def _cut(contents: bytes, genuine: Genuine, source: random.Random) -> bytes:
    return contents[: _place(contents, genuine, source)]


def _behead(contents: bytes, genuine: Genuine, source: random.Random) -> bytes:
    return contents[_place(contents, genuine, source) :]


def _insert(contents: bytes, genuine: Genuine, source: random.Random) -> bytes:
    at = _place(contents, genuine, source)
    return contents[:at] + source.randbytes(source.choice((1, 4, 64, 4096))) + contents[at:]


def _delete(contents: bytes, genuine: Genuine, source: random.Random) -> bytes:
    at = _place(contents, genuine, source)
    return contents[:at] + contents[at + source.choice((1, 2, 4, 64, 4096)) :]


def _repeat(contents: bytes, genuine: Genuine, source: random.Random) -> bytes:
    at = _place(contents, genuine, source)
    piece = contents[at : at + source.choice((1, 8, HEAD_BYTES, 4096, len(contents)))]
    return contents[:at] + piece + contents[at:]


def _append(contents: bytes, _: Genuine, source: random.Random) -> bytes:
    return contents + source.randbytes(source.choice((1, 8, 300)))


def _swap(contents: bytes, genuine: Genuine, source: random.Random) -> bytes:
    """Two stretches of one length change places."""
    one, other = sorted((_place(contents, genuine, source), _place(contents, genuine, source)))
    size = min(source.choice((1, 4, 32, 4096)), other - one, len(contents) - other)
    first, second = contents[one : one + size], contents[other : other + size]
    return contents[:one] + second + contents[one + size : other] + first + contents[other + size :]


def _lengthen(contents: bytes, genuine: Genuine, source: random.Random) -> bytes:
    """The length of the description becomes another."""
    length = len(genuine.head) - HEAD_BYTES
    new = source.choice(
        (*LENGTHS, length - 1, length + 1, length + len(genuine.files[0]), source.getrandbits(32))
    )
    return contents[: LENGTH.start] + struct.pack("<I", new) + contents[LENGTH.stop :]


def _reorder(_: bytes, genuine: Genuine, source: random.Random) -> bytes:
    """Files in another order, some perhaps twice or not at all."""
    files = source.choices(genuine.files, k=len(genuine.files))
    if source.random() < 0.5:
        files = source.sample(genuine.files, len(genuine.files))
    return genuine.head + b"".join(files)


def _exchange(_: bytes, genuine: Genuine, source: random.Random) -> bytes:
    """A file's bytes in the place of another's, cut or filled up to its size."""
    files = list(genuine.files)
    one, other = source.sample(range(len(files)), 2)
    files[one] = files[other][: len(files[one])].ljust(len(files[one]), b"\0")
    return genuine.head + b"".join(files)


CHANGES = (
    *(_flip, _overwrite, _cut, _behead, _insert, _delete, _repeat, _append, _swap, _lengthen, _reorder),
    _exchange,
)


def run(genuine: Genuine, count: int, seed: int) -> Counter[str]:
    """Changes it that often; how often each kind of error came of it."""
    found: Counter[str] = Counter()
    for number in range(count):
        # Each of them by itself, so that one that is taken can be made again.
        source = random.Random(f"{seed} {number}")
        try:
            found[genuine.refuse(changed(genuine, source))] += 1
        except BaseException:
            print(f"change {number} of seed {seed}", file=sys.stderr)
            raise
    return found


def genuine_of(path: Path, trusted: bytes) -> Genuine:
    """The package in a file."""
    return Genuine(path.read_bytes(), trusted)


def main(arguments: list[str]) -> int:
    """The command line."""
    from cross import guests
    from edge import trust

    count, seed, *_ = [*map(int, arguments), *(COUNT, 0)[len(arguments) :]]
    key = making.new_key()
    with tempfile.TemporaryDirectory() as place:
        folder = packing.folder(Path(place) / "plugin", "cron-next", guests.build("cron-next"), {})
        engines = (native.about()["engine"], "pulley32")
        path = packing.packed(Path(place) / FILE, folder, engines, key, with_wasm=True)
        genuine = genuine_of(path, trust.of_keys([making.public_key(key)]))
    found = run(genuine, count, seed)
    listed = ", ".join(f"{kind} {many}" for kind, many in found.most_common())
    print(f"{count} changed packages: 0 taken ({listed})")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
