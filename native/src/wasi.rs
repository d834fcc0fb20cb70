//! WASI 0.2, closed: a component of any toolchain loads and runs, and reaches nothing.
//!
//! Standard streams go to the plugin's log, the environment is empty, there are no files, sockets refuse. Clocks and
//! random numbers are the guest's own. Every patch release of 0.2 is taken, because they only add to one another.
//! Source: <https://github.com/WebAssembly/WASI>, `wasip2/`.

mod cli;
mod clocks;
mod io;
mod random;
mod refused;

use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentNamedList, Lift, LinkerInstance, Lower, ResourceType};

pub use cli::Exit;
pub use io::Handles;

use crate::guest::Guest;

/// Of the names of its interfaces.
pub const NAMESPACE: &str = "wasi:";

type Target<'a> = LinkerInstance<'a, Guest>;
type Store<'a> = StoreContextMut<'a, Guest>;

/// Ties the function `name` of `interface` to `target`; false when nobody here provides it.
pub fn define(target: &mut Target<'_>, interface: &str, name: &str) -> wasmtime::Result<bool> {
    let Some(interface) = unversioned(interface) else {
        return Ok(false);
    };
    match interface.split_once('/') {
        Some(("cli", rest)) => cli::define(target, rest, name),
        Some(("clocks", rest)) => clocks::define(target, rest, name),
        Some(("io", rest)) => io::define(target, rest, name),
        Some(("random", rest)) => random::define(target, rest, name),
        Some(("filesystem" | "sockets", _)) => refused::define(target, name),
        _ => Ok(false),
    }
}

/// Ties the resource type `name`, which interfaces that use one another share under one name.
pub fn define_resource(target: &mut Target<'_>, name: &str) -> wasmtime::Result<()> {
    let ty = match name {
        "pollable" => {
            return target.resource(name, ResourceType::host::<io::Pollable>(), |mut store, rep| {
                store.data_mut().handles.drop_pollable(rep);
                Ok(())
            });
        }
        "input-stream" => ResourceType::host::<io::Input>(),
        "output-stream" => ResourceType::host::<io::Output>(),
        "error" => ResourceType::host::<io::IoError>(),
        _ => ResourceType::host::<refused::Unused>(),
    };
    target.resource(name, ty, |_, _| Ok(()))
}

/// Ties a function that answers at once. A guest that calls many of them gives way in between.
fn function<P, R>(
    target: &mut Target<'_>,
    name: &str,
    act: impl Fn(&mut Guest, P) -> wasmtime::Result<R> + Copy + Send + Sync + 'static,
) -> wasmtime::Result<()>
where
    P: ComponentNamedList + Lift + Send + 'static,
    R: ComponentNamedList + Lower + Send + 'static,
{
    target.func_wrap_async(name, move |mut store: Store<'_>, params: P| {
        Box::new(async move {
            give_way(&mut store, 0).await;
            act(store.data_mut(), params)
        })
    })
}

/// Counts work that costs a guest hardly any fuel; every so often, others get their turn.
pub async fn give_way(store: &mut Store<'_>, bytes: u64) {
    let guest = store.data_mut();
    if guest.works(bytes) {
        let mailbox = guest.mailbox.clone();
        mailbox.give_way().await;
    }
}

fn unversioned(interface: &str) -> Option<&str> {
    let (name, version) = interface.strip_prefix(NAMESPACE)?.split_once('@')?;
    version.starts_with("0.2.").then_some(name)
}
