//! The file that `compile` writes and a device loads.
//!
//! ```text
//! ELF of wasmtime | description, JSON | public key, 32 | signature, 64 | length of the description, 4, LE | magic, 8
//! ```
//!
//! The trailer stands behind the ELF because a prefix would break its mapping and Wasmtime refuses sections it does not
//! know. The signature covers the description, which has the ELF's size and digest: every byte of the file is covered.

use std::fs::File;
use std::os::unix::fs::MetadataExt;

use serde_json::Value as Json;

use crate::hex;
use crate::key::{KEY_BYTES, PublicKey, Purpose, SIGNATURE_BYTES};
use crate::package;
use crate::profile::EngineTarget;
use crate::reading::{digest, read_at};
use crate::statement::{MAX_DESCRIPTION_BYTES, Signed, Statement};
use crate::status::{Failure, Outcome, Status};
use crate::trust::Trust;

const MAGIC: &[u8; 8] = b"EDGEAOT1";
const FOOTER_BYTES: usize = KEY_BYTES + SIGNATURE_BYTES + 4 + MAGIC.len();

/// Open code and the verified statement about it.
pub struct Artifact {
    file: File,
    statement: Statement,
    elf_bytes: u64,
    is_packaged: bool,
}

/// Device, inode, size and change time. At least one changes whenever the contents may have changed.
pub struct Identity {
    inode: (u64, u64, u64),
    changed: (i64, i64),
    written: (i64, i64),
    has_name: bool,
}

impl Identity {
    /// Whether the contents are still those of `before`.
    ///
    /// Removing a file's last name changes its change time, as when another process removes a release that this one is
    /// loading. The time of writing decides then; only the file's owner could forge it.
    pub fn is_unchanged(&self, before: &Identity) -> bool {
        let unlinked = before.has_name && !self.has_name;
        self.inode == before.inode && self.written == before.written && (unlinked || self.changed == before.changed)
    }
}

impl Artifact {
    /// A lone artifact, by its own trailer.
    pub fn open(file: File, trust: &Trust<'_>) -> Outcome<Artifact> {
        let footer_at = size(&file)?.checked_sub(FOOTER_BYTES as u64).ok_or_else(not_artifact)?;
        let mut footer = [0; FOOTER_BYTES];
        read_at(&file, &mut footer, footer_at)?;
        let (signer, signature, len) = split_footer(&footer).ok_or_else(not_artifact)?;

        let len = len as usize;
        let elf_bytes =
            footer_at.checked_sub(len as u64).filter(|_| len <= MAX_DESCRIPTION_BYTES).ok_or_else(|| {
                Failure::new(
                    Status::Damaged,
                    format!("the trailer gives the description an impossible length, {len} bytes"),
                )
            })?;
        trust.check_signer(&signer)?;
        let mut text = vec![0; len];
        read_at(&file, &mut text, elf_bytes)?;
        let statement = Signed { signer, signature, text: &text }.verify(Purpose::Artifact, trust)?;
        Ok(Artifact { file, statement, elf_bytes, is_packaged: false })
    }

    /// The code for the engine `target` from a package, with the package's head.
    pub fn of_package(file: File, head: &[u8], trust: &Trust<'_>, target: EngineTarget) -> Outcome<Artifact> {
        let elf_bytes = size(&file)?;
        let statement = package::code_for(package::verify_head(head, trust)?, target)?;
        Ok(Artifact { file, statement, elf_bytes, is_packaged: true })
    }

    pub fn identity(&self) -> Outcome<Identity> {
        identity(&self.file)
    }

    /// Text that proves that this very file had the signed digest, to a caller who keeps it where nobody else can write.
    pub fn receipt(&self) -> Outcome<String> {
        receipt(&self.file, &self.statement)
    }

    /// Whether it was unpacked from a package by a store.
    pub fn is_packaged(&self) -> bool {
        self.is_packaged
    }

    pub fn file(&self) -> &File {
        &self.file
    }

    /// As [`Statement::described`].
    pub fn described(self) -> Json {
        self.statement.described()
    }

    fn text(&self, name: &str) -> &str {
        let artifact = self.statement.description.get("artifact");
        artifact.and_then(|artifact| artifact.get(name)).and_then(Json::as_str).unwrap_or("")
    }

