//! A signed description, JSON: what code is, which plugin and engine it is for, and what it was made from.

use serde_json::Value as Json;

use crate::hex;
use crate::key::{self, PublicKey, Purpose, SIGNATURE_BYTES};
use crate::sha256;
use crate::status::{Failure, Outcome, Status};
use crate::trust::Trust;

/// A description lists the imports, tools and files of one plugin.
pub const MAX_DESCRIPTION_BYTES: usize = 1 << 20;

/// The version of descriptions.
pub const FORMAT: u32 = 1;

/// A description before it is verified: a reader decides on the signer before it looks at the text.
pub struct Signed<'a> {
    pub signer: PublicKey,
    pub signature: [u8; SIGNATURE_BYTES],
    pub text: &'a [u8],
}

/// A verified description and its signer.
#[derive(Debug)]
pub struct Statement {
    pub signer: PublicKey,
    pub description: Json,
    pub sha256: [u8; 32],
}

impl Signed<'_> {
    /// Checks trust in the signer, then the signature, then the description against trust.
    pub fn verify(&self, purpose: Purpose, trust: &Trust<'_>) -> Outcome<Statement> {
        trust.check_signer(&self.signer)?;
        key::verify(&self.signer, purpose, self.text, &self.signature)?;
        let description: Json = serde_json::from_slice(self.text)
            .map_err(|error| Failure::new(Status::Damaged, format!("the description is not JSON: {error}")))?;
        let sha256 = sha256::digest(self.text);
        trust.check(&self.signer, purpose, &description, &sha256)?;
        Ok(Statement { signer: self.signer, description, sha256 })
    }
}

impl Statement {
    /// The description, with the signer's key beside what was signed.
    pub fn described(self) -> Json {
        let mut description = self.description;
        if let Some(description) = description.as_object_mut() {
            description.insert("signer".to_owned(), hex::encode(&self.signer).into());
        }
        description
    }

    /// Checks that this library knows the format of the description.
    pub fn check_format(&self) -> Outcome<()> {
        let format = self.description.get("format").and_then(Json::as_u64);
        if format == Some(FORMAT.into()) {
            return Ok(());
        }
        let found = format.map_or("?".to_owned(), |format| format.to_string());
        let why = format!("its format is {found}; this library reads format {FORMAT}");
        Err(Failure::new(Status::WrongEngine, why))
    }
}

/// The length of a description as a field of 4 bytes.
#[cfg(feature = "compiler")]
pub fn length_of(text: &[u8]) -> Outcome<[u8; 4]> {
    match u32::try_from(text.len()) {
        Ok(len) if text.len() <= MAX_DESCRIPTION_BYTES => Ok(len.to_le_bytes()),
        _ => {
            let why =
                format!("the plugin's description has {} bytes; the limit is {MAX_DESCRIPTION_BYTES}", text.len());
            Err(Failure::new(Status::Options, why))
        }
    }
}
