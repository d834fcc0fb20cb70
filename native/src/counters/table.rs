//! The file behind the counters: its layout, and access to it.
//!
//! | from | what | words of 8 bytes, little endian |
//! |---|---|---|
//! | 0 | head | magic number, serial number of the newest holder |
//! | 16 | 32 holders | process (0: free), its start, bytes its calls may use, how many they are, plugin, serial number |
//! | 4096 | 64 plugins, 256 bytes each | name (8 words), newest second, calls begun in that second and before (64 of 16 bits) |
//!
//! A holder is what one process has under way of one plugin, which it names by the place of its record. Records are
//! changed under the file's lock, but for one thing: a process lowers what it holds itself as it likes. No record
//! reaches over the end of a page, so that one write, even of a process that is being killed, is done or not.

use std::fs::File;

use rustix::fs::{FlockOperation, flock, fstat, ftruncate};
use rustix::io::{Errno, pread, pwrite};

use super::Refusal;
use crate::clock::monotonic;

const NAME_BYTES: usize = 64;
pub const PLUGINS: usize = 64;
const HOLDERS: usize = 32;
const MINUTE: u64 = 60;

const WORD: usize = 8;
const MAGIC: u64 = u64::from_le_bytes(*b"edgecnt3");
const SERIAL_AT: u64 = WORD as u64;
const HEAD_BYTES: usize = 2 * WORD;

const HOLDER_WORDS: usize = 6;
const HOLDER_BYTES: usize = HOLDER_WORDS * WORD;
const MEMORY_AT: u64 = 2 * WORD as u64;

const BUCKETS: u64 = 64;
const PAGE_BYTES: usize = 4096;
const PLUGINS_AT: u64 = PAGE_BYTES as u64;
const PLUGIN_BYTES: usize = 256;
const NEWEST_BYTES: usize = NAME_BYTES + WORD;
const USED_BYTES: usize = NEWEST_BYTES + 2 * BUCKETS as usize;
const FILE_BYTES: u64 = PLUGINS_AT + (PLUGINS * PLUGIN_BYTES) as u64;

/// Calls of one second are counted in 16 bits.
const MOST_A_MINUTE: u32 = u16::MAX as u32;

pub type Key = [u8; NAME_BYTES];

const NOBODY: Key = [0; NAME_BYTES];

/// A plugin's name as the file has it.
pub fn key(name: &[u8]) -> Option<Key> {
    let mut key = NOBODY;
    key.get_mut(..name.len())?.copy_from_slice(name);
    (key != NOBODY).then_some(key)
}

#[derive(Clone, Copy, Default)]
pub struct Holder {
    pub process: u64,
    pub started: u64,
    pub memory: u64,
    pub calls: u64,
    pub plugin: u64,
    pub serial: u64,
}

impl Holder {
    fn read(raw: &[u8; HOLDER_BYTES]) -> Self {
        let mut words = raw.as_chunks().0.iter().map(|word| u64::from_le_bytes(*word));
        let mut next = || words.next().unwrap_or_default();
        Holder { process: next(), started: next(), memory: next(), calls: next(), plugin: next(), serial: next() }
    }

    /// Whether both are the same record, whatever they hold.
    pub fn is(&self, other: &Holder) -> bool {
        (self.process, self.serial) == (other.process, other.serial)
    }
}

/// All holders, as they were when they were read.
pub struct Holders {
    serial: u64,
    all: [Holder; HOLDERS],
}

impl Holders {
    fn held(&self) -> impl Iterator<Item = &Holder> {
        self.all.iter().filter(|holder| holder.process != 0)
    }

    pub fn held_mut(&mut self) -> impl Iterator<Item = (u64, &mut Holder)> {
        self.all.iter_mut().enumerate().map(|(index, holder)| (place(index), holder)).filter(|(_, h)| h.process != 0)
    }

    pub fn at(&self, at: u64) -> Option<&Holder> {
        self.all.iter().enumerate().find(|(index, _)| place(*index) == at).map(|(_, holder)| holder)
    }

    /// Where a record is that nobody holds.
    pub fn free(&self) -> Option<u64> {
        self.all.iter().position(|holder| holder.process == 0).map(place)
    }

    /// Bytes that all calls under way may use.
    pub fn memory(&self) -> u64 {
        self.held().fold(0, |sum, holder| sum.saturating_add(holder.memory))
    }

