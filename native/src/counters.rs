//! Counts that the processes of one user share: running calls, the memory they may use, calls per minute.
//!
//! Nothing here waits. A caller that finds the file locked, or has to open it again (after a fork, or because another
//! file has its name now), gets a refusal that says so. A killed process stays counted until it is in the way of another,
//! which then checks whether it lives. RATIONALE, "Why counting calls is native".

use std::fs::File;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::io::Errno;

use crate::time::{SECOND, monotonic};

mod free;
mod machine;
mod refusal;
mod table;

pub use free::free_bytes;
pub use refusal::Refusal;
use refusal::narrow;
use table::{CALLS, Head, Holder, Key, MEMORY, PLUGIN, PROCESS, Plugin, SERIAL, STARTED, Table};

/// A call to be counted.
pub struct Demand<'a> {
    pub name: &'a [u8],
    /// Bytes that it may use.
    pub memory: u64,
    /// Bytes that all running calls may use together.
    pub room: u64,
    /// Free bytes of the machine that calls must leave; `u64::MAX`: free memory is not considered.
    pub reserve: u64,
    /// Running calls of the plugin, and calls begun within a minute; 0: no limit.
    pub concurrent: u32,
    pub per_minute: u32,
    /// The time for rates; 0: now, on the monotonic clock.
    pub seconds: u64,
}

/// `edge_count`: the numbers that go with a refusal.
#[repr(C)]
#[derive(Default)]
pub struct Count {
    pub memory: u64,
    pub free: u64,
    pub kind: u32,
    pub calls: u32,
    pub wait: u32,
    pub error: i32,
}

/// An open file, and what one process counts in it. Threads share one. A forked child needs its own: it has neither the
/// slots of its parent nor a lock that one of the parent's threads held.
pub struct Counters {
    table: Table,
    root: Vec<u8>,
    process: u64,
    started: u64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    head: Head,
    /// The second of the last check that the file still has its name.
    checked: u32,
    free: u64,
    /// The second for which `free` holds: asking the kernel takes longer than a small call.
    free_at: Option<u32>,
    slots: Vec<Slot>,
}

/// A running call, and the record that it counts in: one for all calls of a plugin from this process.
struct Slot {
    number: u64,
    holder: u64,
    serial: u64,
    memory: u64,
}

/// Numbers the slots of this process, over all counters.
static SLOTS: AtomicU32 = AtomicU32::new(0);

impl Counters {
    /// `root`: the folder with `/proc` and `/sys`, which say how much memory is free.
    pub fn new(file: File, root: &[u8]) -> Self {
        let process = std::process::id().into();
        let started = machine::started(process);
        Counters { table: Table::new(file), root: root.to_owned(), process, started, state: Mutex::default() }
    }

    /// Counts a call until the returned slot is left.
    pub fn enter(&self, demand: &Demand, count: &mut Count) -> Result<u64, Refusal> {
        let key = table::key(demand.name).ok_or(Refusal::Name)?;
        let mut state = self.state()?;
        let (clock, now) = times(demand.seconds);
        let mut room = demand.room;
        count.free = u64::MAX;
        if demand.reserve != u64::MAX {
            if state.free_at != Some(clock) {
                state.free = free_bytes(&self.root);
                state.free_at = Some(clock);
            }
            count.free = state.free;
            room = room.min(state.free.saturating_sub(demand.reserve));
        }
        self.lock(&mut state, now)?;
        let mut outcome = self.count(&mut state, demand, &key, room, now, count);
        if let Err(Refusal::Memory | Refusal::Busy | Refusal::Plugins | Refusal::Holders) = outcome {
            let freed = self.free_dead(&mut state.head);
            outcome =
                freed.map_err(Refusal::from).and_then(|()| self.count(&mut state, demand, &key, room, now, count));
        }
        self.table.unlock();
        outcome
    }

    /// Stops counting a call; does nothing for a slot that was left already or is not of this process.
    ///
    /// Needs no lock of the file: a reader may see the old numbers or the new ones, and both are right at that moment.
    pub fn leave(&self, number: u64) -> Result<(), Errno> {
        let Ok(mut state) = self.state() else { return Ok(()) };
        let Some(at) = state.slots.iter().position(|slot| slot.number == number) else { return Ok(()) };
        let slot = state.slots.swap_remove(at);
        let mut held = self.table.holder(slot.holder)?;
        // A file that was emptied has no record of ours.
        if held[PROCESS] == self.process && held[SERIAL] == slot.serial {
            held[MEMORY] = held[MEMORY].saturating_sub(slot.memory);
            held[CALLS] = held[CALLS].saturating_sub(1);
            self.table.write_holder(slot.holder, held)?;
        }
        Ok(())
    }

