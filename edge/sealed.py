"""Secrets of installed plugins: sealed at rest, and opened one by one for the plugin that asks.

    $XDG_DATA_HOME/edge/secrets/NAME.json   each property's value, sealed (native/src/seal.rs), in hexadecimal
    $XDG_DATA_HOME/edge/keys/secrets.key    32 bytes, made at first use, read by their owner only

A value is sealed for one property of one plugin: moved to another, it does not open. Nothing here shows one.
"""

from __future__ import annotations

from edge import _native as native
from edge import files, keys, places

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

KEY = "secrets.key"
MOST_BYTES = 64 << 10


class Sealed:
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
        with keys.wiped(_key()) as key, keys.wiped(native.unseal(key, context, raw, subject)) as opened:
            return opened.decode()

    def __contains__(self, secret: object) -> bool:
        return secret in self._known or secret in self._all()

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys((*self._known, *self._all())))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __repr__(self) -> str:
        return f"Sealed({self._name!r})"

    def _all(self) -> dict[str, str]:
        if self._sealed is None:
            self._sealed = _read(self._name)
        return self._sealed


def names(name: str) -> list[str]:
    """Which secrets of a plugin are set."""
    return sorted(_read(name))


def set_secret(name: str, secret: str, value: str) -> None:
    """Seals a value, in place of the one before.

    Raises `errors.ConfigError` for one that no plugin could take, and `errors.NotInstalled` where somebody
    removed the plugin meanwhile.
    """
    raw = value.encode()
    if not raw or len(raw) > MOST_BYTES:
        from edge import errors

        raise errors.ConfigError(
            f"{secret} of {name} can't be {len(raw)} bytes", f"A secret has 1 to {MOST_BYTES} bytes"
        )
    from edge.store import record
    from edge.store.lock import locked

    with locked():
        # What is set for a plugin that is gone would be there for the next one of that name.
        record.get(name)
        with keys.wiped(_key(make=True)) as key:
            sealed = native.seal(key, _context(name, secret), raw)
        _write(name, {**_read(name), secret: sealed.hex()}, "set", secret)


def unset_secret(name: str, secret: str) -> bool:
    """Removes a value; whether there was one."""
    from edge.store.lock import locked

    with locked():
        now = _read(name)
        if now.pop(secret, None) is None:
            files.make_last(_path(name))
            return False
        _write(name, now, "unset", secret)
    return True


def forget(name: str) -> None:
    """Removes all secrets of a plugin."""
    files.remove(_path(name))


def _path(name: str) -> str:
    return f"{places.data()}/secrets/{name}.json"


def _context(name: str, secret: str) -> bytes:
    return b"edge secret v1\n%d %s %s" % (len(name), name.encode(), secret.encode())


def _read(name: str) -> dict[str, str]:
    path = _path(name)
    text = keys.read_guarded(path, keys.OTHERS_ANY)
    if text is None:
        return {}
    found: Any = native.read_json(text, path)
    if isinstance(found, dict) and all(isinstance(value, str) for value in found.values()):
        return found
    from edge import errors

    raise errors.StoreDamaged(f"{path} holds no secrets", "Remove it, and set them again: edge secret")


def _write(name: str, now: dict[str, str], act: str, secret: str) -> None:
    from edge import audit
    from edge.text import json_text

    path = _path(name)
    keys.make_folder(files.folder(path), 0o700)
    with files.Staged(path, 0o600) as staged:
        staged.write(json_text(now).encode())
        audit.append({"event": "config", "plugin": name, "act": act, "property": secret})
        staged.commit()


def _key(*, make: bool = False) -> bytearray:
    """What this machine seals with; to be wiped after use."""
    path = f"{places.data()}/keys/{KEY}"
    key = keys.read_secret(path)
    if key is None and make:
        keys.make_key(path)
        key = keys.read_secret(path)
    elif key is not None and make:
        # Whoever made it may have been killed before it would survive a power cut, which secrets have to.
        try:
            files.sync_folder(files.folder(path))
        except OSError as error:
            files.raise_for(path, error)
    if key is not None and len(key) == native.SEED_BYTES:
        return key
    from edge import errors

    raise errors.StoreDamaged(f"{path} is missing, or is no key", "Set the secrets again: edge secret")
