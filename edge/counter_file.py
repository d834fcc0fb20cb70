"""The file behind edge.counters: its layout, and access to it.

| part | words of 8 bytes |
|---|---|
| head | magic number, serial number of the newest holder |
| holders | process (0: free), its start, bytes its calls may use, how many they are, plugin, serial number |
| plugins | name (8 words), newest second, calls begun in that second and before (64 of 16 bits) |

A holder is what one process has under way of one plugin, which it names by the place of its record. It is
changed under the file's lock, but for one thing: a process lowers what it holds itself as it likes, since
whoever reads the old figures or the new ones at that moment is right both times.
"""

from __future__ import annotations

import posix

from edge import files, shared

WORD = 8
NAME_BYTES = 64
BUCKETS = 64
NOBODY = bytes(NAME_BYTES)
FREE = bytes(WORD)
LARGEST = (1 << 64) - 1

MAGIC = int.from_bytes(b"edgecnt2", "little")
SERIAL_AT = WORD
HOLDERS_AT = 2 * WORD

HOLDERS = 32
HOLDER_WORDS = 6
PROCESS, STARTED, MEMORY, CALLS, PLUGIN, SERIAL = range(HOLDER_WORDS)
HOLDER_BYTES = HOLDER_WORDS * WORD

PLUGINS = 64
BUCKETS_AT = NAME_BYTES + WORD
PLUGIN_BYTES = BUCKETS_AT + 2 * BUCKETS
PLUGINS_AT = HOLDERS_AT + HOLDERS * HOLDER_BYTES
SIZE = PLUGINS_AT + PLUGINS * PLUGIN_BYTES


class Plugin:
    """When calls of a plugin began, by the second."""

    __slots__ = ("at", "begun", "key", "newest")

    def __init__(self, at: int, raw: bytes) -> None:
        self.at = at
        self.key = raw[:NAME_BYTES]
        self.newest = int.from_bytes(raw[NAME_BYTES:BUCKETS_AT], "little")
        self.begun = bytearray(raw[BUCKETS_AT:])


class Holder:
    """What this process has under way of one plugin."""

    __slots__ = ("at", "calls", "memory", "serial")

    def __init__(self, at: int, serial: int) -> None:
        self.at = at
        self.serial = serial
        self.memory = 0
        self.calls = 0


class Holders:
    """The records that are held, as they were when they were read: their words by their places.

    Whole numbers out of bytes, and no views of them: each part of the interpreter that a lone call has to
    touch is 64 kB of it in memory on a Pi Zero.

    free  the place of a record that nobody holds, 0 when there is none
    """

    __slots__ = ("free", "held")

    def __init__(self, raw: bytes) -> None:
        self.free = 0
        self.held: dict[int, list[int]] = {}
        for at in range(0, len(raw), HOLDER_BYTES):
            if raw[at : at + WORD] != FREE:
                words = [int.from_bytes(raw[word : word + WORD], "little") for word in _words_of(at)]
                self.held[HOLDERS_AT + at] = words
            elif not self.free:
                self.free = HOLDERS_AT + at

    def memory(self) -> int:
        """Bytes that all calls under way may use."""
        total = 0
        for words in self.held.values():
            total += words[MEMORY]
        return total

    def calls(self, plugin: int | None = None) -> int:
        """How many calls are under way, of the plugin at a place or of all."""
        total = 0
        for words in self.held.values():
            if plugin is None or words[PLUGIN] == plugin:
                total += words[CALLS]
        return total


