"""Writes and removes files atomically: a power cut leaves the old or the new version intact.

Separate from edge.files because calls do not need it.
"""

from __future__ import annotations

import posix

from edge import files


class Staged:
    """A file being written, which is put in place atomically.

    Until then it has no name if the filesystem supports that (vfat does not), so a killed process leaves
    nothing. Leaving the `with` without `commit` removes it.
    """

    __slots__ = ("_folder", "_is_named", "_path", "_temporary", "fd")

    def __init__(self, path: str, mode: int = 0o644) -> None:
        self._path = path
        # Only the beginning of a long name, so that the temporary name is not too long.
        name = f".{files.base_name(path)[:60]}.{posix.urandom(4).hex()}{files.TEMPORARY}"
        self._folder = files.folder(path)
        self._temporary = f"{self._folder}/{name}"
        self._is_named = False
        self.fd = -1
        try:
            self.fd = self._open(mode)
        except OSError as error:
            files.raise_for(path, error)

    def _open(self, mode: int) -> int:
        flags = posix.O_RDWR | posix.O_CLOEXEC
        try:
            return posix.open(self._folder, flags | posix.O_TMPFILE, mode)
        except OSError:
            fd = posix.open(self._temporary, flags | posix.O_CREAT | posix.O_EXCL | posix.O_NOFOLLOW, mode)
            self._is_named = True
            return fd

    def write(self, data: bytes | bytearray) -> None:
        """Appends."""
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[posix.write(self.fd, rest) :]
        except OSError as error:
            files.raise_for(self._path, error)

    def commit(self, *, replace: bool = True) -> bool:
        """Puts the file in place; without `replace`, an existing file stays and the result is false."""
        try:
            posix.fsync(self.fd)
            if replace:
                self._name()
                posix.rename(self._temporary, self._path)
                self._is_named = False
            else:
                self._place()
            sync_folder(self._folder)
        except FileExistsError:
            return False
        except OSError as error:
            files.raise_for(self._path, error)
        return True

    def _place(self) -> None:
        """Gives it its name, unless there is such a file."""
        try:
            self._link(self._path)
        except OSError as error:
            _check_linkless(error)
            self._move()

    def _move(self) -> None:
        """The same by a rename, which would replace an existing file: so it locks the folder.

        RATIONALE, "Why a new key is renamed under a lock where there are no links".
        """
        from fcntl import LOCK_EX, flock

        if not self._is_named:
            self._copy()
        fd = posix.open(self._folder, posix.O_RDONLY | posix.O_DIRECTORY | posix.O_CLOEXEC)
        try:
            flock(fd, LOCK_EX)
            try:
                posix.lstat(self._path)
            except FileNotFoundError:
                posix.rename(self._temporary, self._path)
                self._is_named = False
            else:
                raise FileExistsError
        finally:
            posix.close(fd)

    def _copy(self) -> None:
        """Copies an unnamed file, which cannot be given a name, to a named one."""
        flags = posix.O_RDWR | posix.O_CLOEXEC | posix.O_CREAT | posix.O_EXCL | posix.O_NOFOLLOW
        fd = posix.open(self._temporary, flags, posix.fstat(self.fd).st_mode & 0o777)
        self._is_named = True
        unnamed, self.fd = self.fd, fd
        try:
            size = posix.fstat(unnamed).st_size
            at = 0
            while at < size:
                at += posix.write(fd, posix.pread(unnamed, min(size - at, 1 << 16), at))
            posix.fsync(fd)
        finally:
            posix.close(unnamed)

    def _name(self) -> None:
        if not self._is_named:
            try:
                self._link(self._temporary)
            except OSError as error:
                _check_linkless(error)
                self._copy()
            self._is_named = True

    def _link(self, path: str) -> None:
        source = self._temporary if self._is_named else f"/proc/self/fd/{self.fd}"
        # Python follows a link only where a descriptor is given too; an absolute path makes it unused.
        posix.link(source, path, src_dir_fd=self.fd, follow_symlinks=True)

    def __enter__(self) -> Staged:
        return self

    def __exit__(self, *_: object) -> None:
        posix.close(self.fd)
        if self._is_named:
            try:
                posix.unlink(self._temporary)
            except OSError:
                # The earlier error is the one to report.
                return


def _check_linkless(error: OSError) -> None:
    """Raises an error of link(), unless links are not supported: vfat, exFAT, some FUSE, no /proc."""
    from errno import EMLINK, ENOENT, ENOSYS, ENOTSUP, EPERM

    if error.errno not in (EPERM, ENOTSUP, ENOSYS, EMLINK, ENOENT):
        raise error


def remove(path: str) -> None:
    """Removes a file if it exists; the removal survives a power cut."""
    try:
        posix.unlink(path)
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as error:
        files.raise_own(path, error)
    make_durable(path)


def make_durable(path: str) -> None:
    """Makes the present state of a file survive a power cut: its last writer may have been killed."""
    try:
        sync_folder(files.folder(path))
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        files.raise_for(path, error)


def sync_folder(path: str) -> None:
    """Makes new and removed names in a folder survive a power cut."""
    fd = posix.open(path, posix.O_RDONLY | posix.O_DIRECTORY | posix.O_CLOEXEC)
    try:
        posix.fsync(fd)
    finally:
        posix.close(fd)
