//! The C ABI: pointers in, status out. `edge.h` says what each function does.
//!
//! Soundness rests on what `edge.h` asks of the caller: pointers are null or valid for their length, and objects are used
//! until they are freed. Threads may share every object: engines and plugins never change, counters lock themselves, and
//! an instance refuses a second user (`abi/handle.rs`).
#![allow(unsafe_code)]

use serde_json::{Value as Json, json};

use crate::artifact::Artifact;
use crate::key::{self, PublicKey};
use crate::plugin::Plugin;
use crate::profile::{self, CRANELIFT, EngineTarget, LIBRARY, Runner, WASMTIME};
use crate::status::{Failure, Outcome, Status};
use crate::trust::Trust;
use crate::{arguments, hex, load, values};

mod call;
mod compiler;
mod counters;
mod handle;
mod keys;
mod package;
pub mod pointers;

use pointers::{Bytes, file, free_bytes, give, give_bytes, null, report, slice, take, text};

const ABI_VERSION: u32 = 4;

const OK: i32 = 0;

const MIN_STACK_BYTES: u64 = 64 << 10;
const MAX_STACK_BYTES: u64 = 8 << 20;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct EngineOptions {
    stack_bytes: u64,
    interpret: u32,
}

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

/// # Safety
/// See `edge.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_engine_new(options: *const EngineOptions, out: *mut *mut Runner, why: *mut Bytes) -> i32 {
    // SAFETY: edge.h asks for valid pointers.
    unsafe {
        let options = options.as_ref().copied().unwrap_or(EngineOptions { stack_bytes: 0, interpret: 0 });
        report(new_engine(options).and_then(|engine| give(out, engine)), why)
    }
}

fn new_engine(EngineOptions { stack_bytes, interpret }: EngineOptions) -> Outcome<Runner> {
    let stack_bytes = match stack_bytes {
        0 => profile::STACK_BYTES,
        MIN_STACK_BYTES..=MAX_STACK_BYTES => stack_bytes as usize,
        _ => {
            let why = format!("stack_bytes is {stack_bytes}, outside {MIN_STACK_BYTES} to {MAX_STACK_BYTES}");
            return Err(Failure::new(Status::Options, why));
        }
    };
    let target = if interpret == 0 { EngineTarget::native() } else { EngineTarget::interpreted() };
    Runner::new(target, stack_bytes)
}

/// # Safety
/// See `edge.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_engine_free(engine: *mut Runner) {
    // SAFETY: edge.h says who owns it.
    unsafe { take(engine) };
}

/// # Safety
/// See `edge.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_artifact_describe(fd: i32, out: *mut Bytes, receipt: *mut Bytes, why: *mut Bytes) -> i32 {
    // SAFETY: edge.h asks for valid pointers.
    unsafe {
        let described = describe_artifact(fd).map(|(description, paper)| {
            give_bytes(out, description);
            give_bytes(receipt, paper.into_bytes());
        });
        report(described, why)
    }
}

fn describe_artifact(fd: i32) -> Outcome<(Vec<u8>, String)> {
    let artifact = Artifact::open(file(fd)?, &Trust::anyone())?;
    let before = artifact.receipt()?;
    artifact.check_digest(|_| Ok(()))?;
    let receipt = artifact.receipt()?;
    if receipt != before {
        return Err(Failure::new(Status::Damaged, "the file changed while it was checked"));
    }
    let signer = *artifact.signer();
    Ok((values::encode_json(&described(artifact.into_description(), &signer)), receipt))
}

/// The description with the signer's key beside it.
fn described(mut description: Json, signer: &PublicKey) -> Json {
    if let Some(description) = description.as_object_mut() {
        description.insert("signer".to_owned(), hex::encode(signer).into());
    }
    description
}

