//! Runs precompiled WebAssembly components behind the C ABI of `edge.h`.
//!
//! A panic ends the process, so nothing here panics on input: the lints deny unwrapping and indexing. Unsafe code stands
//! in `abi`, where pointers arrive, in `load.rs`, where bytes become code, in `stacks.rs`, which maps memory, and in
//! `bytes.rs`.

mod abi;
mod arguments;
mod artifact;
#[cfg(feature = "compiler")]
mod binary;
mod bytes;
mod clock;
#[cfg(feature = "compiler")]
mod compile;
mod contract;
mod counters;
#[cfg(feature = "compiler")]
mod features;
#[cfg(feature = "compiler")]
mod fixed_memory;
#[cfg(feature = "compiler")]
mod footprint;
mod guest;
mod hex;
mod instance;
mod key;
mod limits;
mod load;
mod mailbox;
#[cfg(feature = "compiler")]
mod meter;
mod package;
mod plugin;
mod pollables;
mod process;
mod profile;
mod reading;
mod seal;
mod sha256;
mod stacks;
mod statement;
mod status;
#[cfg(feature = "compiler")]
mod structure;
mod time;
mod traps;
mod trust;
mod values;
mod wasi;
