//! What the processes of one user count together: calls under way, the memory they may use, calls a minute.
//!
//! Nothing here waits: who finds the file locked, or has to open it again (after a fork, or because its name is another
//! file's by now), is told so. What a killed process held counts until it is in the way of another, which then looks
//! whether it lives.

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

/// A call that wants to count.
pub struct Demand<'a> {
    pub name: &'a [u8],
    /// Bytes that it may use.
    pub memory: u64,
    /// Bytes that all calls under way may use together.
    pub room: u64,
    /// Bytes of what the machine has free that are not for calls; `u64::MAX`: what is free does not matter.
    pub reserve: u64,
    /// Calls of the plugin under way, and begun within a minute; 0: no such limit.
    pub concurrent: u32,
    pub per_minute: u32,
    /// Of the clock that rates go by; 0: the monotonic one.
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

/// An open file, and what one process counts in it. Threads share one; a forked child needs its own: neither the slots
/// of its parent nor a lock that a thread of that one held are the child's.
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
    /// The second in which somebody last looked whether the file is still the one that others find.
    looked: u32,
    free: u64,
    /// The second for which that counts as free: the kernel takes longer to say it than a small call lasts.
    free_at: Option<u32>,
    slots: Vec<Slot>,
}

/// A call under way, and the record that it counts in: one for all calls of a plugin from here.
struct Slot {
    number: u64,
    holder: u64,
    serial: u64,
    memory: u64,
}

/// A number for every slot of this process, whichever counters it is of.
static SLOTS: AtomicU32 = AtomicU32::new(0);

impl Counters {
    /// `root`: the folder in which `/proc` and `/sys` tell what is free.
    pub fn new(file: File, root: &[u8]) -> Self {
        let process = std::process::id().into();
        let started = machine::started(process);
        Counters { table: Table::new(file), root: root.to_owned(), process, started, state: Mutex::default() }
    }

    /// Counts a call until its slot, which this answers with, is left.
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
            let buried = self.bury_dead(&mut state.head);
            outcome =
                buried.map_err(Refusal::from).and_then(|()| self.count(&mut state, demand, &key, room, now, count));
        }
        self.table.unlock();
        outcome
    }

    /// Counts a call no more; does nothing for a slot that is left already, or not of this process.
    ///
    /// Needs no lock of the file: whoever reads the old numbers or the new ones at that moment is right both times.
    pub fn leave(&self, number: u64) -> Result<(), Errno> {
        let Ok(mut state) = self.state() else { return Ok(()) };
        let Some(at) = state.slots.iter().position(|slot| slot.number == number) else { return Ok(()) };
        let slot = state.slots.swap_remove(at);
        let mut held = self.table.holder(slot.holder)?;
        // A file that was begun anew has nothing of ours.
        if held[PROCESS] == self.process && held[SERIAL] == slot.serial {
            held[MEMORY] = held[MEMORY].saturating_sub(slot.memory);
            held[CALLS] = held[CALLS].saturating_sub(1);
            self.table.write_holder(slot.holder, held)?;
        }
        Ok(())
    }

    /// How many calls are under way, and how many bytes they may use.
    pub fn live(&self, seconds: u64, count: &mut Count) -> Result<(), Refusal> {
        let mut state = self.state()?;
        self.lock(&mut state, times(seconds).1)?;
        let buried = self.bury_dead(&mut state.head);
        self.table.unlock();
        (count.memory, count.calls) = (state.head.sum(MEMORY, 0), narrow(state.head.sum(CALLS, 0)));
        Ok(buried?)
    }

    fn state(&self) -> Result<MutexGuard<'_, State>, Refusal> {
        if u64::from(std::process::id()) != self.process {
            return Err(Refusal::Closed);
        }
        Ok(self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Locks the file and reads who holds what.
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
        // A log-out may take the folder away; a look once a second is enough, and a file that was just opened was there.
        if state.looked != now {
            let (is_named, size_fits) = self.table.look();
            if state.looked != 0 && !is_named {
                return Err(Refusal::Closed);
            }
            state.looked = now;
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
        // The number of the process in it makes it nobody else's, not even a forked child's.
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

    /// The record of what is under way of a plugin from here, or else one that nobody has or that holds nothing of ours.
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

    /// Frees what dead processes held, and what holds nothing.
    fn bury_dead(&self, head: &mut Head) -> Result<(), Errno> {
        for (at, held) in head.holders() {
            if held[PROCESS] != 0 && (held[CALLS] == 0 || !self.lives(held)) {
                *held = Holder::default();
                self.table.write_holder(at, *held)?;
            }
        }
        Ok(())
    }

    fn lives(&self, held: &Holder) -> bool {
        let is_own = held[PROCESS] == self.process;
        let started = if is_own { self.started } else { machine::started(held[PROCESS]) };
        // Without /proc nobody can tell when anybody started, and all live.
        held[STARTED] == started && (started != 0 || self.started == 0)
    }
}

/// Seconds of the monotonic clock, and of the one that rates go by.
fn times(given: u64) -> (u32, u32) {
    let clock = narrow(monotonic() / SECOND);
    (clock, if given == 0 { clock } else { narrow(given) })
}
