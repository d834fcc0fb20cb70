//! Reads artifacts and packages.

use std::fs::File;
use std::os::unix::fs::FileExt;

use crate::hex;
use crate::sha256::Sha256;
use crate::status::{Failure, Outcome, Status};

/// Digests are computed through a buffer of this size, so that no file stays in memory.
const BUFFER_BYTES: usize = 16 << 10;

/// The SHA-256, in hexadecimal, of the `len` bytes from `at` on, which `take` gets a buffer at a time.
pub fn digest(file: &File, mut at: u64, len: u64, mut take: impl FnMut(&[u8]) -> Outcome<()>) -> Outcome<String> {
    let mut digest = Sha256::default();
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut left = len;
    while left > 0 {
        let len = usize::try_from(left).unwrap_or(BUFFER_BYTES).min(BUFFER_BYTES);
        let piece = buffer.get_mut(..len).unwrap_or_default();
        read_at(file, piece, at)?;
        digest.update(piece);
        take(piece)?;
        at += len as u64;
        left -= len as u64;
    }
    Ok(hex::encode(&digest.finish()))
}

/// Fills the buffer; a file that ends before is damaged.
pub fn read_at(file: &File, buffer: &mut [u8], at: u64) -> Outcome<()> {
    file.read_exact_at(buffer, at).map_err(|error| match error.kind() {
        std::io::ErrorKind::UnexpectedEof => Failure::new(Status::Damaged, "the file became shorter while it was read"),
        _ => Failure::io("the artifact", &error),
    })
}
