//! WASI 0.2 without access: a component of any toolchain loads and runs, and reaches nothing.
//!
//! Standard streams go to the plugin's log, the environment is empty, there are no files, sockets refuse. Clocks and
//! random numbers are the guest's own. Every patch release of 0.2 is taken, because they only add to one another.
//! Source: <https://github.com/WebAssembly/WASI>, `wasip2/`.

mod cli;
mod clocks;
mod io;
mod link;
mod random;
mod refused;

use wasmtime::component::ResourceType;

pub use cli::Exit;
use link::Target;
pub use link::give_way;

use crate::pollables::Pollable;

/// The prefix of its interfaces' names.
pub const NAMESPACE: &str = "wasi:";

/// Links the function `name` of `interface` to `target`; false for one that is not provided.
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

/// Links the resource type `name`; interfaces that share a type use the same name.
pub fn define_resource(target: &mut Target<'_>, name: &str) -> wasmtime::Result<()> {
    let ty = match name {
        "pollable" => {
            return target.resource(name, ResourceType::host::<Pollable>(), |mut store, rep| {
                store.data_mut().pollables.remove(rep);
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

fn unversioned(interface: &str) -> Option<&str> {
    let (name, version) = interface.strip_prefix(NAMESPACE)?.split_once('@')?;
    version.starts_with("0.2.").then_some(name)
}
