//! The container that `edge pack` writes: a signed description, then the files that it names, and nothing else.
//!
//! ```text
//! magic, 8 | length of the description, 4, LE | public key, 32 | signature, 64 | description, JSON | files
//! ```
//!
//! Files follow one another in the description's order, without a byte between or after them. So every byte is covered:
//! by the signature, by a signed size and digest, or because only one value is valid.

use std::fs::File;
use std::io::Write;

use serde_json::Value as Json;

use crate::key::{KEY_BYTES, Purpose, SIGNATURE_BYTES};
use crate::profile::EngineTarget;
use crate::reading::{digest, read_at};
use crate::statement::{MAX_DESCRIPTION_BYTES, Signed, Statement};
use crate::status::{Failure, Outcome, Status};
use crate::trust::Trust;

const MAGIC: &[u8; 8] = b"EDGEPKG1";
const HEAD_BYTES: usize = MAGIC.len() + 4 + KEY_BYTES + SIGNATURE_BYTES;
const MAX_NAME_BYTES: usize = 100;
const MAX_FILES: usize = 64;

/// A file of a package: the place, size and digest of its bytes.
pub struct Entry<'a> {
    pub name: &'a str,
    pub size: u64,
    pub sha256: &'a str,
    at: u64,
}

/// Reads the head of a package; nothing is verified.
pub fn read_head(file: &File) -> Outcome<Vec<u8>> {
    let mut head = vec![0; HEAD_BYTES];
    read_at(file, &mut head, 0).map_err(too_short)?;
    let (_, len) = split(&head).ok_or_else(not_package)?;
    let mut text = vec![0; len];
    read_at(file, &mut text, HEAD_BYTES as u64).map_err(too_short)?;
    head.extend_from_slice(&text);
    Ok(head)
}

/// The failure for a file that ends within the head: it is not a package.
fn too_short(failure: Failure) -> Failure {
    if failure.status == Status::Damaged { not_package() } else { failure }
}

fn not_package() -> Failure {
    Failure::new(Status::NotPackage, "it does not begin with the head that edge pack writes")
}

fn split(head: &[u8]) -> Option<(Signed<'_>, usize)> {
    let rest = head.strip_prefix(MAGIC)?;
    let (len, rest) = rest.split_first_chunk()?;
    let (signer, rest) = rest.split_first_chunk()?;
    let (signature, text) = rest.split_first_chunk()?;
    let len = u32::from_le_bytes(*len) as usize;
    let signed = Signed { signer: *signer, signature: *signature, text };
    (len <= MAX_DESCRIPTION_BYTES).then_some((signed, len))
}

/// Verifies a head.
pub fn verify_head(head: &[u8], trust: &Trust<'_>) -> Outcome<Statement> {
    let (signed, len) = split(head).ok_or_else(not_package)?;
    if signed.text.len() != len {
        return Err(Failure::new(Status::Damaged, "the head of the package does not have the length that it gives"));
    }
    let statement = signed.verify(Purpose::Package, trust)?;
    statement.check_format()?;
    entries(&statement.description, head.len() as u64)?;
    Ok(statement)
}

/// Checks that the description has the only valid spelling: no field twice, nothing between or after them.
///
/// Called for new packages, not at every load: what is loaded was checked when it came.
pub fn check_spelling(head: &[u8], statement: &Statement) -> Outcome<()> {
    let spelled = serde_json::to_vec(&statement.description).unwrap_or_default();
    if head.get(HEAD_BYTES..) == Some(spelled.as_slice()) {
        return Ok(());
    }
    Err(wrong("a field occurs twice, or it is not spelled as edge pack spells it"))
}

/// Checks that a file has the length that its head gives.
pub fn check_size(file: &File, head: &[u8], statement: &Statement) -> Outcome<()> {
    let size = file.metadata().map_err(|error| Failure::io("the package", &error))?.len();
    let (_, end) = entries(&statement.description, head.len() as u64)?;
    if size == end {
        return Ok(());
    }
    Err(Failure::new(
        Status::Damaged,
        format!("the package has {size} bytes, not the {end} that its description names"),
    ))
}

