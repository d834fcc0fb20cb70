//! The file behind the counters: its layout, and access to it.
//!
//! | from | what | words of 8 bytes, in this machine's order |
//! |---|---|---|
//! | 0 | head | magic number, 5 unused |
//! | 48 | 80 holders | process (0: free), its start, bytes its calls may use, how many they are, plugin, serial number |
//! | 4096 | 64 plugins, 256 bytes each | name (8 words), newest second, calls begun in that second and before (64 of 16 bits) |
//!
//! A holder has the running calls of one plugin in one process; it names the plugin by the offset of its record. Records
//! are changed under the file's lock, with one exception: a process lowers its own holders without it. No record crosses
//! the end of a page, so that a write is made whole or not at all, even by a process that is being killed.

use std::fs::File;
use std::io::{IoSlice, IoSliceMut};
use std::os::unix::fs::MetadataExt;

use rustix::fs::{FlockOperation, flock, ftruncate};
use rustix::io::{Errno, pread, preadv, pwrite, pwritev};

use super::refusal::{Refusal, narrow};
use crate::bytes::bytes_of;

const PLUGINS: u64 = 64;
const NAME_BYTES: usize = 64;
const HOLDERS: usize = 80;
const MINUTE: u32 = 60;

const WORD: usize = 8;
const MAGIC: u64 = u64::from_ne_bytes(*b"edgecnt3");

const HOLDER_WORDS: usize = 6;
const HOLDER_BYTES: usize = HOLDER_WORDS * WORD;
pub const PROCESS: usize = 0;
pub const STARTED: usize = 1;
pub const MEMORY: usize = 2;
pub const CALLS: usize = 3;
pub const PLUGIN: usize = 4;
pub const SERIAL: usize = 5;

const BUCKETS: u32 = 64;
const PLUGINS_AT: u64 = 4096;
const PLUGIN_BYTES: u64 = 256;
const FILE_BYTES: u64 = PLUGINS_AT + PLUGINS * PLUGIN_BYTES;

/// Calls of one second are counted in 16 bits.
const MAX_PER_MINUTE: u32 = u16::MAX as u32;

pub type Key = [u8; NAME_BYTES];
pub type Holder = [u64; HOLDER_WORDS];

const NOBODY: Key = [0; NAME_BYTES];

/// A plugin's name as the file has it.
pub fn key(name: &[u8]) -> Option<Key> {
    let mut key = NOBODY;
    key.get_mut(..name.len())?.copy_from_slice(name);
    (key != NOBODY).then_some(key)
}

/// The head and all holders as they were read; a free record is all zeros.
pub struct Head([Holder; 1 + HOLDERS]);

impl Default for Head {
    fn default() -> Self {
        Head([Holder::default(); 1 + HOLDERS])
    }
}

impl Head {
    /// Whether it was read from a file of counters.
    pub fn is_ours(&self) -> bool {
        self.0[0][0] == MAGIC
    }

    /// All holders' records, each with its offset.
    pub fn holders(&mut self) -> impl Iterator<Item = (u64, &mut Holder)> {
        (0..).step_by(HOLDER_BYTES).zip(&mut self.0).skip(1)
    }

    /// The sum of a word over all holders, or over those of `plugin` if that is not 0.
    pub fn sum(&mut self, word: usize, plugin: u64) -> u64 {
        let counted = self.holders().filter(|(_, held)| plugin == 0 || held[PLUGIN] == plugin);
        counted.fold(0, |sum: u64, (_, held)| sum.saturating_add(held.get(word).copied().unwrap_or(0)))
    }
}

/// A plugin's record: the calls begun in each second, in a ring indexed by the second.
pub struct Plugin {
    /// Whether it differs from the file.
    pub is_changed: bool,
    name: Key,
    newest: u64,
    begun: [u16; BUCKETS as usize],
}

impl Plugin {
    pub fn new() -> Self {
        Plugin { is_changed: false, name: NOBODY, newest: 0, begun: [0; BUCKETS as usize] }
    }

    fn parts(&mut self) -> [&mut [u8]; 3] {
        [&mut self.name, bytes_of(std::slice::from_mut(&mut self.newest)), bytes_of(&mut self.begun)]
    }

    /// Whether no call of it began within a minute; a time in the future does not count.
    fn is_old(&self, now: u32) -> bool {
        now.abs_diff(self.newest()) > MINUTE
    }

    fn newest(&self) -> u32 {
        narrow(self.newest)
    }

