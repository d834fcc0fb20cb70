//! Limits of one instance and one call. Every limit applies unless the caller sets a larger one.

use std::sync::Arc;

use wasmtime::{Error, ResourceLimiterAsync, Result};

use crate::mailbox::Mailbox;
use crate::profile::EngineTarget;
use crate::status::{Failure, Status};

/// Defaults that suit a board with 512 MB.
const FUEL: u64 = 1_000_000_000;
/// After a slice the embedder checks the clock and runs others: 30 ms of a Pi Zero's interpreter,
const SLICE_FUEL_INTERPRETED: u64 = 400_000;
/// 5 ms of a PC's native code.
const SLICE_FUEL_NATIVE: u64 = 5_000_000;
/// A guest with large code stops this often, so that the pages of its code can be released.
pub const PIECE_FUEL: u64 = 25_000;
const DEADLINE_NS: u64 = 30_000_000_000;
const MEMORY_BYTES: u64 = 16 << 20;
const TABLE_ELEMENTS: u32 = 100_000;
const HOST_CALLS: u32 = 1_000;
const CROSSING_BYTES: u32 = 4 << 20;
const LOG_BYTES: u32 = 64 << 10;

/// Core instances, memories and tables of one component; a component of componentize-py has 20 of the first.
pub const INSTANCES: usize = 64;
const MEMORIES: usize = 16;
const TABLES: usize = 64;

/// `edge_instance_options`: as set by the caller; zero means the default.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct InstanceOptions {
    pub fuel: u64,
    pub slice_fuel: u64,
    pub deadline_ns: u64,
    pub memory_bytes: u64,
    pub table_elements: u32,
    pub host_calls: u32,
    pub crossing_bytes: u32,
    pub log_bytes: u32,
    pub fixed: u32,
    pub fixed_clock_ns: u64,
    pub fixed_seed: u64,
}

impl InstanceOptions {
    pub fn or_defaults(mut self, target: EngineTarget) -> Self {
        fn fill<T: Default + PartialEq>(value: &mut T, default: T) {
            if *value == T::default() {
                *value = default;
            }
        }
        fill(&mut self.fuel, FUEL);
        let interpreted = target == EngineTarget::interpreted();
        fill(&mut self.slice_fuel, if interpreted { SLICE_FUEL_INTERPRETED } else { SLICE_FUEL_NATIVE });
        fill(&mut self.deadline_ns, DEADLINE_NS);
        fill(&mut self.memory_bytes, MEMORY_BYTES);
        fill(&mut self.table_elements, TABLE_ELEMENTS);
        fill(&mut self.host_calls, HOST_CALLS);
        fill(&mut self.crossing_bytes, CROSSING_BYTES);
        fill(&mut self.log_bytes, LOG_BYTES);
        self
    }
}

/// Counts what Wasmtime allocates for the instance.
pub struct Limiter {
    memory_limit: u64,
    table_limit: u64,
    /// Linear memory, and the instance's memory outside of it.
    pub memory_bytes: u64,
    table_elements: u64,
    /// The last growth that was allowed, in case Wasmtime fails to make it.
    last_growth: u64,
    refused: Option<String>,
    target: EngineTarget,
    mailbox: Arc<Mailbox>,
}

impl Limiter {
    /// `instance_bytes`: the memory of every instance of the plugin outside of linear memory.
    pub fn new(options: &InstanceOptions, instance_bytes: u64, target: EngineTarget, mailbox: Arc<Mailbox>) -> Self {
        Limiter {
            memory_limit: options.memory_bytes,
            table_limit: options.table_elements.into(),
            memory_bytes: instance_bytes,
            table_elements: 0,
            last_growth: 0,
            refused: None,
            target,
            mailbox,
        }
    }

    /// The growth that was refused last: guests tend to trap soon after, without saying why.
    pub fn refused(&self) -> Option<&str> {
        self.refused.as_deref()
    }

    /// A first allocation that is refused ends the call; guests expect that later growth may fail.
    fn refuse(&mut self, first: bool, what: String) -> Result<bool> {
        if first {
            return Err(Error::new(Failure::new(Status::OverLimit, format!("it starts with {what}"))));
        }
        self.refused = Some(what);
        Ok(false)
    }
}

#[async_trait::async_trait]
impl ResourceLimiterAsync for Limiter {
    async fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        let growth = desired.saturating_sub(current) as u64;
        let grown = self.memory_bytes.saturating_add(growth);
        // Before the memory's own maximum, which a 32-bit CPU cannot represent where it is beyond its addresses.
        if grown > self.memory_limit {
            let what = format!("{grown} bytes of memory, its limit is {}", self.memory_limit);
            return self.refuse(current == 0, what);
        }
        if let Some(maximum) = maximum.filter(|maximum| desired > *maximum) {
            if self.target.memory_maximum() == Some(maximum as u64) {
                self.refused = Some(format!("{desired} bytes in one memory, its code is compiled for {maximum}"));
            }
            return Ok(false);
        }
        self.memory_bytes = grown;
        self.last_growth = growth;
        // It may be copied as a whole, which costs no fuel, so that the embedder checks the clock before each time.
        if current > 0 && desired as u64 > self.target.reserved_bytes() {
            self.mailbox.give_way().await;
        }
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _: Error) -> Result<()> {
        self.memory_bytes = self.memory_bytes.saturating_sub(std::mem::take(&mut self.last_growth));
        Ok(())
    }

    async fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let growth = desired.saturating_sub(current) as u64;
        let grown = self.table_elements.saturating_add(growth);
        if grown > self.table_limit {
            let what = format!("tables of {grown} elements, its limit is {}", self.table_limit);
            return self.refuse(current == 0, what);
        }
        self.table_elements = grown;
        self.last_growth = growth;
        Ok(true)
    }

    fn table_grow_failed(&mut self, _: Error) -> Result<()> {
        self.table_elements = self.table_elements.saturating_sub(std::mem::take(&mut self.last_growth));
        Ok(())
    }

    fn instances(&self) -> usize {
        INSTANCES
    }

    fn memories(&self) -> usize {
        MEMORIES
    }

    fn tables(&self) -> usize {
        TABLES
    }
}
