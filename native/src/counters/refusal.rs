//! Shared by the counters and their file: why a call is not counted, and numbers of 32 bits.

use rustix::io::Errno;

/// Why a call is not counted, or not yet.
#[derive(Clone, Copy)]
pub enum Refusal {
    /// Another process opened the file, or another file has its name now: open it again.
    Closed,
    /// Another process has the file locked.
    Locked,
    /// The memory of all running calls leaves no room.
    Memory,
    /// Too many calls of the plugin are running.
    Busy,
    /// Too many of its calls began within a minute.
    Rate,
    /// No record is left for another plugin, or for another process.
    Plugins,
    Holders,
    /// The name is too long or empty.
    Name,
    System(Errno),
}

impl From<Errno> for Refusal {
    fn from(error: Errno) -> Self {
        Refusal::System(error)
    }
}

/// A number in 32 bits, or the largest of them.
pub fn narrow(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
