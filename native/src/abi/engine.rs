//! Engines.
#![allow(unsafe_code)]

use crate::abi::pointers::{Bytes, give, report, take};
use crate::profile::{Engine, EngineTarget};
use crate::stacks::STACK_BYTES;
use crate::status::{Failure, Outcome, Status};

const MIN_STACK_BYTES: u64 = 64 << 10;
const MAX_STACK_BYTES: u64 = 8 << 20;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct EngineOptions {
    stack_bytes: u64,
    interpret: u32,
}

/// # Safety
/// See `edge.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_engine_new(options: *const EngineOptions, out: *mut *mut Engine, why: *mut Bytes) -> i32 {
    // SAFETY: edge.h asks for valid pointers.
    unsafe {
        let options = options.as_ref().copied().unwrap_or(EngineOptions { stack_bytes: 0, interpret: 0 });
        report(new_engine(options).and_then(|engine| give(out, engine)), why)
    }
}

fn new_engine(EngineOptions { stack_bytes, interpret }: EngineOptions) -> Outcome<Engine> {
    let stack_bytes = match stack_bytes {
        0 => STACK_BYTES,
        MIN_STACK_BYTES..=MAX_STACK_BYTES => stack_bytes as usize,
        _ => {
            let why = format!("stack_bytes is {stack_bytes}, outside {MIN_STACK_BYTES} to {MAX_STACK_BYTES}");
            return Err(Failure::new(Status::Options, why));
        }
    };
    let target = if interpret == 0 { EngineTarget::native() } else { EngineTarget::interpreted() };
    Engine::new(target, stack_bytes)
}

/// # Safety
/// See `edge.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_engine_free(engine: *mut Engine) {
    // SAFETY: edge.h says who owns it.
    unsafe { take(engine) };
}
