//! Seals small secrets at rest: XChaCha20-Poly1305 under a key of this machine.
//!
//! ```text
//! nonce, 24 | encrypted secret | tag, 16
//! ```

use chacha20poly1305::aead::inout::InOutBuf;
use chacha20poly1305::aead::{Aead, AeadInOut, KeyInit, Payload};
use chacha20poly1305::{Tag, XChaCha20Poly1305, XNonce};

use crate::key::{KEY_BYTES, random_bytes};
use crate::process;
use crate::status::{Failure, Outcome, Status};

const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;

/// Bytes that a sealed secret has more than the secret.
pub const SEAL_BYTES: usize = NONCE_BYTES + TAG_BYTES;

/// Encrypts a secret; it opens with the same key and `context` only.
pub fn seal(key: &[u8; KEY_BYTES], context: &[u8], secret: &[u8]) -> Outcome<Vec<u8>> {
    process::keep_private();
    let mut nonce = [0; NONCE_BYTES];
    random_bytes(&mut nonce)?;
    let sealed = XChaCha20Poly1305::new(key.into())
        .encrypt(&XNonce::from(nonce), Payload { msg: secret, aad: context })
        .map_err(|_| Failure::new(Status::Options, "the secret is too long"))?;
    Ok([nonce.as_slice(), &sealed].concat())
}

/// Decrypts into `out` alone, which is SEAL_BYTES shorter than `sealed`; a failure leaves it unchanged.
pub fn unseal(key: &[u8; KEY_BYTES], context: &[u8], sealed: &[u8], out: &mut [u8]) -> Outcome<()> {
    process::keep_private();
    let wrong = || Failure::new(Status::BadSeal, "it was sealed with another key or for something else, or is damaged");
    let (nonce, rest) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or_else(wrong)?;
    let (encrypted, tag) = rest.split_last_chunk::<TAG_BYTES>().ok_or_else(wrong)?;
    let buffer = InOutBuf::new(encrypted, out).map_err(|_| wrong())?;
    XChaCha20Poly1305::new(key.into())
        .decrypt_inout_detached(&XNonce::from(*nonce), context, buffer, &Tag::from(*tag))
        .map_err(|_| wrong())
}
