//! Gives each memory a maximum within its reservation, so that it never moves.
//!
//! Code whose memory never moves keeps the memory's address at hand, which makes an interpreter's loops faster. Wasmtime
//! compiles such code where a memory's own maximum lies within its reservation. RATIONALE, "Why a memory for a Pi Zero
//! gets a maximum". Encodings are those of the WebAssembly core specification 3.0, chapter 5.

use wasmparser::{
    BinaryReader, ImportSectionReader, Imports, MemorySectionReader, MemoryType, Parser, Payload, TypeRef,
};

use crate::binary::{COMPONENT, CORE_MODULE, invalid, leb, put_sized, read_leb, rewritten, sections};
use crate::status::Outcome;

const IMPORTS: u8 = 2;
const MEMORIES: u8 = 5;
/// The kind of an import that is a memory.
const MEMORY: u8 = 2;
/// The flag of limits with a maximum.
const BOUNDED: u8 = 1;
const PAGE_BYTES: u64 = 64 << 10;

/// The component with `bytes` as the maximum of each memory; unchanged where a memory itself allows more.
pub fn bounded(wasm: Vec<u8>, bytes: u64) -> Outcome<Vec<u8>> {
    let Ok(pages) = u32::try_from(bytes / PAGE_BYTES) else { return Ok(wasm) };
    // A module may import another one's memory, so that it is all of them or none.
    if all_fit(&wasm, pages)? { component(&wasm, pages) } else { Ok(wasm) }
}

fn all_fit(wasm: &[u8], pages: u32) -> Outcome<bool> {
    for payload in Parser::new(0).parse_all(wasm) {
        if let Payload::MemorySection(memories) = payload.map_err(invalid)? {
            for memory in memories {
                if !fits(&memory.map_err(invalid)?, pages) {
                    return Ok(false);
                }
            }
        }
    }
    Ok(true)
}

fn fits(memory: &MemoryType, pages: u32) -> bool {
    let plain = !memory.memory64 && !memory.shared && memory.page_size_log2.is_none();
    plain && memory.maximum.unwrap_or(memory.initial) <= pages.into()
}

fn component(wasm: &[u8], pages: u32) -> Outcome<Vec<u8>> {
    rewritten(wasm, sections(wasm)?, |id, contents| match id {
        CORE_MODULE => module(contents, pages).map(Some),
        COMPONENT => component(contents, pages).map(Some),
        _ => Ok(None),
    })
}

fn module(wasm: &[u8], pages: u32) -> Outcome<Vec<u8>> {
    rewritten(wasm, sections(wasm)?, |id, contents| match id {
        IMPORTS => imports(contents, pages).map(Some),
        MEMORIES => memories(contents, pages).map(Some),
        _ => Ok(None),
    })
}

fn memories(contents: &[u8], pages: u32) -> Outcome<Vec<u8>> {
    let (count, _) = read_leb(contents)?;
    let mut out = leb(count);
    for memory in MemorySectionReader::new(BinaryReader::new(contents, 0)).map_err(invalid)? {
        out.extend(limits(&memory.map_err(invalid)?, pages));
    }
    Ok(out)
}

/// Imports, unchanged but for memories.
fn imports(contents: &[u8], pages: u32) -> Outcome<Vec<u8>> {
    let (count, _) = read_leb(contents)?;
    let mut out = leb(count);
    let reader = ImportSectionReader::new(BinaryReader::new(contents, 0)).map_err(invalid)?;
    let mut entries = reader.into_iter_with_offsets().collect::<Result<Vec<_>, _>>().map_err(invalid)?.into_iter();
    let mut next = entries.next();
    while let Some((start, import)) = next {
        next = entries.next();
        let end = next.as_ref().map_or(contents.len(), |(start, _)| *start);
        if let Imports::Single(_, import) = import
            && let TypeRef::Memory(memory) = import.ty
            && fits(&memory, pages)
        {
            put_sized(&mut out, import.module.as_bytes());
            put_sized(&mut out, import.name.as_bytes());
            out.push(MEMORY);
            out.extend(limits(&memory, pages));
        } else {
            out.extend_from_slice(contents.get(start..end).unwrap_or_default());
        }
    }
    Ok(out)
}

/// The limits of a memory that `fits`, whose minimum has 32 bits.
fn limits(memory: &MemoryType, pages: u32) -> Vec<u8> {
    let maximum = memory.maximum.and_then(|maximum| u32::try_from(maximum).ok()).unwrap_or(pages);
    [&[BOUNDED], leb(memory.initial as u32).as_slice(), &leb(maximum.min(pages))].concat()
}
