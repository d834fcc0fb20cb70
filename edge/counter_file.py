"""The file behind edge.counters: its layout, and access to it while it is locked.

| part | words of 8 bytes |
|---|---|
| head | magic number, bytes that calls under way may use, how many calls there are, serial number |
| holders | process (0: free), its start, bytes its calls may use, how many they are, serial number, name |
| plugins | name, newest second, calls under way, calls begun in that second and before (64 of 16 bits) |

A holder is what one process has under way of one plugin; head and plugins hold the sums. A process raises the
sums before its holder and lowers them after, so whoever is killed in between leaves sums that are too high,
and `recount` puts them right before anything is refused because of them.
"""

from __future__ import annotations

import posix

from edge import files, shared

WORD = 8
NAME_BYTES = 64
BUCKETS = 64
NOBODY = bytes(NAME_BYTES)

MAGIC = int.from_bytes(b"edgecnt1", "little")
HEAD_BYTES = 4 * WORD

HOLDERS = 64
HOLDER_BYTES = 5 * WORD + NAME_BYTES
HOLDER_WORDS = HOLDER_BYTES // WORD
HOLDERS_AT = HEAD_BYTES

PLUGINS = 64
PLUGIN_HEAD_BYTES = NAME_BYTES + 2 * WORD
CALLS_AT = NAME_BYTES + WORD
PLUGIN_BYTES = PLUGIN_HEAD_BYTES + 2 * BUCKETS
PLUGINS_AT = HOLDERS_AT + HOLDERS * HOLDER_BYTES
SIZE = PLUGINS_AT + PLUGINS * PLUGIN_BYTES

LARGEST = (1 << 64) - 1


class Plugin:
    """What is known of a plugin: when its calls began, by the second, and how many are under way."""

    __slots__ = ("at", "begun", "calls", "key", "newest")

    def __init__(self, at: int, raw: bytes) -> None:
        self.at = at
        self.key = raw[:NAME_BYTES]
        self.newest, self.calls = _pair(raw[NAME_BYTES:PLUGIN_HEAD_BYTES])
        self.begun = memoryview(bytearray(raw[PLUGIN_HEAD_BYTES:])).cast("H")

    def raw(self) -> bytes:
        """As it stands in the file."""
        return self.key + _packed(self.newest, self.calls) + self.begun.tobytes()


class Holder:
    """What this process has under way of one plugin."""

    __slots__ = ("at", "calls", "memory", "serial")

    def __init__(self, at: int, serial: int) -> None:
        self.at = at
        self.serial = serial
        self.memory = 0
        self.calls = 0


