//! Trust: the keys that may sign plugins, and what is refused whoever signed it. It is text, one rule a line.
//!
//! | line | means |
//! |---|---|
//! | `ed25519 KEY [plugins=NAME,PREFIX*] LABEL` | trusted; for these plugins only, where they are named |
//! | `revoked ed25519 KEY LABEL` | not trusted, whatever other lines say |
//! | `revoked sha256 DIGEST LABEL` | a package, an artifact or a component that is not loaded, whoever signed it |
//! | `wasmtime VERSION` | code of an older compiler is not loaded |
//! | `plugin NAME` | only this plugin is loaded |
//! | `release NUMBER` | no older release is loaded |
//! | `operator` | only the operator's keys are given; the message for another key says so |
//!
//! `#` begins a comment. `trusted.keys` has the first four kinds (docs/keys.md), the loader adds the others. Of several
//! lines the strictest applies. RATIONALE, "Why trust is read in one place, and strictly".

mod line;

use serde_json::Value as Json;

use self::line::{Digest, Line, Version, digits, version};
use crate::hex;
use crate::key::{self, PublicKey, Purpose};
use crate::status::{Failure, Outcome, Status};

/// More lines than any device has keys.
const MAX_LINES: usize = 4096;

/// What a caller accepts.
#[derive(Default)]
pub struct Trust<'a> {
    /// Whether every key is accepted: for descriptions only.
    anyone: bool,
    keys: Vec<(PublicKey, Option<&'a str>)>,
    revoked_keys: Vec<PublicKey>,
    revoked_digests: Vec<Digest>,
    wasmtime: Option<Version>,
    plugin: Option<&'a str>,
    release: u64,
    operator: bool,
}

impl<'a> Trust<'a> {
    /// Accepts every key: to describe a file, never to load it.
    pub fn anyone() -> Self {
        Trust { anyone: true, ..Trust::default() }
    }

