//! Where a suspended guest leaves its request, and finds the answer.
//!
//! The guest runs on a fiber inside a future; the embedder polls that future step by step. Both sides meet here, so that
//! the library never calls back.

use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use crate::status::{Failure, Outcome, Status};
use crate::time::monotonic;

/// Why the guest is not running.
pub enum Slot {
    /// It runs, or its slice is used up.
    Empty,
    /// It called host function `host` with these parameters.
    Asked {
        host: u32,
        params: Vec<u8>,
    },
    /// The embedder is busy with the answer.
    Taken,
    Answered(Vec<u8>),
    Failed(String),
    /// Nothing to do before this time of the monotonic clock, in nanoseconds.
    Waiting(u64),
    /// It yielded, so that others can run.
    GaveWay,
}

/// The overhead of a piece of the log.
const PIECE_BYTES: usize = 32;

/// What the guest wrote to its standard streams, bounded for each call.
#[derive(Default)]
pub struct Log {
    pieces: Vec<(u8, Vec<u8>)>,
    dropped: u64,
    /// Bytes kept since the call began, including those taken since.
    bytes: usize,
}

impl Log {
    pub fn write(&mut self, stream: u8, bytes: &[u8], limit: usize) {
        let kept = bytes.get(..limit.saturating_sub(self.bytes)).unwrap_or(bytes);
        self.dropped += (bytes.len() - kept.len()) as u64;
        if kept.is_empty() {
            return;
        }
        self.bytes += kept.len();
        match self.pieces.last_mut() {
            Some((last, piece)) if *last == stream => piece.extend_from_slice(kept),
            _ => {
                self.bytes += PIECE_BYTES;
                self.pieces.push((stream, kept.to_vec()));
            }
        }
    }

    /// Counts bytes of log events that are dropped.
    pub fn drop_bytes(&mut self, count: u64) {
        self.dropped = self.dropped.saturating_add(count);
    }

    /// Pieces, each with its stream, and how many bytes were dropped, since the last time.
    pub fn take(&mut self) -> (Vec<(u8, Vec<u8>)>, u64) {
        (std::mem::take(&mut self.pieces), std::mem::take(&mut self.dropped))
    }
}

/// The counters of one call, as in `edge.h`.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub struct Stats {
    pub fuel: u64,
    pub memory_bytes: u64,
    pub host_calls: u32,
    pub slices: u32,
}

pub struct Contents {
    pub slot: Slot,
    pub log: Log,
    pub stats: Stats,
    /// Of the host calls in `stats`, those that log.
    pub log_records: u32,
}

/// Shared by an instance and the store of its guest.
pub struct Mailbox(Mutex<Contents>);

impl Mailbox {
    pub fn new() -> Self {
        let (log, stats) = (Log::default(), Stats::default());
        Mailbox(Mutex::new(Contents { slot: Slot::Empty, log, stats, log_records: 0 }))
    }

    pub fn lock(&self) -> MutexGuard<'_, Contents> {
        // A panic ends the process, so no other thread can have left the contents half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Suspends the guest until the embedder has answered.
    pub async fn ask(&self, host: u32, params: Vec<u8>) -> Outcome<Vec<u8>> {
        self.lock().slot = Slot::Asked { host, params };
        poll_fn(|_| {
            let mut contents = self.lock();
            match std::mem::replace(&mut contents.slot, Slot::Empty) {
                Slot::Answered(results) => Poll::Ready(Ok(results)),
                Slot::Failed(message) => Poll::Ready(Err(Failure::new(Status::HostFailed, message))),
                other => {
                    contents.slot = other;
                    Poll::Pending
                }
            }
        })
        .await
    }

    /// Suspends the guest once, so that its embedder can check the clock and run others.
    pub async fn give_way(&self) {
        let mut gave_way = false;
        poll_fn(|_| {
            if std::mem::replace(&mut gave_way, true) {
                return Poll::Ready(());
            }
            self.lock().slot = Slot::GaveWay;
            Poll::Pending
        })
        .await;
    }

    /// Suspends the guest until the monotonic clock reaches `until`.
    pub async fn wait(&self, until: u64) {
        poll_fn(|_| {
            if monotonic() >= until {
                return Poll::Ready(());
            }
            self.lock().slot = Slot::Waiting(until);
            Poll::Pending
        })
        .await;
    }
}
