//! Bulk operations that cost what they do.
//!
//! Wasmtime charges one unit of fuel for `memory.fill` of a byte and of 16 MB alike, so that a guest in a loop of them
//! would outlast every deadline. Before compilation each bulk operation becomes a call of a function that first spends
//! fuel by the length: in WebAssembly, so that it is the same on every CPU, and so that the guest gives way meanwhile.
//! Encodings are those of the WebAssembly core specification 3.0, chapter 5, and of the component model's Binary.md.

use std::collections::BTreeMap;
use std::ops::Range;

use wasmparser::{BinaryReaderError, FunctionBody, Operator, Parser, Payload, RefType, TypeRef};

use crate::status::{Failure, Outcome, Status};

const PREAMBLE_BYTES: usize = 8;
/// Sections of a component that hold a core module, and another component.
const CORE_MODULE: u8 = 1;
const COMPONENT: u8 = 4;
/// Sections of a core module.
const CUSTOM: u8 = 0;
const TYPES: u8 = 1;
const FUNCTIONS: u8 = 3;
const CODE: u8 = 10;

/// Hints name places in code that moves here.
const HINTS: &str = "metadata.code.";

const I32: u8 = 0x7f;
const I64: u8 = 0x7e;
const FUNCREF: u8 = 0x70;

/// Five units of fuel for every 512 bytes, or 8 table elements.
const BYTES_SHIFT: u8 = 9;
const ELEMENTS_SHIFT: u8 = 3;
/// From pages of memory to pieces of 512 bytes.
const PAGE_SHIFT: u8 = 16 - BYTES_SHIFT;

/// The same component, its bulk operations metered.
pub fn meter(component: &[u8]) -> Outcome<Vec<u8>> {
    let mut out = component.get(..PREAMBLE_BYTES).unwrap_or_default().to_vec();
    for (id, contents) in sections(component)? {
        let metered = match id {
            CORE_MODULE => module(contents)?,
            COMPONENT => meter(contents)?,
            _ => contents.to_vec(),
        };
        section(&mut out, id, &metered);
    }
    Ok(out)
}

fn module(wasm: &[u8]) -> Outcome<Vec<u8>> {
    let mut seen = Module::default();
    let mut bodies = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        seen.note(payload.map_err(invalid)?, &mut bodies)?;
    }
    let mut helpers = Helpers::default();
    let mut code = Vec::new();
    for body in &bodies {
        code.push(seen.rewritten(wasm, body, &mut helpers)?);
    }
    if helpers.by_operation.is_empty() {
        return Ok(wasm.to_vec());
    }
    code.extend(helpers.bodies.iter().cloned());
    let mut out = wasm.get(..PREAMBLE_BYTES).unwrap_or_default().to_vec();
    for (id, contents) in sections(wasm)? {
        match id {
            TYPES => section(&mut out, id, &extended(contents, &helpers.types)?),
            FUNCTIONS => {
                let types: Vec<Vec<u8>> = (0..).zip(&helpers.types).map(|(place, _)| leb(seen.types + place)).collect();
                section(&mut out, id, &extended(contents, &types)?);
            }
            CODE => section(&mut out, id, &counted(&code)),
            CUSTOM if is_hint(contents) => {}
            _ => section(&mut out, id, contents),
        }
    }
    Ok(out)
}

/// What of a module decides on the functions that take the place of its bulk operations.
#[derive(Default)]
struct Module {
    types: u32,
    functions: u32,
    /// Whether a memory has 64-bit addresses, of each; and the same for tables, with what they hold.
    memories: Vec<bool>,
    tables: Vec<(bool, RefType)>,
}

