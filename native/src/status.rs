//! What a function of the ABI returns: the numbers of `edge.h`, and the message of each failure.

use std::fmt;

/// The status of success.
pub const OK: i32 = 0;

/// The high byte says whose fault it is: 2 the caller, 3 the artifact or its trust, 4 the guest, 5 this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Status {
    Arguments = 0x201,
    NoExport = 0x202,
    Value = 0x203,
    State = 0x204,
    Options = 0x205,

    #[cfg(feature = "compiler")]
    NotWasm = 0x301,
    #[cfg(feature = "compiler")]
    NotComponent = 0x302,
    #[cfg(feature = "compiler")]
    InvalidWasm = 0x303,
    NotArtifact = 0x304,
    Damaged = 0x305,
    WrongTarget = 0x306,
    WrongEngine = 0x307,
    Untrusted = 0x308,
    BadSignature = 0x309,
    MissingImport = 0x30a,
    Revoked = 0x30b,
    OutOfScope = 0x30c,
    OldCompiler = 0x30d,
    Downgrade = 0x30e,
    NotPackage = 0x30f,
    BadSeal = 0x310,
    #[cfg(feature = "compiler")]
    TooComplex = 0x311,
    /// The message has a second line: the remedy.
    #[cfg(feature = "compiler")]
    Unsupported = 0x312,

    Trapped = 0x401,
    OutOfFuel = 0x402,
    Deadline = 0x403,
    OverLimit = 0x404,
    Cancelled = 0x405,
    Exited = 0x406,
    HostFailed = 0x407,

    Io = 0x501,
    DiskFull = 0x502,
    OutOfMemory = 0x503,
    #[cfg(not(feature = "compiler"))]
    NoCompiler = 0x504,
    Internal = 0x505,
}

/// A status and a message, one sentence.
#[derive(Debug)]
pub struct Failure {
    pub status: Status,
    pub message: String,
}

pub type Outcome<T> = Result<T, Failure>;

impl Failure {
    pub fn new(status: Status, message: impl Into<String>) -> Self {
        Failure { status, message: message.into() }
    }

    /// A failure to read or write `what`.
    pub fn io(what: &str, error: &std::io::Error) -> Self {
        let status = match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Status::DiskFull,
            std::io::ErrorKind::OutOfMemory => Status::OutOfMemory,
            _ => Status::Io,
        };
        Failure::new(status, format!("{what}: {error}"))
    }

    /// The system's error behind one of Wasmtime, which calls it through `std` or `rustix`; none for any other error.
    pub fn of_system(what: &str, error: &wasmtime::Error) -> Option<Self> {
        let cause = error.root_cause();
        if let Some(errno) = cause.downcast_ref::<rustix::io::Errno>() {
            return Some(Self::io(what, &(*errno).into()));
        }
        cause.downcast_ref().map(|error| Self::io(what, error))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}
