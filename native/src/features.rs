//! Which features of WebAssembly the engine profile supports, checked before anything is compiled.

use wasmparser::{BinaryReaderError, Parser, Payload, TypeRef, Validator, WasmFeatures};

use crate::status::{Failure, Outcome, Status};

/// Wasmtime's default features without those that `profile.rs` and the features of its crate turn off.
const PROFILE: WasmFeatures = WasmFeatures::WASM3
    .difference(WasmFeatures::SIMD)
    .difference(WasmFeatures::RELAXED_SIMD)
    .difference(WasmFeatures::THREADS)
    .difference(WasmFeatures::GC_TYPES)
    .difference(WasmFeatures::EXCEPTIONS)
    .union(WasmFeatures::COMPONENT_MODEL);

const SIMD: WasmFeatures = WasmFeatures::SIMD.union(WasmFeatures::RELAXED_SIMD);
const THREADS: WasmFeatures =
    WasmFeatures::THREADS.union(WasmFeatures::SHARED_EVERYTHING_THREADS).union(WasmFeatures::CM_THREADING);
const GC: WasmFeatures = WasmFeatures::GC.union(WasmFeatures::GC_TYPES).union(WasmFeatures::CM_GC);
const EXCEPTIONS: WasmFeatures = WasmFeatures::EXCEPTIONS.union(WasmFeatures::LEGACY_EXCEPTIONS);
const ASYNC: WasmFeatures = WasmFeatures::CM_ASYNC
    .union(WasmFeatures::CM_ASYNC_STACKFUL)
    .union(WasmFeatures::CM_MORE_ASYNC_BUILTINS)
    .union(WasmFeatures::CM_ERROR_CONTEXT)
    .union(WasmFeatures::STACK_SWITCHING);

/// Unsupported features: their name, and the remedy.
const LEFT_OUT: [(WasmFeatures, &str, &str); 5] = [
    (
        ASYNC,
        "asynchronous functions, streams or futures (WASI 0.3)",
        "Build it for WASI 0.2 (wasm32-wasip2), without async functions",
    ),
    (SIMD, "SIMD", "Build it without SIMD: no target-feature simd128 in Rust, no -msimd128 in C"),
    (THREADS, "threads or atomic operations", "Build it without threads, for wasm32-wasip2"),
    (
        GC,
        "garbage-collected types",
        "Build it with a toolchain that manages memory itself, as those for Rust, C and Python do",
    ),
    (EXCEPTIONS, "exceptions", "Build it without exceptions: -fno-exceptions in C++"),
];

/// Part of wasmparser's message for a count over one of its limits.
const OVER_LIMIT: &str = "exceeds limit of";

/// Validates a component with the features of the profile.
///
/// Refuses unsupported features with [`Status::Unsupported`], whose message has the remedy in a second line.
pub fn check(component: &[u8]) -> Outcome<()> {
    Validator::new_with_features(PROFILE).validate_all(component).map(|_| ()).map_err(|error| refusal(&error))
}

fn refusal(error: &BinaryReaderError) -> Failure {
    let Some(missing) = error.missing_wasm_feature() else {
        // The validator's own limits, which are no feature.
        let is_limit = error.message().contains(OVER_LIMIT);
        let (status, what) =
            if is_limit { (Status::TooComplex, "it is too complex") } else { (Status::InvalidWasm, "it is not valid") };
        return Failure::new(status, format!("{what}: {error}"));
    };
    match LEFT_OUT.iter().find(|(features, ..)| features.intersects(missing)) {
        Some((_, what, remedy)) => unsupported(&format!("it uses {what}, which Edge leaves out"), remedy),
        None => unsupported(
            "it uses a proposal of WebAssembly that Edge leaves out",
            "Build it without experimental features of its toolchain",
        ),
    }
}

fn unsupported(what: &str, remedy: &str) -> Failure {
    Failure::new(Status::Unsupported, format!("{what}\n{remedy}"))
}

/// Modules that hosts provide to core modules: the module, the prefix of its functions' names, and the host.
const HOSTS: [(&str, &str, &str); 10] = [
    ("extism:host/env", "", "Extism"),
    ("env", "extism_", "Extism"),
    ("env", "proxy_", "Proxy-Wasm"),
    ("env", "emscripten_", "Emscripten"),
    ("wbg", "", "wasm-bindgen, in browsers"),
    ("__wbindgen_placeholder__", "", "wasm-bindgen, in browsers"),
    ("gojs", "", "Go's js/wasm"),
    (PREVIEW_1, "", "preview 1 of WASI"),
    ("wasi_unstable", "", "preview 0 of WASI"),
    ("spectest", "", "tests of the specification"),
];
const PREVIEW_1: &str = "wasi_snapshot_preview1";
/// Modules from which adapters for preview 1 import their memory and their exports.
const ADAPTED: &str = "__main_module__";

/// Why a core module without component metadata is not a plugin.
pub fn no_component(module: &[u8]) -> Failure {
    let host =
        HOSTS.iter().find(|(host, prefix, _)| imports(module, |from, name| from == *host && name.starts_with(prefix)));
    let for_whom = host.map(|(.., whose)| format!(", built for {whose}")).unwrap_or_default();
    Failure::new(Status::NotComponent, format!("it is a core module without component metadata{for_whom}"))
}

/// Why a core module with component metadata can't be converted, where that is known.
pub fn no_conversion(module: &[u8]) -> Option<Failure> {
    if imports(module, |from, _| from == ADAPTED) {
        return Some(unsupported(
            "it is an adapter for preview 1 of WASI, which is a part of components and none itself",
            "Give the component that `wasm-tools component new --adapt` made with it",
        ));
    }
    imports(module, |from, _| from == PREVIEW_1).then(|| {
        unsupported(
            "it is a core module for preview 1 of WASI (wasi_snapshot_preview1)",
            "Build it for wasm32-wasip2, or make a component of it: wasm-tools component new FILE --adapt ADAPTER",
        )
    })
}

/// Whether a core module has such an import, by the module and the name; damage ends the search.
fn imports(module: &[u8], is_wanted: impl Fn(&str, &str) -> bool) -> bool {
    for payload in Parser::new(0).parse_all(module) {
        match payload {
            Ok(Payload::ImportSection(section)) => {
                return section.into_imports().flatten().any(|import| {
                    matches!(import.ty, TypeRef::Func(_) | TypeRef::Memory(_) | TypeRef::Global(_) | TypeRef::Table(_))
                        && is_wanted(import.module, import.name)
                });
            }
            Ok(_) => {}
            Err(_) => return false,
        }
    }
    false
}
