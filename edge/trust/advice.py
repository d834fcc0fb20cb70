"""Remedies for what no trusted key signed, with the key and the plugin."""

from __future__ import annotations

from edge import errors
from edge.trust import held

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def advise(error: Exception, describe: Callable[[], dict[str, Any]]) -> None:
    """Names the signer in the remedy of a refusal for lack of trust.

    `describe` returns the signed description, whoever the signer is; if it raises, the error stays unchanged.
    """
    if not isinstance(error, (errors.Untrusted, errors.OutOfScope)):
        return
    try:
        description = describe()
        key, plugin = description["signer"], description.get("name")
        if isinstance(error, errors.Untrusted):
            error.remedy = f"If you trust the signer: `edge key trust {key}`"
            return
        scope = [own for entry in held.entries() if entry.public.hex() == key for own in entry.plugins]
    except (errors.EdgeError, KeyError):
        return
    if plugin and scope and not any(_covers(name, plugin) for name in scope):
        names = ",".join(dict.fromkeys((*scope, plugin)))
        error.remedy = (
            "`edge key list` shows which plugins a key may sign; "
            f"`edge key trust {key} --plugins {names}` adds this one"
        )


def _covers(name: str, plugin: str) -> bool:
    return plugin.startswith(name[:-1]) if name.endswith("*") else plugin == name
