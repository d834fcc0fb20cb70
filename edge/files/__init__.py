"""Opens files that the user named, checks folders, and defines where Edge keeps its files.

These folders are below $XDG_DATA_HOME, $XDG_CONFIG_HOME and $XDG_CACHE_HOME of each user.

It uses `posix`, on which `os` is based: importing `os` takes a Pi Zero 10 ms.
"""

from __future__ import annotations

import io
import posix
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

FORMAT_MASK = 0o170000
REGULAR = 0o100000
DIRECTORY = 0o040000
LINK = 0o120000
STICKY = 0o1000
OTHERS_WRITE = 0o022
OTHERS_ANY = 0o077
TEMPORARY = ".tmp"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""Some editors write this at the start of a text; the native library skips it before JSON."""

MAX_INPUT_BYTES = 256 << 20
"""The default limit of `edge install`."""

READ_OWN = posix.O_RDONLY | posix.O_CLOEXEC | posix.O_NOFOLLOW | posix.O_NONBLOCK
"""For a file that Edge keeps: a link in its place is an error, and a FIFO does not block."""

NO_PLACE = "There is no place for {}: neither {} nor HOME is set to an absolute path"
SET_ONE = "Set one of them: export HOME=/home/USER"

close = posix.close


def environment(name: str) -> str:
    """An environment variable; empty if it is not set."""
    # A program that imported os may have changed the environment there; posix has the one of the start.
    loaded = sys.modules.get("os")
    if loaded is not None:
        found: str = loaded.environ.get(name, "")
        return found
    return decode(posix.environ.get(name.encode(), b""))


def config_home() -> str:
    """The folder of this user's configuration; empty if there is none."""
    return _home("XDG_CONFIG_HOME", ".config")


def data_home() -> str:
    """The folder of this user's data; empty if there is none."""
    return _home("XDG_DATA_HOME", ".local/share")


def cache_home() -> str:
    """The folder of this user's caches; empty if there is none."""
    return _home("XDG_CACHE_HOME", ".cache")


def data_folder() -> str:
    """The folder of Edge's data for this user; an error if there is no place for it."""
    home = data_home()
    if home:
        return f"{home}/edge"
    from edge import errors

    raise errors.EnvironmentFault(NO_PLACE.format("Edge's data", "XDG_DATA_HOME"), SET_ONE)


def policy_path() -> str:
    """The path of the policy (edge/policy/__init__.py); empty if there is no place for it."""
    config = config_home()
    return f"{config}/edge/policy.json" if config else ""


def _home(variable: str, below_home: str) -> str:
    named = environment(variable)
    # The XDG standard ignores relative paths.
    if named.startswith("/"):
        return named
    home = environment("HOME")
    # A relative one would depend on the working directory.
    return f"{home}/{below_home}" if home.startswith("/") else ""


def decode(name: bytes) -> str:
    """As `os.fsdecode`."""
    return name.decode(sys.getfilesystemencoding(), "surrogateescape")


def encode(name: str) -> bytes:
    """As `os.fsencode`."""
    return name.encode(sys.getfilesystemencoding(), "surrogateescape")


def base_name(path: str) -> str:
    """The last part of a path."""
    return path.rpartition("/")[2]


def folder(path: str) -> str:
    """The folder that a path is in."""
    head, slash, _ = path.rpartition("/")
    return head or slash or "."


checked_folders: set[str] = set()
"""Folders that were checked without a fault: a process checks each once."""


def check_folder(path: str) -> None:
    """Raises `errors.EnvironmentFault` for a folder in which a user but this one and root can replace files.

    They can if they may write the folder or one above it, or own one of them. Folders such as /tmp, in which
    users can remove only their own files, are allowed. A missing folder is allowed, too. RATIONALE, "Why a
    file is only as safe as its folder".
    """
    if path in checked_folders:
        return
    whole = path if path.startswith("/") else f"{posix.getcwd()}/{path}"
    real, rest, links = "", whole.split("/")[::-1], 0
    while rest:
        name = rest.pop()
        # The root folder is skipped: a user who can write it controls this Python, too.
        if name in ("", "."):
            continue
        if name == "..":
            real = real.rpartition("/")[0]
            continue
        here = f"{real}/{name}"
        if here not in checked_folders:
            try:
                target = _checked(here)
            except (FileNotFoundError, NotADirectoryError):
                return
            except OSError as error:
                raise_for(here, error)
            if target:
                links += 1
                real, rest = _follow(path, links, real, rest, target)
                continue
            checked_folders.add(here)
        real = here
    checked_folders.add(path)


def _checked(path: str) -> str:
    """Checks one folder; returns the target of a link, empty for anything else."""
    found = posix.lstat(path)
    is_link = found.st_mode & FORMAT_MASK == LINK
    open_to_others = found.st_mode & OTHERS_WRITE and not (is_link or found.st_mode & STICKY)
    if open_to_others or found.st_uid not in (0, posix.geteuid()):
        from edge.files.folder_errors import judge

        judge(path, found)
    return posix.readlink(path) if is_link else ""


def _follow(path: str, links: int, real: str, rest: list[str], target: str) -> tuple[str, list[str]]:
    from edge.files.folder_errors import MAX_LINKS, refuse_links

    if links > MAX_LINKS:
        refuse_links(path)
    return "" if target.startswith("/") else real, [*rest, *target.split("/")[::-1]]


