"""Checks of keys and of trust."""

from __future__ import annotations

import posix

from edge.doctor.finding import FAIL, PASS, WARN, Finding
from edge.suggest import shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from edge.store.view import View

KEPT = (
    "keys",
    "secrets",
    "config",
    "audit",
    "cache",
    "store/plugins",
    "store/releases",
    "store/calls",
    "store/staging",
)
"""Subfolders of the data folder."""

NO_KEY = "this machine has no key yet; it is created when something is first signed"


def folders() -> Finding:
    """Whether only this user and root can replace Edge's files; the first failing folder is the finding."""
    from edge import files

    data, config = files.data_home(), files.config_home()
    below = [f"{data}/edge/{name}" for name in KEPT if data]
    wanted = [*([f"{config}/edge"] if config else []), *below]
    for path in wanted:
        files.check_folder(path)
    return Finding(PASS, "only this user and root can replace Edge's files")


def keys() -> Finding:
    """Whether private keys are accessible to this user alone, and this machine's key is usable."""
    from edge import files, trust
    from edge.trust import key_file, keyring

    path = trust.local_path()
    if not path:
        return Finding(FAIL, files.NO_PLACE.format("keys", "XDG_DATA_HOME"), files.SET_ONE)
    folder = files.folder(path)
    try:
        names = sorted(posix.listdir(folder))
    except FileNotFoundError:
        return Finding(PASS, NO_KEY)
    for path in (folder, *(f"{folder}/{name}" for name in names)):
        found = posix.lstat(path)
        if path.endswith(keyring.SUFFIX) and found.st_mode & files.FORMAT_MASK == files.DIRECTORY:
            from edge.files.io_errors import refuse_kind

            refuse_kind(path, found.st_mode)
        if found.st_uid != posix.getuid():
            return Finding(
                FAIL, f"{path} belongs to user {found.st_uid}", "Find out why, and create new keys"
            )
        if found.st_mode & files.OTHERS_ANY:
            remedy = (
                f"`chmod go-rwx {shell(path)}`; if others may have read it, create new keys and revoke these"
            )
            return Finding(FAIL, f"{path} is accessible to other users", remedy)
    own = key_file.local_public()
    _, problems = keyring.every()
    if problems:
        return Finding(FAIL, problems[0], keyring.REMEDY)
    return Finding(PASS, f"this machine's key is {own.hex()[:16]}" if own else NO_KEY)


def trust(view: View) -> Finding:
    """Whether every trust line is valid, and a key is trusted at the level in force."""
    from edge.permissions import levels
    from edge.trust import held as trust_held

    view.check_lines()
    level = view.policy.level
    found = trust_held.entries(view.trust)
    counting = trust_held.entries(operator_only=levels.operator_only(level), held=view.trust)
    if found and not counting:
        message = f"no key counts at level {level}: the operator has not added any"
        return Finding(
            WARN,
            message,
            "Trust a key: `edge key trust KEY`, or `edge key trust local` for this machine's key",
        )
    if not found:
        return Finding(
            WARN, "no key is trusted: nothing can be installed", "Trust a key: `edge key trust KEY`"
        )
    names = ", ".join(entry.label or entry.public.hex()[:16] for entry in counting)
    return Finding(PASS, f"{len(counting)} trusted: {names}")
