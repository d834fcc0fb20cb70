"""Secrets of installed plugins: sealed at rest, and opened one by one for the plugin that asks.

    $XDG_DATA_HOME/edge/secrets/NAME.json   each property's value, sealed (native/src/seal.rs), in hexadecimal
    $XDG_DATA_HOME/edge/keys/secrets.key    the key, made at first use, read by its owner only

A value is sealed for one property of one plugin: moved to another, it does not open. Nothing here shows one.
RATIONALE, "Why secrets are sealed with a file's key".
"""

from __future__ import annotations

from edge import _native as native
from edge import files, store, trust
from edge._native import making
from edge.files import folders, staged
from edge.files.staged import Staged
from edge.store import records
from edge.trust import key_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from edge.errors import EdgeError

MAX_BYTES = 64 << 10


class StoredSecrets:
    """The secrets of a plugin, as `edge.interfaces.secrets` wants them; each is opened when it is asked for.

    `known`: the properties that its manifest calls secret; those that are not set are there with None.
    """

    __slots__ = ("_known", "_name", "_sealed")

    def __init__(self, name: str, known: Iterable[str] = ()) -> None:
        self._name = name
        self._known = tuple(known)
        self._sealed: dict[str, str] | None = None

    def __getitem__(self, secret: str) -> str | None:
        sealed = self._all().get(secret)
        if sealed is None:
            if secret in self._known:
                return None
            raise KeyError(secret)
        try:
            raw = bytes.fromhex(sealed)
        except ValueError:
            raw = b""
        context, subject = _context(self._name, secret), f"{self._name}, {secret}"
        with key_file.wiped(_key()) as key, key_file.wiped(_unseal(key, context, raw, subject)) as opened:
            return opened.decode()

    def __contains__(self, secret: object) -> bool:
        return secret in self._known or secret in self._all()

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys((*self._known, *self._all())))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __repr__(self) -> str:
        return f"StoredSecrets({self._name!r})"

    def _all(self) -> dict[str, str]:
        if self._sealed is None:
            self._sealed = _read(self._name)
        return self._sealed


def names(name: str) -> list[str]:
    """Which secrets of a plugin are set."""
    return sorted(_read(name))


def damage_of(name: str) -> EdgeError | None:
    """What is wrong with the secrets of a plugin, or with the key; None where each of them opens."""
    from edge import errors

    try:
        for secret in (values := StoredSecrets(name)):
            values[secret]
    except errors.EdgeError as error:
        return error
    return None


def set_secret(name: str, secret: str, value: str) -> None:
    """Seals a value, in place of the one before; a damaged file, or a damaged key, is made anew for it.

    Raises `errors.ConfigError` for one that no plugin could take, and `errors.NotInstalled` where somebody
    removed the plugin meanwhile.
    """
    raw = value.encode()
    if not raw or len(raw) > MAX_BYTES:
        from edge import errors

        raise errors.ConfigError(
            f"{secret} of {name} cannot have {len(raw)} bytes", f"A secret has 1 to {MAX_BYTES} bytes"
        )
    from edge.store.lock import locked

    with locked():
        # What is set for a plugin that is gone would be there for the next one of that name.
        records.get(name)
        with key_file.wiped(_key(make=True)) as key:
            sealed = making.seal(key, _context(name, secret), raw)
        _write(name, {**_whole(name), secret: sealed.hex()}, "set", secret)


def unset_secret(name: str, secret: str) -> bool:
    """Removes a value; whether there was one."""
    from edge.files import reserve
    from edge.store.lock import locked

    with locked(), reserve.spent():
        now = _whole(name)
        was_set = now.pop(secret, None) is not None
        if was_set or _parse(_text(name)) is None:
            _write(name, now, "unset", secret)
        else:
            staged.make_durable(store.secrets_path(name))
    return was_set


def _context(name: str, secret: str) -> bytes:
    return b"edge secret v1\n%d %s %s" % (len(name), name.encode(), secret.encode())


def _read(name: str) -> dict[str, str]:
    found = _parse(_text(name))
    if found is not None:
        return found
    from edge import errors

    raise errors.StoreDamaged(
        f"{store.secrets_path(name)} is not a valid file of secrets",
        f"Set the secrets again, which creates a new file: `edge secret {name} PROPERTY`",
    )


def _whole(name: str) -> dict[str, str]:
    """The same for who writes it anew: nothing where it is damaged."""
    return _parse(_text(name)) or {}


def _text(name: str) -> bytes | None:
    return files.read_guarded(store.secrets_path(name), files.OTHERS_ANY)


def _parse(text: bytes | None) -> dict[str, str] | None:
    """What a file says, None for what is damaged."""
    if text is None:
        return {}
    try:
        found: Any = native.read_json(text)
    except Exception as error:
        from edge import errors

        if not isinstance(error, errors.ArgumentsError):
            raise
        return None
    if isinstance(found, dict) and all(isinstance(value, str) for value in found.values()):
        return found
    return None


def _unseal(key: bytearray, context: bytes, raw: bytes, subject: str) -> bytearray:
    try:
        return making.unseal(key, context, raw, subject)
    except Exception as error:
        from edge import errors

        if isinstance(error, errors.BadSeal):
            name, secret = subject.split(", ", 1)
            error.remedy = f"Set the secret again: `edge secret {name} {secret}`"
        # The key may be what is damaged, which is not looked at closely before.
        with key_file.wiped(_key(check=True)):
            raise


def _write(name: str, now: dict[str, str], act: str, secret: str) -> None:
    from edge import audit
    from edge.json_text import json_text

    path = store.secrets_path(name)
    folders.make(files.folder(path), 0o700)
    with Staged(path, 0o600) as staged:
        staged.write(json_text(now).encode())
        audit.append({"event": "config", "plugin": name, "act": act, "property": secret})
        staged.commit()


def _key(*, make: bool = False, check: bool = False) -> bytearray:
    """What this machine seals with; to be wiped after use.

    `make`: with a new one in place of one that is missing or damaged. `check`: whether its public half fits,
    which takes a Pi Zero a while; a damaged one opens nothing anyway.
    """
    path = f"{files.data_folder()}/keys/{key_file.SECRETS_FILE}"
    content = key_file.read_secret(path)
    if make:
        content = _made(path, content)
    if content is None:
        from edge import errors

        raise errors.StoreDamaged(
            f"{path} is missing",
            "Set the secrets again, which creates a new key: `edge secret NAME PROPERTY`",
        )
    if make or check:
        return key_file.checked_seed(content, path)
    with key_file.wiped(content):
        if not key_file.is_whole(content, bytes(content[trust.PUBLIC_AT :])):
            key_file.refuse_damaged(path, len(content))
        return key_file.seed_in(content)


def _made(path: str, content: bytearray | None) -> bytearray | None:
    from edge import errors

    try:
        if content is not None:
            # A copy, for what is checked is wiped.
            key_file.wipe(key_file.checked_seed(bytearray(content), path))
            # Whoever made it may have been killed before it would survive a power cut, which secrets have to.
            staged.make_durable(path)
            return content
    except errors.KeyDamaged:
        # What it sealed is lost either way.
        key_file.make_key(path, replace=True)
    else:
        key_file.make_key(path)
    return key_file.read_secret(path)
