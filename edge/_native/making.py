"""Functions of the native library for keys, seals, packages and compiling; a call needs none of them."""

from __future__ import annotations

from . import PUBLIC_KEY_BYTES, SEED_BYTES, _ask, _check, _take, _values, lib
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
    """The parsed lines of trust (edge.h); OptionsError, with the line, for an invalid one."""
    return _values(_ask(lib.edge_trust_read, text, len(text), file=file))


def seal(key: Secret, context: bytes, secret: Secret) -> bytes:
    """Encrypts a secret; it opens only with the same key, 32 bytes, and the same context."""
    raw = ffi.from_buffer(secret)
    return _ask(lib.edge_seal, ffi.from_buffer(key), context, len(context), raw, len(secret))


def unseal(key: Secret, context: bytes, sealed: bytes, subject: str) -> bytearray:
    """Decrypts a sealed secret; `subject` is for messages."""
    why, opened = ffi.new("edge_bytes *"), bytearray(max(0, len(sealed) - lib.EDGE_SEAL_BYTES))
    raw, out = ffi.from_buffer(key), ffi.from_buffer(opened)
    _check(lib.edge_unseal(raw, context, len(context), sealed, len(sealed), out, why), why, subject)
    return opened


def describe_package(fd: int, file: str, trust: bytes | None) -> tuple[dict[str, Any], bytes]:
    """The description in the head of a package, and the head itself; no digest is checked.

    `trust`: text (native/src/trust.rs), None for a package of any signer.
    """
    out = ffi.new("edge_bytes *")
    head = _ask(lib.edge_package_describe, fd, *_text_or_null(trust), out, file=file)
    return _values(_take(out)), head


def describe_head(head: bytes, file: str, trust: bytes | None) -> dict[str, Any]:
    """As describe_package, for a stored head."""
    return _values(_ask(lib.edge_head_describe, head, len(head), *_text_or_null(trust), file=file))


def unpack(fd: int, file: str, head: bytes, name: str, to: int = -1) -> bytes:
    """Checks the digest of a package's file and copies it to a descriptor; a receipt for the copy."""
    raw = name.encode()
    return _ask(lib.edge_package_unpack, fd, head, len(head), raw, len(raw), to, file=file)


def seal_package(description: bytes, seed: Secret) -> bytes:
    """The head of a package: a description, JSON, signed. Needs the compiler's library."""
    return _ask(lib.edge_package_seal, description, len(description), ffi.from_buffer(seed))


def seal_artifact(description: bytes, seed: Secret) -> bytes:
    """The trailer of a lone artifact: its description, JSON, signed. As seal_package."""
    return _ask(lib.edge_artifact_seal, description, len(description), ffi.from_buffer(seed))


def encode_component(wasm: bytes, file: str) -> dict[str, Any]:
    """Converts a core module with component metadata to a component; returns a component unchanged.

    Returns `wasm`, the component; `kind`, what was given (component or module); `imports`, `exports` and
    `missing`, the imports of WASI that the library lacks.
    """
    return _values(_ask(lib.edge_component_encode, wasm, len(wasm), file=file))


def compile_component(
    wasm: bytes, file: str, engine: str, facts: bytes, seed: Secret, fd: int
) -> dict[str, Any]:
    """Compiles for an engine and writes the signed artifact to `fd`; returns its description."""
    target, key = engine.encode(), ffi.from_buffer(seed)
    return _values(
        _ask(lib.edge_compile, wasm, len(wasm), target, len(target), facts, len(facts), key, fd, file=file)
    )


def _text_or_null(text: bytes | None) -> tuple[Any, int]:
    return (ffi.NULL, 0) if text is None else (ffi.from_buffer(text), len(text))
