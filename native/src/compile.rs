//! Compiles a component to a signed artifact, for any engine target.

use std::fs::File;
use std::io::Write;

use serde_json::{Map, Value as Json, json};
use wasmparser::{Encoding, Parser, Payload};
use wasmtime::Engine;
use wasmtime::component::Linker;
use wit_component::ComponentEncoder;
use wit_parser::decoding::{DecodedWasm, decode};
use wit_parser::{IndexMap, Resolve, TypeDefKind, WorldItem, WorldKey};

use crate::artifact;
use crate::binary::invalid;
use crate::features;
use crate::fixed_memory;
use crate::footprint::instance_bytes;
use crate::guest::Guest;
use crate::hex;
use crate::key::Seed;
use crate::meter::meter;
use crate::profile::{CRANELIFT, EngineTarget, LIBRARY, WASMTIME};
use crate::sha256;
use crate::stacks::STACK_BYTES;
use crate::statement::FORMAT;
use crate::status::{Failure, Outcome, Status};
use crate::structure::Structure;
use crate::wasi;

type WorldItems = IndexMap<WorldKey, WorldItem>;

/// Where toolchains leave the WIT world of a core module.
const METADATA_SECTION: &str = "component-type";

/// A loader links each import of a component. All of WASI 0.2 has 400.
const MAX_FUNCTIONS: usize = 2_000;

/// Wasmtime searches them for the case of each value. Variants of WASI 0.2 have 40 cases at most.
const MAX_CASES: usize = 256;

/// A component, with its imports and exports as `interface#function`.
pub struct Encoded {
    pub kind: &'static str,
    pub wasm: Vec<u8>,
    pub imports: Vec<String>,
    pub exports: Vec<String>,
    /// Imports of any version of WASI that the library does not provide.
    pub missing: Vec<String>,
}

/// Returns a component unchanged, and converts a core module that carries component metadata.
pub fn encode(wasm: &[u8]) -> Outcome<Encoded> {
    let (kind, wasm) = match contents(wasm)? {
        Contents::Component => {
            Structure::of(wasm)?;
            ("component", wasm.to_vec())
        }
        Contents::ModuleWithMetadata => ("module", componentize(wasm)?),
        Contents::Module => {
            return Err(features::no_component(wasm));
        }
    };
    features::check(&wasm)?;
    let (imports, exports) = functions(&wasm)?;
    let missing = missing(&imports)?;
    Ok(Encoded { kind, wasm, imports, exports, missing })
}

enum Contents {
    Component,
    Module,
    ModuleWithMetadata,
}

fn contents(wasm: &[u8]) -> Outcome<Contents> {
    let mut contents = None;
    for payload in Parser::new(0).parse_all(wasm) {
        match payload {
            Ok(Payload::Version { encoding: Encoding::Component, .. }) => return Ok(Contents::Component),
            Ok(Payload::Version { encoding: Encoding::Module, .. }) => contents = Some(Contents::Module),
            Ok(Payload::CustomSection(section)) if section.name().starts_with(METADATA_SECTION) => {
                return Ok(Contents::ModuleWithMetadata);
            }
            Ok(_) => {}
            Err(error) if contents.is_none() => {
                return Err(Failure::new(Status::NotWasm, format!("it is not WebAssembly: {error}")));
            }
            Err(error) => return Err(invalid(error)),
        }
    }
    contents.ok_or_else(|| Failure::new(Status::NotWasm, "it is empty"))
}

fn componentize(module: &[u8]) -> Outcome<Vec<u8>> {
    ComponentEncoder::default().validate(true).module(module).and_then(|mut encoder| encoder.encode()).map_err(
        |error| {
            features::no_conversion(module)
                .unwrap_or_else(|| Failure::new(Status::InvalidWasm, format!("it makes no component: {error:#}")))
        },
    )
}

/// Imports of WASI that the linker of a plugin does not know.
fn missing(imports: &[String]) -> Outcome<Vec<String>> {
    let failed = |error: wasmtime::Error| Failure::new(Status::Internal, format!("linking: {error:#}"));
    let engine = Engine::new(&EngineTarget::native().config(STACK_BYTES)?).map_err(failed)?;
    let mut linker = Linker::<Guest>::new(&engine);
    linker.allow_shadowing(true);
    let mut found = Vec::new();
    for import in imports.iter().filter(|import| import.starts_with(wasi::NAMESPACE)) {
        let (interface, name) = import.split_once('#').unwrap_or((import, ""));
        let mut instance = linker.instance(interface).map_err(failed)?;
        if !wasi::define(&mut instance, interface, name).map_err(failed)? {
            found.push(import.clone());
        }
    }
    Ok(found)
}

