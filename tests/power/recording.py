"""From the system calls of a program to operations on a model of the filesystem."""

from __future__ import annotations

from tests.power.disk import Data, Disk, Name, Sync
from tests.power.trace import Call

DONE = "/edge-power-mark/done"
"""Opening this, which is not there, marks the moment at which an operation returned."""

AT_ONCE = ("sync", "syncfs")
OF_FILES = ("write", "pwrite64", "ftruncate", "fsync", "fdatasync", "fchmod")
UNKNOWN = (
    *("writev", "pwritev", "pwritev2", "sendfile", "copy_file_range", "fallocate", "truncate"),
    *("sync", "syncfs", "sync_file_range", "symlink", "symlinkat", "dup", "dup2", "dup3"),
)
"""What Edge does not use today; one of them on a file below the root is an error, not a gap."""


class Opened:
    """An open file: its node, and where in it comes the next write; None for always at its end."""

    __slots__ = ("at", "node")

    def __init__(self, node: int, at: int | None) -> None:
        self.node = node
        self.at = at


class Recording:
    """Follows a program's calls, as far as they concern files below a folder, on a `Disk`."""

    def __init__(self, disk: Disk, root: str) -> None:
        self._disk = disk
        self._root = f"{root}/"
        self._open: dict[int, Opened] = {}

    def follow(self, calls: list[Call]) -> None:
        """Does all of them."""
        for call in calls:
            try:
                self._follow(call)
            except Exception as error:  # noqa: PERF203 it says which call it was
                raise ValueError(f"{call.name}({', '.join(call.arguments)[:300]}): {error!r}") from error

    def _follow(self, call: Call) -> None:
        name = call.name
        if name in UNKNOWN:
            self._check_elsewhere(call)
        elif name in OF_FILES:
            if call.number(0) in self._open:
                getattr(self, f"_{name}")(call, call.number(0))
        elif name == "close":
            self._open.pop(call.number(0), None)
        elif name == "fcntl":
            if call.number(0) in self._open and "DUPFD" in call.arguments[1]:
                self._open[call.answer] = self._open[call.number(0)]
        elif hasattr(self, f"_{name}"):
            getattr(self, f"_{name}")(call)
        else:
            raise ValueError("the model does not know it")

    def _path(self, call: Call, at: int, folder: int | None = None) -> str | None:
        """A path from the root on, None for one elsewhere."""
        path = call.text(at).decode("utf-8", "surrogateescape")
        if not path.startswith("/"):
            base = call.folder(folder) if folder is not None else ""
            if not base:
                return None
            path = f"{base}/{path}"
        if f"{path}/" == self._root:
            return ""
        return path[len(self._root) :] if path.startswith(self._root) else None

    def _check_elsewhere(self, call: Call) -> None:
        told = ", ".join(call.arguments)
        if self._root.encode().hex() in told.replace("\\x", "") or call.name in AT_ONCE:
            raise ValueError("the model does not know it")

    # names

    def _openat(self, call: Call) -> None:
        flags = call.arguments[2]
        if call.answer < 0:
            if call.text(1).decode("utf-8", "replace") == DONE:
                self._disk.done = len(self._disk.operations)
            return
        self._open.pop(call.answer, None)
        path = self._path(call, 1, 0)
        if path is None:
            return
        mode = int(call.arguments[3], 8) if len(call.arguments) > 3 else 0o600
        if "O_TMPFILE" in flags:
            node = self._disk.make(is_folder=False, mode=mode)
        else:
            try:
                node = self._disk.find(path)
            except KeyError:
                if "O_CREAT" not in flags:
                    raise
                node = self._disk.make(is_folder=False, mode=mode)
                self._disk.do(Name(((self._disk.place(path), node),)))
            if "O_TRUNC" in flags and self._disk.data.get(node):
                self._disk.do(Data(node, 0, None))
        self._open[call.answer] = Opened(node, None if "O_APPEND" in flags else 0)

    def _mkdir(self, call: Call) -> None:
        self._make_folder(self._path(call, 0), call.arguments[1])

    def _mkdirat(self, call: Call) -> None:
        self._make_folder(self._path(call, 1, 0), call.arguments[2])

    def _make_folder(self, path: str | None, mode: str) -> None:
        if path is not None:
            node = self._disk.make(is_folder=True, mode=int(mode, 8))
            self._disk.do(Name(((self._disk.place(path), node),)))

    def _unlink(self, call: Call) -> None:
        self._remove(self._path(call, 0))

    def _unlinkat(self, call: Call) -> None:
        self._remove(self._path(call, 1, 0))

    _rmdir = _unlink

    def _remove(self, path: str | None) -> None:
        if path is not None:
            self._disk.find(path)
            self._disk.do(Name(((self._disk.place(path), None),)))

    def _rename(self, call: Call) -> None:
        self._move(self._path(call, 0), self._path(call, 1))

    def _renameat(self, call: Call) -> None:
        self._move(self._path(call, 1, 0), self._path(call, 3, 2))

    def _move(self, before: str | None, after: str | None) -> None:
        if before is None and after is None:
            return
        if before is None or after is None:
            raise ValueError("a rename across the root")
        node = self._disk.find(before)
        self._disk.do(Name(((self._disk.place(before), None), (self._disk.place(after), node))))

    def _linkat(self, call: Call) -> None:
        path = self._path(call, 3, 2)
        if path is None:
            return
        source = call.text(1).decode()
        if source.startswith("/proc/self/fd/"):
            node = self._open[int(source.rpartition("/")[2])].node
        else:
            node = self._disk.find(source[len(self._root) :])
        self._disk.do(Name(((self._disk.place(path), node),)))

    def _chmod(self, call: Call) -> None:
        self._set_mode_of(self._path(call, 0), call.arguments[1])

    def _fchmodat(self, call: Call) -> None:
        self._set_mode_of(self._path(call, 1, 0), call.arguments[2])

    def _set_mode_of(self, path: str | None, mode: str) -> None:
        if path is not None:
            self._set_mode(self._disk.find(path), mode)

    # contents

    def _write(self, call: Call, fd: int) -> None:
        opened = self._open[fd]
        at = opened.at if opened.at is not None else len(self._disk.data.get(opened.node, b""))
        self._disk.do(Data(opened.node, at, call.text(1)[: call.answer]))
        if opened.at is not None:
            opened.at += call.answer

    def _pwrite64(self, call: Call, fd: int) -> None:
        self._disk.do(Data(self._open[fd].node, call.number(3), call.text(1)[: call.answer]))

    def _ftruncate(self, call: Call, fd: int) -> None:
        self._disk.do(Data(self._open[fd].node, call.number(1), None))

    def _fsync(self, _: Call, fd: int) -> None:
        self._disk.do(Sync(self._open[fd].node))

    _fdatasync = _fsync

    def _fchmod(self, call: Call, fd: int) -> None:
        self._set_mode(self._open[fd].node, call.arguments[1])

    def _set_mode(self, node: int, mode: str) -> None:
        """Modes are taken to last at once: what a mode that was lost would open is no state of the store."""
        self._disk.nodes[node] = self._disk.nodes[node]._replace(mode=int(mode, 8))
