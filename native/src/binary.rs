//! Reads and writes the sections of a binary without decoding them.

use wasmparser::BinaryReaderError;

use crate::status::{Failure, Outcome, Status};

const PREAMBLE_BYTES: usize = 8;
/// Sections of a component that hold a core module, and another component.
pub const CORE_MODULE: u8 = 1;
pub const COMPONENT: u8 = 4;

pub fn sections(binary: &[u8]) -> Outcome<Vec<(u8, &[u8])>> {
    let mut found = Vec::new();
    let mut rest = binary.get(PREAMBLE_BYTES..).unwrap_or_default();
    while let Some((id, after)) = rest.split_first() {
        let (len, after) = read_leb(after)?;
        let (contents, after) = after.split_at_checked(len as usize).ok_or_else(damaged)?;
        found.push((*id, contents));
        rest = after;
    }
    Ok(found)
}

/// The preamble of a binary, then these sections, each as `rewrite` returns it, or unchanged for none.
pub fn rewritten<'a>(
    binary: &[u8],
    sections: impl IntoIterator<Item = (u8, &'a [u8])>,
    mut rewrite: impl FnMut(u8, &'a [u8]) -> Outcome<Option<Vec<u8>>>,
) -> Outcome<Vec<u8>> {
    let mut out = binary.get(..PREAMBLE_BYTES).unwrap_or_default().to_vec();
    for (id, contents) in sections {
        out.push(id);
        match rewrite(id, contents)? {
            Some(other) => put_sized(&mut out, &other),
            None => put_sized(&mut out, contents),
        }
    }
    Ok(out)
}

/// Adds the length of the bytes, then the bytes: a section's contents, or a name.
pub fn put_sized(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend(leb(bytes.len() as u32));
    out.extend_from_slice(bytes);
}

/// A vector with more items at its end.
pub fn extended(contents: &[u8], more: &[Vec<u8>]) -> Outcome<Vec<u8>> {
    let (count, rest) = read_leb(contents)?;
    Ok([leb(count + more.len() as u32).as_slice(), rest, &more.concat()].concat())
}

/// A vector of items, each with its length before it.
pub fn counted(parts: &[Vec<u8>]) -> Vec<u8> {
    let mut out = leb(parts.len() as u32);
    parts.iter().for_each(|part| put_sized(&mut out, part));
    out
}

pub fn leb(mut number: u32) -> Vec<u8> {
    let mut out = Vec::new();
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
    out
}

pub fn read_leb(bytes: &[u8]) -> Outcome<(u32, &[u8])> {
    let mut number = 0u64;
    for (place, byte) in bytes.iter().enumerate().take(5) {
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            let number = u32::try_from(number).map_err(|_| damaged())?;
            return Ok((number, bytes.get(place + 1..).unwrap_or_default()));
        }
    }
    Err(damaged())
}

pub fn invalid(error: BinaryReaderError) -> Failure {
    Failure::new(Status::InvalidWasm, format!("it is damaged: {error}"))
}

pub fn damaged() -> Failure {
    Failure::new(Status::InvalidWasm, "it is damaged: its sections do not fit into it")
}
