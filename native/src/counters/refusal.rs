//! What the counters and their file both say: why a call does not count, and numbers of 32 bits.

use rustix::io::Errno;

/// Why a call does not count, or not yet.
#[derive(Clone, Copy)]
pub enum Refusal {
    /// The file is another process's, or no longer the one that others find: open it again.
    Closed,
    /// Another process has the file locked.
    Locked,
    /// The memory of all calls under way leaves no room.
    Memory,
    /// Too many calls of the plugin are under way.
    Busy,
    /// Too many of its calls began within a minute.
    Rate,
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

/// A number in 32 bits, or the largest there is.
pub fn narrow(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
