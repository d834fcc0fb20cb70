//! `wasi:clocks`: the guest's monotonic clock and the wall clock.

use wasmtime::component::{ComponentType, Lift, Lower};

use super::link::{Target, function};

#[derive(ComponentType, Lift, Lower)]
#[component(record)]
struct Datetime {
    seconds: u64,
    nanoseconds: u32,
}

const RESOLUTION_NS: u32 = 1;

pub fn define(target: &mut Target<'_>, interface: &str, name: &str) -> wasmtime::Result<bool> {
    match (interface, name) {
        ("monotonic-clock", "now") => {
            function(target, name, |guest, (): ()| Ok((guest.clock.monotonic(),)))?;
        }
        ("monotonic-clock", "resolution") => {
            function(target, name, |_, (): ()| Ok((u64::from(RESOLUTION_NS),)))?;
        }
        ("monotonic-clock", "subscribe-instant") => {
            function(target, name, |guest, (until,): (u64,)| Ok((guest.pollables.add(until)?,)))?;
        }
        ("monotonic-clock", "subscribe-duration") => {
            function(target, name, |guest, (length,): (u64,)| {
                let until = guest.clock.monotonic().saturating_add(length);
                Ok((guest.pollables.add(until)?,))
            })?;
        }
        ("wall-clock", "now") => function(target, name, |guest, (): ()| {
            let (seconds, nanoseconds) = guest.clock.wall();
            Ok((Datetime { seconds, nanoseconds },))
        })?,
        ("wall-clock", "resolution") => {
            function(target, name, |_, (): ()| Ok((Datetime { seconds: 0, nanoseconds: RESOLUTION_NS },)))?
        }
        _ => return Ok(false),
    }
    Ok(true)
}
