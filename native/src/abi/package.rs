//! Packages: their heads and their files.
#![allow(unsafe_code)]

use std::fs::File;

use crate::abi::pointers::{Bytes, file, give_bytes, report, slice, text};
use crate::status::Outcome;
use crate::trust::Trust;
use crate::{artifact, package, values};

/// # Safety
/// See `edge.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_package_describe(
    fd: i32,
    trust: *const u8,
    trust_len: usize,
    out: *mut Bytes,
    head: *mut Bytes,
    why: *mut Bytes,
) -> i32 {
    // SAFETY: edge.h asks for valid pointers.
    unsafe {
        let given = trust_of(trust, trust_len).and_then(|trust| {
            let file = file(fd)?;
            let read = package::read_head(&file)?;
            let statement = package::verify_head(&read, &trust)?;
            package::check_spelling(&read, &statement)?;
            package::check_size(&file, &read, &statement)?;
            give_bytes(out, values::encode_json(&statement.described()));
            give_bytes(head, read);
            Ok(())
        });
        report(given, why)
    }
}

/// # Safety
/// See `edge.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_head_describe(
    head: *const u8,
    head_len: usize,
    trust: *const u8,
    trust_len: usize,
    out: *mut Bytes,
    why: *mut Bytes,
) -> i32 {
    // SAFETY: edge.h asks for valid pointers.
    unsafe {
        let statement =
            trust_of(trust, trust_len).and_then(|trust| package::verify_head(slice(head, head_len), &trust));
        let given = statement.map(|statement| {
            give_bytes(out, values::encode_json(&statement.described()));
        });
        report(given, why)
    }
}

/// # Safety
/// `trust` is null or valid for `len` bytes that outlive the result.
unsafe fn trust_of<'a>(trust: *const u8, len: usize) -> Outcome<Trust<'a>> {
    if trust.is_null() {
        return Ok(Trust::anyone());
    }
    // SAFETY: the caller's promise is handed on.
    Trust::parse(unsafe { text(trust, len, "trust") }?)
}

/// # Safety
/// See `edge.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_package_unpack(
    fd: i32,
    head: *const u8,
    head_len: usize,
    name: *const u8,
    name_len: usize,
    to: i32,
    receipt: *mut Bytes,
    why: *mut Bytes,
) -> i32 {
    // SAFETY: edge.h asks for valid pointers.
    unsafe {
        let unpacked = text(name, name_len, "name").and_then(|name| unpack(fd, slice(head, head_len), name, to));
        report(unpacked.map(|text| give_bytes(receipt, text.into_bytes())), why)
    }
}

/// Returns a receipt for the copy, empty where none is made.
fn unpack(fd: i32, head: &[u8], name: &str, to: i32) -> Outcome<String> {
    let statement = package::verify_head(head, &Trust::anyone())?;
    let to: Option<File> = if to < 0 { None } else { Some(file(to)?) };
    package::unpack(&file(fd)?, head, &statement, name, to.as_ref())?;
    to.map_or(Ok(String::new()), |copy| artifact::receipt(&copy, &statement))
}
