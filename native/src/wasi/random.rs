//! `wasi:random`: the guest's random numbers, the same for the secure and the insecure functions.

use super::link::{Store, Target, function, give_way};
use crate::guest::Guest;
use crate::status::{Failure, Outcome, Status};

pub fn define(target: &mut Target<'_>, interface: &str, name: &str) -> wasmtime::Result<bool> {
    match (interface, name) {
        ("random", "get-random-bytes") | ("insecure", "get-insecure-random-bytes") => {
            target.func_wrap_async(name, |mut store: Store<'_>, (len,): (u64,)| {
                Box::new(async move {
                    give_way(&mut store, len).await;
                    Ok((list(store.data_mut(), len)?,))
                })
            })?;
        }
        ("random", "get-random-u64") | ("insecure", "get-insecure-random-u64") => {
            function(target, name, |guest, (): ()| Ok((guest.random.u64()?,)))?;
        }
        ("insecure-seed", "insecure-seed" | "get-insecure-seed") => {
            function(target, name, |guest, (): ()| Ok(((guest.random.u64()?, guest.random.u64()?),)))?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}

fn list(guest: &mut Guest, len: u64) -> Outcome<Vec<u8>> {
    let limit = guest.options.crossing_bytes;
    if len > limit.into() {
        return Err(Failure::new(Status::OverLimit, format!("crossing: {len} random bytes, the limit is {limit}")));
    }
    let mut bytes = vec![0; len as usize];
    guest.random.fill(&mut bytes)?;
    Ok(bytes)
}
