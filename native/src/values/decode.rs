//! Decodes component values by their types.

use wasmtime::component::{Type, Val};

use super::format::{
    BYTES, DICT, DIGIT_BITS, DOUBLE, END, ERR, FALSE, INT, INTERNED, LIST, LONG, NONE, OK, SOME, STRING, TRUE, TUPLE,
};
use crate::status::{Failure, Outcome, Status};

/// Where `contract.rs` has no static type, each byte becomes a value 24 times its size.
const MAX_DYNAMIC_BYTES: usize = 128 << 10;

/// Reads tags and contents; every length is checked against what is left.
pub struct Reader<'a> {
    rest: &'a [u8],
}

fn wrong(wanted: &str, found: u8) -> Failure {
    let found = match found {
        NONE => "none",
        TRUE | FALSE => "a bool",
        INT | LONG => "an integer",
        DOUBLE => "a float",
        STRING | INTERNED => "a string",
        BYTES => "bytes",
        TUPLE => "a tuple",
        LIST => "a list",
        DICT => "a dictionary",
        _ => "something other than plain data",
    };
    Failure::new(Status::Value, format!("expected {wanted}, got {found}"))
}

fn short() -> Failure {
    Failure::new(Status::Value, "the encoded values end too early")
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Reader { rest: bytes }
    }

    fn take(&mut self, len: usize) -> Outcome<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or_else(short)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Outcome<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or_else(short)?;
        self.rest = rest;
        Ok(*taken)
    }

    fn tag(&mut self) -> Outcome<u8> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    fn peek(&self) -> Outcome<u8> {
        self.rest.first().copied().ok_or_else(short)
    }

    /// A count of things that take at least one byte each.
    fn count(&mut self) -> Outcome<usize> {
        let count = usize::try_from(i32::from_le_bytes(self.array()?)).map_err(|_| short())?;
        if count > self.rest.len() { Err(short()) } else { Ok(count) }
    }

    pub fn integer(&mut self) -> Outcome<i128> {
        match self.tag()? {
            INT => Ok(i32::from_le_bytes(self.array()?).into()),
            LONG => {
                let count = i32::from_le_bytes(self.array()?);
                let mut value: i128 = 0;
                for place in 0..count.unsigned_abs() {
                    let digit = i128::from(u16::from_le_bytes(self.array()?));
                    if place * DIGIT_BITS >= 90 {
                        return Err(Failure::new(Status::Value, "an integer is out of every range"));
                    }
                    value |= digit << (place * DIGIT_BITS);
                }
                Ok(if count < 0 { -value } else { value })
            }
            found => Err(wrong("an integer", found)),
        }
    }

    pub fn ranged<T: TryFrom<i128>>(&mut self, name: &str) -> Outcome<T> {
        let value = self.integer()?;
        T::try_from(value).map_err(|_| Failure::new(Status::Value, format!("{value} does not fit in {name}")))
    }

    pub fn bool(&mut self) -> Outcome<bool> {
        match self.tag()? {
            TRUE => Ok(true),
            FALSE => Ok(false),
            found => Err(wrong("a bool", found)),
        }
    }

    fn double(&mut self) -> Outcome<f64> {
        match self.peek()? {
            DOUBLE => {
                self.tag()?;
                Ok(f64::from_le_bytes(self.array()?))
            }
            INT | LONG => Ok(self.integer()? as f64),
            found => Err(wrong("a float", found)),
        }
    }

    pub fn string(&mut self) -> Outcome<&'a str> {
        match self.tag()? {
            STRING | INTERNED => {
                let len = self.count()?;
                std::str::from_utf8(self.take(len)?)
                    .map_err(|_| Failure::new(Status::Value, "a string holds a lone surrogate"))
            }
            found => Err(wrong("a string", found)),
        }
    }

    pub fn bytes(&mut self) -> Outcome<&'a [u8]> {
        match self.tag()? {
            BYTES => {
                let len = self.count()?;
                self.take(len)
            }
            found => Err(wrong("bytes", found)),
        }
    }

    /// The length of a tuple or list, whose items follow.
    pub fn sequence(&mut self) -> Outcome<usize> {
        match self.tag()? {
            TUPLE | LIST => self.count(),
            found => Err(wrong("a list or tuple", found)),
        }
    }

    pub fn dict(&mut self) -> Outcome<()> {
        match self.tag()? {
            DICT => Ok(()),
            found => Err(wrong("a dictionary", found)),
        }
    }

    /// The next key of a dictionary, or its end.
    pub fn key(&mut self) -> Outcome<Option<&'a str>> {
        if self.peek()? == END {
            self.tag()?;
            return Ok(None);
        }
        self.string().map(Some)
    }

    /// Takes a none if it is next; returns whether it was.
    pub fn none(&mut self) -> Outcome<bool> {
        let none = self.peek()? == NONE;
        if none {
            self.tag()?;
        }
        Ok(none)
    }

    pub fn finished(&self) -> Outcome<()> {
        if self.rest.is_empty() { Ok(()) } else { Err(Failure::new(Status::Value, "more follows the encoded values")) }
    }
}