impl Module {
    fn note<'a>(&mut self, payload: Payload<'a>, bodies: &mut Vec<FunctionBody<'a>>) -> Outcome<()> {
        match payload {
            // Groups of types count once in their section; an index counts every type.
            Payload::TypeSection(section) => {
                for group in section {
                    self.types += u32::try_from(group.map_err(invalid)?.types().len()).unwrap_or(u32::MAX);
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    match import.map_err(invalid)?.ty {
                        TypeRef::Func(_) | TypeRef::FuncExact(_) => self.functions += 1,
                        TypeRef::Memory(memory) => self.memories.push(memory.memory64),
                        TypeRef::Table(table) => self.tables.push((table.table64, table.element_type)),
                        _ => {}
                    }
                }
            }
            Payload::FunctionSection(section) => self.functions += section.count(),
            Payload::MemorySection(section) => {
                for memory in section {
                    self.memories.push(memory.map_err(invalid)?.memory64);
                }
            }
            Payload::TableSection(section) => {
                for table in section {
                    let ty = table.map_err(invalid)?.ty;
                    self.tables.push((ty.table64, ty.element_type));
                }
            }
            Payload::CodeSectionEntry(body) => bodies.push(body),
            _ => {}
        }
        Ok(())
    }

    /// A function's body with calls in place of its bulk operations.
    fn rewritten(&self, wasm: &[u8], body: &FunctionBody<'_>, helpers: &mut Helpers) -> Outcome<Vec<u8>> {
        let mut out = Vec::new();
        let mut copied = body.range().start;
        let mut reader = body.get_operators_reader().map_err(invalid)?;
        while !reader.eof() {
            let start = reader.original_position();
            let operator = reader.read().map_err(invalid)?;
            let Some(operation) = self.operation(&operator)? else { continue };
            let end = reader.original_position();
            let bytes = wasm.get(start..end).unwrap_or_default();
            out.extend_from_slice(wasm.get(copied..start).unwrap_or_default());
            out.push(0x10); // call
            out.extend(leb(self.functions + helpers.place(bytes, &operation)));
            copied = end;
        }
        let Range { end, .. } = body.range();
        out.extend_from_slice(wasm.get(copied..end).unwrap_or_default());
        Ok(out)
    }

    fn operation(&self, operator: &Operator<'_>) -> Outcome<Option<Operation>> {
        Ok(Some(match *operator {
            Operator::MemoryFill { mem } => {
                let wide = self.memory(mem);
                Operation::memory(mem, wide, [address(wide), I32, address(wide)])
            }
            Operator::MemoryCopy { dst_mem, src_mem } => {
                let (to, from) = (self.memory(dst_mem), self.memory(src_mem));
                Operation::memory(dst_mem, to, [address(to), address(from), address(to && from)])
            }
            Operator::MemoryInit { mem, .. } => {
                let wide = self.memory(mem);
                Operation::memory(mem, wide, [address(wide), I32, I32])
            }
            Operator::TableFill { table } => {
                let (wide, held) = self.table(table);
                if held != RefType::FUNCREF {
                    return Err(Failure::new(Status::InvalidWasm, "it fills a table that does not hold functions"));
                }
                Operation::table(table, wide, [address(wide), FUNCREF, address(wide)])
            }
            Operator::TableCopy { dst_table, src_table } => {
                let ((to, _), (from, _)) = (self.table(dst_table), self.table(src_table));
                Operation::table(dst_table, to, [address(to), address(from), address(to && from)])
            }
            Operator::TableInit { table, .. } => {
                let (wide, _) = self.table(table);
                Operation::table(table, wide, [address(wide), I32, I32])
            }
            _ => return Ok(None),
        }))
    }

    /// An index out of range is for the compiler to refuse.
    fn memory(&self, index: u32) -> bool {
        self.memories.get(index as usize).copied().unwrap_or_default()
    }

    fn table(&self, index: u32) -> (bool, RefType) {
        self.tables.get(index as usize).copied().unwrap_or((false, RefType::FUNCREF))
    }
}

const fn address(wide: bool) -> u8 {
    if wide { I64 } else { I32 }
}

/// A bulk operation: its parameters, the last of them the length, and how the size of what it writes to is found.
struct Operation {
    params: [u8; 3],
    shift: u8,
    size: Vec<u8>,
}

impl Operation {
    fn memory(index: u32, wide: bool, params: [u8; 3]) -> Self {
        let mut size = [&[0x3f], leb(index).as_slice()].concat(); // memory.size
        if wide {
            size.push(0xa7); // i32.wrap_i64
        }
        size.extend([0x41, PAGE_SHIFT, 0x74]); // i32.const, i32.shl
        Operation { params, shift: BYTES_SHIFT, size }
    }

    fn table(index: u32, wide: bool, params: [u8; 3]) -> Self {
        let mut size = [&[0xfc, 0x10], leb(index).as_slice()].concat(); // table.size
        if wide {
            size.push(0xa7);
        }
        size.extend([0x41, ELEMENTS_SHIFT, 0x76]); // i32.const, i32.shr_u
        Operation { params, shift: ELEMENTS_SHIFT, size }
    }

