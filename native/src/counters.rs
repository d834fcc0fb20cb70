//! What the processes of one user count together: calls under way, the memory they may use, calls a minute.
//!
//! Nothing here waits: who finds the file locked, or has to open it (at first, after a fork, or because its name is
//! another file's by now), is told so and asks again. What a killed process held counts until it is in the way of
//! another, which then looks whether it lives.

use std::fs::File;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use rustix::io::Errno;

use crate::clock::monotonic;

mod free;
mod machine;
mod table;

pub use free::free_bytes;
use table::{Holder, Holders, Key, PLUGINS, Plugin, Table};

const SECOND: u64 = 1_000_000_000;

/// For so long what was free counts as free: the kernel takes longer to say it than a small call lasts.
const FRESH: u64 = SECOND;

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

/// Why a call does not count, or not yet.
#[derive(Debug)]
pub enum Refusal {
    /// There is no file, or no longer: `open`, then ask again.
    Closed,
    /// Another process has the file locked.
    Locked,
    /// The memory of all calls under way leaves no room.
    Memory {
        calls: u64,
        memory: u64,
        free: u64,
    },
    /// So many calls of the plugin are under way.
    Busy {
        calls: u64,
    },
    /// In so many seconds one more may begin.
    Rate {
        wait: u64,
    },
    /// No record is left for another plugin, or for another process.
    Plugins,
    Holders,
    /// A name is too long, or there is none.
    Name,
    System(Errno),
}

impl From<Errno> for Refusal {
    fn from(error: Errno) -> Self {
        Refusal::System(error)
    }
}

/// The counters of a process and, each with its own, of the children that it forks. Threads share one.
pub struct Counters {
    process: u32,
    root: Vec<u8>,
    state: Mutex<State>,
    /// Of a forked child: neither the slots of its parent nor a lock that a thread of that one held are the child's.
    child: OnceLock<Box<Counters>>,
}

#[derive(Default)]
struct State {
    file: Option<Counting>,
    /// How many slots there were.
    slots: u32,
    free: u64,
    free_until: u64,
}

impl Counters {
    /// `root`: the folder in which `/proc` and `/sys` tell what is free.
    pub fn new(root: &[u8]) -> Self {
        Counters { process: std::process::id(), root: root.to_owned(), state: Mutex::default(), child: OnceLock::new() }
    }

    /// Takes the open file to count in, unless there is one already: of two threads that were asked, one comes second.
    pub fn open(&self, file: File) {
        let own = self.own();
        let mut state = own.lock();
        if !state.file.as_ref().is_some_and(|file| file.table.is_named()) {
            state.file = Some(Counting::new(file, own.process));
        }
    }

    /// Closes the file; slots that are open then count until the process ends.
    pub fn close(&self) {
        self.own().lock().file = None;
    }

    /// Counts a call until its slot, which this answers with, is left.
    pub fn enter(&self, demand: &Demand) -> Result<u64, Refusal> {
        let own = self.own();
        let key = table::key(demand.name).ok_or(Refusal::Name)?;
        let mut state = own.lock();
        let state = &mut *state;
        let clock = monotonic();
        let (free, left) = match demand.reserve {
            u64::MAX => (u64::MAX, u64::MAX),
            reserve => {
                let free = state.free(clock, &own.root);
                (free, free.saturating_sub(reserve))
            }
        };
        let request = Request {
            key,
            memory: demand.memory,
            room: demand.room.min(left),
            free,
            concurrent: demand.concurrent,
            per_minute: demand.per_minute,
            now: seconds(demand.seconds, clock),
        };
        // The number of the process in it makes it nobody else's, not even a forked child's.
        let slot = u64::from(own.process) << 32 | u64::from(state.slots);
        state.counting(|file| file.locked(request.now, |file, holders| file.enter(&request, slot, holders)))?;
        state.slots = state.slots.wrapping_add(1);
        Ok(slot)
    }

    /// Counts a call no more; does nothing for a slot that is left already, or is not of this process and file.
    pub fn leave(&self, slot: u64) -> Result<(), Errno> {
        let own = self.own();
        own.lock().file.as_mut().map_or(Ok(()), |file| file.leave(slot))
    }

