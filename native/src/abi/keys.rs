//! Signing keys, what is trusted, and what is sealed.
#![allow(unsafe_code)]

use crate::abi::OK;
use crate::abi::pointers::{Bytes, give_bytes, null, report, slice, text};
use crate::status::Status;
use crate::trust::Trust;
use crate::{key, seal};

/// # Safety
/// `seed` is valid for writing 32 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_key_new(seed: *mut u8, why: *mut Bytes) -> i32 {
    // SAFETY: edge.h asks for 32 bytes; an array of bytes has no alignment.
    unsafe {
        let made = key::new_seed().and_then(|new| match seed.cast::<key::Seed>().as_mut() {
            Some(seed) => {
                *seed = new;
                Ok(())
            }
            None => Err(null("seed")),
        });
        report(made, why)
    }
}

/// # Safety
/// Both are valid for 32 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_key_public(seed: *const u8, public_key: *mut u8) -> i32 {
    // SAFETY: edge.h asks for 32 bytes each.
    unsafe {
        match (seed.cast::<key::Seed>().as_ref(), public_key.cast::<key::PublicKey>().as_mut()) {
            (Some(seed), Some(public_key)) => *public_key = key::public(seed),
            _ => return Status::State as i32,
        }
    }
    OK
}

/// # Safety
/// See `edge.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_trust_check(trust: *const u8, trust_len: usize, why: *mut Bytes) -> i32 {
    // SAFETY: edge.h asks for valid pointers.
    unsafe { report(text(trust, trust_len, "trust").and_then(|trust| Trust::parse(trust).map(drop)), why) }
}

/// # Safety
/// `key` is null or valid for 32 bytes, the others as `edge.h` asks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_seal(
    key: *const u8,
    context: *const u8,
    context_len: usize,
    secret: *const u8,
    secret_len: usize,
    out: *mut Bytes,
    why: *mut Bytes,
) -> i32 {
    // SAFETY: edge.h asks for valid pointers; an array of bytes has no alignment.
    unsafe {
        let key = key.cast::<key::Seed>().as_ref().ok_or_else(|| null("key"));
        let sealed = key.and_then(|key| seal::seal(key, slice(context, context_len), slice(secret, secret_len)));
        report(sealed.map(|sealed| give_bytes(out, sealed)), why)
    }
}

/// # Safety
/// As [`edge_seal`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_unseal(
    key: *const u8,
    context: *const u8,
    context_len: usize,
    sealed: *const u8,
    sealed_len: usize,
    out: *mut Bytes,
    why: *mut Bytes,
) -> i32 {
    // SAFETY: as above.
    unsafe {
        let key = key.cast::<key::Seed>().as_ref().ok_or_else(|| null("key"));
        let secret = key.and_then(|key| seal::unseal(key, slice(context, context_len), slice(sealed, sealed_len)));
        report(secret.map(|secret| give_bytes(out, secret)), why)
    }
}
