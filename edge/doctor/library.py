"""Checks of the native library."""

from __future__ import annotations

from edge.doctor.finding import PASS, WARN, Finding


def library() -> Finding:
    """Whether the library opens, has this package's ABI, and makes an engine on this machine."""
    from edge import _native as native
    from edge._version import __version__

    about = native.about()
    native.new_engine(0)
    engine = about["engine"]
    found = (
        f"library {about['library']}, ABI {about['abi']}, wasmtime {about['wasmtime']}; engine {engine}, "
        f"fingerprint {about['fingerprints'][engine]}"
    )
    if about["library"] != __version__:
        remedy = "Install both from one bundle or checkout"
        return Finding(WARN, f"{found}; the package is of release {__version__}", remedy)
    return Finding(PASS, found)