    /// How many calls are under way.
    pub fn calls(&self) -> u64 {
        self.held().fold(0, |sum, holder| sum.saturating_add(holder.calls))
    }

    pub fn calls_of(&self, plugin: u64) -> u64 {
        let of_plugin = self.held().filter(|holder| holder.plugin == plugin);
        of_plugin.fold(0, |sum, holder| sum.saturating_add(holder.calls))
    }
}

fn place(index: usize) -> u64 {
    (HEAD_BYTES + index * HOLDER_BYTES) as u64
}

/// When calls of a plugin began, by the second: `begun` is a ring, with the second as its index.
pub struct Plugin {
    pub key: Key,
    newest: u64,
    begun: [u16; BUCKETS as usize],
}

impl Plugin {
    pub fn new(key: Key) -> Self {
        Plugin { key, newest: 0, begun: [0; BUCKETS as usize] }
    }

    fn read(raw: &[u8; USED_BYTES]) -> Self {
        let (key, rest) = raw.split_first_chunk().unwrap_or((&NOBODY, &[]));
        let mut plugin = Plugin::new(*key);
        if let Some((newest, rest)) = rest.split_first_chunk() {
            plugin.newest = u64::from_le_bytes(*newest);
            for (calls, raw) in plugin.begun.iter_mut().zip(rest.as_chunks().0) {
                *calls = u16::from_le_bytes(*raw);
            }
        }
        plugin
    }

    /// Counts a call that begins, or answers with the seconds until one may.
    pub fn begin_call(&mut self, now: u64, per_minute: u32) -> Result<(), u64> {
        if self.is_old(now) {
            *self = Plugin::new(self.key);
        }
        // Who waited for the lock may have looked at the clock before the one who had it.
        self.pass(now.saturating_sub(self.newest));
        if self.begun.iter().map(|calls| u32::from(*calls)).sum::<u32>() >= per_minute.min(MOST_A_MINUTE) {
            let oldest = self.ages().filter(|(_, calls)| **calls != 0).map(|(age, _)| age).max().unwrap_or(0);
            return Err((MINUTE + 1).saturating_sub(oldest).max(1));
        }
        if let Some(calls) = self.begun.get_mut((self.newest % BUCKETS) as usize) {
            *calls = calls.saturating_add(1);
        }
        Ok(())
    }

    /// Whether no call of it began within the last minute; what is said of the time to come is no record either.
    fn is_old(&self, now: u64) -> bool {
        now.abs_diff(self.newest) > MINUTE
    }

    fn pass(&mut self, seconds: u64) {
        if seconds == 0 {
            return;
        }
        // What is left are the 61 seconds into which the last minute reaches: the one of now has only begun.
        for (age, calls) in self.ages() {
            if seconds.saturating_add(age) > MINUTE {
                *calls = 0;
            }
        }
        self.newest += seconds;
    }

    /// Each second's calls, with how far that second is back from the newest.
    fn ages(&mut self) -> impl Iterator<Item = (u64, &mut u16)> {
        let newest = self.newest;
        (0..).zip(&mut self.begun).map(move |(index, calls)| (newest.wrapping_sub(index) % BUCKETS, calls))
    }
}

