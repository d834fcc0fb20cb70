from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from edge import _native as native
from edge import errors, shared
from edge.counters import Counters, Slot
from edge.names import LONGEST

ROOT = Path(__file__).parent.parent

NAME_BYTES, PLUGINS, HOLDERS = native.COUNTED_NAME, native.COUNTED_PLUGINS, native.COUNTED_HOLDERS

HOLD = """
import sys
from edge.counters import Counters
counters = Counters(sys.argv[1])
slots = [counters.enter(sys.argv[2], memory=int(sys.argv[3])) for _ in range(int(sys.argv[4]))]
print("held", flush=True)
sys.stdin.read()
"""

RACE = """
import sys
from edge import errors, shared
from edge.counters import Counters
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


FILE_BYTES = 20_480

LAST_PLACE = """
import sys
from edge import errors
from edge.counters import Counters
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


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "counters")


@contextmanager
def holding(path: str, name: str, memory: int = 0, count: int = 1) -> Iterator[subprocess.Popen[str]]:
    """Another process with calls under way."""
    words = [sys.executable, "-c", HOLD, path, name, str(memory), str(count)]
    with subprocess.Popen(
        words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


class Model(RuleBasedStateMachine):
    """Counters that several holders share, against lists of what they should count."""

    NAMES = ("one", "two", "ü" * (NAME_BYTES // 2))
    ROOM = 100
    CONCURRENT = 3
    PER_MINUTE = 5

    def __init__(self) -> None:
        super().__init__()
        self.folder = ExitStack()
        from tempfile import TemporaryDirectory

        place = self.folder.enter_context(TemporaryDirectory())
        self.clock = Clock()
        self.all = [Counters(f"{place}/counters", seconds=self.clock) for _ in range(2)]
        self.live: list[tuple[str, int, Slot]] = []
        self.begun: list[tuple[str, float]] = []

    def teardown(self) -> None:
        for counters in self.all:
            counters.close()
        self.folder.close()

    @rule(who=st.integers(0, 1), name=st.sampled_from(NAMES), memory=st.integers(0, 60))
    def enter(self, who: int, name: str, memory: int) -> None:
        try:
            slot = self.all[who].enter(
                name, memory=memory, room=self.ROOM, concurrent=self.CONCURRENT, per_minute=self.PER_MINUTE
            )
        except errors.NotAdmitted:
            assert sum(held for _, held, _ in self.live) + memory > self.ROOM
        except errors.Busy:
            assert self.under_way(name) >= self.CONCURRENT
        except errors.RateExceeded:
            assert self.since(name, 61) >= self.PER_MINUTE
        else:
            self.live.append((name, memory, slot))
            self.begun.append((name, self.clock.now))
            assert sum(held for _, held, _ in self.live) <= self.ROOM
            assert self.under_way(name) <= self.CONCURRENT
            assert self.since(name, 60) <= self.PER_MINUTE

    def under_way(self, name: str) -> int:
        return sum(found == name for found, _, _ in self.live)

    def since(self, name: str, seconds: float) -> int:
        return sum(found == name and at > self.clock.now - seconds for found, at in self.begun)

    @precondition(lambda self: self.live)
    @rule(which=st.integers(0))
    def leave(self, which: int) -> None:
        _, _, slot = self.live.pop(which % len(self.live))
        slot.close()
        slot.close()

    @rule(seconds=st.sampled_from([0.01, 0.5, 1, 3, 20, 59.5, 60, 61, 64, 200]))
    def pass_time(self, seconds: float) -> None:
        self.clock.now += seconds

    @invariant()
    def counts_what_is_under_way(self) -> None:
        expected = (len(self.live), sum(held for _, held, _ in self.live))
        assert all(counters.live() == expected for counters in self.all)


TestModel = Model.TestCase
TestModel.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


@given(st.lists(st.floats(0, 30, allow_nan=False), max_size=60))
@settings(max_examples=50)
def test_no_minute_has_more_calls_than_its_limit(pauses: list[float]) -> None:
    from tempfile import TemporaryDirectory

    clock = Clock()
    begun: list[float] = []
    with TemporaryDirectory() as folder, Counters(f"{folder}/c", seconds=clock) as counters:
        for pause in pauses:
            clock.now += pause
            try:
                counters.enter("rated", per_minute=4).close()
            except errors.RateExceeded:
                continue
            begun.append(clock.now)
    for start in begun:
        assert sum(start <= at < start + 60 for at in begun) <= 4


@given(st.lists(st.sampled_from([0, 0, 1, 2, 3, 10, 19, 20, 21, 30, 40, 58, 59, 60, 61, 62]), max_size=80))
@settings(max_examples=150)
def test_a_call_is_refused_as_long_as_its_limits_calls_began_in_the_last_minute(pauses: list[int]) -> None:
    from tempfile import TemporaryDirectory

    clock = Clock()
    begun: list[float] = []
    with TemporaryDirectory() as folder, Counters(f"{folder}/c", seconds=clock) as counters:
        for pause in pauses:
            clock.now += pause
            recent = [at for at in begun if at >= clock.now - 60]
            if len(recent) < 4:
                counters.enter("rated", per_minute=4).close()
                begun.append(clock.now)
                continue
            with pytest.raises(errors.RateExceeded) as caught:
                counters.enter("rated", per_minute=4)
            assert f"in {recent[0] + 61 - clock.now:.0f} s" in caught.value.remedy


def test_calls_of_the_time_to_come_count_for_nothing(path: str) -> None:
    clock = Clock()
    with Counters(path, seconds=clock) as counters:
        clock.now = 9000
        counters.enter("rated", per_minute=1).close()
        clock.now = 1000
        counters.enter("rated", per_minute=1).close()
        # Who waited for the lock comes with a second that is over.
        clock.now = 999
        with pytest.raises(errors.RateExceeded):
            counters.enter("rated", per_minute=1)


def test_a_refused_call_is_told_when_the_next_one_fits(path: str) -> None:
    clock = Clock()
    with Counters(path, seconds=clock) as counters:
        counters.enter("rated", per_minute=1).close()
        clock.now += 10
        with pytest.raises(errors.RateExceeded, match="rated: it was called 1 times") as caught:
            counters.enter("rated", per_minute=1)
        assert "in 51 s" in caught.value.remedy
        clock.now += 51
        counters.enter("rated", per_minute=1).close()


def test_what_is_refused_is_not_counted(path: str) -> None:
    with Counters(path, seconds=Clock()) as counters:
        for _ in range(5):
            with pytest.raises(errors.NotAdmitted):
                counters.enter("x", memory=2, room=1, per_minute=1)
        assert counters.live() == (0, 0)
        counters.enter("x", memory=1, room=1, per_minute=1).close()


def test_each_plugin_has_limits_of_its_own(path: str) -> None:
    with Counters(path) as counters, counters.enter("one", concurrent=1, per_minute=1):
        with pytest.raises(errors.Busy, match="one: 1 of its calls are under way, and 1 may be"):
            counters.enter("one", concurrent=1)
        counters.enter("two", concurrent=1, per_minute=1).close()


def test_memory_is_one_sum_for_all(path: str) -> None:
    with Counters(path) as counters, counters.enter("one", memory=60 << 20, room=100 << 20):
        message = (
            "two may use 50.0 MB, 1 other may use 60.0 MB, and there is room for 100.0 MB of the small board"
        )
        with pytest.raises(errors.NotAdmitted, match=message) as caught:
            counters.enter("two", memory=50 << 20, room=100 << 20, explain=lambda: " of the small board")
        assert caught.value.exit_code == 5


@pytest.fixture
def users(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Counters]]:
    """The counters of one user, as seen from a place for data."""
    from tempfile import TemporaryDirectory

    def at(place: str) -> Counters:
        monkeypatch.setenv("XDG_DATA_HOME", place)
        return Counters()

    with TemporaryDirectory(dir="/dev/shm") as run:
        monkeypatch.setenv("XDG_RUNTIME_DIR", run)
        yield at


def test_places_for_data_share_the_memory_and_not_the_names(users: Callable[[str], Counters]) -> None:
    one = users("/one")
    one.enter("pump", memory=7, concurrent=1, per_minute=1)
    two = users("/two")
    two.enter("pump", memory=7, concurrent=1, per_minute=1)
    assert one.live() == two.live() == (2, 14)
    with pytest.raises(errors.Busy, match="^pump: 1 of its calls"):
        two.enter("pump", concurrent=1)
    with pytest.raises(errors.NotAdmitted):
        two.enter("other", memory=7, room=20)


def test_names_of_any_length_that_plugins_have_are_told_apart(users: Callable[[str], Counters]) -> None:
    counters = users("/one")
    for name in ("x" * LONGEST, "x" * (LONGEST - 1), "x" * (LONGEST - 1) + "y", "x" * 43, "x" * 44):
        counters.enter(name, per_minute=1).close()
        with pytest.raises(errors.RateExceeded, match=f"^{name}: "):
            counters.enter(name, per_minute=1)


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
    monkeypatch.setattr(shared, "LOCK_PATIENCE", 0.05)
    with Counters(path) as counters:
        slot = counters.enter("x")
        other = shared.open_file(path)
        shared.lock(other, path)
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


def test_a_file_that_was_taken_away_is_made_anew(path: str) -> None:
    clock = Clock()
    with Counters(path, seconds=clock) as counters:
        old = counters.enter("x", memory=1)
        os.unlink(path)
        clock.now += 1
        with counters.enter("x", memory=2), Counters(path) as other:
            assert other.live() == (1, 2)
            old.close()
            assert other.live() == (1, 2)


def test_a_file_that_another_took_the_place_of_counts_no_more(path: str) -> None:
    clock = Clock()
    with Counters(path, seconds=clock) as counters, Counters(f"{path}-new") as other:
        old = counters.enter("x", memory=1)
        with other.enter("y", memory=2):
            os.replace(f"{path}-new", path)
            clock.now += 1
            with counters.enter("x", memory=4):
                assert other.live() == (2, 6)
                old.close()
                assert other.live() == (2, 6)


def test_a_file_that_was_emptied_is_begun_anew_and_takes_nothing_back(path: str) -> None:
    clock = Clock()
    with Counters(path, seconds=clock) as counters, Counters(path) as other:
        old = counters.enter("x", memory=1)
        os.truncate(path, 0)
        with other.enter("y", memory=2):
            old.close()
            assert counters.live() == other.live() == (1, 2)


@pytest.mark.parametrize(
    "content", [b"", b"\0", b"not counters" * 9999, b"edgecnt3", b"edgecnt2" + bytes(FILE_BYTES - 8)]
)
def test_a_file_that_is_no_counters_is_begun_anew(path: str, content: bytes) -> None:
    Path(path).write_bytes(content)
    Path(path).chmod(0o600)
    with Counters(path) as counters, counters.enter("x", memory=1, concurrent=1, per_minute=1):
        assert counters.live() == (1, 1)
    raw = Path(path).read_bytes()
    assert (len(raw), raw[:8]) == (FILE_BYTES, b"edgecnt3")


def test_more_plugins_in_a_minute_than_can_be_counted(path: str) -> None:
    clock = Clock()
    with Counters(path, seconds=clock) as counters:
        for number in range(PLUGINS):
            counters.enter(f"plugin-{number}", per_minute=9).close()
        with pytest.raises(errors.NotAdmitted, match="within a minute"):
            counters.enter("one-more", per_minute=9)
        clock.now += 62
        counters.enter("one-more", per_minute=9).close()


def test_a_plugin_whose_call_lasts_longer_than_a_minute_keeps_its_record(path: str) -> None:
    clock = Clock()
    with Counters(path, seconds=clock) as counters, counters.enter("long", per_minute=9):
        clock.now += 100
        for number in range(PLUGINS - 1):
            counters.enter(f"plugin-{number}", per_minute=9).close()
        with pytest.raises(errors.NotAdmitted, match="within a minute"):
            counters.enter("one-more", per_minute=9)
        with pytest.raises(errors.Busy):
            counters.enter("long", concurrent=1)


def test_records_of_what_ended_are_used_again(path: str) -> None:
    with Counters(path) as counters:
        for number in range(3 * HOLDERS):
            counters.enter(f"plugin-{number}", memory=1).close()
        assert counters.live() == (0, 0)


@pytest.mark.parametrize("name", ["", "x" * (NAME_BYTES + 1), "ü" * NAME_BYTES])
def test_a_name_that_does_not_fit_is_refused(path: str, name: str) -> None:
    with Counters(path) as counters, pytest.raises(errors.OptionsError, match="can't be counted"):
        counters.enter(name)


@pytest.mark.parametrize(("memory", "per_minute"), [(-1, 0), (1 << 64, 0), (0, 1 << 32)])
def test_a_figure_out_of_range_is_refused(path: str, memory: int, per_minute: int) -> None:
    with Counters(path) as counters, pytest.raises(errors.OptionsError, match="x can't be counted"):
        counters.enter("x", memory=memory, per_minute=per_minute)


WORDS = [0, 1, 60, 1 << 31, 1 << 32, 1 << 63, (1 << 64) - 1, os.getpid(), 1000, 1061]


@given(
    seed=st.integers(0, 1 << 32),
    share=st.sampled_from([0.0, 0.01, 0.3, 1.0]),
    words=st.lists(st.tuples(st.integers(0, 700), st.sampled_from(WORDS)), max_size=40),
    head=st.booleans(),
    passed=st.sampled_from([0, 1, 61]),
)
@settings(max_examples=300)
def test_garbage_in_the_file_ends_in_a_call_or_an_error(
    seed: int, share: float, words: list[tuple[int, int]], head: bool, passed: int
) -> None:
    from random import Random
    from tempfile import TemporaryDirectory

    random, clock = Random(seed), Clock()
    with TemporaryDirectory() as folder, Counters(f"{folder}/c", seconds=clock) as counters:
        path = Path(folder, "c")
        before = counters.enter("x", memory=5, per_minute=9)
        raw = bytearray(path.read_bytes())
        kept = bytes(raw[:8])
        for at in range(len(raw)):
            if random.random() < share:
                raw[at] = random.randrange(256)
        for at, word in words:
            raw[8 * at : 8 * at + 8] = word.to_bytes(8, "little")
        if head:
            raw[:8] = kept
        with path.open("r+b") as file:
            file.write(raw)
        clock.now += passed
        for name in ("x", "y", "y"):
            with suppress(errors.NotAdmitted, errors.Busy, errors.RateExceeded):
                counters.enter(name, memory=1, room=100, concurrent=2, per_minute=2).close()
        before.close()
        calls, memory = counters.live()
        assert calls >= 0
        assert memory >= 0
        path.unlink()
        clock.now += 1
        with counters.enter("x", memory=1, room=1, concurrent=1, per_minute=1):
            assert counters.live() == (1, 1)
