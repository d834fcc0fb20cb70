"""Functions of the native library for keys, seals, packages and compiling; a call needs none of them."""

from __future__ import annotations

from . import PUBLIC_KEY_BYTES, SEED_BYTES, _check, _outputs, _take, _take_values, lib
from ._ffi import ffi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Union

    Secret = Union[bytes, bytearray]
    """A bytearray can be wiped after use."""


def new_key() -> bytearray:
    """The seed of a new signing key, which the caller can wipe (edge.trust.key_file.wipe)."""
    seed, why = bytearray(SEED_BYTES), ffi.new("edge_bytes *")
    _check(lib.edge_key_new(ffi.from_buffer(seed), why), why)
    return seed


def public_key(seed: Secret) -> bytes:
    """The public half of a signing key."""
    key = ffi.new("uint8_t[]", PUBLIC_KEY_BYTES)
    _check(lib.edge_key_public(ffi.from_buffer(seed), key), None)
    return bytes(ffi.buffer(key))


def read_trust(text: bytes, file: str) -> list[list[Any]]:
    """The words of each line of trust (edge.h); OptionsError, with its number, for an invalid line."""
    out, why = _outputs()
    _check(lib.edge_trust_read(text, len(text), out, why), why, file)
    return _take_values(out)


def seal(key: Secret, context: bytes, secret: Secret) -> bytes:
    """Encrypts a secret; it opens only with the same key, 32 bytes, and the same context."""
    out, why = _outputs()
    raw = ffi.from_buffer(secret)
    _check(lib.edge_seal(ffi.from_buffer(key), context, len(context), raw, len(secret), out, why), why)
    return _take(out)


def unseal(key: Secret, context: bytes, sealed: bytes, subject: str) -> bytearray:
    """Decrypts a sealed secret; `subject` is for messages."""
    why, opened = ffi.new("edge_bytes *"), bytearray(max(0, len(sealed) - lib.EDGE_SEAL_BYTES))
    raw, out = ffi.from_buffer(key), ffi.from_buffer(opened)
    _check(lib.edge_unseal(raw, context, len(context), sealed, len(sealed), out, why), why, subject)
    return opened


def describe_package(fd: int, file: str, trust: bytes | None) -> tuple[dict[str, Any], bytes]:
    """The description in the head of a package, and the head itself; no digest is checked.

    `trust`: text (native/src/trust.rs), None to describe anybody's package.
    """
    (out, why), head = _outputs(), ffi.new("edge_bytes *")
    text, length = _text_or_null(trust)
    _check(lib.edge_package_describe(fd, text, length, out, head, why), why, file)
    return _take_values(out), _take(head)


def describe_head(head: bytes, file: str, trust: bytes | None) -> dict[str, Any]:
    """As describe_package, of a head that was kept."""
    out, why = _outputs()
    text, length = _text_or_null(trust)
    _check(lib.edge_head_describe(head, len(head), text, length, out, why), why, file)
    return _take_values(out)


def unpack(fd: int, file: str, head: bytes, name: str, to: int = -1) -> bytes:
    """Checks the digest of a package's file and copies it to a descriptor; a receipt for the copy."""
    receipt, why = _outputs()
    raw = name.encode()
    _check(lib.edge_package_unpack(fd, head, len(head), raw, len(raw), to, receipt, why), why, file)
    return _take(receipt)


def seal_package(description: bytes, seed: Secret) -> bytes:
    """The head of a package: a description, JSON, signed. Needs the compiler's library."""
    out, why = _outputs()
    _check(lib.edge_package_seal(description, len(description), ffi.from_buffer(seed), out, why), why)
    return _take(out)


def seal_artifact(description: bytes, seed: Secret) -> bytes:
    """The trailer of a lone artifact: its description, JSON, signed. As seal_package."""
    out, why = _outputs()
    _check(lib.edge_artifact_seal(description, len(description), ffi.from_buffer(seed), out, why), why)
    return _take(out)


def encode_component(wasm: bytes, file: str) -> dict[str, Any]:
    """Converts a core module with component metadata to a component; returns a component unchanged.

    Returns `wasm`, the component; `kind`, what was given (component or module); `imports`, `exports` and
    `missing`, the imports of WASI that the library lacks.
    """
    out, why = _outputs()
    _check(lib.edge_component_encode(wasm, len(wasm), out, why), why, file)
    return _take_values(out)


def compile_component(
    wasm: bytes, file: str, engine: str, facts: bytes, seed: Secret, fd: int
) -> dict[str, Any]:
    """Compiles for an engine and writes the signed artifact to `fd`; returns its description."""
    target = engine.encode()
    out, why = _outputs()
    raw = ffi.from_buffer(seed)
    status = lib.edge_compile(wasm, len(wasm), target, len(target), facts, len(facts), raw, fd, out, why)
    _check(status, why, file)
    return _take_values(out)


def _text_or_null(text: bytes | None) -> tuple[Any, int]:
    return (ffi.NULL, 0) if text is None else (ffi.from_buffer(text), len(text))