fn functions(component: &[u8]) -> Outcome<(Vec<String>, Vec<String>)> {
    let decoded = decode(component)
        .map_err(|error| Failure::new(Status::InvalidWasm, format!("its types do not decode: {error:#}")))?;
    let DecodedWasm::Component(resolve, world) = decoded else {
        return Err(Failure::new(Status::NotComponent, "it is a WIT package, which has no code"));
    };
    let Some(world) = resolve.worlds.get(world) else {
        return Err(Failure::new(Status::InvalidWasm, "it has no world"));
    };
    let cases = resolve.types.iter().map(|(_, ty)| match &ty.kind {
        TypeDefKind::Variant(variant) => variant.cases.len(),
        TypeDefKind::Enum(names) => names.cases.len(),
        _ => 0,
    });
    let most = cases.max().unwrap_or(0);
    if most > MAX_CASES {
        let why = format!("a type that it imports or exports has more than {MAX_CASES} cases: {most}");
        return Err(Failure::new(Status::TooComplex, why));
    }
    let names = |items: &WorldItems| items.iter().flat_map(|(key, item)| names(&resolve, key, item)).collect();
    let (imports, exports): (Vec<_>, Vec<_>) = (names(&world.imports), names(&world.exports));
    let most = imports.len().max(exports.len());
    if most > MAX_FUNCTIONS {
        let why = format!("it has more than {MAX_FUNCTIONS} functions to import or to export: {most}");
        return Err(Failure::new(Status::TooComplex, why));
    }
    Ok((imports, exports))
}

fn names(resolve: &Resolve, key: &WorldKey, item: &WorldItem) -> Vec<String> {
    let name = resolve.name_world_key(key);
    match item {
        WorldItem::Interface { id, .. } => match resolve.interfaces.get(*id) {
            Some(interface) => interface.functions.keys().map(|function| format!("{name}#{function}")).collect(),
            None => Vec::new(),
        },
        WorldItem::Function(_) => vec![name],
        WorldItem::Type { .. } => Vec::new(),
    }
}

/// One of the facts, but not of the description: whether a memory may be larger than `EngineTarget::memory_maximum`.
const LARGE_MEMORY: &str = "large_memory";

/// Compiles for `target` and writes the signed artifact; returns its description.
pub fn compile(component: &[u8], target: EngineTarget, facts: &[u8], seed: &Seed, mut out: &File) -> Outcome<Json> {
    let mut facts: Map<String, Json> = serde_json::from_slice(facts)
        .map_err(|error| Failure::new(Status::Options, format!("the facts must be a JSON object: {error}")))?;
    let is_large = facts.remove(LARGE_MEMORY) == Some(Json::Bool(true));
    let structure = Structure::of(component)?;
    let (imports, exports) = functions(component)?;
    let instance_bytes = instance_bytes(component, &structure)?;
    let mut metered = meter(component, &structure)?;
    if let Some(bytes) = target.memory_maximum().filter(|_| !is_large) {
        metered = fixed_memory::bounded(metered, bytes)?;
    }
    let elf = precompile(&metered, target)?;
    let mut description = json!({
        "format": FORMAT,
        "artifact": artifact::describe(&elf, target),
        "compiler": { "edge": LIBRARY, "wasmtime": WASMTIME, "cranelift": CRANELIFT },
        "source": { "size": component.len(), "sha256": hex::encode(&sha256::digest(component)) },
        "imports": imports,
        "exports": exports,
        "instance_bytes": instance_bytes,
    });
    if let Some(description) = description.as_object_mut() {
        for (name, fact) in facts {
            description.entry(name).or_insert(fact);
        }
    }
    let trailer = artifact::trailer(&description, seed)?;
    out.write_all(&elf)
        .and_then(|()| out.write_all(&trailer))
        .map_err(|error| Failure::io("writing the artifact", &error))?;
    Ok(description)
}

fn precompile(component: &[u8], target: EngineTarget) -> Outcome<Vec<u8>> {
    let engine = Engine::new(&target.config(STACK_BYTES)?)
        .map_err(|error| Failure::new(Status::Internal, format!("the compiler's engine: {error:#}")))?;
    engine.precompile_component(component).map_err(|error| {
        let why = format!("it does not compile: {error:#}");
        let is_limit = LIMITS_OF_CRANELIFT.iter().any(|sign| why.contains(sign));
        Failure::new(if is_limit { Status::TooComplex } else { Status::InvalidWasm }, why)
    })
}

/// Cranelift's messages for valid code that is over one of its limits.
const LIMITS_OF_CRANELIFT: [&str; 3] = ["Unsupported feature", "mplementation limit", "Code for function is too large"];
