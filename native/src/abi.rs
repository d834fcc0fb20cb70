//! The C ABI: pointers in, status out. `edge.h` says what each function does.
//!
//! Soundness rests on what `edge.h` asks of the caller: pointers are null or valid for their length, objects are used
//! until they are freed and by one thread at a time, but for `edge_call_cancel`, which touches one atomic flag.
#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::artifact::Artifact;
use crate::instance::{Instance, Step};
use crate::key::{self, KEY_BYTES};
use crate::limits::InstanceOptions;
use crate::mailbox::Stats;
use crate::plugin::Plugin;
use crate::profile::{self, CRANELIFT, EngineTarget, LIBRARY, Runner, WASMTIME};
use crate::status::{Failure, Outcome, Status};
use crate::{arguments, hex, load, values};

mod compiler;
mod pointers;

use pointers::{Bytes, file, free_bytes, give, give_bytes, null, report, slice, take, text};

const ABI_VERSION: u32 = 2;

const OK: i32 = 0;
const STEP_DONE: i32 = 1;
const STEP_HOST: i32 = 2;
const STEP_WAIT: i32 = 3;
const STEP_SLICE: i32 = 4;

/// Every key, at the least, leaves room for a trusted set of this many.
const MAX_KEYS: usize = 1024;
const MIN_STACK_BYTES: u64 = 64 << 10;
const MAX_STACK_BYTES: u64 = 8 << 20;

/// What `edge_instance` points to. The flag stands apart from the instance, because another thread may set it while a
/// step holds the only reference to the rest.
pub struct Handle {
    cancelled: Arc<AtomicBool>,
    instance: UnsafeCell<Instance>,
}

impl Handle {
    fn new(plugin: &Plugin, options: InstanceOptions) -> Self {
        let cancelled = Arc::new(AtomicBool::new(false));
        let instance = Instance::new(plugin, options, cancelled.clone());
        Handle { cancelled, instance: UnsafeCell::new(instance) }
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct EngineOptions {
    stack_bytes: u64,
    interpret: u32,
}

#[repr(C)]
pub struct StepOut {
    data: *const u8,
    len: usize,
    until: u64,
    host: u32,
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
    let artifact = Artifact::open(file(fd)?, |_| true)?;
    let before = artifact.receipt()?;
    artifact.check_digest(|_| Ok(()))?;
    let receipt = artifact.receipt()?;
    if receipt != before {
        return Err(Failure::new(Status::Damaged, "the file changed while it was checked"));
    }
    Ok((values::encode_json(&described(artifact)), receipt))
}

/// The description with the signer's key beside it.
fn described(artifact: Artifact) -> serde_json::Value {
    let signer = hex::encode(artifact.signer());
    let mut description = artifact.into_description();
    if let Some(description) = description.as_object_mut() {
        description.insert("signer".to_owned(), signer.into());
    }
    description
}

/// # Safety
/// See `edge.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_plugin_load(
    engine: *const Runner,
    fd: i32,
    keys: *const u8,
    keys_len: usize,
    receipt: *const u8,
    receipt_len: usize,
    provides: *const u8,
    provides_len: usize,
    out: *mut *mut Plugin,
    why: *mut Bytes,
) -> i32 {
    // SAFETY: edge.h asks for valid pointers.
    unsafe {
        let plugin = engine.as_ref().ok_or_else(|| null("engine")).and_then(|engine| {
            let provides = text(provides, provides_len, "provides")?;
            let receipt = text(receipt, receipt_len, "receipt")?;
            load_plugin(engine, fd, slice(keys, keys_len), receipt, provides)
        });
        report(plugin.and_then(|plugin| give(out, plugin)), why)
    }
}

fn load_plugin(runner: &Runner, fd: i32, keys: &[u8], receipt: &str, provides: &str) -> Outcome<Plugin> {
    let (keys, rest) = keys.as_chunks::<KEY_BYTES>();
    if !rest.is_empty() || keys.len() > MAX_KEYS {
        return Err(Failure::new(Status::Options, format!("keys are up to {MAX_KEYS} of {KEY_BYTES} bytes each")));
    }
    let artifact = Artifact::open(file(fd)?, |signer| keys.contains(signer))?;
    let component = load::load(runner, &artifact, receipt)?;
    let provides: Vec<&str> = provides.lines().collect();
    let plugin = Plugin::link(runner, &component, described(artifact), &provides);
    load::release_library();
    plugin
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
pub unsafe extern "C" fn edge_instance_new(
    plugin: *const Plugin,
    options: *const InstanceOptions,
    out: *mut *mut Handle,
    why: *mut Bytes,
) -> i32 {
    // SAFETY: edge.h asks for valid pointers.
    unsafe {
        let instance = match (plugin.as_ref(), options.as_ref()) {
            (Some(plugin), Some(options)) => give(out, Handle::new(plugin, *options)),
            (None, _) => Err(null("plugin")),
            (_, None) => Err(null("options")),
        };
        report(instance, why)
    }
}

/// # Safety
/// See `edge.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_instance_free(instance: *mut Handle) {
    // SAFETY: edge.h says who owns it.
    unsafe { take(instance) };
}

/// # Safety
/// `instance` is null or a live instance that no other thread uses.
unsafe fn with_instance(instance: *mut Handle, why: *mut Bytes, act: impl FnOnce(&mut Instance) -> Outcome<()>) -> i32 {
    // SAFETY: the caller's promise is handed on.
    unsafe {
        let instance = instance.as_ref().map(|handle| &mut *handle.instance.get());
        report(instance.ok_or_else(|| null("instance")).and_then(act), why)
    }
}

/// # Safety
/// See `edge.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_call_start(
    instance: *mut Handle,
    name: *const u8,
    name_len: usize,
    params: *const u8,
    params_len: usize,
    why: *mut Bytes,
) -> i32 {
    // SAFETY: edge.h asks for valid pointers.
    unsafe {
        with_instance(instance, why, |instance| {
            instance.start(text(name, name_len, "name")?, slice(params, params_len))
        })
    }
}

