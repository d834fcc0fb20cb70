//! Checks a tool's JSON arguments and adds the plugin's configuration to them.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::status::{Failure, Outcome, Status};

/// Some editors write it at the head of a text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The key under which a plugin finds its configuration; only the host may set it.
const CONFIG: &str = "__config";

/// Values keep their text, so that no number loses digits.
type Object<'a> = BTreeMap<String, &'a RawValue>;

/// Replaces the caller's `__config` in `arguments` by `config`, or removes it where `config` is empty.
pub fn merge(arguments: &[u8], config: &[u8]) -> Outcome<Vec<u8>> {
    let mut merged = object(arguments, "arguments")?;
    merged.remove(CONFIG);
    if !config.is_empty() {
        object(config, "configuration")?;
        let config = serde_json::from_slice(unmarked(config)).map_err(|error| not_json("configuration", &error))?;
        merged.insert(CONFIG.to_owned(), config);
    }
    serde_json::to_vec(&merged).map_err(|error| Failure::new(Status::Internal, error.to_string()))
}

/// A text without a byte-order mark at its head.
pub fn unmarked(text: &[u8]) -> &[u8] {
    text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text)
}

fn object<'a>(json: &'a [u8], what: &str) -> Outcome<Object<'a>> {
    serde_json::from_slice(unmarked(json)).map_err(|error| not_json(what, &error))
}

fn not_json(what: &str, error: &serde_json::Error) -> Failure {
    Failure::new(Status::Arguments, format!("the {what} must be a JSON object: {error}"))
}