    /// The number of running calls, and the bytes they may use.
    pub fn live(&self, seconds: u64, count: &mut Count) -> Result<(), Refusal> {
        let mut state = self.state()?;
        self.lock(&mut state, times(seconds).1)?;
        let freed = self.free_dead(&mut state.head);
        self.table.unlock();
        (count.memory, count.calls) = (state.head.sum(MEMORY, 0), narrow(state.head.sum(CALLS, 0)));
        Ok(freed?)
    }

    fn state(&self) -> Result<MutexGuard<'_, State>, Refusal> {
        if u64::from(std::process::id()) != self.process {
            return Err(Refusal::Closed);
        }
        Ok(self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Locks the file and reads its holders.
    fn lock(&self, state: &mut State, now: u32) -> Result<(), Refusal> {
        self.table.lock()?;
        let read = self.read(state, now);
        if read.is_err() {
            self.table.unlock();
        }
        read
    }

    fn read(&self, state: &mut State, now: u32) -> Result<(), Refusal> {
        let mut is_whole = true;
        // Logging out may remove the folder. Once a second is often enough, and a file that was just opened has its name.
        if state.checked != now {
            let (is_named, size_fits) = self.table.check();
            if state.checked != 0 && !is_named {
                return Err(Refusal::Closed);
            }
            state.checked = now;
            is_whole = size_fits;
        }
        self.table.read_head(&mut state.head)?;
        if !is_whole || !state.head.is_ours() {
            self.table.begin(&mut state.head)?;
        }
        Ok(())
    }

    fn count(
        &self,
        state: &mut State,
        demand: &Demand,
        key: &Key,
        room: u64,
        now: u32,
        count: &mut Count,
    ) -> Result<u64, Refusal> {
        let head = &mut state.head;
        let mut plugin = Plugin::new();
        let at = self.table.find_plugin(key, now, head, &mut plugin)?.ok_or(Refusal::Plugins)?;
        count.memory = head.sum(MEMORY, 0);
        count.calls = narrow(head.sum(CALLS, 0));
        if count.memory.saturating_add(demand.memory) > room {
            return Err(Refusal::Memory);
        }
        count.calls = narrow(head.sum(CALLS, at));
        if demand.concurrent != 0 && count.calls >= demand.concurrent {
            return Err(Refusal::Busy);
        }
        if demand.per_minute != 0 {
            count.wait = plugin.begin_call(now, demand.per_minute);
            if count.wait != 0 {
                return Err(Refusal::Rate);
            }
        }
        // It contains the number of the process, so that no other process has it, not even a forked child.
        let number = self.process << 32 | u64::from(SLOTS.fetch_add(1, Ordering::Relaxed));
        let (holder, mut held) = self.holder(head, &state.slots, at, number).ok_or(Refusal::Holders)?;
        if plugin.is_changed {
            self.table.write_plugin(at, &mut plugin)?;
        }
        held[MEMORY] = held[MEMORY].saturating_add(demand.memory);
        held[CALLS] = held[CALLS].saturating_add(1);
        self.table.write_holder(holder, held)?;
        state.slots.push(Slot { number, holder, serial: held[SERIAL], memory: demand.memory });
        Ok(number)
    }

    /// This process's record for a plugin; else a free one, or one of ours without calls.
    fn holder(&self, head: &mut Head, slots: &[Slot], plugin: u64, serial: u64) -> Option<(u64, Holder)> {
        let mut free = None;
        for (at, held) in head.holders() {
            let is_own = held[PROCESS] == self.process && held[STARTED] == self.started;
            if held[PROCESS] == 0 || is_own && held[CALLS] == 0 {
                free = free.or(Some((at, [self.process, self.started, 0, 0, plugin, serial])));
            } else if is_own && held[PLUGIN] == plugin && slots.iter().any(|slot| slot.serial == held[SERIAL]) {
                return Some((at, *held));
            }
        }
        free
    }

    /// Frees records of dead processes, and records without calls.
    fn free_dead(&self, head: &mut Head) -> Result<(), Errno> {
        for (at, held) in head.holders() {
            if held[PROCESS] != 0 && (held[CALLS] == 0 || !self.is_alive(held)) {
                *held = Holder::default();
                self.table.write_holder(at, *held)?;
            }
        }
        Ok(())
    }

    fn is_alive(&self, held: &Holder) -> bool {
        let is_own = held[PROCESS] == self.process;
        let started = if is_own { self.started } else { machine::started(held[PROCESS]) };
        // Without /proc no start time is known, and every process counts as alive.
        held[STARTED] == started && (started != 0 || self.started == 0)
    }
}

/// Seconds of the monotonic clock, and of the clock for rates.
fn times(given: u64) -> (u32, u32) {
    let clock = narrow(monotonic() / SECOND);
    (clock, if given == 0 { clock } else { narrow(given) })
}
