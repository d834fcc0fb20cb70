"""A partial download, which another attempt can resume: CACHE/part-… and CACHE/part-….meta.

The second file has the server's identifier of this release of the file (an ETag or a date), so that two
releases are never mixed. The process that fetches holds a lock; a second process at the same URL uses an
unnamed file.
"""

from __future__ import annotations

import posix

from edge import files
from edge.files.locking import is_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

OWNER_ONLY = 0o600
FLAGS = posix.O_RDWR | posix.O_CREAT | posix.O_CLOEXEC | posix.O_NOFOLLOW | posix.O_NONBLOCK
ATTEMPTS = 10
MAX_VALIDATOR = 1024
PIECE = 1 << 18


class Partial:
    """The part of a URL's file that is here. Leaving its `with` removes what cannot be resumed.

    fd         the file
    size       its bytes so far
    validator  the server's identifier of the file, empty if unknown
    """

    __slots__ = ("_digest", "_is_released", "_path", "fd", "size", "validator")

    def __init__(self, url: str, cache: str) -> None:
        """Opens the rest of an earlier attempt at `url`, or a new file."""
        from hashlib import sha256

        self._path = f"{cache}/part-{sha256(url.encode()).hexdigest()[:32]}"
        self._digest = sha256()
        self._is_released = False
        self.size = 0
        self.validator = ""
        try:
            self.fd = self._open()
        except OSError as error:
            files.raise_for(self._path, error)
        try:
            self._go_on()
        except OSError as error:
            posix.close(self.fd)
            files.raise_for(self._path, error)
        except BaseException:
            posix.close(self.fd)
            raise

    def _open(self) -> int:
        for _ in range(ATTEMPTS):
            fd = posix.open(self._path, FLAGS, OWNER_ONLY)
            try:
                if not _lock(fd):
                    posix.close(fd)
                    break
                # The lock's last holder may have removed the file meanwhile.
                if is_at(fd, self._path):
                    return fd
            except BaseException:
                posix.close(fd)
                raise
            posix.close(fd)
        own = f"{self._path}-{posix.getpid()}-{posix.urandom(4).hex()}"
        fd = posix.open(own, FLAGS | posix.O_EXCL, OWNER_ONLY)
        _unlink(own)
        self._path = ""
        return fd

    def _go_on(self) -> None:
        if not self._path or not posix.fstat(self.fd).st_size:
            return
        validator = self._read_validator()
        if not validator:
            self.begin("")
            return
        while piece := posix.read(self.fd, PIECE):
            self._digest.update(piece)
            self.size += len(piece)
        self.validator = validator

    def _read_validator(self) -> str:
        try:
            fd = posix.open(f"{self._path}.meta", posix.O_RDONLY | posix.O_CLOEXEC | posix.O_NOFOLLOW)
        except FileNotFoundError:
            return ""
        try:
            found = posix.read(fd, MAX_VALIDATOR + 1)
        finally:
            posix.close(fd)
        try:
            # A line without its end was not written completely.
            text, end, rest = found.decode("ascii").partition("\n")
        except UnicodeDecodeError:
            return ""
        return text if end and not rest and text.isprintable() else ""

    def begin(self, validator: str) -> None:
        """Starts again, perhaps with another release of the file."""
        from hashlib import sha256

        try:
            posix.ftruncate(self.fd, 0)
            posix.lseek(self.fd, 0, 0)
            self._digest = sha256()
            self.size = 0
            self.validator = ""
            if self._path and validator:
                self._write_validator(validator)
        except OSError as error:
            self._fail(error)
        self.validator = validator

    def _write_validator(self, validator: str) -> None:
        flags = posix.O_WRONLY | posix.O_CREAT | posix.O_TRUNC | posix.O_CLOEXEC | posix.O_NOFOLLOW
        fd = posix.open(f"{self._path}.meta", flags, OWNER_ONLY)
        try:
            posix.write(fd, validator.encode("ascii") + b"\n")
        finally:
            posix.close(fd)

    def add(self, piece: bytes) -> None:
        """Appends data."""
        rest = memoryview(piece)
        try:
            while rest:
                count = posix.write(self.fd, rest)
                self._digest.update(rest[:count])
                self.size += count
                rest = rest[count:]
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> NoReturn:
        import errno

        from edge import errors

        place = files.folder(self._path) if self._path else "The file that is fetched"
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            kept = "; what was downloaded is kept, and the next attempt resumes it" if self.validator else ""
            remedy = f"Free some space and try again{kept}"
            raise errors.DiskFull(f"{place}: {error.strerror}", remedy) from None
        files.raise_for(place, error)

    @property
    def sha256(self) -> str:
        """The digest of what is here."""
        return self._digest.hexdigest()

    def release(self) -> int:
        """The descriptor, at its beginning, now owned by the caller; the file's name is removed."""
        posix.lseek(self.fd, 0, 0)
        self.delete()
        self._is_released = True
        return self.fd

    def delete(self) -> None:
        """Deletes the names of the files, so that they are never resumed."""
        self.validator = ""
        if not self._path:
            return
        for path in (f"{self._path}.meta", self._path):
            _unlink(path)
        self._path = ""

    def __enter__(self) -> Partial:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._is_released:
            if not (self.size and self.validator):
                self.delete()
            posix.close(self.fd)


def _lock(fd: int) -> bool:
    from fcntl import LOCK_EX, LOCK_NB, flock

    try:
        flock(fd, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _unlink(path: str) -> None:
    try:
        posix.unlink(path)
    except FileNotFoundError:
        return
    except OSError as error:
        files.raise_for(path, error)
