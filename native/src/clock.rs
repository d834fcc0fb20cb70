//! A guest's clocks and random numbers: real, or fixed so that a call can be repeated exactly.

use crate::key::random_bytes;
use crate::limits::InstanceOptions;
use crate::sha256;
use crate::status::Outcome;
use crate::time::{SECOND, monotonic, wall};

/// A guest's clocks. Fixed ones advance only when the guest waits, and waiting takes no time.
pub struct Clock {
    fixed: Option<Fixed>,
}

struct Fixed {
    wall: u64,
    monotonic: u64,
}

impl Clock {
    pub fn new(options: &InstanceOptions) -> Self {
        Clock { fixed: (options.fixed != 0).then_some(Fixed { wall: options.fixed_clock_ns, monotonic: 0 }) }
    }

    pub fn monotonic(&self) -> u64 {
        self.fixed.as_ref().map_or_else(monotonic, |fixed| fixed.monotonic)
    }

    /// Seconds and nanoseconds since 1970.
    pub fn wall(&self) -> (u64, u32) {
        let now = self.fixed.as_ref().map_or_else(wall, |fixed| fixed.wall);
        (now / SECOND, (now % SECOND) as u32)
    }

    /// Advances a fixed clock to `until`; returns whether that time is reached.
    pub fn skip_to(&mut self, until: u64) -> bool {
        match &mut self.fixed {
            Some(fixed) => {
                let step = until.saturating_sub(fixed.monotonic);
                fixed.monotonic += step;
                fixed.wall = fixed.wall.saturating_add(step);
                true
            }
            None => monotonic() >= until,
        }
    }
}

/// A guest's random numbers: the system's, or SHA-256 of a seed and a counter.
pub struct Random {
    fixed: Option<(u64, u64)>,
}

impl Random {
    pub fn new(options: &InstanceOptions) -> Self {
        Random { fixed: (options.fixed != 0).then_some((options.fixed_seed, 0)) }
    }

    pub fn fill(&mut self, bytes: &mut [u8]) -> Outcome<()> {
        let Some((seed, counter)) = &mut self.fixed else {
            return random_bytes(bytes);
        };
        for block in bytes.chunks_mut(32) {
            let digest = sha256::digest(&[seed.to_le_bytes(), counter.to_le_bytes()].concat());
            block.copy_from_slice(digest.get(..block.len()).unwrap_or_default());
            *counter += 1;
        }
        Ok(())
    }

    pub fn u64(&mut self) -> Outcome<u64> {
        let mut bytes = [0; 8];
        self.fill(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }
}
