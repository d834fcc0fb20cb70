//! Reads one line of trust. A line that seems to mean more than it does is refused: a misspelt scope would trust the key
//! for every plugin.

use serde_json::Value as Json;

use crate::hex;
use crate::key::{KEY_BYTES, PublicKey};

pub type Digest = [u8; DIGEST_BYTES];
pub type Version = [u64; 3];

const DIGEST_BYTES: usize = 32;

const SCOPE: &str = "plugins=";
const BLANKS: [char; 2] = [' ', '\t'];

/// Characters after the word `plugins` that make a reader take it for a scope; the others only look like the first two.
const SIGNS: [char; 8] = ['=', ':', '\u{ff1d}', '\u{ff1a}', '\u{fe66}', '\u{fe55}', '\u{2236}', '\u{a789}'];

/// The same as in `edge/text.py`.
const MAX_NAME_BYTES: usize = 128;

type Why = String;

pub enum Line<'a> {
    Empty,
    Key { key: PublicKey, scope: Option<&'a str>, label: &'a str },
    RevokedKey { key: PublicKey, reason: &'a str },
    RevokedDigest { digest: Digest, reason: &'a str },
    Wasmtime(Version),
    Plugin(&'a str),
    Release(u64),
    Operator,
}

impl<'a> Line<'a> {
    pub fn read(line: &'a str) -> Result<Line<'a>, Why> {
        let line = line.strip_suffix('\r').unwrap_or(line);
        // In comments as well: some editors break lines at such characters, and would show a line that has no effect.
        if let Some(character) = line.chars().find(|character| is_hidden(*character)) {
            return Err(format!("the character U+{:04X} is invisible and not allowed here", u32::from(character)));
        }
        let text = line.split_once('#').map_or(line, |(text, _)| text).trim_matches(BLANKS);
        let (kind, rest) = word(text);
        match kind {
            "" => Ok(Line::Empty),
            "ed25519" => Line::key(rest),
            "revoked" => Line::revoked(rest),
            "wasmtime" => version(rest).map(Line::Wasmtime).ok_or("a version is three numbers, as in 48.0.8".into()),
            "plugin" if is_word(rest) => Ok(Line::Plugin(rest)),
            "release" => number(rest).map(Line::Release).ok_or("a release is a number".into()),
            "operator" if rest.is_empty() => Ok(Line::Operator),
            _ => Err("this is not a line of trust".into()),
        }
    }

    fn key(rest: &'a str) -> Result<Line<'a>, Why> {
        let (key, rest) = word(rest);
        let key = digits(key).ok_or("a key has 64 hexadecimal digits")?;
        let (first, after) = word(rest);
        let (scope, label) = match first.strip_prefix(SCOPE) {
            Some(names) => (Some(names), after),
            None => (None, rest),
        };
        if let Some(name) = scope.and_then(|names| names.split(',').find(|name| !is_pattern(name))) {
            return Err(format!(
                "plugins= names plugins, with commas and without spaces, as in weather,pump-*; `{name}` is no name"
            ));
        }
        if let Some((what, remedy)) = seeming_scope(label) {
            return Err(format!(
                "the label's {what} may be taken for a scope; {remedy}, or write a scope right behind the key, plugins=NAME"
            ));
        }
        Ok(Line::Key { key, scope, label })
    }

    fn revoked(rest: &'a str) -> Result<Line<'a>, Why> {
        let (kind, rest) = word(rest);
        let (what, reason) = word(rest);
        if seems_scope(reason) {
            return Err("the reason may be taken for a scope, and a revocation holds for every plugin; \
                write the reason without `plugins=` or `plugins:`"
                .into());
        }
        match kind {
            "ed25519" => {
                let key = digits(what).ok_or("a key has 64 hexadecimal digits")?;
                Ok(Line::RevokedKey { key, reason })
            }
            "sha256" => {
                let digest = digits(what).ok_or("a digest has 64 hexadecimal digits")?;
                Ok(Line::RevokedDigest { digest, reason })
            }
            _ => Err("`revoked` takes `ed25519 KEY` or `sha256 DIGEST`".into()),
        }
    }

    /// The words of the line: digits in lower case, a scope as a list of names.
    pub fn words(&self) -> Json {
        let words = |words: &[&str]| words.iter().map(|word| Json::from(*word)).collect::<Vec<_>>();
        Json::Array(match self {
            Line::Empty => Vec::new(),
            Line::Key { key, scope, label } => {
                let names = scope.map(|names| names.split(',').collect::<Vec<_>>()).unwrap_or_default();
                let mut all = words(&["ed25519", &hex::encode(key), label]);
                all.push(Json::Array(words(&names)));
                all
            }
            Line::RevokedKey { key, reason } => words(&["revoked", "ed25519", &hex::encode(key), reason]),
            Line::RevokedDigest { digest, reason } => words(&["revoked", "sha256", &hex::encode(digest), reason]),
            Line::Wasmtime([major, minor, patch]) => words(&["wasmtime", &format!("{major}.{minor}.{patch}")]),
            Line::Plugin(name) => words(&["plugin", name]),
            Line::Release(number) => words(&["release", &number.to_string()]),
            Line::Operator => words(&["operator"]),
        })
    }
}

/// The first word of a text, and the rest.
fn word(text: &str) -> (&str, &str) {
    match text.split_once(BLANKS) {
        Some((first, rest)) => (first, rest.trim_start_matches(BLANKS)),
        None => (text, ""),
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && !text.contains(BLANKS)
}

/// Whether a character is invisible, or a blank only for some readers: control characters, spaces beyond ASCII's, and what
/// Unicode calls format characters (joiners, marks of direction, a byte order mark).
fn is_hidden(character: char) -> bool {
    let is_space = character.is_whitespace() && !character.is_ascii();
    let is_format = matches!(
        character,
        '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    );
    (character.is_control() && character != '\t') || is_space || is_format
}

/// The part of a label that a reader may take for a scope, and the remedy: `for:weather`, `plugins weather`, or
/// `plugins:weather` in letters that only look like these.
fn seeming_scope(label: &str) -> Option<(String, &'static str)> {
    let (first, _) = word(label);
    if ["plugin", "plugins"].iter().any(|name| first.eq_ignore_ascii_case(name)) {
        return Some((format!("first word, `{first}`,"), "begin the label with another word"));
    }
    let sign = label.replace("://", "").chars().find(|character| SIGNS.contains(character))?;
    Some((format!("`{sign}`"), "leave it out (a `:` may stand in `://`)"))
}

/// Whether a reader would take a text for a scope.
fn seems_scope(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.split("plugin").skip(1).any(|after| {
        let after = after.strip_prefix('s').unwrap_or(after);
        after.trim_start_matches(BLANKS).starts_with(SIGNS)
    })
}

/// Whether a text is a plugin's name, or the beginning of one and `*`: anything else could never match a plugin.
fn is_pattern(text: &str) -> bool {
    let (name, is_open) = text.strip_suffix('*').map_or((text, false), |name| (name, true));
    let is_end = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_inner = |byte: u8| is_end(&byte) || b"._-".contains(&byte);
    let bytes = name.as_bytes();
    name.len() <= MAX_NAME_BYTES
        && name.bytes().all(is_inner)
        && bytes.first().map_or(is_open, is_end)
        && (is_open || bytes.last().is_some_and(is_end))
}

pub fn digits(text: &str) -> Option<[u8; KEY_BYTES]> {
    hex::decode(text)?.try_into().ok()
}

pub fn version(text: &str) -> Option<Version> {
    let mut numbers = text.split('.').map(number);
    let version = [numbers.next()??, numbers.next()??, numbers.next()??];
    numbers.next().is_none().then_some(version)
}

/// Digits alone: `parse` takes a sign, too.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}
