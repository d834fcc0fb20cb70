//! The state of one guest, inside its store.

use std::sync::Arc;

use crate::clock::{Clock, Random};
use crate::limits::{InstanceOptions, Limiter};
use crate::mailbox::Mailbox;
use crate::pollables::Pollables;
use crate::profile::EngineTarget;
use crate::status::{Failure, Status};

pub struct Guest {
    pub mailbox: Arc<Mailbox>,
    pub options: InstanceOptions,
    pub limiter: Limiter,
    pub clock: Clock,
    pub random: Random,
    pub pollables: Pollables,
    work: u32,
}

/// A guest yields after so many calls of WASI, or kilobytes moved by them, because they cost it hardly any fuel.
const WORK: u32 = 256;

impl Guest {
    pub fn new(mailbox: Arc<Mailbox>, options: InstanceOptions, instance_bytes: u64, target: EngineTarget) -> Self {
        Guest {
            limiter: Limiter::new(&options, instance_bytes, target, mailbox.clone()),
            mailbox,
            clock: Clock::new(&options),
            random: Random::new(&options),
            pollables: Pollables::default(),
            work: 0,
            options,
        }
    }

    /// Counts a call that leaves the sandbox; false where the limit for its kind is reached.
    ///
    /// Logging is counted separately, so that it leaves the other host calls their share.
    pub fn count_host_call(&self, logs: bool) -> bool {
        let mut contents = self.mailbox.lock();
        let of_its_kind = if logs { contents.log_records } else { contents.stats.host_calls - contents.log_records };
        if of_its_kind >= self.options.host_calls {
            return false;
        }
        contents.stats.host_calls = contents.stats.host_calls.saturating_add(1);
        contents.log_records += u32::from(logs);
        true
    }

    /// The failure of a call that made too many host calls.
    pub fn too_many_host_calls(&self) -> Failure {
        Failure::new(Status::OverLimit, format!("host calls: more than {} in one call", self.options.host_calls))
    }

    /// Counts bytes of log events that are dropped.
    pub fn drop_log(&self, bytes: u64) {
        self.mailbox.lock().log.drop_bytes(bytes);
    }

    /// Counts a call of WASI that moves this many bytes; true when the guest has to yield.
    pub fn count_work(&mut self, bytes: u64) -> bool {
        let amount = u32::try_from(1 + (bytes >> 10)).unwrap_or(WORK);
        let work = self.work.saturating_add(amount);
        self.work = if work < WORK { work } else { 0 };
        work >= WORK
    }

    pub fn log(&self, stream: u8, bytes: &[u8]) {
        self.mailbox.lock().log.write(stream, bytes, self.options.log_bytes as usize);
    }
}
