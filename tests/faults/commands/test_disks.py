"""Disks that are really full, or can't be written: filesystems of the kernel's, that nobody else sees."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.faults.commands.machine import ROOT, Machine
from tests.faults.commands.table import ALL, NAME, NOTHING, Shop, of

ANSWER = '{"do":"arguments"}'
FULL = 5

UNSHARE = ("unshare", "--user", "--map-root-user", "--mount")
"""A user who is no root elsewhere may mount in there too, and nobody else sees it."""

# What is mounted, the machine copied in, and the commands, the answers of which are put out line by line.
PROGRAM = """
import json, os, subprocess, sys
options, target, source, commands = json.loads(sys.argv[1])
subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", target], check=True)
subprocess.run(["cp", "-a", source + "/.", target], check=True)
for words in commands:
    if words[0] == "read-only":
        subprocess.run(["mount", "-o", "remount,ro", target], check=True)
        continue
    if words[0] == "empty":
        os.unlink(target + "/filler")
        continue
    if words[0] == "fill":
        with open(target + "/filler", "wb", buffering=0) as file:
            try:
                while file.write(bytes(4096)):
                    pass
            except OSError:
                pass
        continue
    done = subprocess.run([sys.executable, "-m", "edge", *words, "--json"], capture_output=True, text=True)
    print(json.dumps([done.returncode, done.stdout, done.stderr]))
"""


@pytest.fixture
def machine(shop: Shop) -> Iterator[Machine]:
    if subprocess.run([*UNSHARE, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this kernel lets nobody mount anything")
    found = Machine(shop.folder / "machine")
    yield found
    shutil.rmtree(found.root)


def on_disk(machine: Machine, shop: Shop, options: str, start: str, *commands: tuple[str, ...]) -> list[Any]:
    """How commands end on a filesystem of its own, each with its status and its answer."""
    begin, data = shop.start(start), machine.root / "data"
    machine.become(begin)
    shutil.rmtree(data)
    data.mkdir(mode=0o700)
    placed = [shop.placed(of(*words)).words for words in commands]
    asked = json.dumps([options, str(data), str(begin / "data"), placed])
    done = subprocess.run(
        [*UNSHARE, sys.executable, "-c", PROGRAM, asked],
        cwd=ROOT,
        env=machine.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    ended = [json.loads(line) for line in done.stdout.splitlines()]
    assert not any("Traceback" in err for _, _, err in ended), ended
    return [(status, json.loads(out)) for status, out, _ in ended]


@pytest.mark.parametrize(
    "sizes",
    [[f"size={4 * pages}k" for pages in range(8, 96, 8)], [f"nr_inodes={n}" for n in range(6, 40, 4)]],
)
def test_on_a_card_that_is_too_small_nothing_is_half_installed(
    machine: Machine, shop: Shop, sizes: list[str]
) -> None:
    ends = []
    for size in sizes:
        installed, listed, called = on_disk(
            machine,
            shop,
            f"mode=700,{size}",
            NOTHING,
            ("install", "1.edge", "--yes"),
            ("list",),
            ("call", NAME, ANSWER),
        )
        ends.append(installed[0])
        if installed[0]:
            assert installed[1]["error"]["kind"] == "DiskFull", size
            assert (listed, called[0]) == ((0, {"plugins": []}), 2), size
        else:
            assert (len(listed[1]["plugins"]), called[0]) == (1, 0), size
    assert {FULL, 0} == set(ends)
    assert ends == sorted(ends, reverse=True)


def test_on_a_full_card_what_is_installed_is_called_and_what_needs_room_is_not_done(
    machine: Machine, shop: Shop
) -> None:
    called, listed, *refused, after, left = on_disk(
        machine,
        shop,
        "mode=700,size=2m",
        ALL,
        ("fill",),
        ("call", NAME, ANSWER),
        ("list",),
        ("install", "3.edge", "--yes"),
        ("rollback", NAME),
        ("config", NAME, "place=there"),
        ("key", "new", "office"),
        ("call", NAME, ANSWER),
        ("list",),
    )
    for status, said in refused:
        assert (status, said["error"]["kind"]) == (FULL, "DiskFull"), said
    for status, said in (called, after):
        assert (status, json.loads(said["output"])["__config"]) == (0, {"place": "here"})
    assert listed == left


@pytest.mark.parametrize("options", ["mode=700,size=2m", "mode=700,size=4m,nr_inodes=60"])
def test_a_full_card_can_be_cleaned_up(machine: Machine, shop: Shop, options: str) -> None:
    """Again and again: what was used of the reserve comes back with what made room, or lasts for a while."""
    ends = on_disk(
        machine,
        shop,
        options,
        ALL,
        ("fill",),
        ("config", NAME, "--unset", "place"),
        ("secret", NAME, "token", "--unset"),
        ("policy", "revoke", NAME, "http_client"),
        ("policy", "level", "strict", NAME),
        ("key", "revoke", "1f" * 32),
        ("disable", NAME),
        ("fill",),
        ("remove", NAME),
        ("list",),
        ("install", "3.edge", "--yes"),
        ("fill",),
        ("remove", NAME),
    )
    # The last but one is refused where it does not fit beside what fills the card; nothing is left then.
    assert [status for status, _ in ends[:8]] == [0] * 8, ends
    assert ends[7][1] == {"plugins": []}
    assert ends[-1][0] == (0 if ends[-2][0] == 0 else 2), ends[-2:]


def test_a_call_needs_nothing_that_can_be_written(machine: Machine, shop: Shop) -> None:
    called, shown, listed, configured, *refused, again = on_disk(
        machine,
        shop,
        "mode=700",
        ALL,
        ("read-only",),
        ("call", NAME, ANSWER),
        ("show", NAME),
        ("list",),
        ("config", NAME),
        ("install", "3.edge", "--yes"),
        ("rollback", NAME),
        ("disable", NAME),
        ("remove", NAME),
        ("config", NAME, "place=there"),
        ("key", "new", "office"),
        ("policy", "grant", NAME, "http_client", "b.example.org:443"),
        ("call", NAME, '{"do":"secret","text":"token"}'),
    )
    assert (called[0], json.loads(called[1]["output"])["__config"]) == (0, {"place": "here"})
    assert (again[0], again[1]["output"]) == (0, 'Ok("first")')
    assert [status for status, _ in (shown, listed, configured)] == [0, 0, 0]
    for status, said in refused:
        assert (status, said["error"]["kind"]) == (FULL, "IoFault"), said
        assert "Read-only" in said["error"]["message"]
        assert said["error"]["remedy"]
