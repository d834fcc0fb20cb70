"""What is installed, read from the store and not changed."""

from __future__ import annotations

from edge import _native as native
from edge import store
from edge.store import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from edge.manifest import Manifest


AGAIN = (
    "Install the same release again, which repairs it and keeps its configuration; `edge rollback NAME` goes "
    "back to the one before"
)


class Installed:
    """An installed plugin: its record, and what its current release says.

    Raises `errors.NotInstalled` for a plugin that is not there.
    """

    __slots__ = ("_description", "_manifest", "record")

    def __init__(self, name: str) -> None:
        self.record = record.get(name)
        self._description: dict[str, Any] | None = None
        self._manifest: Manifest | None = None

    @property
    def name(self) -> str:
        """The plugin's name."""
        return self.record.name

    @property
    def release_id(self) -> str:
        """The folder of its current release."""
        return self.record.current

    @property
    def enabled(self) -> bool:
        """Whether it may be called."""
        return self.record.enabled

    @property
    def previous(self) -> str:
        """The folder of the release that `rollback` goes to, empty for none."""
        return self.record.previous

    @property
    def description(self) -> dict[str, Any]:
        """What its signed description says; the signature is checked, trust in the signer is not."""
        if self._description is None:
            self._description = description_of(self.release_id)
        return self._description

    @property
    def manifest(self) -> Manifest:
        """The manifest of its current release."""
        if self._manifest is None:
            self._manifest = manifest_of(self.release_id)
        return self._manifest


def refuse_unknown(name: str) -> NoReturn:
    """Raises `errors.NotInstalled`, with the name of an installed plugin that is much like it."""
    from edge import errors
    from edge.suggest import nearest

    near = nearest(name, [other for other in record.named() if other != name])
    try:
        found = record.find(near) if near else None
    except errors.EdgeError:
        found = None
    is_there = found is not None and found.current
    raise errors.NotInstalled(f"No plugin `{name}` is installed", f"Did you mean {near}?" if is_there else "")


def description_of(release_id: str) -> dict[str, Any]:
    """The signed description of a release."""
    return described(part(release_id, store.HEAD), release_id)


def described(head: bytes, release_id: str, name: str = "") -> dict[str, Any]:
    """What a head says that is kept; `errors.StoreDamaged` for one that is not whole any more.

    `name`: of the plugin, for messages.
    """
    try:
        return native.describe_head(head, "", None)
    except Exception as error:
        damaged(error, release_id, store.HEAD, name)
        raise


def manifest_of(release_id: str) -> Manifest:
    """The manifest of a release, as it was checked when that was installed."""
    from edge.manifest import Manifest

    text = part(release_id, store.COMPILED)
    try:
        return Manifest.from_compiled(native.read_json(text))
    except Exception as error:
        damaged(error, release_id, store.COMPILED)
        raise


def is_torn(head: bytes) -> bool:
    """Whether a power cut may have emptied a head or cut it short; what was changed only is refused."""
    from edge.package import HEAD_BYTES, MAGIC

    cut = int.from_bytes(head[len(MAGIC) : len(MAGIC) + 4], "little") != len(head) - HEAD_BYTES
    return bytes(32) in head or (cut and not head.endswith(b"}"))


def damaged(error: Exception, release_id: str, name: str, plugin: str = "") -> None:
    """Raises `errors.StoreDamaged` where an error says that a file of a release is not whole any more."""
    from edge import errors

    if isinstance(
        error, (errors.Refused, errors.ArgumentsError, AttributeError, KeyError, TypeError, ValueError)
    ):
        why = error.message if isinstance(error, errors.EdgeError) else "it lacks something"
        raise errors.StoreDamaged(
            f"{plugin and f'{plugin}: '}{store.release_path(release_id)}/{name} is damaged: {why}", AGAIN
        ) from None


def part(release_id: str, name: str) -> bytes:
    """A small file of a release."""
    path = f"{store.release_path(release_id)}/{name}"
    found = store.read(path)
    if found is not None:
        return found
    from edge import errors

    raise errors.StoreDamaged(f"{path} is missing", AGAIN)
