"""User errors for errors of the system. A call that succeeds never imports this."""

from __future__ import annotations

import errno
import stat

from edge import errors
from edge.suggest import shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def raise_for(path: str, error: OSError) -> NoReturn:
    """Raises the user error for an error of the system on `path`."""
    why = error.strerror or str(error)
    if not path:
        raise errors.UsageError("An empty name is not a file", "Name a file") from None
    if error.errno == errno.ENAMETOOLONG:
        raise errors.UsageError(f"{path}: {why}", "Choose a shorter name") from None
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP):
        raise errors.UsageError(f"{path}: {why}", "Check the path") from None
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        raise errors.DiskFull(f"{path}: {why}") from None
    if error.errno in (errno.EACCES, errno.EPERM):
        raise errors.IoFault(f"{path}: {why}", "Ask its owner, or run as a user with access") from None
    remedies = {
        errno.EROFS: "Choose a folder that can be written",
        errno.EBADF: "It is closed: remove `<&-` or `>&-` from the command",
        errno.EMFILE: "This process cannot open more files: `ulimit -n` shows the limit",
        errno.ENFILE: "Too many files are open on this machine: close other programs",
        errno.EFBIG: "The file exceeds the limit of this process: `ulimit -f` shows the limit",
        errno.ENOMEM: "Close other programs: there is no memory left",
    }
    raise errors.IoFault(f"{path}: {why}", remedies.get(error.errno or 0, "")) from None


def raise_own(path: str, error: OSError) -> NoReturn:
    """As `raise_for`, for a file that Edge keeps: the user did not name it, so the machine is at fault."""
    if error.errno in (errno.EISDIR, errno.ENOTDIR, errno.ELOOP):
        refuse_kind(path, stat.S_IFDIR if error.errno == errno.EISDIR else stat.S_IFLNK)
    try:
        raise_for(path, error)
    except errors.UsageError as found:
        raise errors.StoreDamaged(found.message, f"`ls -ld {shell(path)}` shows what is there") from None


def refuse_kind(path: str, mode: int) -> NoReturn:
    """Raises `errors.StoreDamaged` for a folder or another kind of file in the place of a file of Edge."""
    what = {stat.S_IFDIR: "a folder", stat.S_IFLNK: "a link, or leads through a file"}.get(
        stat.S_IFMT(mode), "not a regular file"
    )
    away = f"Move it away: `mv {shell(path)} {shell(path + '.away')}`"
    raise errors.StoreDamaged(f"{path} is {what}; Edge keeps a file there", away)