/// # Safety
/// See `edge.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_plugin_load(
    engine: *const Runner,
    fd: i32,
    head: *const u8,
    head_len: usize,
    trust: *const u8,
    trust_len: usize,
    receipt: *const u8,
    receipt_len: usize,
    provides: *const u8,
    provides_len: usize,
    out: *mut *mut Plugin,
    fresh: *mut Bytes,
    why: *mut Bytes,
) -> i32 {
    // SAFETY: edge.h asks for valid pointers.
    unsafe {
        let plugin = engine.as_ref().ok_or_else(|| null("engine")).and_then(|engine| {
            let provides = text(provides, provides_len, "provides")?;
            let receipt = text(receipt, receipt_len, "receipt")?;
            let trust = text(trust, trust_len, "trust")?;
            load_plugin(engine, fd, slice(head, head_len), trust, receipt, provides)
        });
        let given = plugin.and_then(|(plugin, receipt)| {
            give(out, plugin)?;
            give_bytes(fresh, receipt.unwrap_or_default().into_bytes());
            Ok(())
        });
        report(given, why)
    }
}

fn load_plugin(
    runner: &Runner,
    fd: i32,
    head: &[u8],
    trust: &str,
    receipt: &str,
    provides: &str,
) -> Outcome<(Plugin, Option<String>)> {
    let trust = Trust::parse(trust)?;
    let artifact = match head {
        [] => Artifact::open(file(fd)?, &trust)?,
        head => Artifact::of_package(file(fd)?, head, &trust, runner.target)?,
    };
    let (component, fresh) = load::load(runner, &artifact, receipt)?;
    let provides: Vec<&str> = provides.lines().collect();
    let signer = *artifact.signer();
    let plugin = Plugin::link(runner, &component, described(artifact.into_description(), &signer), &provides);
    load::release_library();
    Ok((plugin?, fresh))
}

/// # Safety
/// See `edge.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_plugin_describe(plugin: *const Plugin, out: *mut Bytes) -> i32 {
    // SAFETY: edge.h asks for valid pointers.
    unsafe {
        let Some(plugin) = plugin.as_ref() else { return Status::State as i32 };
        give_bytes(out, values::encode_json(&plugin.description));
    }
    OK
}

/// # Safety
/// See `edge.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_plugin_free(plugin: *mut Plugin) {
    // SAFETY: edge.h says who owns it.
    unsafe { take(plugin) };
}

/// # Safety
/// See `edge.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_component_encode(
    wasm: *const u8,
    wasm_len: usize,
    out: *mut Bytes,
    why: *mut Bytes,
) -> i32 {
    // SAFETY: edge.h asks for valid pointers.
    unsafe { report(compiler::encode(slice(wasm, wasm_len)).map(|encoded| give_bytes(out, encoded)), why) }
}

/// # Safety
/// See `edge.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_compile(
    wasm: *const u8,
    wasm_len: usize,
    target: *const u8,
    target_len: usize,
    facts: *const u8,
    facts_len: usize,
    seed: *const u8,
    fd: i32,
    out: *mut Bytes,
    why: *mut Bytes,
) -> i32 {
    // SAFETY: edge.h asks for valid pointers, and for a seed of 32 bytes.
    unsafe {
        let compiled = text(target, target_len, "target").and_then(|target| {
            let seed = seed.cast::<key::Seed>().as_ref().ok_or_else(|| null("seed"))?;
            compiler::compile(slice(wasm, wasm_len), target, slice(facts, facts_len), seed, fd)
        });
        report(compiled.map(|description| give_bytes(out, description)), why)
    }
}

/// # Safety
/// See `edge.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_artifact_seal(
    description: *const u8,
    description_len: usize,
    seed: *const u8,
    out: *mut Bytes,
    why: *mut Bytes,
) -> i32 {
    // SAFETY: edge.h asks for valid pointers, and for a seed of 32 bytes.
    unsafe {
        let seed = seed.cast::<key::Seed>().as_ref().ok_or_else(|| null("seed"));
        let trailer = seed.and_then(|seed| compiler::seal_artifact(slice(description, description_len), seed));
        report(trailer.map(|trailer| give_bytes(out, trailer)), why)
    }
}
