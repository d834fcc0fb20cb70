//! `wasi:io`: an input that is at its end, outputs that go to the log, and timers to wait for.

use wasmtime::component::{ComponentType, Lift, Lower, Resource, WasmList};

use super::link::{Store, Target, function, give_way};
use crate::pollables::{MAX_POLLABLES, Pollable, READY};
use crate::status::{Failure, Status};

pub struct Input;
pub struct Output;
pub struct IoError;

pub const STDIN: u32 = 0;
pub const STDOUT: u32 = 1;
pub const STDERR: u32 = 2;

/// Bytes that an output accepts at once.
const WRITE_BYTES: u64 = 64 << 10;
/// Checking one pollable counts as moving this many bytes.
const POLLABLE_WORK_BYTES: usize = 256;

#[derive(ComponentType, Lift, Lower)]
#[component(variant)]
enum StreamError {
    #[component(name = "last-operation-failed")]
    #[allow(dead_code)]
    Failed(Resource<IoError>),
    #[component(name = "closed")]
    Closed,
}

type Written<T> = wasmtime::Result<(Result<T, StreamError>,)>;

pub fn define(target: &mut Target<'_>, interface: &str, name: &str) -> wasmtime::Result<bool> {
    match interface {
        "error" => define_error(target, name),
        "poll" => define_poll(target, name),
        "streams" => match name.split_once('.') {
            Some(("[method]input-stream", method)) => define_input(target, name, method),
            Some(("[method]output-stream", method)) => define_output(target, name, method),
            _ => Ok(false),
        },
        _ => Ok(false),
    }
}

fn define_error(target: &mut Target<'_>, name: &str) -> wasmtime::Result<bool> {
    if name != "[method]error.to-debug-string" {
        return Ok(false);
    }
    function(target, name, |_, (_,): (Resource<IoError>,)| Ok(("closed".to_owned(),)))?;
    Ok(true)
}

fn define_poll(target: &mut Target<'_>, name: &str) -> wasmtime::Result<bool> {
    match name {
        "[method]pollable.ready" => function(target, name, |guest, (pollable,): (Resource<Pollable>,)| {
            Ok((guest.pollables.until(&pollable) <= guest.clock.monotonic(),))
        })?,
        "[method]pollable.block" => {
            target.func_wrap_async(name, |mut store: Store<'_>, (pollable,): (Resource<Pollable>,)| {
                Box::new(async move {
                    let until = store.data().pollables.until(&pollable);
                    wait(&mut store, until).await;
                    Ok(())
                })
            })?;
        }
        "poll" => target.func_wrap_async(name, |mut store: Store<'_>, (list,): (WasmList<Resource<Pollable>>,)| {
            Box::new(async move {
                let times = times(&mut store, &list)?;
                // Checking each is work as well.
                give_way(&mut store, (times.len() * POLLABLE_WORK_BYTES) as u64).await;
                let Some(first) = times.iter().min() else {
                    return Err(Failure::new(Status::Trapped, "poll: the list is empty").into());
                };
                wait(&mut store, *first).await;
                let now = store.data().clock.monotonic();
                let ready: Vec<u32> =
                    (0..).zip(times).filter(|(_, until)| *until <= now).map(|(place, _)| place).collect();
                Ok((ready,))
            })
        })?,
        _ => return Ok(false),
    }
    Ok(true)
}

/// When each pollable of a list is ready. The length of the list is checked before an item of it is read.
fn times(store: &mut Store<'_>, list: &WasmList<Resource<Pollable>>) -> wasmtime::Result<Vec<u64>> {
    if list.len() > MAX_POLLABLES {
        return Err(Failure::new(Status::OverLimit, format!("pollables: more than {MAX_POLLABLES} in a list")).into());
    }
    let pollables = list.iter(&mut *store)?.collect::<wasmtime::Result<Vec<_>>>()?;
    Ok(pollables.iter().map(|pollable| store.data().pollables.until(pollable)).collect())
}

async fn wait(store: &mut Store<'_>, until: u64) {
    give_way(store, 0).await;
    let guest = store.data_mut();
    if !guest.clock.skip_to(until) {
        let mailbox = guest.mailbox.clone();
        mailbox.wait(until).await;
    }
}

fn define_input(target: &mut Target<'_>, name: &str, method: &str) -> wasmtime::Result<bool> {
    match method {
        "read" | "blocking-read" => function(target, name, |_, (_, _): (Resource<Input>, u64)| -> Written<Vec<u8>> {
            Ok((Err(StreamError::Closed),))
        })?,
        "skip" | "blocking-skip" => function(target, name, |_, (_, _): (Resource<Input>, u64)| -> Written<u64> {
            Ok((Err(StreamError::Closed),))
        })?,
        "subscribe" => function(target, name, |guest, (_,): (Resource<Input>,)| Ok((guest.pollables.add(READY)?,)))?,
        _ => return Ok(false),
    }
    Ok(true)
}

fn define_output(target: &mut Target<'_>, name: &str, method: &str) -> wasmtime::Result<bool> {
    match method {
        "check-write" => {
            function(target, name, |_, (_,): (Resource<Output>,)| -> Written<u64> { Ok((Ok(WRITE_BYTES),)) })?
        }
        "write" | "blocking-write-and-flush" => {
            target.func_wrap_async(name, |mut store: Store<'_>, (output, bytes): (Resource<Output>, Vec<u8>)| {
                Box::new(async move {
                    give_way(&mut store, bytes.len() as u64).await;
                    store.data().log(output.rep() as u8, &bytes);
                    Ok((Ok::<(), StreamError>(()),))
                })
            })?
        }
        "flush" | "blocking-flush" => {
            function(target, name, |_, (_,): (Resource<Output>,)| -> Written<()> { Ok((Ok(()),)) })?
        }
        "write-zeroes" | "blocking-write-zeroes-and-flush" => {
            function(target, name, |guest, (output, len): (Resource<Output>, u64)| -> Written<()> {
                let zeroes = vec![0; len.min(WRITE_BYTES) as usize];
                guest.log(output.rep() as u8, &zeroes);
                Ok((Ok(()),))
            })?
        }
        "splice" | "blocking-splice" => {
            function(target, name, |_, (_, _, _): (Resource<Output>, Resource<Input>, u64)| -> Written<u64> {
                Ok((Err(StreamError::Closed),))
            })?
        }
        "subscribe" => function(target, name, |guest, (_,): (Resource<Output>,)| Ok((guest.pollables.add(READY)?,)))?,
        _ => return Ok(false),
    }
    Ok(true)
}
