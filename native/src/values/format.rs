//! The tags of the encoding, and the names of cases in it.

pub const NONE: u8 = b'N';
pub const TRUE: u8 = b'T';
pub const FALSE: u8 = b'F';
pub const INT: u8 = b'i';
pub const LONG: u8 = b'l';
pub const DOUBLE: u8 = b'g';
pub const STRING: u8 = b'u';
/// The interpreter writes it for interned strings from version 3 on; same contents.
pub const INTERNED: u8 = b't';
pub const BYTES: u8 = b's';
pub const TUPLE: u8 = b'(';
pub const LIST: u8 = b'[';
pub const DICT: u8 = b'{';
pub const END: u8 = b'0';

/// What a case of an option inside an option is called.
pub const SOME: &str = "some";
pub const OK: &str = "ok";
pub const ERR: &str = "err";

pub const DIGIT_BITS: u32 = 15;
