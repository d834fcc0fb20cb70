//! Encodes component values.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use wasmtime::component::types::Variant;
use wasmtime::component::{Type, Val};

use super::format::{
    BYTES, DICT, DIGIT_BITS, DOUBLE, END, ERR, FALSE, INT, LIST, LONG, NONE, OK, SOME, STRING, TRUE, TUPLE,
};
use crate::status::{Failure, Outcome, Status};

/// Up to so many cases of a variant are searched for each value; more are sorted first.
const FEW_CASES: usize = 16;

/// A buffer that does not grow over the limit of one crossing.
pub struct Writer {
    bytes: Vec<u8>,
    limit: usize,
    /// Payloads of variants with many cases, by the address of the first case's name, which identifies the type.
    cases: BTreeMap<usize, BTreeMap<String, Option<Type>>>,
}

impl Writer {
    pub fn new(limit: usize) -> Self {
        Writer { bytes: Vec::new(), limit, cases: BTreeMap::new() }
    }

    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }

    fn put(&mut self, bytes: &[u8]) -> Outcome<()> {
        if self.bytes.len() + bytes.len() > self.limit {
            return Err(Failure::new(Status::OverLimit, format!("crossing: more than {} bytes at once", self.limit)));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn sized(&mut self, tag: u8, len: usize) -> Outcome<()> {
        let len = i32::try_from(len)
            .map_err(|_| Failure::new(Status::OverLimit, "crossing: a value of more than 2^31 bytes"))?;
        self.put(&[tag])?;
        self.put(&len.to_le_bytes())
    }

    pub fn none(&mut self) -> Outcome<()> {
        self.put(&[NONE])
    }

    pub fn bool(&mut self, value: bool) -> Outcome<()> {
        self.put(&[if value { TRUE } else { FALSE }])
    }

    pub fn integer(&mut self, value: i128) -> Outcome<()> {
        if let Ok(small) = i32::try_from(value) {
            self.put(&[INT])?;
            return self.put(&small.to_le_bytes());
        }
        let mut digits = Vec::new();
        let mut rest = value.unsigned_abs();
        while rest != 0 {
            digits.extend_from_slice(&((rest & ((1 << DIGIT_BITS) - 1)) as u16).to_le_bytes());
            rest >>= DIGIT_BITS;
        }
        let count = (digits.len() / 2) as i32;
        self.put(&[LONG])?;
        self.put(&(if value < 0 { -count } else { count }).to_le_bytes())?;
        self.put(&digits)
    }

    pub fn double(&mut self, value: f64) -> Outcome<()> {
        self.put(&[DOUBLE])?;
        self.put(&value.to_le_bytes())
    }

    pub fn string(&mut self, value: &str) -> Outcome<()> {
        self.sized(STRING, value.len())?;
        self.put(value.as_bytes())
    }

    pub fn bytes(&mut self, value: &[u8]) -> Outcome<()> {
        self.sized(BYTES, value.len())?;
        self.put(value)
    }

    pub fn tuple(&mut self, len: usize) -> Outcome<()> {
        self.sized(TUPLE, len)
    }

    pub fn list(&mut self, len: usize) -> Outcome<()> {
        self.sized(LIST, len)
    }

    pub fn dict(&mut self) -> Outcome<()> {
        self.put(&[DICT])
    }

    pub fn end(&mut self) -> Outcome<()> {
        self.put(&[END])
    }

    /// The type of a case's payload; fast, because a guest may pass a hundred thousand values at once.
    fn payload(&mut self, variant: &Variant, name: &str) -> Option<Type> {
        let mut cases = variant.cases();
        if cases.len() <= FEW_CASES {
            return cases.find(|case| case.name == name)?.ty;
        }
        let place = cases.next()?.name.as_ptr().addr();
        let sorted = || variant.cases().map(|case| (case.name.to_owned(), case.ty)).collect();
        self.cases.entry(place).or_insert_with(sorted).get(name)?.clone()
    }
}

/// Parameters or results, as one tuple.
pub fn encode<'a>(values: &[Val], types: impl Iterator<Item = Type> + 'a, limit: usize) -> Outcome<Vec<u8>> {
    let mut out = Writer::new(limit);
    out.tuple(values.len())?;
    for (value, ty) in values.iter().zip(types) {
        write(&mut out, value, &ty)?;
    }
    Ok(out.finish())
}

