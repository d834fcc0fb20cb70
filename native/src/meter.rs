//! Meters what takes time and costs no fuel: bulk operations, and values that components pass to each other.
//!
//! Wasmtime charges one unit of fuel for `memory.fill` of a byte and of 16 MB alike, and for a string of 4 MB that one
//! component passes to another, however it is transcoded, so that a guest in a loop of them would outlast every deadline.
//! Before compilation each bulk operation becomes a call of a function that first spends fuel by the length, and so does
//! each export that canonical functions allocate by, since what is passed is allocated first: in WebAssembly, so that it is
//! the same on every CPU, and so that the guest gives way meanwhile.
//! Encodings are those of the WebAssembly core specification 3.0, chapter 5, and of the component model's Binary.md.
//! RATIONALE, "Why bulk operations and allocations are metered before compilation".

mod helpers;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use wasmparser::{
    CompositeInnerType, ExternalKind, FuncType, FunctionBody, Operator, Parser, Payload, RefType, TypeRef, ValType,
};

use crate::binary::{
    COMPONENT, CORE_MODULE, counted, extended, invalid, leb, put_sized, read_leb, rewritten, sections,
};
use crate::status::{Failure, Outcome, Status};
use crate::structure::{self, Structure};
use helpers::{FUNCREF, Helpers, I32, I64, Operation, SPENDING_LOCALS};

/// Sections of a core module.
const CUSTOM: u8 = 0;
const TYPES: u8 = 1;
const IMPORTS: u8 = 2;
const FUNCTIONS: u8 = 3;
const EXPORTS: u8 = 7;
const CODE: u8 = 10;
const DATA: u8 = 11;

/// Hints refer to offsets in code, which this changes.
const HINTS: &str = "metadata.code.";

/// The same component, metered.
pub fn meter(wasm: &[u8], structure: &Structure) -> Outcome<Vec<u8>> {
    component(wasm, &mut structure.modules.iter())
}

/// `modules`: those that are still to come, in the order of the file.
fn component<'a>(wasm: &[u8], modules: &mut impl Iterator<Item = &'a structure::Module>) -> Outcome<Vec<u8>> {
    let none = BTreeSet::new();
    rewritten(wasm, sections(wasm)?, |id, contents| match id {
        CORE_MODULE => {
            let allocators = modules.next().map_or(&none, |module| &module.allocators);
            module(contents, allocators).map(Some)
        }
        COMPONENT => component(contents, modules).map(Some),
        _ => Ok(None),
    })
}

fn module(wasm: &[u8], allocators: &BTreeSet<String>) -> Outcome<Vec<u8>> {
    let mut seen = Module::default();
    let mut bodies = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        seen.note(payload.map_err(invalid)?, &mut bodies)?;
    }
    let allocating = seen.allocating(allocators);
    let mut helpers = Helpers::default();
    let mut code = Vec::new();
    for (index, body) in (seen.imported..).zip(&bodies) {
        code.push(seen.rewritten(wasm, body, allocating.get(&index).copied(), &mut helpers)?);
    }
    let exports = seen.rewritten_exports(&allocating, &mut helpers);
    if helpers.is_empty() && allocating.is_empty() {
        return Ok(wasm.to_vec());
    }
    code.extend(helpers.bodies.iter().cloned());
    let types: Vec<Vec<u8>> =
        (0..).zip(&helpers.types).map(|(place, _)| leb(seen.types.len() as u32 + place)).collect();
    let without_hints =
        with_functions(sections(wasm)?).into_iter().filter(|(id, contents)| *id != CUSTOM || !is_hint(contents));
    rewritten(wasm, without_hints, |id, contents| match id {
        TYPES => extended(contents, &helpers.types).map(Some),
        FUNCTIONS => extended(contents, &types).map(Some),
        EXPORTS => Ok(Some(counted_exports(&exports))),
        CODE => Ok(Some(counted(&code))),
        _ => Ok(None),
    })
}

/// Adds empty sections for functions and their code where a module has none.
fn with_functions(mut found: Vec<(u8, &[u8])>) -> Vec<(u8, &[u8])> {
    const NONE: &[u8] = &[0];
    if !found.iter().any(|(id, _)| *id == FUNCTIONS) {
        let before = found.iter().rposition(|(id, _)| matches!(*id, TYPES | IMPORTS)).map_or(0, |place| place + 1);
        found.insert(before, (FUNCTIONS, NONE));
    }
    if !found.iter().any(|(id, _)| *id == CODE) {
        let before = found.iter().position(|(id, _)| *id == DATA).unwrap_or(found.len());
        found.insert(before, (CODE, NONE));
    }
    found
}

/// The contents of the section of exports.
fn counted_exports(exports: &[(String, u8, u32)]) -> Vec<u8> {
    let mut out = leb(exports.len() as u32);
    for (name, kind, index) in exports {
        put_sized(&mut out, name.as_bytes());
        out.push(*kind);
        out.extend(leb(*index));
    }
    out
}

/// The parts of a module on which the metering functions depend.
#[derive(Default)]
struct Module {
    /// The pointer type of each type that `realloc` may have.
    types: Vec<Option<u8>>,
    /// The type of each function, the imported ones first.
    functions: Vec<u32>,
    imported: u32,
    /// Name, kind and index.
    exports: Vec<(String, u8, u32)>,
    /// Whether each memory has 64-bit addresses; the same for each table, with its type of element.
    memories: Vec<bool>,
    tables: Vec<(bool, RefType)>,
}

