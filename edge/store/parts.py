"""The files of a release, and the errors for damaged ones."""

from __future__ import annotations

from edge import _native as native
from edge import store
from edge._native import making

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.manifest import Manifest

AGAIN = "Install the same release again to repair it; its configuration is kept"


def again(release_id: str, plugin: str = "") -> str:
    """The remedy for a damaged release; `plugin`: its plugin, empty if unknown."""
    from edge import errors, store

    try:
        record = store.find(plugin) if plugin else None
    except errors.EdgeError:
        record = None
    if record is None or not record.previous or record.current != release_id:
        return AGAIN
    return (
        "Install the same release again to repair it; its configuration is kept; "
        f"`edge rollback {plugin}` goes back to the previous one"
    )


def description_of(release_id: str) -> dict[str, Any]:
    """The signed description of a release."""
    return described(part(release_id, store.HEAD), release_id)


def described(head: bytes, release_id: str, name: str = "") -> dict[str, Any]:
    """The description in a stored head; `errors.StoreDamaged` if it is damaged.

    `name`: of the plugin, for messages.
    """
    try:
        return making.describe_head(head, "", None)
    except Exception as error:
        damaged(error, release_id, store.HEAD, name)
        raise


def manifest_of(release_id: str) -> Manifest:
    """The manifest of a release, as it was checked at installation."""
    return read_manifest(part(release_id, store.COMPILED), release_id)


def read_manifest(text: bytes, release_id: str) -> Manifest:
    """The manifest in a release's compiled text; `errors.StoreDamaged` if it is not valid."""
    from edge.manifest import Manifest

    try:
        return Manifest.from_compiled(native.read_json(text))
    except Exception as error:
        damaged(error, release_id, store.COMPILED)
        raise


def is_torn(head: bytes) -> bool:
    """Whether a power cut may have emptied or truncated a head; a changed one is refused as such."""
    from edge.package import HEAD_BYTES, MAGIC

    cut = int.from_bytes(head[len(MAGIC) : len(MAGIC) + 4], "little") != len(head) - HEAD_BYTES
    return bytes(32) in head or (cut and not head.endswith(b"}"))


def damaged(error: Exception, release_id: str, name: str, plugin: str = "") -> None:
    """Raises `errors.StoreDamaged` if an error means that a file of a release is damaged."""
    from edge import errors

    if isinstance(
        error, (errors.Refused, errors.ArgumentsError, AttributeError, KeyError, TypeError, ValueError)
    ):
        why = error.message if isinstance(error, errors.EdgeError) else "it is incomplete"
        raise errors.StoreDamaged(
            f"{plugin and f'{plugin}: '}{store.release_path(release_id)}/{name} is damaged: {why}",
            again(release_id, plugin),
        ) from None


def part(release_id: str, name: str) -> bytes:
    """A small file of a release."""
    path = f"{store.release_path(release_id)}/{name}"
    found = store.read(path)
    if found is not None:
        return found
    from edge import errors

    raise errors.StoreDamaged(f"{path} is missing", AGAIN)
