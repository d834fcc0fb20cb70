//! Artifacts and the plugins loaded from them.
#![allow(unsafe_code)]

use crate::abi::pointers::{Bytes, file, give, give_bytes, null, report, slice, take, text};
use crate::artifact::Artifact;
use crate::plugin::Plugin;
use crate::profile::Engine;
use crate::status::{Failure, OK, Outcome, Status};
use crate::trust::Trust;
use crate::{load, values};

/// # Safety
/// See `edge.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_artifact_describe(fd: i32, out: *mut Bytes, receipt: *mut Bytes, why: *mut Bytes) -> i32 {
    // SAFETY: edge.h asks for valid pointers.
    unsafe {
        let described = describe_artifact(fd).map(|(description, text)| {
            give_bytes(out, description);
            give_bytes(receipt, text.into_bytes());
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
    Ok((values::encode_json(&artifact.described()), receipt))
}

/// # Safety
/// See `edge.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_plugin_load(
    engine: *const Engine,
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
    engine: &Engine,
    fd: i32,
    head: &[u8],
    trust: &str,
    receipt: &str,
    provides: &str,
) -> Outcome<(Plugin, Option<String>)> {
    let trust = Trust::parse(trust)?;
    let artifact = match head {
        [] => Artifact::open(file(fd)?, &trust)?,
        head => Artifact::of_package(file(fd)?, head, &trust, engine.target)?,
    };
    let (component, fresh) = load::load(engine, &artifact, receipt)?;
    let provides: Vec<&str> = provides.lines().collect();
    let plugin = Plugin::link(engine, &component, artifact.described(), &provides);
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
