//! `wasi:cli`: no arguments, no environment, no terminal; exit.

use std::fmt;

use wasmtime::Error;
use wasmtime::component::Resource;

use super::io::{Input, Output, STDERR, STDIN, STDOUT};
use super::link::{Target, function};
use super::refused::{Answer, constant};

/// The guest called `exit`.
#[derive(Debug)]
pub struct Exit(pub u8);

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "exit with status {}", self.0)
    }
}

impl std::error::Error for Exit {}

pub fn define(target: &mut Target<'_>, interface: &str, name: &str) -> wasmtime::Result<bool> {
    match (interface, name) {
        ("environment", "get-environment" | "get-arguments") => constant(target, name, Answer::EmptyList)?,
        ("environment", "initial-cwd") => constant(target, name, Answer::None)?,
        ("exit", "exit") => function(target, name, |_, (status,): (Result<(), ()>,)| -> wasmtime::Result<()> {
            Err(Error::new(Exit(status.is_err().into())))
        })?,
        ("exit", "exit-with-code") => {
            function(target, name, |_, (code,): (u8,)| -> wasmtime::Result<()> { Err(Error::new(Exit(code))) })?;
        }
        ("stdin", "get-stdin") => {
            function(target, name, |_, (): ()| Ok((Resource::<Input>::new_own(STDIN),)))?;
        }
        ("stdout", "get-stdout") => {
            function(target, name, |_, (): ()| Ok((Resource::<Output>::new_own(STDOUT),)))?;
        }
        ("stderr", "get-stderr") => {
            function(target, name, |_, (): ()| Ok((Resource::<Output>::new_own(STDERR),)))?;
        }
        ("terminal-stdin" | "terminal-stdout" | "terminal-stderr", _) => constant(target, name, Answer::None)?,
        _ => return Ok(false),
    }
    Ok(true)
}