/// # Safety
/// See `edge.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_call_step(instance: *mut Handle, out: *mut StepOut) -> i32 {
    // SAFETY: edge.h asks for valid pointers.
    let instance = unsafe { instance.as_ref().map(|handle| &mut *handle.instance.get()) };
    // SAFETY: as above.
    let (instance, out) = match (instance, unsafe { out.as_mut() }) {
        (Some(instance), Some(out)) => (instance, out),
        _ => return Status::State as i32,
    };
    let (mut until, mut host) = (0, 0);
    let kind = match instance.step() {
        Ok(Step::Done) => STEP_DONE,
        Ok(Step::Host(place)) => {
            host = place;
            STEP_HOST
        }
        Ok(Step::Wait(time)) => {
            until = time;
            STEP_WAIT
        }
        Ok(Step::Slice) => STEP_SLICE,
        Err(failure) => {
            instance.set_output(failure.why.into_bytes());
            failure.status as i32
        }
    };
    let output = instance.output();
    *out = StepOut { data: output.as_ptr(), len: output.len(), until, host };
    kind
}

/// # Safety
/// See `edge.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_call_answer(
    instance: *mut Handle,
    results: *const u8,
    results_len: usize,
    why: *mut Bytes,
) -> i32 {
    // SAFETY: edge.h asks for valid pointers.
    unsafe { with_instance(instance, why, |instance| instance.answer(slice(results, results_len))) }
}

/// # Safety
/// See `edge.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_call_fail(instance: *mut Handle, message: *const u8, message_len: usize) -> i32 {
    // SAFETY: edge.h asks for valid pointers.
    unsafe {
        with_instance(instance, ptr::null_mut(), |instance| {
            instance.fail(&String::from_utf8_lossy(slice(message, message_len)))
        })
    }
}

/// # Safety
/// See `edge.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_call_cancel(instance: *const Handle) -> i32 {
    // SAFETY: edge.h asks for a live instance; the shared reference to the handle overlaps with no exclusive one.
    let Some(handle) = (unsafe { instance.as_ref() }) else { return Status::State as i32 };
    handle.cancelled.store(true, Ordering::Relaxed);
    OK
}

/// # Safety
/// See `edge.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_call_stats(instance: *const Handle, out: *mut Stats) -> i32 {
    // SAFETY: edge.h asks for valid pointers.
    unsafe {
        match (instance.as_ref(), out.as_mut()) {
            (Some(handle), Some(out)) => *out = (*handle.instance.get()).stats(),
            _ => return Status::State as i32,
        }
    }
    OK
}

/// # Safety
/// See `edge.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_call_log(instance: *mut Handle, out: *mut Bytes) -> i32 {
    // SAFETY: edge.h asks for valid pointers.
    unsafe {
        with_instance(instance, ptr::null_mut(), |instance| {
            let log = instance.take_log()?;
            give_bytes(out, log);
            Ok(())
        })
    }
}

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
