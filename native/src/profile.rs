//! The engine profile: the one place that decides how code is compiled and run, so that both ends agree.

use std::sync::Arc;

use wasmtime::{Config, WasmBacktraceDetails};

use crate::hex;
use crate::sha256;
use crate::stacks::{Fibers, HOST_STACK_BYTES, STACK_BYTES};
use crate::status::{Failure, Outcome, Status};

/// Raised when the meaning of the profile changes without one of the figures below changing.
const PROFILE_VERSION: u32 = 2;

/// The releases this library is built from; a test compares them with Cargo.lock.
pub const WASMTIME: &str = "48.0.8";
pub const CRANELIFT: &str = "0.135.8";
pub const LIBRARY: &str = env!("CARGO_PKG_VERSION");

/// Wasmtime compares only the major release of artifacts.
const WASMTIME_MAJOR: &str = "48";

/// What executes an artifact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineTarget {
    Pulley32,
    Pulley64,
    Aarch64,
    X86_64,
}

impl EngineTarget {
    pub const ALL: [EngineTarget; 4] =
        [EngineTarget::Pulley32, EngineTarget::Pulley64, EngineTarget::Aarch64, EngineTarget::X86_64];

    /// What this build of the library executes: native code where Cranelift has a backend for the CPU.
    pub const fn native() -> EngineTarget {
        if cfg!(target_arch = "x86_64") {
            EngineTarget::X86_64
        } else if cfg!(target_arch = "aarch64") {
            EngineTarget::Aarch64
        } else if cfg!(target_pointer_width = "64") {
            EngineTarget::Pulley64
        } else {
            EngineTarget::Pulley32
        }
    }

    /// What the interpreter of this build executes, on every CPU.
    pub const fn interpreted() -> EngineTarget {
        if cfg!(target_pointer_width = "64") { EngineTarget::Pulley64 } else { EngineTarget::Pulley32 }
    }

    pub const fn name(self) -> &'static str {
        match self {
            EngineTarget::Pulley32 => "pulley32",
            EngineTarget::Pulley64 => "pulley64",
            EngineTarget::Aarch64 => "aarch64",
            EngineTarget::X86_64 => "x86_64",
        }
    }

    #[cfg(feature = "compiler")]
    pub fn named(name: &str) -> Outcome<EngineTarget> {
        EngineTarget::ALL.into_iter().find(|target| target.name() == name).ok_or_else(|| {
            let known = EngineTarget::ALL.map(EngineTarget::name).join(", ");
            Failure::new(Status::Options, format!("`{name}` is no engine target; there are {known}"))
        })
    }

    /// Always explicit, so that no feature of the compiling machine's CPU leaks into the code.
    const fn triple(self) -> &'static str {
        match self {
            EngineTarget::Pulley32 => "pulley32",
            EngineTarget::Pulley64 => "pulley64",
            EngineTarget::Aarch64 => "aarch64-unknown-linux-gnu",
            EngineTarget::X86_64 => "x86_64-unknown-linux-gnu",
        }
    }

    const fn memory(self) -> Memory {
        match self {
            // Address space is scarce and the interpreter checks every bound itself.
            EngineTarget::Pulley32 => Memory { reservation: 16 << 20, guard: 0, growth: 1 << 20, signals: false },
            EngineTarget::Pulley64 => Memory { reservation: 16 << 20, guard: 0, growth: 1 << 20, signals: false },
            // A whole 32-bit address space and a guard let Cranelift drop its bound checks.
            EngineTarget::Aarch64 | EngineTarget::X86_64 => {
                Memory { reservation: 4 << 30, guard: 32 << 20, growth: 0, signals: true }
            }
        }
    }

    /// The size up to which a linear memory grows in place, in bytes.
    pub const fn reserved_bytes(self) -> u64 {
        self.memory().reservation
    }

    /// The maximum of a memory, in bytes, in code that was not compiled for large memories.
    ///
    /// RATIONALE, "Why a memory for a Pi Zero gets a maximum".
    pub const fn memory_maximum(self) -> Option<u64> {
        match self {
            EngineTarget::Pulley32 => Some(self.memory().reservation),
            _ => None,
        }
    }

    /// A digest of everything that decides whether code compiled at one end runs at the other.
    pub fn fingerprint(self) -> String {
        let Memory { reservation, guard, growth, signals } = self.memory();
        let text = format!(
            "edge {PROFILE_VERSION} wasmtime {WASMTIME_MAJOR} {} fuel cow no-simd no-gc no-threads \
             reservation {reservation} guard {guard} growth {growth} signals {signals}",
            self.triple(),
        );
        let digest = sha256::digest(text.as_bytes());
        hex::encode(digest.get(..8).unwrap_or_default())
    }

    /// The configuration of an engine that runs, or compiles for, this target.
    pub fn config(self, stack_bytes: usize) -> Outcome<Config> {
        let Memory { reservation, guard, growth, signals } = self.memory();
        let mut config = Config::new();
        config
            .target(self.triple())
            .map_err(|error| Failure::new(Status::Internal, format!("target {}: {error:#}", self.triple())))?;
        config
            .consume_fuel(true)
            .memory_init_cow(true)
            .memory_reservation(reservation)
            .memory_guard_size(guard)
            .memory_reservation_for_growth(growth)
            .signals_based_traps(signals)
            .wasm_simd(false)
            .wasm_relaxed_simd(false)
            // Addresses are not symbolised on a device: a trap names its kind and the function called.
            .generate_address_map(false)
            .wasm_backtrace_max_frames(None)
            .wasm_backtrace_details(WasmBacktraceDetails::Disable)
            .native_unwind_info(false)
            .debug_symbols(false)
            .max_wasm_stack(stack_bytes)
            .async_stack_size(stack_bytes + HOST_STACK_BYTES);
        if stack_bytes == STACK_BYTES {
            config.with_host_stack(Arc::new(Fibers));
        }
        Ok(config)
    }
}

/// `edge_engine`: an engine of Wasmtime, and the target whose code it runs.
pub struct Engine {
    pub wasmtime: wasmtime::Engine,
    pub target: EngineTarget,
}

impl Engine {
    pub fn new(target: EngineTarget, stack_bytes: usize) -> Outcome<Engine> {
        let wasmtime = wasmtime::Engine::new(&target.config(stack_bytes)?)
            .map_err(|error| Failure::new(Status::Internal, format!("the engine: {error:#}")))?;
        Ok(Engine { wasmtime, target })
    }
}

struct Memory {
    reservation: u64,
    guard: u64,
    growth: u64,
    signals: bool,
}