fn write(out: &mut Writer, value: &Val, ty: &Type) -> Outcome<()> {
    match (value, ty) {
        (Val::Bool(v), _) => out.bool(*v),
        (Val::S8(v), _) => out.integer((*v).into()),
        (Val::U8(v), _) => out.integer((*v).into()),
        (Val::S16(v), _) => out.integer((*v).into()),
        (Val::U16(v), _) => out.integer((*v).into()),
        (Val::S32(v), _) => out.integer((*v).into()),
        (Val::U32(v), _) => out.integer((*v).into()),
        (Val::S64(v), _) => out.integer((*v).into()),
        (Val::U64(v), _) => out.integer((*v).into()),
        (Val::Float32(v), _) => out.double((*v).into()),
        (Val::Float64(v), _) => out.double(*v),
        (Val::Char(v), _) => out.string(v.encode_utf8(&mut [0; 4])),
        (Val::String(v) | Val::Enum(v), _) => out.string(v),
        (Val::List(items), Type::List(list)) => write_list(out, items, &list.ty()),
        (Val::Record(fields), Type::Record(record)) => {
            out.dict()?;
            for ((name, value), field) in fields.iter().zip(record.fields()) {
                out.string(name)?;
                write(out, value, &field.ty)?;
            }
            out.end()
        }
        (Val::Tuple(items), Type::Tuple(tuple)) => {
            out.tuple(items.len())?;
            items.iter().zip(tuple.types()).try_for_each(|(item, ty)| write(out, item, &ty))
        }
        (Val::Variant(name, payload), Type::Variant(variant)) => {
            let ty = payload.as_ref().and_then(|_| out.payload(variant, name));
            write_case(out, name, payload.as_deref(), ty)
        }
        (Val::Result(Ok(payload)), Type::Result(result)) => write_case(out, OK, payload.as_deref(), result.ok()),
        (Val::Result(Err(payload)), Type::Result(result)) => write_case(out, ERR, payload.as_deref(), result.err()),
        (Val::Option(None), _) => out.none(),
        (Val::Option(Some(value)), Type::Option(option)) => match option.ty() {
            inner @ Type::Option(_) => write_case(out, SOME, Some(value), Some(inner)),
            inner => write(out, value, &inner),
        },
        (Val::Flags(names), _) => {
            out.list(names.len())?;
            names.iter().try_for_each(|name| out.string(name))
        }
        _ => Err(Failure::new(
            Status::Value,
            "a value of a kind that cannot cross: resources, streams and maps stay inside",
        )),
    }
}

fn write_list(out: &mut Writer, items: &[Val], ty: &Type) -> Outcome<()> {
    if matches!(ty, Type::U8) {
        let bytes: Vec<u8> = items.iter().map(|item| if let Val::U8(byte) = item { *byte } else { 0 }).collect();
        return out.bytes(&bytes);
    }
    out.list(items.len())?;
    items.iter().try_for_each(|item| write(out, item, ty))
}

fn write_case(out: &mut Writer, name: &str, payload: Option<&Val>, ty: Option<Type>) -> Outcome<()> {
    out.tuple(2)?;
    out.string(name)?;
    match (payload, ty) {
        (Some(value), Some(ty)) => write(out, value, &ty),
        _ => out.none(),
    }
}

/// Encodes a JSON document of our own, such as a description; never a guest's answer.
pub fn encode_json(value: &Json) -> Vec<u8> {
    let mut out = Writer::new(usize::MAX);
    // The writer has no limit to hit, and JSON has no kind that cannot cross.
    let _ = write_json(&mut out, value);
    out.finish()
}

fn write_json(out: &mut Writer, value: &Json) -> Outcome<()> {
    match value {
        Json::Null => out.none(),
        Json::Bool(v) => out.bool(*v),
        Json::Number(v) => match v.as_i128() {
            Some(integer) => out.integer(integer),
            None => out.double(v.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(v) => out.string(v),
        Json::Array(items) => {
            out.list(items.len())?;
            items.iter().try_for_each(|item| write_json(out, item))
        }
        Json::Object(fields) => {
            out.dict()?;
            for (name, value) in fields {
                out.string(name)?;
                write_json(out, value)?;
            }
            out.end()
        }
    }
}
