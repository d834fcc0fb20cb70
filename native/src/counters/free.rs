//! How much memory this machine has free: what the kernel calls available, or less where the control groups of this
//! process leave less.

use super::machine::{head, number};

/// From here on a limit is none: version 1 says something near 2^63 for that, version 2 `max`.
const NO_LIMIT: u64 = 1 << 60;

/// Bytes that this machine, or this process's share of it, has free; `u64::MAX` where nothing says so.
pub fn free_bytes(root: &[u8]) -> u64 {
    available(root).min(groups_leave(root))
}

fn available(root: &[u8]) -> u64 {
    let mut out = [0; 512];
    // The third line of some fifty; a kernel before 3.14 has none.
    let kilobytes = field(head(&join(&[root, b"/proc/meminfo"]), &mut out), b"MemAvailable:");
    kilobytes.map_or(u64::MAX, |kilobytes| kilobytes.saturating_mul(1024))
}

/// What every control group that this process is in leaves, from its own up to the root.
fn groups_leave(root: &[u8]) -> u64 {
    let mut out = [0; 4096];
    let groups = head(&join(&[root, b"/proc/self/cgroup"]), &mut out);
    let left = groups.split(|byte| *byte == b'\n').map(|line| {
        let mut parts = line.splitn(3, |byte| *byte == b':');
        let (Some(id), Some(controllers), Some(path)) = (parts.next(), parts.next(), parts.next()) else {
            return u64::MAX;
        };
        if id == b"0" && controllers.is_empty() {
            leave(&join(&[root, b"/sys/fs/cgroup"]), path, b"/memory.max", b"/memory.current")
        } else if controllers.split(|byte| *byte == b',').any(|name| name == b"memory") {
            let root = join(&[root, b"/sys/fs/cgroup/memory"]);
            leave(&root, path, b"/memory.limit_in_bytes", b"/memory.usage_in_bytes")
        } else {
            u64::MAX
        }
    });
    left.min().unwrap_or(u64::MAX)
}

fn leave(root: &[u8], path: &[u8], limit: &[u8], usage: &[u8]) -> u64 {
    let mut left = u64::MAX;
    let mut path = path;
    loop {
        path = path.strip_suffix(b"/").unwrap_or(path);
        let figure = |name| number(head(&join(&[root, path, name]), &mut [0; 32]));
        if let Some(most) = figure(limit).filter(|most| *most < NO_LIMIT) {
            let used = figure(usage).unwrap_or(0).saturating_sub(cached(&join(&[root, path, b"/memory.stat"])));
            left = left.min(most.saturating_sub(used));
        }
        let Some(slash) = path.iter().rposition(|byte| *byte == b'/') else { return left };
        path = path.get(..slash).unwrap_or_default();
    }
}

/// Bytes of files that a control group holds in memory and would give up for anything else.
fn cached(path: &[u8]) -> u64 {
    let mut out = [0; 4096];
    let stat = head(path, &mut out);
    // Version 1 has a figure with the groups below it as well, and that is the one that counts there.
    field(stat, b"total_inactive_file ").or_else(|| field(stat, b"inactive_file ")).unwrap_or(0)
}

/// The number behind a name at the beginning of a line.
fn field(text: &[u8], name: &[u8]) -> Option<u64> {
    let rest = text.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(name))?;
    number(rest.trim_ascii().split(|byte| *byte == b' ').next()?)
}

fn join(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}
