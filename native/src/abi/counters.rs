//! The entries that count calls.
#![allow(unsafe_code)]

use rustix::io::Errno;

use crate::abi::pointers::{Bytes, file, give, report, slice, take};
use crate::counters::{Count, Counters, Demand, Refusal, free_bytes};
use crate::status::{OK, Status};

const COUNT_CLOSED: u32 = 1;
const COUNT_LOCKED: u32 = 2;
const COUNT_MEMORY: u32 = 3;
const COUNT_BUSY: u32 = 4;
const COUNT_RATE: u32 = 5;
const COUNT_PLUGINS: u32 = 6;
const COUNT_HOLDERS: u32 = 7;
const COUNT_NAME: u32 = 8;
const COUNT_SYSTEM: u32 = 9;

/// Writes why a call is not counted.
///
/// # Safety
/// `out` is null or valid for writing.
unsafe fn put(out: *mut Count, mut count: Count, refusal: Refusal) {
    count.kind = match refusal {
        Refusal::Closed => COUNT_CLOSED,
        Refusal::Locked => COUNT_LOCKED,
        Refusal::Memory => COUNT_MEMORY,
        Refusal::Busy => COUNT_BUSY,
        Refusal::Rate => COUNT_RATE,
        Refusal::Plugins => COUNT_PLUGINS,
        Refusal::Holders => COUNT_HOLDERS,
        Refusal::Name => COUNT_NAME,
        Refusal::System(error) => {
            count.error = error.raw_os_error();
            COUNT_SYSTEM
        }
    };
    // SAFETY: the caller's promise is handed on.
    if let Some(out) = unsafe { out.as_mut() } {
        *out = count;
    }
}

/// # Safety
/// See `edge.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_counters_open(
    fd: i32,
    root: *const u8,
    root_len: usize,
    out: *mut *mut Counters,
    why: *mut Bytes,
) -> i32 {
    // SAFETY: edge.h asks for valid pointers.
    unsafe { report(file(fd).and_then(|file| give(out, Counters::new(file, slice(root, root_len)))), why) }
}

/// # Safety
/// See `edge.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_counters_free(counters: *mut Counters) {
    // SAFETY: edge.h says who owns it.
    unsafe { take(counters) };
}

/// # Safety
/// See `edge.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_counters_enter(
    counters: *const Counters,
    name: *const u8,
    name_len: usize,
    memory: u64,
    room: u64,
    reserve: u64,
    concurrent: u32,
    per_minute: u32,
    seconds: u64,
    why: *mut Count,
) -> u64 {
    // SAFETY: edge.h asks for valid pointers.
    unsafe {
        let name = slice(name, name_len);
        let demand = Demand { name, memory, room, reserve, concurrent, per_minute, seconds };
        let mut count = Count::default();
        let entered = match counters.as_ref() {
            Some(counters) => counters.enter(&demand, &mut count),
            None => Err(Refusal::System(Errno::FAULT)),
        };
        entered.unwrap_or_else(|refusal| {
            put(why, count, refusal);
            0
        })
    }
}

/// # Safety
/// See `edge.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_counters_leave(counters: *const Counters, slot: u64) -> i32 {
    // SAFETY: edge.h asks for live counters.
    let left = unsafe { counters.as_ref() }.map_or(Ok(()), |counters| counters.leave(slot));
    left.map_or_else(|error| error.raw_os_error(), |()| OK)
}

/// # Safety
/// See `edge.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_counters_live(counters: *const Counters, seconds: u64, out: *mut Count) -> i32 {
    // SAFETY: edge.h asks for valid pointers.
    unsafe {
        let (Some(counters), Some(out)) = (counters.as_ref(), out.as_mut()) else { return Status::State as i32 };
        *out = Count::default();
        match counters.live(seconds, out) {
            Ok(()) => OK,
            Err(refusal) => {
                put(out, Count::default(), refusal);
                out.kind as i32
            }
        }
    }
}

/// # Safety
/// See `edge.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_free_bytes(root: *const u8, root_len: usize) -> u64 {
    // SAFETY: edge.h asks for valid pointers.
    free_bytes(unsafe { slice(root, root_len) })
}
