//! Keeps the memory of this process private. RATIONALE, "Why a process with a key can't be dumped".

use std::sync::Once;

use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit};

/// Keeps the memory of this process out of core dumps and out of reach of its user's other processes.
///
/// Called where a seed or a secret is used. It acts once, so that an embedder may decide otherwise afterwards. A child
/// process inherits the limit for core dumps, which it may raise again, and nothing else.
pub fn keep_private() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // If the kernel refuses either, plugins still have to run; memory is as private as before.
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
        let maximum = getrlimit(Resource::Core).maximum;
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum });
    });
}
