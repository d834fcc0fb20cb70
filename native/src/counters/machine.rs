//! What /proc tells of processes.

use rustix::fs::{Mode, OFlags, open};
use rustix::io::read;

/// Which field of `stat` that is, counted from the state of the process.
const STARTED: usize = 19;

/// The beginning of a file of the kernel's; empty where there is none.
pub fn head<'a>(path: &[u8], out: &'a mut [u8]) -> &'a [u8] {
    let len = open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).and_then(|file| read(file, &mut *out));
    out.get(..len.unwrap_or(0)).unwrap_or_default()
}

/// A number in decimal digits, with blanks around it.
pub fn number(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.trim_ascii().parse().ok()
}

/// When a process started, in ticks since the machine did; 0 for one that lives no more.
pub fn started(process: u64) -> u64 {
    let mut out = [0; 1024];
    let stat = head(format!("/proc/{process}/stat").as_bytes(), &mut out);
    // The name of the program, in parentheses, may hold anything.
    let fields = stat.rsplit(|byte| *byte == b')').next().unwrap_or_default().trim_ascii();
    let mut fields = fields.split(|byte| *byte == b' ');
    match fields.next() {
        Some(b"Z" | b"X") => 0,
        _ => fields.nth(STARTED - 1).and_then(number).unwrap_or(0),
    }
}
