from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

from edge import errors
from edge.files import runtime_dir
from edge.limits.admission import Counters
from tests.counters.holding import ROOT, holding

RACE = """
import sys
from edge import errors
from edge.files import runtime_dir
from edge.limits.admission import Counters
counters = Counters(sys.argv[1])
most = 0
for _ in range(int(sys.argv[2])):
    try:
        with counters.enter("raced", memory=1, room=3, concurrent=3):
            most = max(most, counters.live()[0])
    except (errors.Busy, errors.NotAdmitted):
        pass
print(most)
"""

LAST_PLACE = """
import sys
from edge import errors
from edge.limits.admission import Counters
counters = Counters(sys.argv[1])
counters.live()
print("ready", flush=True)
sys.stdin.readline()
try:
    slot = counters.enter("last", memory=1, room=1, concurrent=1, per_minute=9)
    print("in", flush=True)
except (errors.Busy, errors.NotAdmitted):
    print("out", flush=True)
sys.stdin.read()
"""


def test_processes_count_together(path: str) -> None:
    with holding(path, "shared", memory=7, count=2), Counters(path) as counters:
        assert counters.live() == (2, 14)
        with pytest.raises(errors.Busy):
            counters.enter("shared", concurrent=2)
        with pytest.raises(errors.NotAdmitted):
            counters.enter("shared", memory=7, room=20)


def test_what_a_killed_process_held_comes_back(path: str) -> None:
    with Counters(path) as counters:
        with holding(path, "shared", memory=7, count=3) as dead, holding(path, "shared", memory=1):
            dead.send_signal(signal.SIGKILL)
            # Not waited for yet: a zombie holds nothing either.
            os.waitid(os.P_PID, dead.pid, os.WEXITED | os.WNOWAIT)
            with counters.enter("shared", memory=10, room=11, concurrent=2):
                assert counters.live() == (2, 11)
        assert counters.live() == (0, 0)


def test_another_process_with_the_number_of_a_dead_one_holds_nothing(path: str) -> None:
    with Counters(path) as counters:
        counters.enter("x", memory=5)
        raw = bytearray(Path(path).read_bytes())
        # The second word of the first holder: when its process started.
        raw[56] ^= 1
        Path(path).write_bytes(raw)
        assert Counters(path).live() == (0, 0)


@pytest.mark.parametrize("processes", [4])
def test_processes_that_race_never_exceed_a_limit(path: str, processes: int) -> None:
    words = [sys.executable, "-c", RACE, path, "150"]
    running = [subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(processes)]
    victims = [subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL) for _ in range(2)]
    with Counters(path) as counters:
        while not counters.live()[0] and any(process.poll() is None for process in running):
            pass
        for victim in victims:
            victim.kill()
            victim.wait()
        most = [int(process.communicate(timeout=120)[0]) for process in running]
        assert 1 <= max(most) <= 3
        assert counters.live() == (0, 0)
        for _ in range(3):
            counters.enter("raced", memory=1, room=3, concurrent=3)


def test_of_processes_that_race_for_the_last_place_one_gets_it(path: str) -> None:
    with ExitStack() as stack:
        words = [sys.executable, "-c", LAST_PLACE, path]
        racing = [
            stack.enter_context(
                subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            )
            for _ in range(5)
        ]
        for process in racing:
            stack.callback(process.kill)
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in racing:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        came = [process.stdout.readline() for process in racing if process.stdout is not None]
        assert sorted(came) == ["in\n", *["out\n"] * 4]
        with Counters(path) as counters:
            assert counters.live() == (1, 1)


def test_nobody_counts_while_another_has_the_file_locked(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime_dir, "LOCK_TIMEOUT", 0.05)
    with Counters(path) as counters:
        slot = counters.enter("x")
        other = runtime_dir.open_file(path)
        runtime_dir.lock(other, path)
        with pytest.raises(errors.IoFault, match="has been locked"):
            counters.enter("x")
        # What only lowers the figures waits for nobody.
        slot.close()
        fcntl.flock(other, fcntl.LOCK_SH)
        with pytest.raises(errors.IoFault, match="has been locked"):
            counters.enter("x")
        os.close(other)
        counters.enter("x", concurrent=1).close()


@pytest.mark.parametrize("count", [1, 4])
def test_threads_may_share_one_or_have_their_own(path: str, count: int) -> None:
    problems: list[BaseException] = []
    with Counters(path) as counters:
        each = [counters, *(Counters(path) for _ in range(count - 1))]

        def work(own: Counters) -> None:
            try:
                for _ in range(100):
                    with own.enter("threads", memory=1, concurrent=4, per_minute=60_000):
                        assert own.live()[0] <= 4
            except BaseException as error:
                problems.append(error)

        threads = [threading.Thread(target=work, args=[each[number % count]]) for number in range(4)]
        usual = sys.getswitchinterval()
        sys.setswitchinterval(1e-6)
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        finally:
            sys.setswitchinterval(usual)
        assert problems == []
        assert counters.live() == (0, 0)


def test_a_forked_child_neither_counts_nor_frees_what_its_parent_holds(path: str) -> None:
    counters = Counters(path)
    slot = counters.enter("parent", memory=3, concurrent=5)
    child = os.fork()
    if not child:
        try:
            slot.close()
            with counters.enter("child", memory=4):
                os._exit(0 if counters.live() == (2, 7) else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert counters.live() == (1, 3)
    slot.close()
    assert counters.live() == (0, 0)


def test_a_child_may_be_forked_while_threads_count(path: str) -> None:
    counters, ended = Counters(path), threading.Event()

    def work() -> None:
        while not ended.is_set():
            counters.enter("threads", memory=1).close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(100):
            child = os.fork()
            if not child:
                # A lock that it waits for in vain would keep it for ever.
                signal.alarm(30)
                with counters.enter("child", memory=1):
                    os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    assert counters.live() == (0, 0)


def test_a_childs_slots_are_not_taken_for_its_parents(path: str) -> None:
    counters = Counters(path)
    slots = [counters.enter("parent", memory=1) for _ in range(3)]
    child = os.fork()
    if not child:
        try:
            with counters.enter("child", memory=10):
                for slot in slots:
                    slot.close()
                os._exit(0 if counters.live() == (4, 13) else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert counters.live() == (3, 3)
