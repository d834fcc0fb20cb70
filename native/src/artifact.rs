//! The file that `compile` writes and a device loads.
//!
//! ```text
//! ELF of wasmtime | description, JSON | public key, 32 | signature, 64 | length of the description, 4, LE | magic, 8
//! ```
//!
//! The trailer stands behind the ELF because a prefix would break its mapping and Wasmtime refuses sections it does not
//! know. The signature covers the description, and that the ELF's size and digest: no byte of the file is free.

use std::fs::File;
use std::os::unix::fs::{FileExt, MetadataExt};

use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use crate::hex;
use crate::key::{self, KEY_BYTES, PublicKey, SIGNATURE_BYTES};
use crate::profile::EngineTarget;
use crate::status::{Failure, Outcome, Status};

const MAGIC: &[u8; 8] = b"EDGEAOT1";
const FOOTER_BYTES: usize = KEY_BYTES + SIGNATURE_BYTES + 4 + MAGIC.len();
/// A description lists the imports and tools of one plugin.
const MAX_DESCRIPTION_BYTES: usize = 1 << 20;
/// Digests are made through a buffer this large: nothing of the file stays in memory.
const BUFFER_BYTES: usize = 16 << 10;

pub const FORMAT: u32 = 1;

/// An open artifact whose trailer is in place and whose signature fits it.
pub struct Artifact {
    file: File,
    signer: PublicKey,
    elf_bytes: u64,
    description: Json,
    description_sha256: [u8; 32],
}

/// Device, inode, size and change time: together they change whenever the contents may have.
pub type Identity = (u64, u64, u64, i64, i64);

impl Artifact {
    /// Reads the trailer. `trusts` decides on the signer before anything it signed is looked at.
    pub fn open(file: File, trusts: impl FnOnce(&PublicKey) -> bool) -> Outcome<Artifact> {
        let metadata = file.metadata().map_err(|error| Failure::io("the artifact", &error))?;
        if !metadata.is_file() {
            return Err(Failure::new(Status::NotArtifact, "this is no regular file"));
        }
        let footer_at = metadata.len().checked_sub(FOOTER_BYTES as u64).ok_or_else(not_artifact)?;
        let mut footer = [0; FOOTER_BYTES];
        read_at(&file, &mut footer, footer_at)?;
        let (signer, signature, len) = split_footer(&footer).ok_or_else(not_artifact)?;

        let len = len as usize;
        let elf_bytes =
            footer_at.checked_sub(len as u64).filter(|_| len <= MAX_DESCRIPTION_BYTES).ok_or_else(|| {
                Failure::new(Status::Damaged, format!("the trailer speaks of a description of {len} bytes"))
            })?;
        if !trusts(&signer) {
            return Err(Failure::new(
                Status::Untrusted,
                format!("it is signed by key {}, which is not trusted here", key::short(&signer)),
            ));
        }
        let mut text = vec![0; len];
        read_at(&file, &mut text, elf_bytes)?;
        key::verify(&signer, &text, &signature)?;
        let description = serde_json::from_slice(&text)
            .map_err(|error| Failure::new(Status::Damaged, format!("the description is not JSON: {error}")))?;
        Ok(Artifact { file, signer, elf_bytes, description, description_sha256: Sha256::digest(&text).into() })
    }

    pub fn identity(&self) -> Outcome<Identity> {
        let metadata = self.file.metadata().map_err(|error| Failure::io("the artifact", &error))?;
        Ok((metadata.dev(), metadata.ino(), metadata.size(), metadata.ctime(), metadata.ctime_nsec()))
    }

    /// What proves, to who kept it where nobody else writes, that this very file had the digest that was signed.
    pub fn receipt(&self) -> Outcome<String> {
        let (device, inode, size, seconds, nanoseconds) = self.identity()?;
        let description = hex::encode(&self.description_sha256);
        Ok(format!("{device} {inode} {size} {seconds} {nanoseconds} {description}"))
    }

    pub fn file(&self) -> &File {
        &self.file
    }

    pub fn signer(&self) -> &PublicKey {
        &self.signer
    }

    pub fn into_description(self) -> Json {
        self.description
    }

