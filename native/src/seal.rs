//! Small secrets at rest: XChaCha20-Poly1305 under a key of this machine's.
//!
//! ```text
//! nonce, 24 | what is sealed, encrypted | tag, 16
//! ```

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use crate::key::{KEY_BYTES, random_bytes};
use crate::status::{Failure, Outcome, Status};

const NONCE_BYTES: usize = 24;

/// Encrypts; what is sealed opens for the same key and `context` only.
pub fn seal(key: &[u8; KEY_BYTES], context: &[u8], secret: &[u8]) -> Outcome<Vec<u8>> {
    let mut nonce = [0; NONCE_BYTES];
    random_bytes(&mut nonce)?;
    let sealed = XChaCha20Poly1305::new(key.into())
        .encrypt(&XNonce::from(nonce), Payload { msg: secret, aad: context })
        .map_err(|_| Failure::new(Status::Options, "it is too long to be sealed"))?;
    Ok([nonce.as_slice(), &sealed].concat())
}

pub fn unseal(key: &[u8; KEY_BYTES], context: &[u8], sealed: &[u8]) -> Outcome<Vec<u8>> {
    let wrong = || Failure::new(Status::BadSeal, "it was sealed with another key or for something else, or is damaged");
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or_else(wrong)?;
    XChaCha20Poly1305::new(key.into())
        .decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: context })
        .map_err(|_| wrong())
}
