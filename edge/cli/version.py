"""`edge --version`."""

from __future__ import annotations

from edge._version import __version__


def version() -> str:
    """Releases of the package and of the library, and what the library is for."""
    from edge import _native as native

    about = native.about()
    builds = "compiles and runs" if about["compiler"] else "runs"
    wasmtime = f"wasmtime {about['wasmtime']}"
    return f"edge {__version__}, library {about['library']} ({wasmtime}), {builds} {about['engine']}"
