//! Instances and the calls into them.
//!
//! Sound for the reasons in `abi.rs`; an instance's handle knows which thread uses it.
#![allow(unsafe_code)]

use std::ptr::{self, NonNull};

use crate::abi::handle::{self, Handle, Left, User};
use crate::abi::pointers::{Bytes, give, give_bytes, null, report, slice, text};
use crate::instance::{Instance, Step, state};
use crate::limits::InstanceOptions;
use crate::mailbox::Stats;
use crate::plugin::Plugin;
use crate::status::{OK, Outcome, Status};

const STEP_DONE: i32 = 1;
const STEP_HOST: i32 = 2;
const STEP_WAIT: i32 = 3;
const STEP_SLICE: i32 = 4;

const CLOSED_MEANWHILE: &str = "the instance was closed while the call ran";

#[repr(C)]
pub struct StepOut {
    data: *const u8,
    len: usize,
    until: u64,
    host: u32,
}

impl StepOut {
    /// Reports why no step was made, or why its result does not count; earlier output of the instance stays valid.
    fn refuse(&mut self, status: Status, why: &'static str) -> i32 {
        *self = StepOut { data: why.as_ptr(), len: why.len(), until: 0, host: 0 };
        status as i32
    }
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
    unsafe { handle::free(instance) };
}

/// # Safety
/// See `edge.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_instance_close(instance: *const Handle) -> i32 {
    // SAFETY: edge.h asks for a live instance.
    let Some(handle) = (unsafe { instance.as_ref() }) else { return Status::State as i32 };
    handle.close();
    OK
}

/// # Safety
/// `instance` is null or a live instance.
unsafe fn with_instance(instance: *mut Handle, why: *mut Bytes, act: impl FnOnce(&mut Instance) -> Outcome<()>) -> i32 {
    // SAFETY: the caller's promise is handed on.
    unsafe {
        let acted = NonNull::new(instance).ok_or_else(|| null("instance")).and_then(|instance| {
            let mut user = User::of(instance).map_err(state)?;
            act(user.instance())
        });
        report(acted, why)
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
    let (Some(handle), Some(out)) = (NonNull::new(instance), unsafe { out.as_mut() }) else {
        return Status::State as i32;
    };
    // SAFETY: edge.h asks for a live instance.
    let mut user = match unsafe { User::of(handle) } {
        Ok(user) => user,
        Err(why) => return out.refuse(Status::State, why),
    };
    let instance = user.instance();
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
        Ok(Step::Refused(why)) => return out.refuse(Status::State, why),
        Err(failure) => {
            instance.set_output(failure.message.into_bytes());
            failure.status as i32
        }
    };
    let output = instance.output();
    let step = StepOut { data: output.as_ptr(), len: output.len(), until, host };
    let left = user.leave();
    if left == Left::Freed || left == Left::Closed && matches!(kind, STEP_HOST | STEP_WAIT | STEP_SLICE) {
        return out.refuse(Status::Cancelled, CLOSED_MEANWHILE);
    }
    *out = step;
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
    // SAFETY: edge.h asks for a live instance.
    let Some(handle) = (unsafe { instance.as_ref() }) else { return Status::State as i32 };
    handle.cancel();
    OK
}

/// # Safety
/// See `edge.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_call_stats(instance: *const Handle, out: *mut Stats) -> i32 {
    // SAFETY: edge.h asks for valid pointers.
    unsafe {
        match (instance.as_ref(), out.as_mut()) {
            (Some(handle), Some(out)) => *out = handle.stats(),
            _ => return Status::State as i32,
        }
    }
    OK
}

/// # Safety
/// See `edge.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn edge_call_log(instance: *const Handle, out: *mut Bytes) -> i32 {
    // SAFETY: edge.h asks for valid pointers.
    unsafe {
        let log = instance.as_ref().ok_or_else(|| null("instance")).and_then(Handle::take_log);
        report(log.map(|log| give_bytes(out, log)), ptr::null_mut())
    }
}