    pub fn parse(text: &'a str) -> Outcome<Trust<'a>> {
        let mut trust = Trust::default();
        for (index, line) in lines(text).enumerate() {
            trust.add(line?).map_err(|why| refusal(index, why))?;
        }
        Ok(trust)
    }

    fn add(&mut self, line: Line<'a>) -> Result<(), &'static str> {
        match line {
            Line::Empty => {}
            Line::Key { key, scope, .. } => self.keys.push((key, scope)),
            Line::RevokedKey { key, .. } => self.revoked_keys.push(key),
            Line::RevokedDigest { digest, .. } => self.revoked_digests.push(digest),
            Line::Wasmtime(oldest) => self.wasmtime = self.wasmtime.max(Some(oldest)),
            Line::Plugin(name) if self.plugin.is_some_and(|other| other != name) => {
                return Err("an earlier line names another plugin");
            }
            Line::Plugin(name) => self.plugin = Some(name),
            Line::Release(number) => self.release = self.release.max(number),
            Line::Operator => self.operator = true,
        }
        Ok(())
    }

    /// Checks that a key may sign anything at all; called before anything that it signed is read.
    pub fn check_signer(&self, signer: &PublicKey) -> Outcome<()> {
        if self.anyone {
            return Ok(());
        }
        if self.revoked_keys.contains(signer) {
            let why = format!("it is signed by key {}, which was revoked here", key::short(signer));
            return Err(Failure::new(Status::Revoked, why));
        }
        if self.keys.iter().any(|(key, _)| key == signer) {
            return Ok(());
        }
        let why = if self.operator {
            "the operator did not add; at this security level only the operator's keys count"
        } else {
            "is not trusted here"
        };
        let why = format!("it is signed by key {}, which {why}", key::short(signer));
        Err(Failure::new(Status::Untrusted, why))
    }

    /// Checks a verified description, whose digest is `sha256`, and what its signer may sign.
    pub fn check(&self, signer: &PublicKey, purpose: Purpose, description: &Json, sha256: &Digest) -> Outcome<()> {
        if self.anyone {
            return Ok(());
        }
        let plugin = plugin_name(purpose, description);
        self.check_scope(signer, plugin)?;
        if let Some(wanted) = self.plugin
            && plugin != Some(wanted)
        {
            let why = format!("it is `{}`, and `{wanted}` was requested", plugin.unwrap_or_default());
            return Err(Failure::new(Status::OutOfScope, why));
        }
        let release = description.get("release").and_then(Json::as_u64).unwrap_or(0);
        if release < self.release {
            let why = format!("it is release {release}; releases before {} are refused", self.release);
            return Err(Failure::new(Status::Downgrade, why));
        }
        self.check_compiler(description)?;
        self.check_digests(description, sha256)
    }

    fn check_scope(&self, signer: &PublicKey, plugin: Option<&str>) -> Outcome<()> {
        let mut scopes = self.keys.iter().filter(|(key, _)| key == signer).map(|(_, scope)| *scope);
        let may_sign = scopes.any(|scope| match (scope, plugin) {
            (None, _) => true,
            (Some(names), Some(plugin)) => names.split(',').any(|name| covers(name, plugin)),
            (Some(_), None) => false,
        });
        if may_sign {
            return Ok(());
        }
        let what = plugin.map_or("a plugin without a name".to_owned(), |plugin| format!("`{plugin}`"));
        let why = format!("key {} is not trusted to sign {what}", key::short(signer));
        Err(Failure::new(Status::OutOfScope, why))
    }

    fn check_compiler(&self, description: &Json) -> Outcome<()> {
        let Some(oldest) = self.wasmtime else { return Ok(()) };
        let found = description.pointer("/compiler/wasmtime").and_then(Json::as_str).unwrap_or("?");
        if version(found).is_some_and(|made_by| made_by >= oldest) {
            return Ok(());
        }
        let [major, minor, patch] = oldest;
        let why = format!("it was compiled by wasmtime {found}; code from before {major}.{minor}.{patch} is refused");
        Err(Failure::new(Status::OldCompiler, why))
    }

    fn check_digests(&self, description: &Json, sha256: &Digest) -> Outcome<()> {
        if self.revoked_digests.is_empty() {
            return Ok(());
        }
        let files = description.get("files").and_then(Json::as_array).into_iter().flatten();
        let parts = [description.get("source"), description.get("artifact")].into_iter().flatten().chain(files);
        let digests = parts.filter_map(|part| part.get("sha256").and_then(Json::as_str)).filter_map(digits);
        match digests.chain([*sha256]).find(|digest| self.revoked_digests.contains(digest)) {
            None => Ok(()),
            Some(digest) => {
                let why = format!("sha256 {} was revoked here", hex::encode(&digest));
                Err(Failure::new(Status::Revoked, why))
            }
        }
    }
}

/// The name of the plugin: from the manifest of a package, or from what the plugin of a lone artifact reported. Each kind
/// has one field for it, which all other code uses as well.
fn plugin_name(purpose: Purpose, description: &Json) -> Option<&str> {
    let name = match purpose {
        Purpose::Package => description.get("name"),
        Purpose::Artifact => description.pointer("/plugin/name"),
    };
    name.and_then(Json::as_str)
}

/// `name*` stands for all that begin with `name`.
fn covers(pattern: &str, plugin: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => plugin.starts_with(prefix),
        None => pattern == plugin,
    }
}

/// Each line of a text as a list of words: the only reader of trust, for Python as well.
pub fn read(text: &str) -> Outcome<Json> {
    Trust::parse(text)?;
    lines(text).map(|line| line.map(|line| line.words())).collect()
}

fn lines(text: &str) -> impl Iterator<Item = Outcome<Line<'_>>> {
    text.split('\n').enumerate().map(|(index, line)| {
        let read = if index < MAX_LINES { Line::read(line) } else { Err("there are too many lines".to_owned()) };
        read.map_err(|why| refusal(index, &why))
    })
}

fn refusal(index: usize, why: &str) -> Failure {
    Failure::new(Status::Options, format!("line {} of trust: {why}", index + 1))
}
