//! The timers that a guest waits for.

use wasmtime::component::Resource;

use crate::status::{Failure, Outcome, Status};

pub struct Pollable;

/// Timers one guest may hold.
pub const MAX_POLLABLES: usize = 1024;
/// A time that has passed already.
pub const READY: u64 = 0;

/// The pollables a guest holds: when each is ready, on its monotonic clock.
#[derive(Default)]
pub struct Pollables {
    until: Vec<Option<u64>>,
}

impl Pollables {
    pub fn add(&mut self, until: u64) -> Outcome<Resource<Pollable>> {
        let place = match self.until.iter().position(Option::is_none) {
            Some(free) => free,
            None if self.until.len() < MAX_POLLABLES => {
                self.until.push(None);
                self.until.len() - 1
            }
            None => {
                return Err(Failure::new(Status::OverLimit, format!("pollables: more than {MAX_POLLABLES} at once")));
            }
        };
        if let Some(slot) = self.until.get_mut(place) {
            *slot = Some(until);
        }
        Ok(Resource::new_own(place as u32))
    }

    pub fn until(&self, pollable: &Resource<Pollable>) -> u64 {
        self.until.get(pollable.rep() as usize).copied().flatten().unwrap_or(READY)
    }

    pub fn remove(&mut self, rep: u32) {
        if let Some(slot) = self.until.get_mut(rep as usize) {
            *slot = None;
        }
    }
}
