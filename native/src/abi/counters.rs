//! The entries that count calls.
#![allow(unsafe_code)]

use rustix::io::Errno;

use crate::abi::pointers::{Bytes, file, give, null, report, slice, take};
use crate::counters::{Counters, Demand, Refusal, free_bytes};
use crate::status::Status;

const OK: i32 = 0;
const CLOSED: u32 = 1;
const LOCKED: u32 = 2;
const MEMORY: u32 = 3;
const BUSY: u32 = 4;
const RATE: u32 = 5;
const PLUGINS: u32 = 6;
const HOLDERS: u32 = 7;
const NAME: u32 = 8;
const SYSTEM: u32 = 9;

#[repr(C)]
#[derive(Default)]
pub struct Count {
    memory: u64,
    free: u64,
    kind: u32,
    calls: u32,
    wait: u32,
    error: i32,
}

impl From<Refusal> for Count {
    fn from(refusal: Refusal) -> Self {
        let mut count = Count { free: u64::MAX, ..Count::default() };
        count.kind = match refusal {
            Refusal::Closed => CLOSED,
            Refusal::Locked => LOCKED,
            Refusal::Memory { calls, memory, free } => {
                (count.calls, count.memory, count.free) = (narrow(calls), memory, free);
                MEMORY
            }
            Refusal::Busy { calls } => {
                count.calls = narrow(calls);
                BUSY
            }
            Refusal::Rate { wait } => {
                count.wait = narrow(wait);
                RATE
            }
            Refusal::Plugins => PLUGINS,
            Refusal::Holders => HOLDERS,
            Refusal::Name => NAME,
            Refusal::System(error) => {
                count.error = error.raw_os_error();
                SYSTEM
            }
        };
        count
    }
}

fn narrow(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// # Safety
/// `out` is null or valid for writing.
unsafe fn put(out: *mut Count, count: Count) {
    // SAFETY: the caller's promise is handed on.
    if let Some(out) = unsafe { out.as_mut() } {
        *out = count;
    }
}

/// # Safety
/// See `edge.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_counters_new(root: *const u8, root_len: usize, out: *mut *mut Counters) -> i32 {
    // SAFETY: edge.h asks for valid pointers.
    let made = unsafe { give(out, Counters::new(slice(root, root_len))) };
    made.map_or_else(|failure| failure.status as i32, |()| OK)
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
pub unsafe extern "C" fn edge_counters_open(counters: *const Counters, fd: i32, why: *mut Bytes) -> i32 {
    // SAFETY: edge.h asks for valid pointers.
    unsafe {
        let counters = counters.as_ref().ok_or_else(|| null("counters"));
        report(counters.and_then(|counters| file(fd).map(|file| counters.open(file))), why)
    }
}

/// # Safety
/// See `edge.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_counters_close(counters: *const Counters) {
    // SAFETY: edge.h asks for live counters.
    if let Some(counters) = unsafe { counters.as_ref() } {
        counters.close();
    }
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
        let entered =
            counters.as_ref().ok_or(Refusal::System(Errno::FAULT)).and_then(|counters| counters.enter(&demand));
        entered.unwrap_or_else(|refusal| {
            put(why, refusal.into());
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
        let Some(counters) = counters.as_ref() else { return Status::State as i32 };
        let count = match counters.live(seconds) {
            Ok((calls, memory)) => Count { memory, calls: narrow(calls), ..Count::default() },
            Err(refusal) => refusal.into(),
        };
        let kind = count.kind as i32;
        put(out, count);
        kind
    }
}

/// # Safety
/// See `edge.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_free_bytes(root: *const u8, root_len: usize) -> u64 {
    // SAFETY: edge.h asks for valid pointers.
    free_bytes(unsafe { slice(root, root_len) })
}
