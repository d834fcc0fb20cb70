//! `wasi:clocks`: the guest's monotonic clock and the wall clock.

use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, Lift, Lower};

use super::Target;
use crate::guest::Guest;

#[derive(ComponentType, Lift, Lower)]
#[component(record)]
struct Datetime {
    seconds: u64,
    nanoseconds: u32,
}

const RESOLUTION_NS: u32 = 1;

type Store<'a> = StoreContextMut<'a, Guest>;

pub fn define(target: &mut Target<'_>, interface: &str, name: &str) -> wasmtime::Result<bool> {
    match (interface, name) {
        ("monotonic-clock", "now") => {
            target.func_wrap(name, |store: Store<'_>, (): ()| Ok((store.data().clock.monotonic(),)))?;
        }
        ("monotonic-clock", "resolution") => {
            target.func_wrap(name, |_: Store<'_>, (): ()| Ok((u64::from(RESOLUTION_NS),)))?;
        }
        ("monotonic-clock", "subscribe-instant") => {
            target.func_wrap(name, |mut store: Store<'_>, (until,): (u64,)| {
                Ok((store.data_mut().handles.pollable(until)?,))
            })?;
        }
        ("monotonic-clock", "subscribe-duration") => {
            target.func_wrap(name, |mut store: Store<'_>, (length,): (u64,)| {
                let guest = store.data_mut();
                let until = guest.clock.monotonic().saturating_add(length);
                Ok((guest.handles.pollable(until)?,))
            })?;
        }
        ("wall-clock", "now") => target.func_wrap(name, |store: Store<'_>, (): ()| {
            let (seconds, nanoseconds) = store.data().clock.wall();
            Ok((Datetime { seconds, nanoseconds },))
        })?,
        ("wall-clock", "resolution") => {
            target.func_wrap(name, |_: Store<'_>, (): ()| Ok((Datetime { seconds: 0, nanoseconds: RESOLUTION_NS },)))?
        }
        _ => return Ok(false),
    }
    Ok(true)
}