def open_input(path: str) -> int:
    """A descriptor of a regular file that the user named."""
    try:
        # A FIFO would otherwise block until it is written to.
        fd = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC | posix.O_NONBLOCK)
    except OSError as error:
        raise_for(path, error)
    try:
        mode = posix.fstat(fd).st_mode & FORMAT_MASK
    except OSError as error:
        posix.close(fd)
        raise_for(path, error)
    if mode == REGULAR:
        return fd
    posix.close(fd)
    from edge import errors

    what = "a directory" if mode == DIRECTORY else "not a regular file"
    raise errors.UsageError(f"{path} is {what}", "Name a file")


def read_all(fd: int) -> bytes:
    """The rest of an open file."""
    return io.FileIO(fd, closefd=False).readall()


def read_input(path: str) -> bytes:
    """The contents of a regular file that the user named, as `read_open` does."""
    fd = open_input(path)
    try:
        return read_open(fd, path)
    finally:
        posix.close(fd)


def read_open(fd: int, path: str) -> bytes:
    """The contents of an open file that the user named; a file too large for any plugin is refused."""
    try:
        size = posix.fstat(fd).st_size
        if size <= MAX_INPUT_BYTES:
            return read_all(fd)
    except OSError as error:
        raise_for(path, error)
    from edge import errors

    raise errors.Refused(f"{path} has {size} bytes; the limit is {MAX_INPUT_BYTES}", "Name a plugin file")


def read_guarded(path: str, forbidden: int, *, whosever: bool = False) -> bytes | None:
    """A file's contents; None if it does not exist, an error if other users have forbidden access.

    The file and its folder (`check_folder`) must belong to this user or root, unless `whosever` is set. A
    file that others must not read may not be a link.
    """
    fd = open_guarded(path, forbidden, whosever=whosever)
    if fd < 0:
        return None
    try:
        return read_all(fd)
    except OSError as error:
        raise_for(path, error)
    finally:
        posix.close(fd)


def read_own(path: str) -> tuple[bytes, posix.stat_result] | None:
    """The contents and status of a small file that Edge keeps; None if it does not exist.

    Its folder is not checked, which would slow down each call: changes of the store check it, and a file that
    others put there does not belong to this user.
    """
    try:
        fd = posix.open(path, READ_OWN)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise_own(path, error)
    try:
        found = posix.fstat(fd)
        guard(path, found, OTHERS_WRITE)
        return read_all(fd), found
    except OSError as error:
        raise_own(path, error)
    finally:
        posix.close(fd)


def open_guarded(path: str, forbidden: int, *, whosever: bool = False) -> int:
    """A descriptor of a guarded file; -1 if it does not exist."""
    fd = _open(path, forbidden, whosever=whosever)
    if fd < 0:
        return fd
    try:
        guard(path, posix.fstat(fd), forbidden, whosever=whosever)
    except BaseException:
        posix.close(fd)
        raise
    return fd


def guard(path: str, found: posix.stat_result, forbidden: int, *, whosever: bool = False) -> None:
    """Raises `errors.EnvironmentFault` for a file with forbidden access, of another user, or not regular."""
    if found.st_mode & FORMAT_MASK != REGULAR:
        from edge.files.io_errors import refuse_kind

        refuse_kind(path, found.st_mode)
    if found.st_mode & forbidden:
        from edge.files.folder_errors import refuse_access

        refuse_access(path, secret=forbidden == OTHERS_ANY)
    if not whosever and found.st_uid not in (0, posix.geteuid()):
        from edge.files.folder_errors import refuse_owner

        refuse_owner(path, found.st_uid)


def _open(path: str, forbidden: int, *, whosever: bool) -> int:
    """A descriptor; -1 if there is no file. Checks the folder of every link's target."""
    flags = posix.O_RDONLY | posix.O_CLOEXEC | posix.O_NONBLOCK | (0 if whosever else posix.O_NOFOLLOW)
    at, links = path, 0
    while True:
        if not whosever:
            check_folder(folder(at))
        try:
            return posix.open(at, flags)
        except (FileNotFoundError, NotADirectoryError):
            if links:
                from edge.files.folder_errors import refuse_dangling

                refuse_dangling(path, at)
            return -1
        except OSError as error:
            if forbidden == OTHERS_ANY:
                from edge.files.folder_errors import refuse_link

                refuse_link(path, error)
            links += 1
            at = _target(at, links, error)


def _target(path: str, links: int, error: OSError) -> str:
    """The target of a link at which opening a file failed."""
    from errno import ELOOP

    from edge.files.folder_errors import MAX_LINKS, refuse_links

    if links > MAX_LINKS:
        refuse_links(path)
    try:
        target = posix.readlink(path) if error.errno == ELOOP else ""
    except OSError:
        target = ""
    if not target:
        raise_for(path, error)
    return target if target.startswith("/") else f"{folder(path)}/{target}"


def raise_for(path: str, error: OSError) -> NoReturn:
    """Raises the user error for an error of the system on `path`."""
    from edge.files.io_errors import raise_for

    raise_for(path, error)


def raise_own(path: str, error: OSError) -> NoReturn:
    """As `raise_for`, for a file that Edge keeps: the user did not name it, so the machine is at fault."""
    from edge.files.io_errors import raise_own

    raise_own(path, error)