impl Module {
    fn note<'a>(&mut self, payload: Payload<'a>, bodies: &mut Vec<FunctionBody<'a>>) -> Outcome<()> {
        match payload {
            // Groups of types count once in their section; an index counts every type.
            Payload::TypeSection(section) => {
                for group in section {
                    let group = group.map_err(invalid)?;
                    self.types.extend(group.types().map(|ty| match &ty.composite_type.inner {
                        CompositeInnerType::Func(ty) => allocator_pointer(ty),
                        _ => None,
                    }));
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    match import.map_err(invalid)?.ty {
                        TypeRef::Func(ty) | TypeRef::FuncExact(ty) => {
                            self.functions.push(ty);
                            self.imported += 1;
                        }
                        TypeRef::Memory(memory) => self.memories.push(memory.memory64),
                        TypeRef::Table(table) => self.tables.push((table.table64, table.element_type)),
                        _ => {}
                    }
                }
            }
            Payload::FunctionSection(section) => {
                for ty in section {
                    self.functions.push(ty.map_err(invalid)?);
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.map_err(invalid)?;
                    self.exports.push((export.name.to_owned(), kind_byte(export.kind)?, export.index));
                }
            }
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

    /// The allocators, each with the type of its pointers. The compiler refuses one of another type.
    fn allocating(&self, allocators: &BTreeSet<String>) -> BTreeMap<u32, u8> {
        let named = self.exports.iter().filter(|(name, kind, _)| *kind == FUNCTION && allocators.contains(name));
        named.filter_map(|(_, _, index)| Some((*index, self.pointer(*index)?))).collect()
    }

    fn pointer(&self, function: u32) -> Option<u8> {
        self.types.get(*self.functions.get(function as usize)? as usize).copied().flatten()
    }

    /// The exports; an allocator that is only passed on becomes a function that meters it.
    fn rewritten_exports(&self, allocating: &BTreeMap<u32, u8>, helpers: &mut Helpers) -> Vec<(String, u8, u32)> {
        let mut exports = self.exports.clone();
        for (_, kind, index) in &mut exports {
            if let Some(pointer) = allocating.get(index).filter(|_| *kind == FUNCTION && *index < self.imported) {
                let call = [&[CALL], leb(*index).as_slice()].concat();
                *index = self.functions.len() as u32 + helpers.place(&call, &Operation::allocate(*pointer));
            }
        }
        exports
    }

    /// A function's body with calls in place of its bulk operations; `allocating`: it is an allocator, its pointers' type.
    fn rewritten(
        &self,
        wasm: &[u8],
        body: &FunctionBody<'_>,
        allocating: Option<u8>,
        helpers: &mut Helpers,
    ) -> Outcome<Vec<u8>> {
        let mut out = Vec::new();
        let mut copied = body.range().start;
        let mut reader = body.get_operators_reader().map_err(invalid)?;
        if let Some(pointer) = allocating {
            let code = reader.original_position();
            out = spending(wasm.get(copied..code).unwrap_or_default(), body, pointer)?;
            copied = code;
        }
        while !reader.eof() {
            let start = reader.original_position();
            let operator = reader.read().map_err(invalid)?;
            let Some(operation) = self.operation(&operator)? else { continue };
            let end = reader.original_position();
            let bytes = wasm.get(start..end).unwrap_or_default();
            out.extend_from_slice(wasm.get(copied..start).unwrap_or_default());
            out.push(CALL);
            out.extend(leb(self.functions.len() as u32 + helpers.place(bytes, &operation)));
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

    /// The compiler refuses an index out of range.
    fn memory(&self, index: u32) -> bool {
        self.memories.get(index as usize).copied().unwrap_or_default()
    }

    fn table(&self, index: u32) -> (bool, RefType) {
        self.tables.get(index as usize).copied().unwrap_or((false, RefType::FUNCREF))
    }
}

/// The locals of an allocator's body, and code that spends fuel before all of its own.
fn spending(locals: &[u8], body: &FunctionBody<'_>, pointer: u8) -> Outcome<Vec<u8>> {
    let operation = Operation::allocate(pointer);
    let (groups, rest) = read_leb(locals)?;
    let mut first = operation.params();
    for group in body.get_locals_reader().map_err(invalid)? {
        first = first.saturating_add(group.map_err(invalid)?.0);
    }
    Ok([leb(groups + 1).as_slice(), rest, &SPENDING_LOCALS, &operation.spend(first)].concat())
}

const fn address(wide: bool) -> u8 {
    if wide { I64 } else { I32 }
}

/// `call`, and the kind of an export that is a function.
const CALL: u8 = 0x10;
const FUNCTION: u8 = 0;

/// The pointer type of `realloc`, for its type.
fn allocator_pointer(ty: &FuncType) -> Option<u8> {
    match (ty.params(), ty.results()) {
        ([ValType::I32, ValType::I32, ValType::I32, ValType::I32], [ValType::I32]) => Some(I32),
        ([ValType::I64, ValType::I64, ValType::I64, ValType::I64], [ValType::I64]) => Some(I64),
        _ => None,
    }
}

fn kind_byte(kind: ExternalKind) -> Outcome<u8> {
    match kind {
        ExternalKind::Func => Ok(FUNCTION),
        ExternalKind::Table => Ok(1),
        ExternalKind::Memory => Ok(2),
        ExternalKind::Global => Ok(3),
        ExternalKind::Tag => Ok(4),
        ExternalKind::FuncExact => Err(Failure::new(Status::InvalidWasm, "it exports a function of an exact type")),
    }
}

fn is_hint(custom: &[u8]) -> bool {
    read_leb(custom).is_ok_and(|(_, name)| name.starts_with(HINTS.as_bytes()))
}