    fn text(&self, name: &str) -> &str {
        self.description.get("artifact").and_then(|artifact| artifact.get(name)).and_then(Json::as_str).unwrap_or("")
    }

    /// That the artifact was made for this library: `native` is the engine target it runs.
    pub fn check_engine(&self, native: EngineTarget) -> Outcome<()> {
        let format = self.description.get("format").and_then(Json::as_u64);
        if format != Some(FORMAT.into()) {
            let found = format.map_or("?".to_owned(), |format| format.to_string());
            let why = format!("its format is {found}, this library reads {FORMAT}");
            return Err(Failure::new(Status::WrongEngine, why));
        }
        let engine = self.text("engine");
        if engine != native.name() {
            return Err(Failure::new(
                Status::WrongTarget,
                format!("it was compiled for `{engine}`, what runs here is `{}`", native.name()),
            ));
        }
        let (wanted, found) = (native.fingerprint(), self.text("fingerprint"));
        if found != wanted {
            let wasmtime = self.description.pointer("/compiler/wasmtime").and_then(Json::as_str).unwrap_or("?");
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

    /// That the ELF is, byte for byte, the one described; each piece is handed to `copy` as it is read.
    pub fn check_digest(&self, mut copy: impl FnMut(&[u8]) -> Outcome<()>) -> Outcome<()> {
        let size = self.description.pointer("/artifact/size").and_then(Json::as_u64);
        if size != Some(self.elf_bytes) {
            return Err(Failure::new(
                Status::Damaged,
                format!("its code has {} bytes, not those described", self.elf_bytes),
            ));
        }
        let mut digest = Sha256::new();
        let mut buffer = vec![0; BUFFER_BYTES];
        let mut at = 0;
        while at < self.elf_bytes {
            let len = usize::try_from(self.elf_bytes - at).unwrap_or(BUFFER_BYTES).min(BUFFER_BYTES);
            let piece = buffer.get_mut(..len).unwrap_or_default();
            read_at(&self.file, piece, at)?;
            digest.update(&*piece);
            copy(piece)?;
            at += len as u64;
        }
        if hex::encode(&digest.finalize()) != self.text("sha256") {
            return Err(Failure::new(Status::Damaged, "its code does not have the digest that was signed"));
        }
        Ok(())
    }
}

fn not_artifact() -> Failure {
    Failure::new(Status::NotArtifact, "it does not end in a trailer of edge compile")
}

fn split_footer(footer: &[u8; FOOTER_BYTES]) -> Option<(PublicKey, [u8; SIGNATURE_BYTES], u32)> {
    let (signer, rest) = footer.split_first_chunk()?;
    let (signature, rest) = rest.split_first_chunk()?;
    let (len, magic) = rest.split_first_chunk()?;
    (magic == MAGIC).then_some((*signer, *signature, u32::from_le_bytes(*len)))
}

fn read_at(file: &File, buffer: &mut [u8], at: u64) -> Outcome<()> {
    file.read_exact_at(buffer, at).map_err(|error| match error.kind() {
        std::io::ErrorKind::UnexpectedEof => Failure::new(Status::Damaged, "the file became shorter while it was read"),
        _ => Failure::io("the artifact", &error),
    })
}

/// What follows the ELF.
#[cfg(feature = "compiler")]
pub fn trailer(description: &Json, seed: &key::Seed) -> Outcome<Vec<u8>> {
    let text = serde_json::to_vec(description).map_err(|error| Failure::new(Status::Internal, error.to_string()))?;
    let len = u32::try_from(text.len()).ok().filter(|len| *len as usize <= MAX_DESCRIPTION_BYTES).ok_or_else(|| {
        Failure::new(
            Status::Options,
            format!("the plugin's description has {} bytes, more than a trailer holds", text.len()),
        )
    })?;
    let signature = key::sign(seed, &text);
    Ok([text.as_slice(), &key::public(seed), &signature, &len.to_le_bytes(), MAGIC].concat())
}

/// How an ELF is described.
#[cfg(feature = "compiler")]
pub fn describe(elf: &[u8], target: EngineTarget) -> Json {
    serde_json::json!({
        "engine": target.name(),
        "size": elf.len(),
        "sha256": hex::encode(&Sha256::digest(elf)),
        "fingerprint": target.fingerprint(),
    })
}