/// A tuple with a value for each type; no bytes at all stand for an empty tuple.
pub fn decode(bytes: &[u8], types: impl ExactSizeIterator<Item = Type>) -> Outcome<Vec<Val>> {
    let wanted = types.len();
    if bytes.is_empty() && wanted == 0 {
        return Ok(Vec::new());
    }
    let mut input = Reader::new(bytes);
    let given = input.sequence()?;
    if given != wanted {
        return Err(Failure::new(Status::Value, format!("expected {wanted} values, got {given}")));
    }
    let values = types
        .enumerate()
        .map(|(place, ty)| read(&mut input, &ty).map_err(|failure| within(failure, &format!("value {}", place + 1))))
        .collect::<Outcome<Vec<_>>>()?;
    input.finished()?;
    Ok(values)
}

fn within(failure: Failure, place: &str) -> Failure {
    Failure::new(failure.status, format!("{place}: {}", failure.message))
}

fn read(input: &mut Reader<'_>, ty: &Type) -> Outcome<Val> {
    Ok(match ty {
        Type::Bool => Val::Bool(input.bool()?),
        Type::S8 => Val::S8(input.ranged("s8")?),
        Type::U8 => Val::U8(input.ranged("u8")?),
        Type::S16 => Val::S16(input.ranged("s16")?),
        Type::U16 => Val::U16(input.ranged("u16")?),
        Type::S32 => Val::S32(input.ranged("s32")?),
        Type::U32 => Val::U32(input.ranged("u32")?),
        Type::S64 => Val::S64(input.ranged("s64")?),
        Type::U64 => Val::U64(input.ranged("u64")?),
        Type::Float32 => Val::Float32(input.double()? as f32),
        Type::Float64 => Val::Float64(input.double()?),
        Type::Char => Val::Char(character(input.string()?)?),
        Type::String => Val::String(input.string()?.to_owned()),
        Type::List(list) => read_list(input, &list.ty())?,
        Type::Record(record) => Val::Record(read_record(input, record)?),
        Type::Tuple(tuple) => {
            let (given, wanted) = (input.sequence()?, tuple.types().len());
            if given != wanted {
                return Err(Failure::new(Status::Value, format!("expected a tuple of {wanted}, got {given}")));
            }
            Val::Tuple(tuple.types().map(|ty| read(input, &ty)).collect::<Outcome<_>>()?)
        }
        Type::Variant(variant) => {
            let name = case(input)?;
            let found = variant.cases().find(|case| case.name == name).ok_or_else(|| unknown("case", name))?;
            Val::Variant(name.to_owned(), payload(input, found.ty)?)
        }
        Type::Enum(names) => {
            let name = input.string()?;
            if !names.names().any(|known| known == name) {
                return Err(unknown("case", name));
            }
            Val::Enum(name.to_owned())
        }
        Type::Option(option) => Val::Option(read_option(input, &option.ty())?),
        Type::Result(result) => match case(input)? {
            OK => Val::Result(Ok(payload(input, result.ok())?)),
            ERR => Val::Result(Err(payload(input, result.err())?)),
            name => return Err(unknown("case", name)),
        },
        Type::Flags(flags) => {
            let count = input.sequence()?;
            let mut set = Vec::with_capacity(count.min(64));
            for _ in 0..count {
                let name = input.string()?;
                if !flags.names().any(|known| known == name) {
                    return Err(unknown("flag", name));
                }
                set.push(name.to_owned());
            }
            Val::Flags(set)
        }
        _ => return Err(Failure::new(Status::Value, "resources, streams and maps do not cross")),
    })
}

