//! The clocks of the system, in nanoseconds.

use rustix::time::{ClockId, clock_gettime};

pub const SECOND: u64 = 1_000_000_000;

/// CLOCK_MONOTONIC.
pub fn monotonic() -> u64 {
    nanoseconds(ClockId::Monotonic)
}

/// CLOCK_REALTIME: since 1970-01-01.
pub fn wall() -> u64 {
    nanoseconds(ClockId::Realtime)
}

fn nanoseconds(id: ClockId) -> u64 {
    let now = clock_gettime(id);
    u64::try_from(now.tv_sec).unwrap_or(0) * SECOND + u64::try_from(now.tv_nsec).unwrap_or(0)
}
