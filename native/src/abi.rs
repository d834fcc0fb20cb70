//! The C ABI: pointers in, status out. `edge.h` says what each function does.
//!
//! Soundness rests on what `edge.h` asks of the caller: pointers are null or valid for their length, and objects are used
//! until they are freed. Threads may share every object: engines and plugins never change, counters lock themselves, and
//! an instance refuses a second user (`abi/handle.rs`).
#![allow(unsafe_code)]

use serde_json::{Value as Json, json};

use crate::profile::{CRANELIFT, EngineTarget, LIBRARY, WASMTIME};
use crate::status::{Failure, OK, Status};
use crate::{arguments, values};

mod call;
mod compiler;
mod counters;
mod engine;
mod handle;
mod keys;
mod package;
mod plugin;
mod pointers;

use pointers::{Bytes, free_bytes, give_bytes, report, slice};

const ABI_VERSION: u32 = 4;

#[unsafe(no_mangle)]
pub extern "C" fn edge_abi_version() -> u32 {
    ABI_VERSION
}

/// # Safety
/// See `edge.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_about(out: *mut Bytes) -> i32 {
    let fingerprints: serde_json::Map<_, _> =
        EngineTarget::ALL.into_iter().map(|target| (target.name().to_owned(), target.fingerprint().into())).collect();
    let about = json!({
        "abi": ABI_VERSION,
        "library": LIBRARY,
        "wasmtime": WASMTIME,
        "cranelift": CRANELIFT,
        "cpu": std::env::consts::ARCH,
        "engine": EngineTarget::native().name(),
        "interpreted": EngineTarget::interpreted().name(),
        "fingerprints": fingerprints,
        "compiler": cfg!(feature = "compiler"),
    });
    // SAFETY: edge.h asks for a valid `out`.
    unsafe { give_bytes(out, values::encode_json(&about)) };
    OK
}

/// # Safety
/// `bytes` is null or was filled by this library and not freed yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_bytes_free(bytes: *mut Bytes) {
    // SAFETY: edge.h asks for that.
    unsafe { free_bytes(bytes) };
}

/// # Safety
/// See `edge.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_arguments(
    json: *const u8,
    json_len: usize,
    config: *const u8,
    config_len: usize,
    out: *mut Bytes,
    why: *mut Bytes,
) -> i32 {
    // SAFETY: edge.h asks for valid pointers.
    unsafe {
        let merged = arguments::merge(slice(json, json_len), slice(config, config_len));
        report(merged.map(|merged| give_bytes(out, merged)), why)
    }
}

/// # Safety
/// See `edge.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_json(json: *const u8, json_len: usize, out: *mut Bytes, why: *mut Bytes) -> i32 {
    // SAFETY: edge.h asks for valid pointers.
    unsafe {
        let read = serde_json::from_slice::<Json>(arguments::unmarked(slice(json, json_len)))
            .map_err(|error| Failure::new(Status::Arguments, format!("this is not JSON: {error}")));
        report(read.map(|value| give_bytes(out, values::encode_json(&value))), why)
    }
}
