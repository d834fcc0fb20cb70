"""Keys: this machine's own, with which it signs what it compiles, and those that it trusts to sign for it.

~/.local/share/edge/keys/local.key   the seed of this machine's key: made at first use, read by its owner only
~/.config/edge/trusted.keys          trusted public keys, a line each: ed25519 KEY NAME, KEY in 64 hex digits
trusted.keys beside the package      the same; a bundle brings the key of the machine that made it

A machine trusts its own key as well. XDG_DATA_HOME and XDG_CONFIG_HOME move the first two.
"""

from __future__ import annotations

import posix

from edge import _native as native
from edge import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import NoReturn

FILE = "trusted.keys"
ALGORITHM = "ed25519"
HEX_DIGITS = "0123456789abcdefABCDEF"
PUBLIC_DIGITS = 2 * native.PUBLIC_KEY_BYTES
OTHERS_WRITE = 0o022
OTHERS_ANY = 0o077


def trusted() -> list[bytes]:
    """The public keys whose artifacts may run on this machine."""
    return list(names_of_trusted())


def added() -> list[bytes]:
    """Those of the trusted keys that the operator added: neither this machine's nor a bundle's."""
    config = config_home()
    return list(_named_in([f"{config}/edge/{FILE}"])) if config else []


def names_of_trusted() -> dict[bytes, str]:
    """The trusted public keys and what they are called here."""
    found = _named_in(trusted_files())
    own = local_public()
    if own is not None:
        found.setdefault(own, "this machine")
    return found


def _named_in(paths: list[str]) -> dict[bytes, str]:
    found: dict[bytes, str] = {}
    for path in paths:
        text = read_guarded(path, OTHERS_WRITE)
        if text is not None:
            for key, name in parse(text.decode("utf-8", "replace"), path):
                found.setdefault(key, name)
    return found


def trusted_files() -> list[str]:
    """Where trusted keys are looked for."""
    beside = [f"{files.folder(__file__)}/{FILE}"]
    config = config_home()
    return [f"{config}/edge/{FILE}", *beside] if config else beside


def parse(text: str, path: str) -> Iterator[tuple[bytes, str]]:
    """Keys and names of a `trusted.keys`."""
    # Written with what has run by then anyway: splitlines and fromhex would each make another 64 kB of the
    # interpreter resident.
    for number, line in enumerate(text.split("\n"), 1):
        words = line.partition("#")[0].split(None, 2)
        if not words:
            continue
        if len(words) < 2 or words[0] != ALGORITHM or not _is_key(words[1]):
            _fail(
                f"{path}, line {number}: this is no trusted key",
                "A line is: ed25519 KEY-IN-64-HEX-DIGITS NAME",
            )
        key = int(words[1], 16).to_bytes(native.PUBLIC_KEY_BYTES, "big")
        yield key, words[2].strip() if len(words) > 2 else ""


def _is_key(digits: str) -> bool:
    return len(digits) == PUBLIC_DIGITS and not digits.strip(HEX_DIGITS)


def line(public: bytes, name: str) -> str:
    """A line of a `trusted.keys`."""
    return f"{ALGORITHM} {public.hex()} {name}\n"


def local_public() -> bytes | None:
    """The public half of this machine's key, if it has one."""
    path = local_path()
    seed = read_guarded(path, OTHERS_ANY) if path else None
    return None if seed is None else native.public_key(_checked(seed, path))


def local_seed() -> bytes:
    """This machine's signing key, made now if it has none."""
    path = local_path()
    if not path:
        _fail("There is no place for a signing key: neither XDG_DATA_HOME nor HOME is set", "Set one of them")
    seed = read_guarded(path, OTHERS_ANY)
    if seed is None:
        _make(path)
        seed = read_guarded(path, OTHERS_ANY)
    return _checked(seed or b"", path)


def local_path() -> str:
    """Where this machine's key is kept; empty where it can't be kept."""
    data = _home("XDG_DATA_HOME", ".local/share")
    return f"{data}/edge/keys/local.key" if data else ""


def _make(path: str) -> None:
    make_folder(files.folder(path), 0o700)
    with files.Staged(path, 0o600) as staged:
        staged.write(native.new_key())
        # Another process may be as far: the first one's key stays, and both use it.
        staged.commit(replace=False)


def make_folder(path: str, mode: int) -> None:
    """Makes a folder, and those it is in, where they are not there."""
    parent = files.folder(path)
    try:
        posix.mkdir(path, mode)
        files.sync_folder(parent)
    except FileExistsError:
        pass
    except FileNotFoundError:
        make_folder(parent, 0o755)
        make_folder(path, mode)
    except OSError as error:
        files.raise_for(path, error)


def read_guarded(path: str, forbidden: int) -> bytes | None:
    """A file's contents, None where there is none; an error where others have access that they must not."""
    try:
        fd = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC | posix.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        files.raise_for(path, error)
    try:
        if posix.fstat(fd).st_mode & forbidden:
            how = "go-w" if forbidden == OTHERS_WRITE else "go-rwx"
            _fail(
                f"{path}: others than its owner have access to it", f"chmod {how} {path}, if nobody used that"
            )
        return files.read_all(fd)
    except OSError as error:
        files.raise_for(path, error)
    finally:
        posix.close(fd)


def _checked(seed: bytes, path: str) -> bytes:
    if len(seed) != native.SEED_BYTES:
        _fail(
            f"{path} is no signing key: it has {len(seed)} bytes",
            "Remove it; a new one is made at the next use",
        )
    return seed


def config_home() -> str:
    """Where this user's configuration is; empty where there is no such place."""
    return _home("XDG_CONFIG_HOME", ".config")


def _home(variable: str, below_home: str) -> str:
    named = files.environment(variable)
    # The XDG standard: a relative path is to be ignored.
    if named.startswith("/"):
        return named
    home = files.environment("HOME")
    return f"{home}/{below_home}" if home else ""


def _fail(message: str, remedy: str) -> NoReturn:
    from edge import errors

    raise errors.EnvironmentFault(message, remedy)
