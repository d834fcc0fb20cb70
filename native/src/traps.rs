//! The meaning of errors with which Wasmtime ends a call.

use wasmtime::{Error, Trap};

use crate::status::{Failure, Status};
use crate::wasi::Exit;

/// Wasmtime's messages for a limit of a store; the types of these errors are private.
const LIMITS_OF_STORE: [&str; 3] =
    ["too much data is being copied", "resource limit exceeded", "handle limit exceeded"];

/// The failure for an error of Wasmtime, or the failure of ours inside it.
pub fn classify(error: Error) -> Failure {
    if let Some(Failure { status, message }) = error.downcast_ref::<Failure>() {
        return Failure::new(*status, message.clone());
    }
    if let Some(Exit(code)) = error.downcast_ref::<Exit>() {
        return Failure::new(Status::Exited, format!("it exited with status {code}"));
    }
    if error.is::<wasmtime::OutOfMemory>() {
        return Failure::new(Status::OutOfMemory, error.to_string());
    }
    if let Some(failure) = Failure::of_system("an instance", &error) {
        return failure;
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => Failure::new(Status::OutOfFuel, "its fuel is used up"),
        Some(trap) => Failure::new(Status::Trapped, trap.to_string()),
        None => {
            let why = format!("{error:#}");
            let limit = LIMITS_OF_STORE.iter().any(|limit| why.contains(limit));
            Failure::new(if limit { Status::OverLimit } else { Status::Trapped }, why)
        }
    }
}
