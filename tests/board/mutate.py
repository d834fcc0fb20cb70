"""Runs on the board, where it is a lone file: a package changed in COUNT ways, all of them to be refused.

usage: mutate.py PACKAGE COUNT. Prints how often each kind of refusal came, as JSON.
"""

import sys

sys.path[:0] = ["/opt/edge/lib", "/usr/lib/python3/dist-packages"]

import json  # noqa: E402
import os  # noqa: E402
import random  # noqa: E402
from functools import partial  # noqa: E402
from typing import Callable  # noqa: E402

from edge import Runtime, errors, trust  # noqa: E402
from edge.package import HEAD_BYTES, open_package  # noqa: E402

HEAD_FIELDS = (0, 8, 12, 44, HEAD_BYTES)


def changed(contents: bytes, source: random.Random) -> bytes:
    """One change: mostly in the head, which is what is parsed."""
    place = source.choice(
        (source.randrange(HEAD_BYTES), source.randrange(2000), source.randrange(len(contents)))
    )
    place = source.choice((place, source.choice(HEAD_FIELDS)))
    kind = source.randrange(5)
    if kind == 0:
        flipped = contents[place] ^ 1 << source.randrange(8)
        return contents[:place] + bytes([flipped]) + contents[place + 1 :]
    if kind == 1:
        return contents[:place]
    if kind == 2:
        return contents[:place] + os.urandom(source.randrange(1, 64)) + contents[place:]
    if kind == 3:
        return contents[:place] + contents[place + source.randrange(1, 64) :]
    return contents + os.urandom(source.randrange(1, 64))


def refusal(contents: bytes, act: Callable[[int], object]) -> str:
    """The kind of error; what is taken is no error and has no kind."""
    fd = os.memfd_create("changed")
    try:
        os.fchmod(fd, 0o600)
        with open(fd, "wb", closefd=False) as file:
            file.write(contents)
        act(fd)
    except errors.Refused as error:
        return type(error).__name__
    finally:
        os.close(fd)
    return "taken"


def main(path: str, count: str) -> None:
    """Every change through the door, and what of it is head and code straight to the loader."""
    with open(path, "rb") as file:
        genuine = file.read()
        package = open_package(file.fileno(), path, trust.text())
    code = next(entry for entry in package.description["files"] if "engine" in entry)
    runtime = Runtime()
    source = random.Random(1176)
    found: dict[str, int] = {}

    def door(fd: int) -> None:
        open_package(fd, path, trust.text()).check_all()

    for _ in range(int(count)):
        contents = changed(genuine, source)
        if contents == genuine:
            continue
        head = contents[: len(package.head)]
        # The code stands last.
        kinds = [refusal(contents, door)]
        if head != package.head or contents[-code["size"] :] != genuine[-code["size"] :]:
            load = partial(runtime.load_open, name=path, head=head)
            kinds.append(refusal(contents[-code["size"] :], load))
        for kind in kinds:
            found[kind] = found.get(kind, 0) + 1
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