class CounterFile:
    """The open file, locked while in its `with`; the lock is the file's own and not a thread's."""

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
                self._write(0, MAGIC.to_bytes(WORD, "little") + bytes(SIZE - WORD))

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

    def holders(self) -> Holders:
        """All holders."""
        return Holders(posix.pread(self._fd, HOLDERS * HOLDER_BYTES, HOLDERS_AT))

    def bury_dead(self) -> Holders:
        """Frees what dead processes held, and what holds nothing; answers with all that is left."""
        for at, (process, started, _, calls, _, _) in self.holders().held.items():
            if not (calls and self._lives(process, started)):
                self._write(at, bytes(HOLDER_BYTES))
        return self.holders()

    def _lives(self, process: int, started: int) -> bool:
        return started == (self._started if process == self.process else started_at(process))

    def new_holder(self, holders: Holders) -> Holder | None:
        """Takes a free record for this process; None when there is none."""
        at = holders.free
        if not at:
            return None
        serial = 1 + int.from_bytes(posix.pread(self._fd, WORD, SERIAL_AT), "little")
        self._write(SERIAL_AT, _packed(serial))
        self._write(at, _packed(self.process, self._started, 0, 0, 0, serial))
        return Holder(at, serial)

    def is_held(self, holders: Holders, holder: Holder) -> bool:
        """Whether a record that held nothing is still this one's."""
        found = holders.held.get(holder.at)
        return found is not None and (found[PROCESS], found[SERIAL]) == (self.process, holder.serial)

    def raise_holder(self, holder: Holder, plugin: Plugin) -> None:
        """Sets what a holder holds, and of which plugin."""
        number = holder.memory | holder.calls << 64 | plugin.at << 128
        self._write(holder.at + MEMORY * WORD, number.to_bytes(3 * WORD, "little"))

    def lower_holder(self, holder: Holder) -> None:
        """Sets what a holder holds, which is less than before; needs no lock."""
        number = holder.memory | holder.calls << 64
        self._write(holder.at + MEMORY * WORD, number.to_bytes(2 * WORD, "little"))

    def plugin(self, at: int) -> Plugin:
        """The plugin at a place."""
        return Plugin(at, posix.pread(self._fd, PLUGIN_BYTES, at))

    def find_plugin(self, key: bytes, before: int, holders: Holders) -> Plugin | None:
        """A plugin by its name, or a free record: one without calls, now or since the second `before`."""
        raw = posix.pread(self._fd, PLUGINS * PLUGIN_BYTES, PLUGINS_AT)
        records = range(0, len(raw), PLUGIN_BYTES)
        for at in records:
            if raw[at : at + NAME_BYTES] == key:
                return Plugin(PLUGINS_AT + at, raw[at : at + PLUGIN_BYTES])
        for at in records:
            found = Plugin(PLUGINS_AT + at, raw[at : at + PLUGIN_BYTES])
            if found.key == NOBODY or (found.newest < before and not holders.calls(found.at)):
                return Plugin(found.at, key + bytes(PLUGIN_BYTES - NAME_BYTES))
        return None

    def write_plugin(self, plugin: Plugin) -> None:
        """Sets a plugin's record."""
        newest = plugin.newest.to_bytes(WORD, "little")
        self._write(plugin.at, plugin.key + newest + plugin.begun)

    def _write(self, at: int, data: bytes) -> None:
        """One record, in one write: whoever is killed leaves it old or new."""
        try:
            posix.pwrite(self._fd, data, at)
        except OSError as error:
            files.raise_for(self.path, error)


def _words_of(at: int) -> range:
    return range(at, at + HOLDER_BYTES, WORD)


def _packed(*words: int) -> bytes:
    return b"".join([word.to_bytes(WORD, "little") for word in words])


def started_at(process: int) -> int:
    """When a process started, in ticks since the machine did; 0 for one that lives no more."""
    try:
        fd = posix.open(f"/proc/{process}/stat", posix.O_RDONLY | posix.O_CLOEXEC)
    except OSError:
        return 0
    try:
        # The name of the program, in parentheses, may hold anything.
        fields = posix.read(fd, 4096).decode("latin-1").rpartition(")")[2].split()
    except OSError:
        return 0
    finally:
        posix.close(fd)
    return int(fields[19]) if fields and fields[0] not in ("Z", "X") else 0