/// The files of a package whose head has `head_bytes`, and where the last of them ends.
fn entries(description: &Json, head_bytes: u64) -> Outcome<(Vec<Entry<'_>>, u64)> {
    let files = description.get("files").and_then(Json::as_array).filter(|files| files.len() <= MAX_FILES);
    let mut found: Vec<Entry<'_>> = Vec::new();
    let mut at = head_bytes;
    for file in files.ok_or_else(|| wrong("it lists no files, or too many"))? {
        let (Some(name), Some(size), Some(sha256)) = (text(file, "name"), number(file, "size"), text(file, "sha256"))
        else {
            return Err(wrong("a file needs name, size and sha256"));
        };
        if !is_name(name) || found.iter().any(|other| other.name == name) {
            return Err(wrong("a file's name is not lower case letters, digits and . _ -, or occurs twice"));
        }
        found.push(Entry { name, size, sha256, at });
        at = at.checked_add(size).ok_or_else(|| wrong("the sizes are too large"))?;
    }
    Ok((found, at))
}

fn wrong(why: &str) -> Failure {
    Failure::new(Status::Damaged, format!("the description of the package: {why}"))
}

fn text<'a>(file: &'a Json, field: &str) -> Option<&'a str> {
    file.get(field).and_then(Json::as_str)
}

fn number(file: &Json, field: &str) -> Option<u64> {
    file.get(field).and_then(Json::as_u64)
}

/// A valid name for a file in a folder as well: no separators, not hidden.
fn is_name(name: &str) -> bool {
    let inner = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-');
    name.len() <= MAX_NAME_BYTES
        && name.bytes().all(inner)
        && name.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric())
}

/// Checks the digest of a file of the package, and copies the file to `to`.
pub fn unpack(file: &File, head: &[u8], statement: &Statement, name: &str, to: Option<&File>) -> Outcome<()> {
    let (found, _) = entries(&statement.description, head.len() as u64)?;
    let Some(entry) = found.iter().find(|entry| entry.name == name) else {
        return Err(Failure::new(Status::Options, format!("the package has no file `{name}`")));
    };
    let found = digest(file, entry.at, entry.size, |piece| match to {
        Some(mut to) => to.write_all(piece).map_err(|error| Failure::io("unpacking", &error)),
        None => Ok(()),
    })?;
    if found == entry.sha256 {
        return Ok(());
    }
    Err(Failure::new(Status::Damaged, format!("{name} does not have the digest that was signed")))
}

/// The statement about the code for an engine: its entry in `files` becomes `artifact`.
pub fn code_for(mut statement: Statement, target: EngineTarget) -> Outcome<Statement> {
    let files = statement.description.get("files").and_then(Json::as_array).into_iter().flatten();
    let engines: Vec<&Json> = files.filter(|file| file.get("engine").is_some()).collect();
    let Some(code) = engines.iter().find(|file| text(file, "engine") == Some(target.name())) else {
        let there: Vec<&str> = engines.iter().filter_map(|file| text(file, "engine")).collect();
        let why = format!("the package has code for {}, what runs here is `{}`", named(&there), target.name());
        return Err(Failure::new(Status::WrongTarget, why));
    };
    let code = (*code).clone();
    if let Some(description) = statement.description.as_object_mut() {
        description.insert("artifact".to_owned(), code);
    }
    Ok(statement)
}

fn named(engines: &[&str]) -> String {
    if engines.is_empty() { "no engine".to_owned() } else { engines.join(", ") }
}

/// Signs a description as the head of a package.
#[cfg(feature = "compiler")]
pub fn seal(description: &[u8], seed: &crate::key::Seed) -> Outcome<Vec<u8>> {
    let len = crate::statement::length_of(description)?;
    let signature = crate::key::sign(seed, Purpose::Package, description);
    let head = [MAGIC.as_slice(), &len, &crate::key::public(seed), &signature, description].concat();
    check_spelling(&head, &verify_head(&head, &Trust::anyone())?)?;
    Ok(head)
}
