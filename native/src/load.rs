//! Loads the code of a verified artifact: the only place that deserialises.
//! RATIONALE, "Why some files are mapped in place and others copied".
#![allow(unsafe_code)]

use std::fs::File;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;

use rustix::fs::{
    MemfdFlags, SealFlags, StatVfsMountFlags, fcntl_add_seals, fcntl_get_seals, fstatfs, fstatvfs, memfd_create,
};
use rustix::mm::{Advice, madvise};
use wasmtime::component::Component;

use crate::artifact::{Artifact, Identity};
use crate::profile::Engine;
use crate::status::{Failure, Outcome, Status};

const GROUP_OR_OTHERS_WRITE: u32 = 0o022;
/// Seals of a memory file that nobody can change any more.
const SEALED: SealFlags = SealFlags::WRITE.union(SealFlags::GROW).union(SealFlags::SHRINK);

/// Verifies the whole artifact, then maps it: the file itself where its contents can't change, else a sealed copy.
///
/// `receipt`: from the last check of the digest. While it matches, a file whose contents can't change is not read again.
/// Returns a new receipt where the digest of such a file was computed.
pub fn load(engine: &Engine, artifact: &Artifact, receipt: &str) -> Outcome<(Component, Option<String>)> {
    artifact.check_engine(engine.target)?;
    let copy = if keeps_contents(artifact)? { None } else { Some(copy(artifact)?) };
    let before = artifact.identity()?;
    let mut fresh = None;
    let file = match &copy {
        Some(copy) => copy,
        None => {
            let own = artifact.receipt()?;
            if own != receipt {
                artifact.check_digest(|_| Ok(()))?;
                fresh = Some(own);
            }
            unchanged(artifact, &before)?;
            artifact.file()
        }
    };
    // The descriptor's entry in /proc names the inode that was checked, whatever the path leads to by now.
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    // SAFETY: deserialize_file asks for bytes that Wasmtime compiled and that nobody changes afterwards. Their digest
    // stands in a description signed by a key this device trusts to compile, now or when the caller kept a receipt for
    // this unchanged inode, and engine and fingerprint are this library's. The inode is sealed against writing, or
    // `keeps_contents` answers for it: nobody else has it open for writing or may open it so, and its filesystem is one
    // whose pages come from this machine. Who can write it all the same, this user and root, can replace this process.
    let component = unsafe { Component::deserialize_file(&engine.wasmtime, path) }.map_err(|error| refusal(&error))?;
    if copy.is_none() {
        unchanged(artifact, &before)?;
    }
    // Much of it is only read while loading.
    release_image(&component);
    Ok((component, fresh))
}

/// Why a component can't be loaded. Failing to open or map the file is no fault of the artifact.
fn refusal(error: &wasmtime::Error) -> Failure {
    Failure::of_system("the artifact", error)
        .unwrap_or_else(|| Failure::new(Status::WrongEngine, format!("the engine does not accept it: {error:#}")))
}

fn unchanged(artifact: &Artifact, before: &Identity) -> Outcome<()> {
    if artifact.identity()?.is_unchanged(before) {
        Ok(())
    } else {
        Err(Failure::new(Status::Damaged, "the file changed while it was checked"))
    }
}

#[cfg(target_pointer_width = "32")]
const PAGE_BYTES: usize = 4096;

/// For smaller code, mapping its pages again costs more than releasing them saves.
const LARGE_BYTES: usize = 4 << 20;

/// Releases the pages of a large plugin's code. What runs next is mapped again, 64 kB at a time, from the page cache.
///
/// Only where code is Pulley bytecode, whose mapping nothing ever writes to.
pub fn release_code(component: &Component) {
    if is_large(component) {
        release_image(component);
    }
}

fn release_image(component: &Component) {
    if !cfg!(target_pointer_width = "32") {
        return;
    }
    let image = component.image_range();
    // SAFETY: the range is a mapping that the component keeps alive, private, of a file, and never written to, so that
    // every page comes back as it was; nobody reads it while the guest is suspended. A failure leaves all as it is.
    let _ = unsafe { madvise(image.start.cast_mut().cast(), image_bytes(component), Advice::LinuxDontNeed) };
}

/// Releases the pages of the library's own code, a third of which only verifies, loads and links.
///
/// Only where memory is scarce. What runs next is mapped again, which takes half a millisecond in all.
pub fn release_library() {
    #[cfg(target_pointer_width = "32")]
    {
        unsafe extern "C" {
            /// The linker's: where the mapped file begins, and where its code ends.
            static __ehdr_start: u8;
            static etext: u8;
        }
        let start = &raw const __ehdr_start;
        let len = (&raw const etext).addr().saturating_sub(start.addr()) & !(PAGE_BYTES - 1);
        // SAFETY: header, constants and code of this library are private mappings of its file that nothing writes to
        // (the linker relocates only what comes after them), so every page comes back as it was, also the one that
        // this runs in. A failure leaves all as it is.
        let _ = unsafe { madvise(start.cast_mut().cast(), len, Advice::LinuxDontNeed) };
    }
}

