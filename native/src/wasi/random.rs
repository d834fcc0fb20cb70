//! `wasi:random`: the guest's random numbers, secure and not alike.

use wasmtime::StoreContextMut;

use super::Target;
use crate::guest::Guest;
use crate::status::{Failure, Outcome, Status};

type Store<'a> = StoreContextMut<'a, Guest>;

pub fn define(target: &mut Target<'_>, interface: &str, name: &str) -> wasmtime::Result<bool> {
    match (interface, name) {
        ("random", "get-random-bytes") | ("insecure", "get-insecure-random-bytes") => {
            target.func_wrap(name, |mut store: Store<'_>, (len,): (u64,)| Ok((list(store.data_mut(), len)?,)))?;
        }
        ("random", "get-random-u64") | ("insecure", "get-insecure-random-u64") => {
            target.func_wrap(name, |mut store: Store<'_>, (): ()| Ok((store.data_mut().random.u64()?,)))?;
        }
        ("insecure-seed", "insecure-seed" | "get-insecure-seed") => {
            target.func_wrap(name, |mut store: Store<'_>, (): ()| {
                let random = &mut store.data_mut().random;
                Ok(((random.u64()?, random.u64()?),))
            })?;
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
