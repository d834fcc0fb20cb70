//! The caller's pointers as Rust values, and back.
#![allow(unsafe_code)]

use std::fs::File;
use std::os::fd::BorrowedFd;
use std::ptr;

use crate::status::{Failure, OK, Outcome, Status};

/// `edge_bytes`: a boxed slice taken apart.
#[repr(C)]
pub struct Bytes {
    data: *mut u8,
    len: usize,
}

/// # Safety
/// `data` is null or valid for `len` bytes that nobody writes while the slice lives.
pub unsafe fn slice<'a>(data: *const u8, len: usize) -> &'a [u8] {
    if data.is_null() || len == 0 {
        return &[];
    }
    // SAFETY: not null, and the caller vouches for the length.
    unsafe { std::slice::from_raw_parts(data, len) }
}

/// # Safety
/// `data` is null or valid for writing `len` bytes that nobody else uses while the slice lives.
pub unsafe fn room<'a>(data: *mut u8, len: usize) -> &'a mut [u8] {
    if data.is_null() || len == 0 {
        return &mut [];
    }
    // SAFETY: not null, and the caller vouches for the length; written first, because it may never have been.
    unsafe {
        data.write_bytes(0, len);
        std::slice::from_raw_parts_mut(data, len)
    }
}

/// # Safety
/// As [`slice`].
pub unsafe fn text<'a>(data: *const u8, len: usize, what: &str) -> Outcome<&'a str> {
    // SAFETY: the caller's promise is handed on.
    std::str::from_utf8(unsafe { slice(data, len) })
        .map_err(|_| Failure::new(Status::Options, format!("{what} is not UTF-8")))
}

/// # Safety
/// `out` is null or valid for writing.
pub unsafe fn give_bytes(out: *mut Bytes, bytes: Vec<u8>) {
    if out.is_null() {
        return;
    }
    let boxed = bytes.into_boxed_slice();
    let len = boxed.len();
    let data = if len == 0 { ptr::null_mut() } else { Box::into_raw(boxed).cast() };
    // SAFETY: not null, and the caller vouches for it; what was there needs no drop.
    unsafe { out.write(Bytes { data, len }) };
}

/// # Safety
/// `why` is null or valid for writing.
pub unsafe fn report(result: Outcome<()>, why: *mut Bytes) -> i32 {
    match result {
        Ok(()) => OK,
        Err(failure) => {
            // SAFETY: the caller's promise is handed on.
            unsafe { give_bytes(why, failure.message.into_bytes()) };
            failure.status as i32
        }
    }
}

/// # Safety
/// `out` is null or valid for writing.
pub unsafe fn give<T>(out: *mut *mut T, value: T) -> Outcome<()> {
    if out.is_null() {
        return Err(null("out"));
    }
    // SAFETY: not null, and the caller vouches for it.
    unsafe { out.write(Box::into_raw(Box::new(value))) };
    Ok(())
}

/// # Safety
/// `object` is null or came from [`give`] and was not freed yet.
pub unsafe fn take<T>(object: *mut T) {
    if !object.is_null() {
        // SAFETY: `give` made it with Box::into_raw, and ownership comes back exactly once.
        drop(unsafe { Box::from_raw(object) });
    }
}

pub fn null(what: &str) -> Failure {
    Failure::new(Status::State, format!("`{what}` is a null pointer"))
}

/// A descriptor of our own for the caller's `fd`.
pub fn file(fd: i32) -> Outcome<File> {
    if fd < 0 {
        return Err(Failure::new(Status::Io, format!("{fd} is no file descriptor")));
    }
    // SAFETY: not -1, and only borrowed for the time it takes to duplicate it; a closed one makes that fail.
    unsafe { BorrowedFd::borrow_raw(fd) }
        .try_clone_to_owned()
        .map(File::from)
        .map_err(|error| Failure::io("the file descriptor", &error))
}

/// # Safety
/// `bytes` is null or was filled by [`give_bytes`] and not freed yet.
pub unsafe fn free_bytes(bytes: *mut Bytes) {
    // SAFETY: the caller vouches for it.
    let Some(bytes) = (unsafe { bytes.as_mut() }) else { return };
    if !bytes.data.is_null() {
        // SAFETY: `give_bytes` made it from a boxed slice of this length; it is cleared so that a second free is none.
        drop(unsafe { Box::from_raw(ptr::slice_from_raw_parts_mut(bytes.data, bytes.len)) });
        *bytes = Bytes { data: ptr::null_mut(), len: 0 };
    }
}
