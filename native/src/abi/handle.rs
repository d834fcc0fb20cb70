//! What `edge_instance` points to: an instance that one thread uses at a time, whatever its callers do.
//!
//! RATIONALE, "Why a handle knows who uses it".
#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use crate::abi::pointers::take;
use crate::counters::Counters;
use crate::instance::Instance;
use crate::limits::InstanceOptions;
use crate::mailbox::{Mailbox, Stats};
use crate::plugin::Plugin;
use crate::profile::Engine;
use crate::status::Outcome;
use crate::values::Writer;

/// A thread uses the instance; a second one is refused.
const USED: u32 = 1;
/// No thread gets it any more; its contents are dropped when its user leaves.
const CLOSED: u32 = 2;
/// The handle itself is freed then as well.
const FREED: u32 = 4;

/// All but the instance itself may be used from any thread, at any time.
pub struct Handle {
    state: AtomicU32,
    cancelled: Arc<AtomicBool>,
    mailbox: Arc<Mailbox>,
    instance: UnsafeCell<Instance>,
}

/// Handles of the other kinds are only ever shared, and an instance may move from thread to thread.
const _: () = {
    const fn is_shared<T: Sync>() {}
    const fn may_move<T: Send>() {}
    is_shared::<Engine>();
    is_shared::<Plugin>();
    is_shared::<Counters>();
    may_move::<Instance>();
};

impl Handle {
    pub fn new(plugin: &Plugin, options: InstanceOptions) -> Self {
        let cancelled = Arc::new(AtomicBool::new(false));
        let mailbox = Arc::new(Mailbox::new());
        let instance = Instance::new(plugin, options, cancelled.clone(), mailbox.clone());
        Handle { state: AtomicU32::new(0), cancelled, mailbox, instance: UnsafeCell::new(instance) }
    }

    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    pub fn stats(&self) -> Stats {
        self.mailbox.lock().stats
    }

    /// Encodes and removes what was written to the standard streams since the last call; empty for nothing.
    pub fn take_log(&self) -> Outcome<Vec<u8>> {
        let (pieces, dropped) = self.mailbox.lock().log.take();
        if pieces.is_empty() && dropped == 0 {
            return Ok(Vec::new());
        }
        let mut out = Writer::new(usize::MAX);
        out.tuple(2)?;
        out.list(pieces.len())?;
        for (stream, bytes) in &pieces {
            out.tuple(2)?;
            out.integer((*stream).into())?;
            out.bytes(bytes)?;
        }
        out.integer(dropped.into())?;
        Ok(out.finish())
    }

    /// Drops what the instance holds, now or when its user leaves.
    pub fn close(&self) {
        self.cancel();
        if self.state.fetch_or(CLOSED, Ordering::AcqRel) == 0 {
            // SAFETY: nobody used it, and nobody gets it any more.
            unsafe { &mut *self.instance.get() }.close();
        }
    }
}

/// Frees a handle, now or when its user leaves.
///
/// # Safety
/// `handle` is null or came from [`crate::abi::pointers::give`], and was not freed yet.
pub unsafe fn free(handle: *mut Handle) {
    // SAFETY: the caller's promise.
    let Some(alive) = (unsafe { handle.as_ref() }) else { return };
    alive.cancel();
    if alive.state.fetch_or(CLOSED | FREED, Ordering::AcqRel) & USED == 0 {
        // SAFETY: nobody uses it, and the caller gives it up.
        unsafe { take(handle) };
    }
}

/// The one user of an instance; dropping it leaves the instance to others.
pub struct User(NonNull<Handle>);

/// What happened to an instance while it was used.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Left {
    Open,
    /// Closed while it was used: its output stays.
    Closed,
    /// Freed while it was used, its output included.
    Freed,
}

impl User {
    /// Takes the instance for this thread alone, or returns why that is refused.
    ///
    /// # Safety
    /// `handle` is live.
    pub unsafe fn of(handle: NonNull<Handle>) -> Result<User, &'static str> {
        // SAFETY: the caller's promise.
        let state = unsafe { &handle.as_ref().state };
        match state.compare_exchange(0, USED, Ordering::Acquire, Ordering::Relaxed) {
            Ok(_) => Ok(User(handle)),
            Err(state) if state & CLOSED != 0 => Err("the instance is closed"),
            Err(_) => Err("another thread is using the instance"),
        }
    }

    pub fn instance(&mut self) -> &mut Instance {
        // SAFETY: the handle stays until this user leaves, and while USED is set nobody else takes a reference.
        unsafe { &mut *self.0.as_ref().instance.get() }
    }

    /// As dropping it; returns what other threads did to the instance meanwhile.
    pub fn leave(self) -> Left {
        let mut user = std::mem::ManuallyDrop::new(self);
        user.end()
    }

    fn end(&mut self) -> Left {
        // SAFETY: as above; nothing of the handle is touched once it may be gone.
        let state = unsafe { &self.0.as_ref().state };
        if state.compare_exchange(USED, 0, Ordering::Release, Ordering::Relaxed).is_ok() {
            return Left::Open;
        }
        self.instance().close();
        // SAFETY: as above.
        let before = unsafe { &self.0.as_ref().state }.fetch_and(!USED, Ordering::AcqRel);
        if before & FREED == 0 {
            return Left::Closed;
        }
        // SAFETY: the thread that freed it left this to its user.
        unsafe { take(self.0.as_ptr()) };
        Left::Freed
    }
}

impl Drop for User {
    fn drop(&mut self) {
        self.end();
    }
}
