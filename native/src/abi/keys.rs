//! Signing keys, trust and sealed secrets.
#![allow(unsafe_code)]

use crate::abi::pointers::{Bytes, give_bytes, null, report, room, slice, text};
use crate::status::{OK, Status};
use crate::{key, seal, trust, values};

/// # Safety
/// `seed` is valid for writing 32 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_key_new(seed: *mut u8, why: *mut Bytes) -> i32 {
    // SAFETY: edge.h asks for 32 bytes; an array of bytes has no alignment.
    unsafe {
        let seed = seed.cast::<key::Seed>().as_mut().ok_or_else(|| null("seed"));
        report(seed.and_then(key::new_seed), why)
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
pub unsafe extern "C" fn edge_trust_read(trust: *const u8, trust_len: usize, out: *mut Bytes, why: *mut Bytes) -> i32 {
    // SAFETY: edge.h asks for valid pointers.
    unsafe {
        let lines = text(trust, trust_len, "trust").and_then(trust::read);
        report(lines.map(|lines| give_bytes(out, values::encode_json(&lines))), why)
    }
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
/// As [`edge_seal`]; `out` is null or valid for writing 40 bytes less than `sealed_len`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_unseal(
    key: *const u8,
    context: *const u8,
    context_len: usize,
    sealed: *const u8,
    sealed_len: usize,
    out: *mut u8,
    why: *mut Bytes,
) -> i32 {
    // SAFETY: as above.
    unsafe {
        let key = key.cast::<key::Seed>().as_ref().ok_or_else(|| null("key"));
        let out = room(out, sealed_len.saturating_sub(seal::SEAL_BYTES));
        let opened = key.and_then(|key| seal::unseal(key, slice(context, context_len), slice(sealed, sealed_len), out));
        report(opened, why)
    }
}
