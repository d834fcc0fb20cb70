//! Instances and the calls into them.
//!
//! Sound as `abi.rs` says; a handle is used by one thread at a time, but for `edge_call_cancel`.
#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::abi::OK;
use crate::abi::pointers::{Bytes, give, give_bytes, null, report, slice, take, text};
use crate::instance::{Instance, Step};
use crate::limits::InstanceOptions;
use crate::mailbox::Stats;
use crate::plugin::Plugin;
use crate::status::{Outcome, Status};

const STEP_DONE: i32 = 1;
const STEP_HOST: i32 = 2;
const STEP_WAIT: i32 = 3;
const STEP_SLICE: i32 = 4;

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
pub struct StepOut {
    data: *const u8,
    len: usize,
    until: u64,
    host: u32,
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