    /// How many calls are under way, and how many bytes they may use.
    pub fn live(&self, now: u64) -> Result<(u64, u64), Refusal> {
        let own = self.own();
        let now = seconds(now, monotonic());
        own.lock().counting(|file| {
            file.locked(now, |file, holders| {
                file.bury_dead(holders)?;
                Ok((holders.calls(), holders.memory()))
            })
        })
    }

    fn own(&self) -> &Counters {
        let process = std::process::id();
        let mut own = self;
        while own.process != process {
            own = own.child.get_or_init(|| {
                // A lock outlives its process with a copy of the descriptor. The state is locked only where the fork
                // came while another thread was here; then the copy stays.
                if let Ok(mut state) = own.state.try_lock() {
                    state.file = None;
                }
                Box::new(Counters::new(&own.root))
            });
        }
        own
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn seconds(given: u64, clock: u64) -> u64 {
    if given == 0 { clock / SECOND } else { given }
}

impl State {
    fn free(&mut self, clock: u64, root: &[u8]) -> u64 {
        if clock >= self.free_until {
            self.free = free_bytes(root);
            self.free_until = clock + FRESH;
        }
        self.free
    }

    fn counting<T>(&mut self, act: impl FnOnce(&mut Counting) -> Result<T, Refusal>) -> Result<T, Refusal> {
        let outcome = self.file.as_mut().ok_or(Refusal::Closed).and_then(act);
        if let Err(Refusal::Closed) = outcome {
            self.file = None;
        }
        outcome
    }
}

struct Request {
    key: Key,
    memory: u64,
    room: u64,
    free: u64,
    concurrent: u32,
    per_minute: u32,
    now: u64,
}

/// A file, and what this process counts in it.
struct Counting {
    table: Table,
    process: u64,
    started: u64,
    /// The second in which somebody last looked whether the file is still the one that others find.
    looked: Option<u64>,
    known: Vec<Known>,
    slots: Vec<Slot>,
}

/// A plugin that was called here: the place of its record, and the record of what this process has under way of it.
struct Known {
    key: Key,
    plugin: u64,
    holder: u64,
    held: Holder,
}

struct Slot {
    number: u64,
    holder: u64,
    memory: u64,
}

impl Counting {
    fn new(file: File, process: u32) -> Self {
        Counting {
            table: Table::new(file),
            process: process.into(),
            started: machine::started(process.into()),
            looked: None,
            known: Vec::new(),
            slots: Vec::new(),
        }
    }

    fn locked<T>(
        &mut self,
        now: u64,
        act: impl FnOnce(&mut Self, &mut Holders) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        self.table.lock()?;
        let outcome = self.holders(now).and_then(|mut holders| act(self, &mut holders));
        self.table.unlock();
        outcome
    }

    fn holders(&mut self, now: u64) -> Result<Holders, Refusal> {
        // A log-out may take the folder away; a look once a second is enough, and a file that was just opened was there.
        let looked = self.looked.replace(now);
        if looked != Some(now) {
            if looked.is_some() && !self.table.is_named() {
                return Err(Refusal::Closed);
            }
            if !self.table.is_whole() {
                return self.begin();
            }
        }
        self.table.holders()?.map_or_else(|| self.begin(), Ok)
    }

    fn begin(&mut self) -> Result<Holders, Refusal> {
        self.known.clear();
        self.slots.clear();
        Ok(self.table.begin()?)
    }

    fn enter(&mut self, request: &Request, slot: u64, holders: &mut Holders) -> Result<(), Refusal> {
        let mut known = self.known(request.key);
        let outcome = self.count(request, &mut known, holders);
        if outcome.is_ok() {
            self.slots.push(Slot { number: slot, holder: known.held.serial, memory: request.memory });
        }
        self.known.push(known);
        outcome
    }

    fn known(&mut self, key: Key) -> Known {
        if let Some(at) = self.known.iter().position(|known| known.key == key) {
            return self.known.swap_remove(at);
        }
        if self.known.len() >= PLUGINS {
            self.known.retain(|known| known.held.calls != 0);
        }
        Known { key, plugin: 0, holder: 0, held: Holder::default() }
    }

    fn count(&mut self, request: &Request, known: &mut Known, holders: &mut Holders) -> Result<(), Refusal> {
        let (mut plugin, is_new) = self.plugin(request, known, holders)?;
        if refused(request, known.plugin, holders).is_some() {
            self.bury_dead(holders)?;
            if let Some(refusal) = refused(request, known.plugin, holders) {
                return Err(refusal);
            }
        }
        if request.per_minute != 0 {
            plugin.begin_call(request.now, request.per_minute).map_err(|wait| Refusal::Rate { wait })?;
        }
        let (at, held) = self.holder(known, holders)?;
        if is_new || request.per_minute != 0 {
            self.table.write_plugin(known.plugin, &plugin)?;
        }
        let raised = Holder {
            memory: held.memory.saturating_add(request.memory),
            calls: held.calls + 1,
            plugin: known.plugin,
            ..held
        };
        self.table.write_holder(at, &raised)?;
        (known.holder, known.held) = (at, raised);
        Ok(())
    }

    /// The plugin's record, and whether it is new.
    fn plugin(
        &mut self,
        request: &Request,
        known: &mut Known,
        holders: &mut Holders,
    ) -> Result<(Plugin, bool), Refusal> {
        if known.plugin != 0 {
            let found = self.table.plugin(known.plugin)?;
            if found.key == request.key {
                return Ok((found, false));
            }
        }
        let mut place = self.table.find_plugin(&request.key, request.now, holders)?;
        if place.is_none() {
            self.bury_dead(holders)?;
            place = self.table.find_plugin(&request.key, request.now, holders)?;
        }
        let (at, found) = place.ok_or(Refusal::Plugins)?;
        known.plugin = at;
        Ok(found.map_or_else(|| (Plugin::new(request.key), true), |found| (found, false)))
    }

    /// This process's record of what it has under way of a plugin: the one it had, unless somebody buried it.
    fn holder(&mut self, known: &Known, holders: &mut Holders) -> Result<(u64, Holder), Refusal> {
        if known.holder != 0 && holders.at(known.holder).is_some_and(|found| found.is(&known.held)) {
            return Ok((known.holder, known.held));
        }
        if holders.free().is_none() {
            self.bury_dead(holders)?;
        }
        let at = holders.free().ok_or(Refusal::Holders)?;
        let serial = self.table.next_serial(holders)?;
        Ok((at, Holder { process: self.process, started: self.started, serial, ..Holder::default() }))
    }

    /// Frees what dead processes held, and what holds nothing.
    fn bury_dead(&self, holders: &mut Holders) -> Result<(), Errno> {
        for (at, holder) in holders.held_mut() {
            if holder.calls == 0 || !self.lives(holder) {
                *holder = Holder::default();
                self.table.write_holder(at, holder)?;
            }
        }
        Ok(())
    }

    fn lives(&self, holder: &Holder) -> bool {
        let started = if holder.process == self.process { self.started } else { machine::started(holder.process) };
        // Without /proc nobody can tell when anybody started, and all live.
        holder.started == started && (started != 0 || self.started == 0)
    }

    /// Needs no lock: whoever reads the old figures or the new ones at that moment is right both times.
    fn leave(&mut self, number: u64) -> Result<(), Errno> {
        let Some(at) = self.slots.iter().position(|slot| slot.number == number) else { return Ok(()) };
        let slot = self.slots.swap_remove(at);
        let Some(known) = self.known.iter_mut().find(|known| known.held.serial == slot.holder) else { return Ok(()) };
        let held = &mut known.held;
        held.memory = held.memory.saturating_sub(slot.memory);
        held.calls = held.calls.saturating_sub(1);
        // A file that was begun anew has nothing of ours.
        if self.table.holder(known.holder)?.is(held) {
            self.table.lower_holder(known.holder, held)?;
        }
        Ok(())
    }
}

fn refused(request: &Request, plugin: u64, holders: &Holders) -> Option<Refusal> {
    let memory = holders.memory();
    if memory.checked_add(request.memory).is_none_or(|sum| sum > request.room) {
        return Some(Refusal::Memory { calls: holders.calls(), memory, free: request.free });
    }
    let calls = holders.calls_of(plugin);
    (request.concurrent != 0 && calls >= request.concurrent.into()).then_some(Refusal::Busy { calls })
}
