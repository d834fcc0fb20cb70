//! Interfaces that refuse everything: `wasi:filesystem` without preopens, `wasi:sockets` that deny.

use wasmtime::component::{Resource, Val};

use super::link::{Target, function, give_way};
use crate::status::{Failure, Status};
use crate::values::weight;

/// A resource that no guest ever gets, but for the network, which refuses.
pub struct Unused;

const NETWORK: u32 = 0;

/// An answer that does not depend on the parameters.
#[derive(Clone, Copy)]
pub enum Answer {
    EmptyList,
    None,
    Denied,
}

pub fn define(target: &mut Target<'_>, name: &str) -> wasmtime::Result<bool> {
    match name {
        "get-directories" => constant(target, name, Answer::EmptyList)?,
        "instance-network" => function(target, name, |_, (): ()| Ok((Resource::<Unused>::new_own(NETWORK),)))?,
        "create-tcp-socket" | "create-udp-socket" | "resolve-addresses" => constant(target, name, Answer::Denied)?,
        // The rest takes a file or a socket, which no guest has.
        _ => {
            let why = format!("{name}: there are no files and no sockets here");
            target.func_new(name, move |_, _, _, _| Err(Failure::new(Status::Trapped, why.clone()).into()))?;
        }
    }
    Ok(true)
}

pub fn constant(target: &mut Target<'_>, name: &str, answer: Answer) -> wasmtime::Result<()> {
    target.func_new_async(name, move |mut store, _, params, results| {
        Box::new(async move {
            give_way(&mut store, params.iter().map(weight).sum()).await;
            for param in params {
                if let Val::Resource(borrowed) = param {
                    borrowed.resource_drop_async(&mut store).await?;
                }
            }
            if let Some(result) = results.first_mut() {
                *result = match answer {
                    Answer::EmptyList => Val::List(Vec::new()),
                    Answer::None => Val::Option(None),
                    Answer::Denied => Val::Result(Err(Some(Box::new(Val::Enum("access-denied".to_owned()))))),
                };
            }
            Ok(())
        })
    })
}
