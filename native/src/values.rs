//! Encodes component values, one buffer for each crossing.
//!
//! The encoding is the subset of Python's `marshal` format 2 that plain data needs, so that the interpreter's own C
//! codec reads and writes it with no import and no bytecode. Every Python since 2.5 reads it alike; a test pins the bytes
//! for all that are supported. Source: CPython, Python/marshal.c.
//!
//! | tag | follows | value |
//! |---|---|---|
//! | `N` `T` `F` | | none, true, false |
//! | `i` | 4 bytes | integer of 32 bits, signed |
//! | `l` | 4 bytes n, then abs(n) digits of 2 bytes | integer in base 2^15, least digit first, the sign is n's |
//! | `g` | 8 bytes | double |
//! | `u` | 4 bytes n, n bytes | string, UTF-8 |
//! | `s` | 4 bytes n, n bytes | bytes |
//! | `(` | 4 bytes n, n values | tuple |
//! | `[` | 4 bytes n, n values | list |
//! | `{` | pairs of values, then `0` | dictionary |
//!
//! All numbers are little-endian. Component types map to: `option` none or the value, and inside another option
//! `("some", value)`; `variant` and `result` `(case, payload)`; `record` a dictionary; `enum` a string; `flags` a list of strings;
//! `list<u8>` bytes; `char` a string.

mod decode;
mod encode;
mod format;

use wasmtime::component::Val;

pub use decode::{Reader, decode};
pub use encode::{Writer, encode, encode_json};

/// The bytes that it took to pass a value: a guest chooses the types of the functions that it imports.
pub fn weight(value: &Val) -> u64 {
    let inner = match value {
        Val::String(text) => text.len() as u64,
        Val::List(items) | Val::Tuple(items) => items.iter().map(weight).sum(),
        Val::Record(fields) => fields.iter().map(|(name, value)| name.len() as u64 + weight(value)).sum(),
        Val::Variant(name, Some(value)) => name.len() as u64 + weight(value),
        Val::Variant(name, None) | Val::Enum(name) => name.len() as u64,
        Val::Option(Some(value)) | Val::Result(Ok(Some(value)) | Err(Some(value))) => weight(value),
        Val::Flags(names) => names.iter().map(|name| name.len() as u64).sum(),
        _ => 0,
    };
    inner + size_of::<Val>() as u64
}