    /// A function type without results.
    fn ty(&self) -> Vec<u8> {
        [&[0x60, 3], self.params.as_slice(), &[0]].concat()
    }

    /// Spends fuel for the length, or for all there is to write to when that is less, then does what `operator` does.
    fn body(&self, operator: &[u8]) -> Vec<u8> {
        const PIECES: u8 = 3;
        const SIZE: u8 = 4;
        let mut code = vec![1, 2, I32]; // one group of locals: two of i32
        code.extend([0x20, 2]); // local.get, the length
        match self.params {
            [_, _, I64] => code.extend([0x42, self.shift, 0x88, 0xa7]), // i64.const, i64.shr_u, i32.wrap_i64
            _ => code.extend([0x41, self.shift, 0x76]),                 // i32.const, i32.shr_u
        }
        code.extend([0x22, PIECES, 0x04, 0x40]); // local.tee, if
        code.extend([0x20, PIECES]);
        code.extend(&self.size);
        code.extend([0x22, SIZE, 0x20, PIECES, 0x20, SIZE, 0x49, 0x1b]); // the less: i32.lt_u, select
        code.extend([0x41, 1, 0x6a, 0x21, PIECES]); // and one, so that there is one
        code.extend([0x03, 0x40, 0x20, PIECES, 0x41, 1, 0x6b, 0x22, PIECES, 0x0d, 0, 0x0b]); // loop … i32.sub, br_if, end
        code.push(0x0b); // end of if
        code.extend([0x20, 0, 0x20, 1, 0x20, 2]);
        code.extend(operator);
        code.push(0x0b);
        code
    }
}

/// The functions that take the place of bulk operations, one for each that differs.
#[derive(Default)]
struct Helpers {
    by_operation: BTreeMap<Vec<u8>, u32>,
    types: Vec<Vec<u8>>,
    bodies: Vec<Vec<u8>>,
}

impl Helpers {
    fn place(&mut self, operator: &[u8], operation: &Operation) -> u32 {
        if let Some(place) = self.by_operation.get(operator) {
            return *place;
        }
        let place = self.by_operation.len() as u32;
        self.by_operation.insert(operator.to_vec(), place);
        self.types.push(operation.ty());
        self.bodies.push(operation.body(operator));
        place
    }
}

fn sections(binary: &[u8]) -> Outcome<Vec<(u8, &[u8])>> {
    let mut found = Vec::new();
    let mut rest = binary.get(PREAMBLE_BYTES..).unwrap_or_default();
    while let Some((id, after)) = rest.split_first() {
        let (len, after) = read_leb(after)?;
        let (contents, after) = after.split_at_checked(len as usize).ok_or_else(damaged)?;
        found.push((*id, contents));
        rest = after;
    }
    Ok(found)
}

fn section(out: &mut Vec<u8>, id: u8, contents: &[u8]) {
    out.push(id);
    out.extend(leb(contents.len() as u32));
    out.extend_from_slice(contents);
}

/// A vector with more at its end.
fn extended(contents: &[u8], more: &[Vec<u8>]) -> Outcome<Vec<u8>> {
    let (count, rest) = read_leb(contents)?;
    Ok([leb(count + more.len() as u32).as_slice(), rest, &more.concat()].concat())
}

/// A vector of what stands behind its own length.
fn counted(parts: &[Vec<u8>]) -> Vec<u8> {
    let mut out = leb(parts.len() as u32);
    for part in parts {
        out.extend(leb(part.len() as u32));
        out.extend_from_slice(part);
    }
    out
}

fn is_hint(custom: &[u8]) -> bool {
    read_leb(custom).is_ok_and(|(_, name)| name.starts_with(HINTS.as_bytes()))
}

fn leb(mut number: u32) -> Vec<u8> {
    let mut out = Vec::new();
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
    out
}

fn read_leb(bytes: &[u8]) -> Outcome<(u32, &[u8])> {
    let mut number = 0u64;
    for (place, byte) in bytes.iter().enumerate().take(5) {
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            let number = u32::try_from(number).map_err(|_| damaged())?;
            return Ok((number, bytes.get(place + 1..).unwrap_or_default()));
        }
    }
    Err(damaged())
}

fn invalid(error: BinaryReaderError) -> Failure {
    Failure::new(Status::InvalidWasm, format!("it is damaged: {error}"))
}

fn damaged() -> Failure {
    Failure::new(Status::InvalidWasm, "it is damaged: its sections do not fit into it")
}