/// The open file. Its lock is the file's own and not a thread's.
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
        // It fails for no file that could be locked.
        let _ = flock(&self.file, FlockOperation::Unlock);
    }

    /// Whether others still find this file by a name.
    pub fn is_named(&self) -> bool {
        fstat(&self.file).is_ok_and(|found| found.st_nlink != 0)
    }

    pub fn is_whole(&self) -> bool {
        fstat(&self.file).is_ok_and(|found| u64::try_from(found.st_size) == Ok(FILE_BYTES))
    }

    /// Empties the file.
    pub fn begin(&self) -> Result<Holders, Errno> {
        ftruncate(&self.file, 0)?;
        ftruncate(&self.file, FILE_BYTES)?;
        // Last: a file of the right size without it is none. Numbers go on from where no file before this one came to.
        let serial = monotonic();
        let mut head = [0; HEAD_BYTES];
        put(&mut head, &[MAGIC, serial]);
        self.write(0, &head)?;
        Ok(Holders { serial, all: [Holder::default(); HOLDERS] })
    }

    /// All holders; none where this is no file of counters.
    pub fn holders(&self) -> Result<Option<Holders>, Errno> {
        let mut raw = [0; HEAD_BYTES + HOLDERS * HOLDER_BYTES];
        self.read(0, &mut raw)?;
        let (head, rest) = raw.split_first_chunk().unwrap_or((&[0; HEAD_BYTES], &[]));
        let mut words = head.as_chunks().0.iter().map(|word| u64::from_le_bytes(*word));
        if words.next() != Some(MAGIC) {
            return Ok(None);
        }
        let mut holders = Holders { serial: words.next().unwrap_or(0), all: [Holder::default(); HOLDERS] };
        for (holder, raw) in holders.all.iter_mut().zip(rest.as_chunks().0) {
            *holder = Holder::read(raw);
        }
        Ok(Some(holders))
    }

    pub fn holder(&self, at: u64) -> Result<Holder, Errno> {
        let mut raw = [0; HOLDER_BYTES];
        self.read(at, &mut raw)?;
        Ok(Holder::read(&raw))
    }

    /// A number that no holder had.
    pub fn next_serial(&self, holders: &mut Holders) -> Result<u64, Errno> {
        holders.serial = holders.serial.wrapping_add(1);
        self.write(SERIAL_AT, &holders.serial.to_le_bytes())?;
        Ok(holders.serial)
    }

    pub fn write_holder(&self, at: u64, holder: &Holder) -> Result<(), Errno> {
        let Holder { process, started, memory, calls, plugin, serial } = *holder;
        let mut raw = [0; HOLDER_BYTES];
        put(&mut raw, &[process, started, memory, calls, plugin, serial]);
        self.write(at, &raw)
    }

    /// Writes what a holder holds, which is less than before.
    pub fn lower_holder(&self, at: u64, holder: &Holder) -> Result<(), Errno> {
        let mut raw = [0; 2 * WORD];
        put(&mut raw, &[holder.memory, holder.calls]);
        self.write(at + MEMORY_AT, &raw)
    }

    pub fn plugin(&self, at: u64) -> Result<Plugin, Errno> {
        let mut raw = [0; USED_BYTES];
        self.read(at, &mut raw)?;
        Ok(Plugin::read(&raw))
    }

    /// Where a plugin's record is, and the record; or where one could be: without calls, now or within a minute.
    pub fn find_plugin(&self, key: &Key, now: u64, holders: &Holders) -> Result<Option<(u64, Option<Plugin>)>, Errno> {
        let mut free = None;
        let mut page = [0; PAGE_BYTES];
        for start in (PLUGINS_AT..FILE_BYTES).step_by(PAGE_BYTES) {
            page.fill(0);
            self.read(start, &mut page)?;
            for (at, raw) in (start..).step_by(PLUGIN_BYTES).zip(page.as_chunks::<PLUGIN_BYTES>().0) {
                let Some(found) = raw.first_chunk().map(Plugin::read) else { continue };
                if found.key == *key {
                    return Ok(Some((at, Some(found))));
                }
                // Records are taken from the front and never emptied.
                if found.key == NOBODY {
                    return Ok(Some((free.unwrap_or(at), None)));
                }
                if free.is_none() && found.is_old(now) && holders.calls_of(at) == 0 {
                    free = Some(at);
                }
            }
        }
        Ok(free.map(|at| (at, None)))
    }

    pub fn write_plugin(&self, at: u64, plugin: &Plugin) -> Result<(), Errno> {
        let mut raw = [0; USED_BYTES];
        let newest = plugin.newest.to_le_bytes();
        let begun = plugin.begun.iter().flat_map(|calls| calls.to_le_bytes());
        for (out, byte) in raw.iter_mut().zip(plugin.key.into_iter().chain(newest).chain(begun)) {
            *out = byte;
        }
        self.write(at, &raw)
    }

    /// What the file does not have reads as zeros.
    fn read(&self, at: u64, out: &mut [u8]) -> Result<(), Errno> {
        pread(&self.file, out, at).map(drop)
    }

    fn write(&self, at: u64, data: &[u8]) -> Result<(), Errno> {
        pwrite(&self.file, data, at).map(drop)
    }
}

fn put(out: &mut [u8], words: &[u64]) {
    for (out, word) in out.as_chunks_mut().0.iter_mut().zip(words) {
        *out = word.to_le_bytes();
    }
}