fn unknown(what: &str, name: &str) -> Failure {
    Failure::new(Status::Value, format!("there is no {what} `{name}`"))
}

fn character(text: &str) -> Outcome<char> {
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        (Some(only), None) => Ok(only),
        _ => Err(Failure::new(Status::Value, "one character is wanted")),
    }
}

fn read_list(input: &mut Reader<'_>, ty: &Type) -> Outcome<Val> {
    if matches!(ty, Type::U8) && input.peek()? == BYTES {
        let bytes = input.bytes()?;
        if bytes.len() > MAX_DYNAMIC_BYTES {
            return Err(Failure::new(
                Status::OverLimit,
                format!(
                    "crossing: a list of {} bytes outside the contract's types, which may have {MAX_DYNAMIC_BYTES}",
                    bytes.len()
                ),
            ));
        }
        return Ok(Val::List(bytes.iter().map(|byte| Val::U8(*byte)).collect()));
    }
    let count = input.sequence()?;
    Ok(Val::List((0..count).map(|_| read(input, ty)).collect::<Outcome<_>>()?))
}

fn read_record(input: &mut Reader<'_>, record: &wasmtime::component::types::Record) -> Outcome<Vec<(String, Val)>> {
    let mut fields: Vec<(String, Option<Val>)> = record.fields().map(|field| (field.name.to_owned(), None)).collect();
    input.dict()?;
    while let Some(name) = input.key()? {
        let ty = record.fields().find(|field| field.name == name).ok_or_else(|| unknown("field", name))?.ty;
        let value = read(input, &ty).map_err(|failure| within(failure, name))?;
        if let Some((_, slot)) = fields.iter_mut().find(|(known, _)| known == name) {
            *slot = Some(value);
        }
    }
    // An optional field that is not given is none.
    fields
        .into_iter()
        .zip(record.fields())
        .map(|((name, value), field)| match (value, field.ty) {
            (Some(value), _) => Ok((name, value)),
            (None, Type::Option(_)) => Ok((name, Val::Option(None))),
            (None, _) => Err(Failure::new(Status::Value, format!("the field `{name}` is missing"))),
        })
        .collect()
}

fn read_option(input: &mut Reader<'_>, inner: &Type) -> Outcome<Option<Box<Val>>> {
    if input.none()? {
        return Ok(None);
    }
    if matches!(inner, Type::Option(_)) {
        return match case(input)? {
            SOME => Ok(Some(Box::new(read(input, inner)?))),
            name => Err(unknown("case", name)),
        };
    }
    Ok(Some(Box::new(read(input, inner)?)))
}

fn case<'a>(input: &mut Reader<'a>) -> Outcome<&'a str> {
    match input.sequence()? {
        2 => input.string(),
        _ => Err(Failure::new(Status::Value, "a case is a pair of its name and its value")),
    }
}

fn payload(input: &mut Reader<'_>, ty: Option<Type>) -> Outcome<Option<Box<Val>>> {
    match ty {
        Some(ty) => Ok(Some(Box::new(read(input, &ty)?))),
        None if input.none()? => Ok(None),
        None => Err(Failure::new(Status::Value, "this case carries no value")),
    }
}
