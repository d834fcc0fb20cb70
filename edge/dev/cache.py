"""Code that was compiled before, so that an unchanged component is not compiled again.

$XDG_CACHE_HOME/edge/compiled/KEY.cwasm  an artifact, signed by this machine's key
$XDG_CACHE_HOME/edge/compiled/KEY.used   empty; its time is when the artifact was last used

KEY is a digest of all that decides what the compiler makes: the file it was given, whether its memory may be
large, the engine with its fingerprint, the native library byte for byte, and who signs. The artifact's signed
description repeats it. An entry is checked as any artifact is before it is used; one that is damaged, of
somebody else or under another entry's name counts as absent. RATIONALE, "Why compiled code is cached signed".
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterator
from typing import Any

from edge import _native as native
from edge import errors, files
from edge._native import making
from edge.dev import memory
from edge.files import folders
from edge.files.staged import Staged

FORMAT = 2

MAX_BYTES = 1 << 30
MAX_ENTRIES = 100
MIN_FREE_BYTES = 256 << 20
"""Nothing is cached if less space would remain on the disk."""

SUFFIX = ".cwasm"
USED = ".used"
KEY = "cached"
"""The field of an entry's description that repeats its key."""

NOT_KEPT = "edge: the compiled code is not cached and will be compiled again next time"

OTHERS_ANY = 0o077
READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
TOUCH = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC

Found = tuple[int, dict[str, Any], bytes]
State = tuple[int, ...]


class Cache:
    """Code compiled on this machine and signed with its key. Failures here never fail a compilation."""

    def __init__(
        self, signer: bytes, say: Callable[[str], None] = lambda _: None, *, large_memory: bool = False
    ) -> None:
        """`signer`: this machine's public key. `say`: takes the reason why something is not cached.

        `large_memory`: as for `compiler.compile_component`.
        """
        self._large = large_memory
        self._signer = signer.hex()
        self._say = say
        self._library, self._state = _library()
        home = files.cache_home()
        self._folder = f"{home}/edge/compiled" if home and self._library else ""

    def find(self, digest: str, engine: str) -> Found | None:
        """The artifact for an engine and a file with this SHA-256: descriptor, description, receipt.

        The description contains neither the plugin's own data nor the signer. The receipt stands for this
        check where the artifact is loaded.
        """
        if not self._folder:
            return None
        key = self._key(digest, engine)
        try:
            files.check_folder(self._folder)
            _check_private(self._folder)
            fd = _open(self._path(key))
        except (errors.EnvironmentFault, OSError):
            return None
        try:
            description, receipt = native.describe_artifact(fd, key)
            if description.pop("signer") == self._signer and description.pop(KEY, "") == key:
                self._touch(key)
                return _executable(fd), description, receipt
        except (errors.EdgeError, OSError):
            pass
        os.close(fd)
        return None

    def keep(
        self, digest: str, engine: str, fd: int, description: dict[str, Any], seed: bytes | bytearray
    ) -> None:
        """Caches an artifact, whose code is at the beginning of `fd`; reports why if it cannot.

        `seed`: of this machine's key.
        """
        if not self._folder or self._state != _library()[1]:
            return
        try:
            self._keep(self._key(digest, engine), fd, description, seed)
        except errors.EdgeError as error:
            self._say(f"{NOT_KEPT}: {error.message}")
        except OSError as error:
            self._say(f"{NOT_KEPT}: {self._folder}: {error.strerror}")

    def _keep(self, key: str, fd: int, description: dict[str, Any], seed: bytes | bytearray) -> None:
        size = description["artifact"]["size"]
        if size > MAX_BYTES:
            return
        folders.make(self._folder, 0o700)
        _check_private(self._folder)
        with self._locked() as lock:
            if _free(lock) - size < MIN_FREE_BYTES:
                raise errors.DiskFull(f"{self._folder}: less than {MIN_FREE_BYTES >> 20} MB would be free")
            with Staged(self._path(key), 0o600) as staged:
                memory.copy(staged.fd, fd, size)
                staged.write(making.seal_artifact(json.dumps({**description, KEY: key}).encode(), seed))
                staged.commit()
            self._touch(key)
            self._make_room(key)
            # Only under the exclusive lock is it certain that no process uses a temporary file.
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._sweep()

    @contextlib.contextmanager
    def _locked(self) -> Iterator[int]:
        """A descriptor of the folder, locked together with other writers.

        Does not wait for the holder of the exclusive lock, which may be a stopped process: at worst, it
        removes the file being written, and nothing is cached.
        """
        lock = os.open(self._folder, FOLDER)
        try:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            yield lock
        finally:
            os.close(lock)

    def _key(self, digest: str, engine: str) -> str:
        fingerprint = native.about()["fingerprints"].get(engine, "")
        made_of = [FORMAT, digest, self._large, engine, fingerprint, self._library, self._signer]
        return hashlib.sha256(json.dumps(made_of).encode()).hexdigest()

    def _path(self, key: str, suffix: str = SUFFIX) -> str:
        return f"{self._folder}/{key}{suffix}"

    def _touch(self, key: str) -> None:
        """Not the entry's own time: another process may be checking that the file does not change."""
        with contextlib.suppress(OSError):
            fd = os.open(self._path(key, USED), TOUCH, 0o600)
            try:
                os.utime(fd)
            finally:
                os.close(fd)

    def _make_room(self, newest: str) -> None:
        """Removes the least recently used entries until the others are within the limits."""
        used = {}
        for name in os.listdir(self._folder):
            key, _, suffix = name.rpartition(".")
            if f".{suffix}" == SUFFIX:
                with contextlib.suppress(FileNotFoundError):
                    used[key] = self._size_and_time(key)
        total = 0
        by_use = sorted(used, key=lambda key: (key != newest, -used[key][1]))
        for count, key in enumerate(by_use, 1):
            total += used[key][0]
            if count > MAX_ENTRIES or total > MAX_BYTES:
                _unlink(self._path(key))
                _unlink(self._path(key, USED))

    def _size_and_time(self, key: str) -> tuple[int, int]:
        found = os.lstat(self._path(key))
        with contextlib.suppress(FileNotFoundError):
            return found.st_size, os.lstat(self._path(key, USED)).st_mtime_ns
        return found.st_size, found.st_mtime_ns

    def _sweep(self) -> None:
        """Removes the files of killed processes."""
        names = set(os.listdir(self._folder))
        for name in names:
            is_stray = name.endswith(USED) and f"{name[: -len(USED)]}{SUFFIX}" not in names
            if is_stray or name.endswith(files.TEMPORARY):
                _unlink(f"{self._folder}/{name}")


