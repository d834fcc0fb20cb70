//! How much memory is free: what the kernel calls available, or less where the control groups of this process allow
//! less.

use super::machine::{head, number, parts};

const PAGE_BYTES: usize = 4096;

/// The files in which a version of control groups has a group's memory limit and usage.
struct Version {
    folder: &'static [u8],
    limit: &'static [u8],
    usage: &'static [u8],
}

const ONE: Version =
    Version { folder: b"/sys/fs/cgroup/memory", limit: b"/memory.limit_in_bytes", usage: b"/memory.usage_in_bytes" };
const TWO: Version = Version { folder: b"/sys/fs/cgroup", limit: b"/memory.max", usage: b"/memory.current" };

/// Bytes that this machine, or this process's share of it, has free; `u64::MAX` where nothing says so.
pub fn free_bytes(root: &[u8]) -> u64 {
    let mut out = [0; PAGE_BYTES];
    // The third of some fifty lines; a kernel before 3.14 lacks it.
    let available = field(&[root, b"/proc/meminfo"], b"MemAvailable:", &mut out);
    let mut left = available.map_or(u64::MAX, |kilobytes| kilobytes.saturating_mul(1024));
    for line in parts(head(&[root, b"/proc/self/cgroup"].concat(), &mut out), b'\n') {
        let mut fields = line.splitn(3, |byte| *byte == b':');
        let (id, controllers) = (fields.next(), fields.next().unwrap_or_default());
        let version = match id {
            Some(b"0") if controllers.is_empty() => &TWO,
            _ if parts(controllers, b',').any(|name| name == b"memory") => &ONE,
            _ => continue,
        };
        left = left.min(leave(root, version, fields.next().unwrap_or_default()));
    }
    left
}

/// Bytes that a control group and all groups above it leave.
fn leave(root: &[u8], version: &Version, path: &[u8]) -> u64 {
    let mut left = u64::MAX;
    let mut path = path.strip_suffix(b"/").unwrap_or(path);
    loop {
        let file = |name| [root, version.folder, path, name].concat();
        let figure = |name| number(head(&file(name), &mut [0; 32]));
        if let Some(most) = figure(version.limit) {
            let used = figure(version.usage).unwrap_or(0).saturating_sub(cached(&file(b"/memory.stat")));
            left = left.min(most.saturating_sub(used));
        }
        let Some(slash) = path.iter().rposition(|byte| *byte == b'/') else { return left };
        path = path.get(..slash).unwrap_or_default();
    }
}

/// Bytes of cached files of a control group, which the kernel drops when memory is needed.
fn cached(path: &[u8]) -> u64 {
    let mut out = [0; PAGE_BYTES];
    // In version 1 the figure that includes the groups below is the one that counts.
    let total = field(&[path], b"total_inactive_file ", &mut out);
    total.or_else(|| field(&[path], b"inactive_file ", &mut out)).unwrap_or(0)
}

/// The number after a name at the beginning of a line of a file.
fn field(path: &[&[u8]], name: &[u8], out: &mut [u8]) -> Option<u64> {
    let rest = parts(head(&path.concat(), out), b'\n').find_map(|line| line.strip_prefix(name))?;
    number(parts(rest.trim_ascii(), b' ').next()?)
}
