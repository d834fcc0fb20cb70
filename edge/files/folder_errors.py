"""Errors and remedies for folders in which other users could replace a file.

`files.check_folder` checks each folder; only faults are handled here.
"""

from __future__ import annotations

import posix
from errno import ELOOP

from edge import errors
from edge.suggest import shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

ANYBODY_WRITES = 0o002
MAX_LINKS = 40
"""The limit of Linux for one path."""


def judge(path: str, found: posix.stat_result) -> None:
    """Raises `errors.EnvironmentFault`, unless the only fault is a group whose only member is the owner."""
    if found.st_uid not in (0, posix.geteuid()):
        refuse_owner(path, found.st_uid, ", who can replace files in it")
    if found.st_mode & ANYBODY_WRITES or not _is_alone(found.st_uid, found.st_gid):
        _fail(
            f"{path}: users other than its owner can replace files in it",
            f"`chmod go-w {shell(path)}`; check first that nobody replaced a file in it",
        )


def refuse_access(path: str, *, secret: bool) -> NoReturn:
    """Raises the error for a file that other users can write or, if it is secret, read."""
    remedy = f"`chmod go-w {shell(path)}`; check first that nobody changed it"
    if secret:
        remedy = f"`chmod go-rwx {shell(path)}`; if others may have read it, replace its contents"
    _fail(f"{path}: users other than its owner have access to it", remedy)


def refuse_owner(path: str, user: int, remark: str = "") -> NoReturn:
    """Raises the error for another user's file or folder; root may have that user's HOME (`sudo -E`)."""
    name = _name(user)
    quoted = f"'#{user}'" if name == str(user) else name
    if posix.geteuid() == 0:
        _fail(
            f"{path} belongs to user {name}, but this process runs as root",
            f"Run it as that user: `sudo -u {quoted} edge …`, or use the folders of root: `sudo -H edge …`",
        )
    _fail(
        f"{path} belongs to user {name}{remark}",
        f"If this is expected: `sudo chown {posix.geteuid()} {shell(path)}`; otherwise move it away, or "
        "set XDG_CONFIG_HOME and XDG_DATA_HOME to other folders",
    )


def refuse_links(path: str) -> NoReturn:
    """Raises the error for a path with more links than Linux follows."""
    _fail(
        f"{path} leads through more than {MAX_LINKS} links",
        f"`namei {shell(path)}` shows them; remove those that form a circle",
    )


def refuse_dangling(path: str, target: str) -> NoReturn:
    """Raises the error for a link to a missing file: its contents must not be ignored silently."""
    _fail(f"{path} is a link to {target}, which does not exist", "Put the file there, or remove the link")


def refuse_dangling_folder(path: str) -> None:
    """Raises the error for a link to a missing folder; ignores everything else."""
    try:
        target = posix.readlink(path)
    except OSError:
        return
    if not posix.access(path, 0):
        _fail(
            f"{path} is a link to {target}, which does not exist",
            f"Create the folder there, or remove the link: `rm {shell(path)}`",
        )


def refuse_link(path: str, error: OSError) -> None:
    """Raises the error for a link in the place of a secret file; ignores other errors."""
    if error.errno == ELOOP:
        _fail(f"{path} is a link", "Replace the link with the file itself; the folder may be a link")


def _name(user: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)


def _is_alone(user: int, group: int) -> bool:
    """Whether a group is the private one of a user, as on systems with the umask 002."""
    import grp
    import pwd

    try:
        name, found = pwd.getpwuid(user).pw_name, grp.getgrgid(group)
    except KeyError:
        return False
    return found.gr_name == name and not set(found.gr_mem) - {name}


def _fail(message: str, remedy: str) -> NoReturn:
    raise errors.EnvironmentFault(message, remedy)