def _open(path: str) -> int:
    """A descriptor of an entry; OSError unless it is a regular file that only this user can write."""
    fd = os.open(path, READ)
    found = os.fstat(fd)
    if (
        stat.S_ISREG(found.st_mode)
        and found.st_uid == os.geteuid()
        and not found.st_mode & files.OTHERS_WRITE
    ):
        return fd
    os.close(fd)
    raise PermissionError


def _check_private(folder: str) -> None:
    found = os.lstat(folder)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & OTHERS_ANY:
        raise errors.EnvironmentFault(f"{folder} is not a folder that only this user can access")


def _executable(fd: int) -> int:
    """The same artifact where code can be mapped from. If it returns another descriptor, it closes `fd`."""
    if not os.fstatvfs(fd).f_flag & os.ST_NOEXEC:
        return fd
    copied = memory.new_file()
    try:
        memory.copy(copied, fd, os.fstat(fd).st_size)
        memory.seal(copied)
        native.describe_artifact(copied)
    except BaseException:
        os.close(copied)
        raise
    os.close(fd)
    return copied


def _library() -> tuple[str, State]:
    """A digest of the native library, and values that change when its file is replaced."""
    try:
        with open(native.library_path(), "rb") as file:
            found = os.fstat(file.fileno())
            state = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
            if state not in _digests:
                _digests[state] = hashlib.sha256(file.read()).hexdigest()
    except OSError:
        return "", ()
    return _digests[state], state


_digests: dict[State, str] = {}


def _free(folder: int) -> int:
    found = os.fstatvfs(folder)
    return found.f_bavail * found.f_frsize


def _unlink(path: str) -> None:
    # Edge creates no folders there.
    with contextlib.suppress(FileNotFoundError, IsADirectoryError):
        os.unlink(path)