    /// Counts a call that begins and returns 0, or returns the seconds until one may begin.
    pub fn begin_call(&mut self, now: u32, per_minute: u32) -> u32 {
        if self.is_old(now) {
            self.begun = [0; BUCKETS as usize];
            self.newest = now.into();
        }
        // A process that waited for the lock may have read the clock before the one that held it.
        let passed = now.saturating_sub(self.newest());
        let newest = self.newest() + passed;
        let (mut sum, mut oldest) = (0, 0);
        for (second, calls) in (0..).zip(&mut self.begun) {
            let age = newest.wrapping_sub(second) % BUCKETS;
            // The last minute reaches into 61 seconds, as the current one has only begun. A bucket younger than `passed`
            // is left over from an earlier minute.
            if age > MINUTE || age < passed {
                *calls = 0;
            }
            sum += u32::from(*calls);
            if *calls != 0 {
                oldest = age.max(oldest);
            }
        }
        if sum >= per_minute.min(MAX_PER_MINUTE) {
            return MINUTE + 1 - oldest;
        }
        if let Some(calls) = self.begun.get_mut((newest % BUCKETS) as usize) {
            *calls += 1;
        }
        self.newest = newest.into();
        self.is_changed = true;
        0
    }
}

/// The open file. The lock belongs to the open file and not to a thread.
pub struct Table {
    file: File,
}

impl Table {
    pub fn new(file: File) -> Self {
        Table { file }
    }

    pub fn lock(&self) -> Result<(), Refusal> {
        flock(&self.file, FlockOperation::NonBlockingLockExclusive).map_err(|error| match error {
            Errno::WOULDBLOCK => Refusal::Locked,
            error => Refusal::System(error),
        })
    }

    pub fn unlock(&self) {
        // This does not fail for a file that could be locked.
        let _ = flock(&self.file, FlockOperation::Unlock);
    }

    /// Whether this file still has a name, and whether it has its full size.
    pub fn check(&self) -> (bool, bool) {
        self.file.metadata().map_or((false, false), |found| (found.nlink() != 0, found.len() == FILE_BYTES))
    }

    /// Empties the file.
    pub fn begin(&self, head: &mut Head) -> Result<(), Errno> {
        ftruncate(&self.file, 0)?;
        ftruncate(&self.file, FILE_BYTES)?;
        *head = Head::default();
        head.0[0][0] = MAGIC;
        // Last: a file of the right size without the magic number is not one of counters.
        self.write_holder(0, head.0[0])
    }

    /// Reads the head and all holders.
    pub fn read_head(&self, head: &mut Head) -> Result<(), Errno> {
        // Beyond the end of the file, zeros remain.
        *head = Head::default();
        pread(&self.file, bytes_of(head.0.as_flattened_mut()), 0).map(drop)
    }

    pub fn holder(&self, at: u64) -> Result<Holder, Errno> {
        let mut held = Holder::default();
        pread(&self.file, bytes_of(&mut held), at).map(|_| held)
    }

    #[inline(never)]
    pub fn write_holder(&self, at: u64, mut held: Holder) -> Result<(), Errno> {
        pwrite(&self.file, bytes_of(&mut held), at).map(drop)
    }

    /// Reads a plugin's record and returns its offset; or that of one to replace: without calls, now or within a minute.
    pub fn find_plugin(&self, key: &Key, now: u32, head: &mut Head, plugin: &mut Plugin) -> Result<Option<u64>, Errno> {
        let mut free = None;
        let hash = key.iter().fold(0, |sum: u32, byte| sum.wrapping_mul(31).wrapping_add((*byte).into()));
        let first = u64::from(hash) % PLUGINS;
        for index in first..first + PLUGINS {
            let at = PLUGINS_AT + index % PLUGINS * PLUGIN_BYTES;
            *plugin = Plugin::new();
            preadv(&self.file, &mut plugin.parts().map(IoSliceMut::new), at)?;
            if plugin.name == *key {
                return Ok(Some(at));
            }
            // Records are taken from the first on and never emptied, so that none follows this one.
            let is_last = plugin.name == NOBODY;
            if free.is_none() && (is_last || plugin.is_old(now) && head.sum(CALLS, at) == 0) {
                free = Some(at);
            }
            if is_last {
                break;
            }
        }
        *plugin = Plugin { is_changed: true, name: *key, ..Plugin::new() };
        Ok(free)
    }

    pub fn write_plugin(&self, at: u64, plugin: &mut Plugin) -> Result<(), Errno> {
        pwritev(&self.file, &plugin.parts().map(|part| IoSlice::new(part)), at).map(drop)
    }
}