/// Whether code is so large that its pages are released while it runs.
pub fn is_large(component: &Component) -> bool {
    cfg!(target_pointer_width = "32") && image_bytes(component) >= LARGE_BYTES
}

fn image_bytes(component: &Component) -> usize {
    let image = component.image_range();
    (image.end as usize).saturating_sub(image.start as usize)
}

/// Whether the contents of a file can't change from now on.
fn keeps_contents(artifact: &Artifact) -> Outcome<bool> {
    let file = artifact.file();
    let failed = |error: std::io::Error| Failure::io("the artifact", &error);
    if fcntl_get_seals(file).is_ok_and(|seals| seals.contains(SEALED)) {
        return Ok(true);
    }
    let metadata = file.metadata().map_err(failed)?;
    let owner = metadata.uid();
    let ours = owner == 0 || owner == rustix::process::geteuid().as_raw();
    if !ours || metadata.mode() & GROUP_OR_OTHERS_WRITE != 0 {
        return Ok(false);
    }
    let filesystem = fstatfs(file).map_err(|error| failed(error.into()))?;
    let is_local = LOCAL_FILESYSTEMS.contains(&(filesystem.f_type as u32));
    Ok(is_local && (artifact.is_packaged() || !is_of_a_user(file)?) && has_no_writer(file))
}

/// Whether a file's filesystem may be on a device of an unprivileged user, who can write to that device directly.
///
/// Programs that mount devices for users forbid set-user-ID there. Some homes are mounted like that as well, and stores in
/// them; Edge wrote those files itself and does not ask this about them.
fn is_of_a_user(file: &File) -> Outcome<bool> {
    let mounted = fstatvfs(file).map_err(|error| Failure::io("the artifact", &error.into()))?;
    Ok(mounted.f_flag.contains(StatVfsMountFlags::NOSUID))
}

/// Filesystems whose files change through this kernel only. Source: linux/magic.h, and OpenZFS for its own.
const LOCAL_FILESYSTEMS: [u32; 14] = [
    0xef53,     // ext2, ext3, ext4
    0xf2f52010, // f2fs
    0x9123683e, // btrfs
    0x58465342, // xfs
    0x01021994, // tmpfs
    0x858458f6, // ramfs
    0x794c7630, // overlayfs
    0x4d44,     // vfat
    0x2011bab0, // exfat
    0x73717368, // squashfs
    0xe0f5e1e2, // erofs
    0x2fc12fc1, // ZFS
    0xca451a4e, // bcachefs
    0x3153464a, // jfs
];

/// Of `fcntl`, which the libc crate lacks. Source: asm-generic/fcntl.h.
const F_SETSIG: libc::c_int = 10;

/// Whether nobody has a file open or mapped for writing at this moment, such as a former owner.
///
/// Only then the kernel grants a lease for reading. It is given back at once, since it is known who may open the file
/// afterwards. Breaking the lease meanwhile would send a signal, so that one is chosen that does nothing. Only the owner
/// of a file and processes with CAP_LEASE get a lease, and some filesystems grant none.
fn has_no_writer(file: &File) -> bool {
    let fd = file.as_raw_fd();
    // SAFETY: fcntl with these commands takes numbers only, and the descriptor is open as long as `file` is.
    unsafe {
        let granted =
            libc::fcntl(fd, F_SETSIG, libc::SIGURG) == 0 && libc::fcntl(fd, libc::F_SETLEASE, libc::F_RDLCK) == 0;
        if granted {
            libc::fcntl(fd, libc::F_SETLEASE, libc::F_UNLCK);
        }
        granted
    }
}

/// Copies the ELF to anonymous memory that nobody can change afterwards, and checks the bytes that it copies.
fn copy(artifact: &Artifact) -> Outcome<File> {
    let failed = |error: std::io::Error| Failure::io("a private copy of the artifact", &error);
    let memory = memfd_create("edge-artifact", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)
        .map_err(|error| failed(error.into()))?;
    let mut memory = File::from(memory);
    artifact.check_digest(|piece| memory.write_all(piece).map_err(failed))?;
    fcntl_add_seals(&memory, SEALED | SealFlags::SEAL).map_err(|error| failed(error.into()))?;
    Ok(memory)
}
