"""Secrets of installed plugins: sealed at rest, and opened one by one when their plugin reads them.

    $XDG_DATA_HOME/edge/secrets/NAME.json   each property's value, sealed (native/src/seal.rs), in hexadecimal
    $XDG_DATA_HOME/edge/keys/secrets.key    the key, made at first use, read by its owner only

A value is sealed for one property of one plugin: it does not open for another. No secret is ever displayed.
Guests in Python import secrets whether they read one or not: modules that only opening or writing needs are
imported there.
RATIONALE, "Why secrets are sealed with a file's key".
"""

from __future__ import annotations

from edge import _native as native
from edge import files, store, trust

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from edge.errors import EdgeError

MAX_BYTES = 64 << 10


class StoredSecrets:
    """The secrets of a plugin, for `edge.interfaces.secrets`; each is opened when it is read.

    `known`: the secret properties of its manifest; those that are not set have the value None.
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
        from edge.trust import key_file

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
    """The names of the secrets of a plugin that are set."""
    return sorted(_read(name))


def damage_of(name: str) -> EdgeError | None:
    """The fault of a plugin's secrets or of the key; None if every secret opens."""
    from edge import errors

    try:
        for secret in (values := StoredSecrets(name)):
            values[secret]
    except errors.EdgeError as error:
        return error
    return None


def set_secret(name: str, secret: str, value: str) -> None:
    """Seals a value and replaces the previous one; a damaged file or key is created again.

    Raises `errors.ConfigError` for a value of invalid length, and `errors.NotInstalled` if the plugin was
    removed meanwhile.
    """
    raw = value.encode()
    if not raw or len(raw) > MAX_BYTES:
        from edge import errors

        raise errors.ConfigError(
            f"{secret} of {name} cannot have {len(raw)} bytes", f"A secret has 1 to {MAX_BYTES} bytes"
        )
    from edge._native import making
    from edge.store import records
    from edge.store.lock import locked
    from edge.trust import key_file

    with locked():
        # A new plugin of the same name must not inherit a secret that was set for a removed one.
        records.get(name)
        with key_file.wiped(_key(make=True)) as key:
            sealed = making.seal(key, _context(name, secret), raw)
        _write(name, {**_whole(name), secret: sealed.hex()}, "set", secret)


def unset_secret(name: str, secret: str) -> bool:
    """Removes a value; returns whether there was one."""
    from edge.files import reserve, staged
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
    """The same for a new version of the file: empty if it is damaged."""
    return _parse(_text(name)) or {}


def _text(name: str) -> bytes | None:
    return files.read_guarded(store.secrets_path(name), files.OTHERS_ANY)


def _parse(text: bytes | None) -> dict[str, str] | None:
    """The contents of a file; None if it is damaged."""
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
    from edge._native import making
    from edge.trust import key_file

    try:
        return making.unseal(key, context, raw, subject)
    except Exception as error:
        from edge import errors

        if isinstance(error, errors.BadSeal):
            from edge.suggest import shell

            name, secret = subject.split(", ", 1)
            error.remedy = f"Set the secret again: `edge secret {name} {shell(secret)}`"
        # The key may be damaged, which is checked only here.
        with key_file.wiped(_key(check=True)):
            raise


def _write(name: str, now: dict[str, str], act: str, secret: str) -> None:
    from edge import audit
    from edge.files import folders
    from edge.files.staged import Staged
    from edge.json_text import json_text

    path = store.secrets_path(name)
    folders.make(files.folder(path), 0o700)
    with Staged(path, 0o600) as staged:
        staged.write(json_text(now).encode())
        audit.append({"event": "config", "plugin": name, "act": act, "property": secret})
        staged.commit()


def _key(*, make: bool = False, check: bool = False) -> bytearray:
    """The key that seals secrets; to be wiped after use.

    `make`: create a new key if it is missing or damaged. `check`: check its public half, which takes a while
    on a Pi Zero; a damaged key opens nothing anyway.
    """
    from edge.trust import key_file

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
    from edge.files import staged
    from edge.trust import key_file

    try:
        if content is not None:
            # A copy, because the check wipes it.
            key_file.wipe(key_file.checked_seed(bytearray(content), path))
            # The process that made it may have been killed before it was durable, as secrets need it.
            staged.make_durable(path)
            return content
    except errors.KeyDamaged:
        # The secrets that it sealed are lost either way.
        key_file.make_key(path, replace=True)
    else:
        key_file.make_key(path)
    return key_file.read_secret(path)
