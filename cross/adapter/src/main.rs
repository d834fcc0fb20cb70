//! Makes a component of a core module that carries component metadata and imports WASI preview 1.
//!
//! `adapter MODULE COMPONENT`

use std::env;
use std::error::Error;
use std::fs;

use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
};
use wit_component::ComponentEncoder;

fn main() -> Result<(), Box<dyn Error>> {
    let [module, component] = env::args().skip(1).collect::<Vec<_>>().try_into().map_err(|_| "two files are needed")?;
    let bytes = ComponentEncoder::default()
        .module(&fs::read(module)?)?
        .adapter(WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER)?
        .encode()?;
    fs::write(component, bytes)?;
    Ok(())
}
