//! What this process lets others see of its memory. RATIONALE, "Why a process with a key can't be dumped".

use std::sync::Once;

use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit};

/// Keeps the memory of this process out of core dumps, and from other processes of its user, from now on.
///
/// Called where a seed or a secret is used, and once: whoever embeds Edge may decide otherwise afterwards. A process that
/// starts another hands on the limit for core dumps, which it may raise again, and not the rest.
pub fn keep_private() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // A kernel that refuses either must not keep plugins from running: memory is as private as it was before.
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
        let maximum = getrlimit(Resource::Core).maximum;
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum });
    });
}
