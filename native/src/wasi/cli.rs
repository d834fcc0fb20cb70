//! `wasi:cli`: no arguments, no environment, no terminal; the way out.

use std::fmt;

use wasmtime::component::Resource;
use wasmtime::{Error, StoreContextMut};

use super::Target;
use super::io::{Input, Output, STDERR, STDIN, STDOUT};
use super::refused::{Answer, constant};
use crate::guest::Guest;

/// The guest left through `exit`.
#[derive(Debug)]
pub struct Exit(pub u8);

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "exit with status {}", self.0)
    }
}

impl std::error::Error for Exit {}

type Store<'a> = StoreContextMut<'a, Guest>;

pub fn define(target: &mut Target<'_>, interface: &str, name: &str) -> wasmtime::Result<bool> {
    match (interface, name) {
        ("environment", "get-environment" | "get-arguments") => constant(target, name, Answer::EmptyList)?,
        ("environment", "initial-cwd") => constant(target, name, Answer::None)?,
        ("exit", "exit") => {
            target.func_wrap(name, |_: Store<'_>, (status,): (Result<(), ()>,)| -> wasmtime::Result<()> {
                Err(Error::new(Exit(status.is_err().into())))
            })?
        }
        ("exit", "exit-with-code") => {
            target.func_wrap(name, |_: Store<'_>, (code,): (u8,)| -> wasmtime::Result<()> {
                Err(Error::new(Exit(code)))
            })?;
        }
        ("stdin", "get-stdin") => {
            target.func_wrap(name, |_: Store<'_>, (): ()| Ok((Resource::<Input>::new_own(STDIN),)))?;
        }
        ("stdout", "get-stdout") => {
            target.func_wrap(name, |_: Store<'_>, (): ()| Ok((Resource::<Output>::new_own(STDOUT),)))?;
        }
        ("stderr", "get-stderr") => {
            target.func_wrap(name, |_: Store<'_>, (): ()| Ok((Resource::<Output>::new_own(STDERR),)))?;
        }
        ("terminal-stdin" | "terminal-stdout" | "terminal-stderr", _) => constant(target, name, Answer::None)?,
        _ => return Ok(false),
    }
    Ok(true)
}
