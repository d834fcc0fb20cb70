//! Functions of compiler builds; in other builds they fail with `NoCompiler`.
#![allow(unsafe_code)]

use crate::abi::pointers::{Bytes, give_bytes, null, report, slice, text};
use crate::key::Seed;
use crate::status::Outcome;

#[cfg(feature = "compiler")]
use with_compiler::{compile, encode, seal_artifact, seal_package};
#[cfg(not(feature = "compiler"))]
use without_compiler::{compile, encode, seal_artifact, seal_package};

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
    unsafe { report(encode(slice(wasm, wasm_len)).map(|encoded| give_bytes(out, encoded)), why) }
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
            let seed = seed.cast::<Seed>().as_ref().ok_or_else(|| null("seed"))?;
            compile(slice(wasm, wasm_len), target, slice(facts, facts_len), seed, fd)
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
    unsafe { sealed(seal_artifact, slice(description, description_len), seed, out, why) }
}

/// # Safety
/// See `edge.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_package_seal(
    description: *const u8,
    description_len: usize,
    seed: *const u8,
    out: *mut Bytes,
    why: *mut Bytes,
) -> i32 {
    // SAFETY: as above.
    unsafe { sealed(seal_package, slice(description, description_len), seed, out, why) }
}

/// # Safety
/// `seed` is null or valid for 32 bytes, `out` and `why` are null or valid for writing.
unsafe fn sealed(
    seal: fn(&[u8], &Seed) -> Outcome<Vec<u8>>,
    description: &[u8],
    seed: *const u8,
    out: *mut Bytes,
    why: *mut Bytes,
) -> i32 {
    // SAFETY: the caller's promise is handed on; an array of bytes has no alignment.
    unsafe {
        let seed = seed.cast::<Seed>().as_ref().ok_or_else(|| null("seed"));
        report(seed.and_then(|seed| seal(description, seed)).map(|sealed| give_bytes(out, sealed)), why)
    }
}

#[cfg(feature = "compiler")]
mod with_compiler {
    use crate::abi::pointers::file;
    use crate::key::Seed;
    use crate::profile::EngineTarget;
    use crate::status::{Failure, Outcome, Status};
    use crate::values::Writer;
    use crate::{artifact, compile, package, values};

    pub fn encode(wasm: &[u8]) -> Outcome<Vec<u8>> {
        let encoded = compile::encode(wasm)?;
        let mut out = Writer::new(usize::MAX);
        out.dict()?;
        out.string("kind")?;
        out.string(encoded.kind)?;
        out.string("wasm")?;
        out.bytes(&encoded.wasm)?;
        for (name, functions) in
            [("imports", &encoded.imports), ("exports", &encoded.exports), ("missing", &encoded.missing)]
        {
            out.string(name)?;
            out.list(functions.len())?;
            functions.iter().try_for_each(|function| out.string(function))?;
        }
        out.end()?;
        Ok(out.finish())
    }

    pub fn compile(wasm: &[u8], target: &str, facts: &[u8], seed: &Seed, fd: i32) -> Outcome<Vec<u8>> {
        let description = compile::compile(wasm, EngineTarget::named(target)?, facts, seed, &file(fd)?)?;
        Ok(values::encode_json(&description))
    }

    pub fn seal_package(description: &[u8], seed: &Seed) -> Outcome<Vec<u8>> {
        package::seal(description, seed)
    }

    pub fn seal_artifact(description: &[u8], seed: &Seed) -> Outcome<Vec<u8>> {
        let description = serde_json::from_slice(description)
            .map_err(|error| Failure::new(Status::Options, format!("the description must be JSON: {error}")))?;
        artifact::trailer(&description, seed)
    }
}

#[cfg(not(feature = "compiler"))]
mod without_compiler {
    use crate::key::Seed;
    use crate::status::{Failure, Outcome, Status};

    fn none<T>() -> Outcome<T> {
        Err(Failure::new(Status::NoCompiler, "this build of the library runs artifacts and cannot compile"))
    }

    pub fn encode(_: &[u8]) -> Outcome<Vec<u8>> {
        none()
    }

    pub fn compile(_: &[u8], _: &str, _: &[u8], _: &Seed, _: i32) -> Outcome<Vec<u8>> {
        none()
    }

    pub fn seal_package(_: &[u8], _: &Seed) -> Outcome<Vec<u8>> {
        none()
    }

    pub fn seal_artifact(_: &[u8], _: &Seed) -> Outcome<Vec<u8>> {
        none()
    }
}