    /// Checks that the artifact was compiled for this library, which runs the engine target `native`.
    pub fn check_engine(&self, native: EngineTarget) -> Outcome<()> {
        self.statement.check_format()?;
        let engine = self.text("engine");
        if engine != native.name() {
            return Err(Failure::new(
                Status::WrongTarget,
                format!("it was compiled for `{engine}`, what runs here is `{}`", native.name()),
            ));
        }
        let (wanted, found) = (native.fingerprint(), self.text("fingerprint"));
        if found != wanted {
            let compiler = self.statement.description.pointer("/compiler/wasmtime");
            let wasmtime = compiler.and_then(Json::as_str).unwrap_or("?");
            return Err(Failure::new(
                Status::WrongEngine,
                format!(
                    "it was compiled for engine {found} (wasmtime {wasmtime}), this library is engine {wanted} (wasmtime {})",
                    crate::profile::WASMTIME,
                ),
            ));
        }
        Ok(())
    }

    /// Checks that the ELF is the one described, byte for byte; `copy` gets each piece as it is read.
    pub fn check_digest(&self, copy: impl FnMut(&[u8]) -> Outcome<()>) -> Outcome<()> {
        let size = self.statement.description.pointer("/artifact/size").and_then(Json::as_u64);
        if size != Some(self.elf_bytes) {
            return Err(Failure::new(
                Status::Damaged,
                format!("its code has {} bytes, and its description gives another size", self.elf_bytes),
            ));
        }
        if digest(&self.file, 0, self.elf_bytes, copy)? != self.text("sha256") {
            return Err(Failure::new(Status::Damaged, "its code does not have the digest that was signed"));
        }
        Ok(())
    }
}

/// Names the inode: a file that replaces this one, or that is written to, does not match.
pub fn receipt(file: &File, statement: &Statement) -> Outcome<String> {
    let Identity { inode: (device, inode, size), changed: (seconds, nanoseconds), .. } = identity(file)?;
    Ok(format!("{device} {inode} {size} {seconds} {nanoseconds} {}", hex::encode(&statement.sha256)))
}

fn identity(file: &File) -> Outcome<Identity> {
    let metadata = file.metadata().map_err(|error| Failure::io("the artifact", &error))?;
    Ok(Identity {
        inode: (metadata.dev(), metadata.ino(), metadata.size()),
        changed: (metadata.ctime(), metadata.ctime_nsec()),
        written: (metadata.mtime(), metadata.mtime_nsec()),
        has_name: metadata.nlink() > 0,
    })
}

fn size(file: &File) -> Outcome<u64> {
    let metadata = file.metadata().map_err(|error| Failure::io("the artifact", &error))?;
    if metadata.is_file() {
        Ok(metadata.len())
    } else {
        Err(Failure::new(Status::NotArtifact, "this is no regular file"))
    }
}

fn not_artifact() -> Failure {
    Failure::new(Status::NotArtifact, "it does not end with a trailer that edge compile writes")
}

fn split_footer(footer: &[u8; FOOTER_BYTES]) -> Option<(PublicKey, [u8; SIGNATURE_BYTES], u32)> {
    let (signer, rest) = footer.split_first_chunk()?;
    let (signature, rest) = rest.split_first_chunk()?;
    let (len, magic) = rest.split_first_chunk()?;
    (magic == MAGIC).then_some((*signer, *signature, u32::from_le_bytes(*len)))
}

/// What follows the ELF.
#[cfg(feature = "compiler")]
pub fn trailer(description: &Json, seed: &crate::key::Seed) -> Outcome<Vec<u8>> {
    let text = serde_json::to_vec(description).map_err(|error| Failure::new(Status::Internal, error.to_string()))?;
    let len = crate::statement::length_of(&text)?;
    let signature = crate::key::sign(seed, Purpose::Artifact, &text);
    Ok([text.as_slice(), &crate::key::public(seed), &signature, &len, MAGIC].concat())
}

/// How an ELF is described.
#[cfg(feature = "compiler")]
pub fn describe(elf: &[u8], target: EngineTarget) -> Json {
    serde_json::json!({
        "engine": target.name(),
        "size": elf.len(),
        "sha256": hex::encode(&crate::sha256::digest(elf)),
        "fingerprint": target.fingerprint(),
    })
}
