//! The entries that count calls.
#![allow(unsafe_code)]

use rustix::io::Errno;

use crate::abi::pointers::{Bytes, file, give, report, slice, take};
use crate::counters::{Counters, Demand, Figures, Refusal, free_bytes};
use crate::status::{OK, Status};

const CLOSED: u32 = 1;
const LOCKED: u32 = 2;
const MEMORY: u32 = 3;
const BUSY: u32 = 4;
const RATE: u32 = 5;
const PLUGINS: u32 = 6;
const HOLDERS: u32 = 7;
const NAME: u32 = 8;
const SYSTEM: u32 = 9;

/// Fills in why something is not counted.
///
/// # Safety
/// `out` is null or valid for writing.
unsafe fn put(out: *mut Figures, mut figures: Figures, refusal: Refusal) {
    figures.kind = match refusal {
        Refusal::Closed => CLOSED,
        Refusal::Locked => LOCKED,
        Refusal::Memory => MEMORY,
        Refusal::Busy => BUSY,
        Refusal::Rate => RATE,
        Refusal::Plugins => PLUGINS,
        Refusal::Holders => HOLDERS,
        Refusal::Name => NAME,
        Refusal::System(error) => {
            figures.error = error.raw_os_error();
            SYSTEM
        }
    };
    // SAFETY: the caller's promise is handed on.
    if let Some(out) = unsafe { out.as_mut() } {
        *out = figures;
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
    why: *mut Figures,
) -> u64 {
    // SAFETY: edge.h asks for valid pointers.
    unsafe {
        let name = slice(name, name_len);
        let demand = Demand { name, memory, room, reserve, concurrent, per_minute, seconds };
        let mut figures = Figures::default();
        let entered = match counters.as_ref() {
            Some(counters) => counters.enter(&demand, &mut figures),
            None => Err(Refusal::System(Errno::FAULT)),
        };
        entered.unwrap_or_else(|refusal| {
            put(why, figures, refusal);
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
pub unsafe extern "C" fn edge_counters_live(counters: *const Counters, seconds: u64, out: *mut Figures) -> i32 {
    // SAFETY: edge.h asks for valid pointers.
    unsafe {
        let (Some(counters), Some(out)) = (counters.as_ref(), out.as_mut()) else { return Status::State as i32 };
        *out = Figures::default();
        match counters.live(seconds, out) {
            Ok(()) => OK,
            Err(refusal) => {
                put(out, Figures::default(), refusal);
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
