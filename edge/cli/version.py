"""`edge --version`."""

from __future__ import annotations

from edge import _native as native
from edge._version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def version() -> str:
    """Releases of the package and of the library, and the library's engine."""
    about = native.about()
    builds = "compiles and runs" if about["compiler"] else "runs"
    wasmtime = f"wasmtime {about['wasmtime']}"
    return f"edge {__version__}, library {about['library']} ({wasmtime}), {builds} {about['engine']}"


def facts() -> dict[str, Any]:
    """The same as data, with the fingerprint of each engine: input of `edge audit --engine`."""
    return {"edge": __version__, **native.about()}
