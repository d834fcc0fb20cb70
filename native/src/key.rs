//! Ed25519 keys and signatures.

#[cfg(feature = "compiler")]
use ed25519_dalek::Signer;
use ed25519_dalek::{Signature, SigningKey, VerifyingKey};

use crate::status::{Failure, Outcome, Status};
use crate::{hex, process};

pub const KEY_BYTES: usize = 32;
pub const SIGNATURE_BYTES: usize = 64;

pub type Seed = [u8; KEY_BYTES];
pub type PublicKey = [u8; KEY_BYTES];

/// What a signature is for. Each purpose has its own prefix before the signed text, so that no signature fits another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The trailer of a lone artifact.
    Artifact,
    /// The head of a package.
    Package,
}

impl Purpose {
    const fn words(self) -> &'static [u8] {
        match self {
            Purpose::Artifact => b"edge artifact description v1\n",
            Purpose::Package => b"edge package description v1\n",
        }
    }
}

/// Makes a new private key from the system's random numbers, written only to the caller's memory.
pub fn new_seed(seed: &mut Seed) -> Outcome<()> {
    process::keep_private();
    random_bytes(seed)
}

pub fn public(seed: &Seed) -> PublicKey {
    signing_key(seed).verifying_key().to_bytes()
}

#[cfg(feature = "compiler")]
pub fn sign(seed: &Seed, purpose: Purpose, description: &[u8]) -> [u8; SIGNATURE_BYTES] {
    signing_key(seed).sign(&message(purpose, description)).to_bytes()
}

/// A key that wipes itself when it is dropped.
fn signing_key(seed: &Seed) -> SigningKey {
    process::keep_private();
    SigningKey::from_bytes(seed)
}

/// Verifies strictly: refuses keys of small order and the second encoding of a signature.
pub fn verify(key: &PublicKey, purpose: Purpose, description: &[u8], signature: &[u8; SIGNATURE_BYTES]) -> Outcome<()> {
    VerifyingKey::from_bytes(key)
        .and_then(|key| key.verify_strict(&message(purpose, description), &Signature::from_bytes(signature)))
        .map_err(|_| {
            Failure::new(
                Status::BadSignature,
                format!("the signature of key {} does not fit the description", short(key)),
            )
        })
}

/// A key as messages show it.
pub fn short(key: &PublicKey) -> String {
    hex::encode(key.get(..8).unwrap_or_default())
}

pub fn random_bytes(bytes: &mut [u8]) -> Outcome<()> {
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        filled += rustix::rand::getrandom(rest, rustix::rand::GetRandomFlags::empty())
            .map_err(|error| Failure::io("random numbers of the system", &error.into()))?;
    }
    Ok(())
}

fn message(purpose: Purpose, description: &[u8]) -> Vec<u8> {
    [purpose.words(), description].concat()
}
