"""What is installed, read from the store and not changed."""

from __future__ import annotations

from edge import _native as native
from edge import store
from edge._native import making
from edge.store import record, records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from edge.manifest import Manifest
    from edge.store.view import Release, View


AGAIN = (
    "Install the same release again, which repairs it and keeps its configuration; `edge rollback NAME` goes "
    "back to the one before"
)


class Installed:
    """An installed plugin: its record, and what its current release says.

    Raises `errors.NotInstalled` for a plugin that is not there.
    """

    __slots__ = ("record", "release")

    def __init__(self, name: str, view: View | None = None) -> None:
        """`view`: what else the command goes by."""
        from edge.store.view import View

        self.record = record.get(name)
        self.release: Release = (view or View()).release(self.record.current, name)

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
        return self.release.description

    @property
    def manifest(self) -> Manifest:
        """The manifest of its current release."""
        return self.release.manifest


def refuse_unknown(name: str) -> NoReturn:
    """Raises `errors.NotInstalled`, with the name of an installed plugin that is much like it."""
    from edge import errors
    from edge.suggest import nearest

    near = nearest(name, [other for other in records.named() if other != name])
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
        return making.describe_head(head, "", None)
    except Exception as error:
        damaged(error, release_id, store.HEAD, name)
        raise


def manifest_of(release_id: str) -> Manifest:
    """The manifest of a release, as it was checked when that was installed."""
    return read_manifest(part(release_id, store.COMPILED), release_id)


def read_manifest(text: bytes, release_id: str) -> Manifest:
    """The manifest that a release's compiled text is; `errors.StoreDamaged` where it is none."""
    from edge.manifest import Manifest

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