class CounterFile:
    """The open file. Its methods need the lock, which is the file's own and not a thread's."""

    __slots__ = ("_fd", "_started", "path", "process")

    def __init__(self, path: str) -> None:
        self.path = path
        self.process = posix.getpid()
        self._started = started_at(self.process)
        self._fd = shared.open_file(path)
        with self:
            magic = int.from_bytes(posix.pread(self._fd, WORD, 0), "little")
            if posix.fstat(self._fd).st_size != SIZE or magic != MAGIC:
                # Emptied first: half a file is not taken for a whole one.
                posix.ftruncate(self._fd, 0)
                self._write(0, _packed(MAGIC) + bytes(SIZE - WORD))

    def __enter__(self) -> CounterFile:
        shared.lock(self._fd, self.path)
        return self

    def __exit__(self, *_: object) -> None:
        shared.unlock(self._fd)

    def is_there(self) -> bool:
        """Whether others still find this file by its name."""
        return bool(posix.fstat(self._fd).st_nlink)

    def close(self) -> None:
        """Closes it."""
        posix.close(self._fd)

    def sums(self) -> tuple[int, int]:
        """Bytes that all calls under way may use, and how many calls there are."""
        return _pair(posix.pread(self._fd, 2 * WORD, WORD))

    def write_sums(self, memory: int, calls: int) -> None:
        """Sets them."""
        self._write(WORD, _packed(memory, calls))

    def plugin(self, at: int) -> Plugin:
        """The plugin that stands at a place."""
        return Plugin(at, self._read(at, PLUGIN_BYTES))

    def find_plugin(self, key: bytes, before: int) -> Plugin | None:
        """A plugin by its name, or a free record: one without calls, now or since the second `before`."""
        raw = self._read(PLUGINS_AT, PLUGINS * PLUGIN_BYTES)
        free = -1
        for offset in range(0, len(raw), PLUGIN_BYTES):
            if raw[offset : offset + NAME_BYTES] == key:
                return Plugin(PLUGINS_AT + offset, raw[offset : offset + PLUGIN_BYTES])
            if free < 0 and raw[offset : offset + NAME_BYTES] == NOBODY:
                free = offset
        if free < 0:
            for offset in range(0, len(raw), PLUGIN_BYTES):
                found = Plugin(offset, raw[offset : offset + PLUGIN_BYTES])
                if not found.calls and found.newest < before:
                    free = offset
                    break
        if free < 0:
            return None
        return Plugin(PLUGINS_AT + free, key + bytes(PLUGIN_BYTES - NAME_BYTES))

    def write_plugin(self, plugin: Plugin) -> None:
        """Sets a plugin's record."""
        self._write(plugin.at, plugin.raw())

    def end_call(self, at: int) -> None:
        """Takes one off the calls under way of the plugin at a place, which is still there as it had one."""
        calls = int.from_bytes(self._read(at + CALLS_AT, WORD), "little")
        if calls:
            self._write(at + CALLS_AT, _packed(calls - 1))

    def new_holder(self, key: bytes) -> Holder | None:
        """A free record for what this process has under way of a plugin; None when all are taken."""
        raw = self._read(HOLDERS_AT, HOLDERS * HOLDER_BYTES)
        processes = memoryview(raw).cast("Q")[::HOLDER_WORDS].tolist()
        if 0 not in processes:
            return None
        at = HOLDERS_AT + processes.index(0) * HOLDER_BYTES
        serial = 1 + int.from_bytes(self._read(3 * WORD, WORD), "little")
        self._write(3 * WORD, _packed(serial))
        self._write(at, _packed(self.process, self._started, 0, 0, serial) + key)
        return Holder(at, serial)

    def is_held(self, holder: Holder) -> bool:
        """Whether a record that held nothing is still this one's."""
        found = memoryview(self._read(holder.at, 5 * WORD)).cast("Q")
        return found[0] == self.process and found[4] == holder.serial

    def write_holder(self, holder: Holder) -> None:
        """Sets what a holder holds."""
        self._write(holder.at + 2 * WORD, _packed(holder.memory, holder.calls))

    def recount(self) -> None:
        """Frees what dead processes held and what holds nothing, and sums up what is left."""
        raw = self._read(HOLDERS_AT, HOLDERS * HOLDER_BYTES)
        memory = calls = 0
        by_name: dict[bytes, int] = {}
        for offset in range(0, len(raw), HOLDER_BYTES):
            process, started, held, count, _ = memoryview(raw)[offset : offset + 5 * WORD].cast("Q")
            if not process:
                continue
            if not count or not self._lives(process, started):
                self._write(HOLDERS_AT + offset, _packed(0))
                continue
            memory += held
            calls += count
            key = raw[offset + 5 * WORD : offset + HOLDER_BYTES]
            by_name[key] = by_name.get(key, 0) + count
        self.write_sums(memory, calls)
        for at in range(PLUGINS_AT, SIZE, PLUGIN_BYTES):
            plugin = self.plugin(at)
            plugin.calls = by_name.get(plugin.key, 0)
            self.write_plugin(plugin)

    def _lives(self, process: int, started: int) -> bool:
        return started == (self._started if process == self.process else started_at(process))

    def _read(self, at: int, count: int) -> bytes:
        return posix.pread(self._fd, count, at)

    def _write(self, at: int, data: bytes) -> None:
        """One record, in one write: whoever is killed leaves it old or new."""
        try:
            posix.pwrite(self._fd, data, at)
        except OSError as error:
            files.raise_for(self.path, error)


def _packed(*words: int) -> bytes:
    number = 0
    for place, word in enumerate(words):
        number |= word << 64 * place
    return number.to_bytes(WORD * len(words), "little")


def _pair(raw: bytes) -> tuple[int, int]:
    # One conversion for both is the quickest there is.
    number = int.from_bytes(raw, "little")
    return number & LARGEST, number >> 64


def started_at(process: int) -> int:
    """When a process started, in ticks since the machine did; 0 for one that lives no more."""
    try:
        fd = posix.open(f"/proc/{process}/stat", posix.O_RDONLY | posix.O_CLOEXEC)
    except OSError:
        return 0
    try:
        # The name of the program, in parentheses, may hold anything.
        fields = posix.read(fd, 4096).rpartition(b")")[2].split()
    except OSError:
        return 0
    finally:
        posix.close(fd)
    return int(fields[19]) if fields and fields[0] not in (b"Z", b"X") else 0
