//! Reads what the kernel says about this machine in text files.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;

/// Numbers from here on mean no limit: no machine has so many bytes, and version 1 of control groups writes a number
/// near 2^63 for none.
const TOO_LARGE: u64 = 1 << 59;

/// The field of `/proc/PID/stat`, counted from the state of the process, which follows its name.
const STARTED: usize = 19;

/// The beginning of a file; empty where there is none.
pub fn head<'a>(path: &[u8], out: &'a mut [u8]) -> &'a [u8] {
    let len = File::open(OsStr::from_bytes(path)).and_then(|mut file| file.read(out));
    out.get(..len.unwrap_or(0)).unwrap_or_default()
}

/// A number in decimal digits, with blanks around it.
pub fn number(text: &[u8]) -> Option<u64> {
    let mut number = None;
    for byte in text.trim_ascii() {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
        let above = number.unwrap_or(0);
        if above >= TOO_LARGE {
            return None;
        }
        number = Some(above * 10 + u64::from(digit));
    }
    number
}

pub fn parts(text: &[u8], by: u8) -> impl Iterator<Item = &[u8]> {
    text.split(move |byte| *byte == by)
}

/// When a process started, in ticks since the machine started; 0 for a dead one.
pub fn started(process: u64) -> u64 {
    let mut out = [0; 1024];
    let stat = head(format!("/proc/{process}/stat").as_bytes(), &mut out);
    // The name of the program, in parentheses, may contain anything.
    let Some(end) = stat.iter().rposition(|byte| *byte == b')') else { return 0 };
    let mut fields = parts(stat.get(end..).unwrap_or_default(), b' ').skip(1);
    match fields.next() {
        Some(b"Z" | b"X") => 0,
        _ => fields.nth(STARTED - 1).and_then(number).unwrap_or(0),
    }
}
