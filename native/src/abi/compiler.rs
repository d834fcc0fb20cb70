//! The entries that only a compiler build fills.

#[cfg(feature = "compiler")]
pub use with_compiler::{compile, encode, seal, seal_artifact};
#[cfg(not(feature = "compiler"))]
pub use without_compiler::{compile, encode, seal, seal_artifact};

#[cfg(feature = "compiler")]
mod with_compiler {
    use crate::abi::pointers::file;
    use crate::profile::EngineTarget;
    use crate::status::{Failure, Outcome, Status};
    use crate::values::Writer;
    use crate::{artifact, compile, key, package, values};

    pub fn encode(wasm: &[u8]) -> Outcome<Vec<u8>> {
        let encoded = compile::encode(wasm)?;
        let mut out = Writer::new(usize::MAX);
        out.dict()?;
        out.string("kind")?;
        out.string(encoded.kind)?;
        out.string("wasm")?;
        out.bytes(&encoded.wasm)?;
        for (name, functions) in
            [("imports", &encoded.imports), ("exports", &encoded.exports), ("missing", &encoded.missing)]
        {
            out.string(name)?;
            out.list(functions.len())?;
            functions.iter().try_for_each(|function| out.string(function))?;
        }
        out.end()?;
        Ok(out.finish())
    }

    pub fn compile(wasm: &[u8], target: &str, facts: &[u8], seed: &key::Seed, fd: i32) -> Outcome<Vec<u8>> {
        let description = compile::compile(wasm, EngineTarget::named(target)?, facts, seed, &file(fd)?)?;
        Ok(values::encode_json(&description))
    }

    pub fn seal(description: &[u8], seed: &key::Seed) -> Outcome<Vec<u8>> {
        package::seal(description, seed)
    }

    pub fn seal_artifact(description: &[u8], seed: &key::Seed) -> Outcome<Vec<u8>> {
        let description = serde_json::from_slice(description)
            .map_err(|error| Failure::new(Status::Options, format!("the description must be JSON: {error}")))?;
        artifact::trailer(&description, seed)
    }
}

#[cfg(not(feature = "compiler"))]
mod without_compiler {
    use crate::key;
    use crate::status::{Failure, Outcome, Status};

    fn none<T>() -> Outcome<T> {
        Err(Failure::new(Status::NoCompiler, "this build of the library runs artifacts, it compiles none"))
    }

    pub fn encode(_: &[u8]) -> Outcome<Vec<u8>> {
        none()
    }

    pub fn compile(_: &[u8], _: &str, _: &[u8], _: &key::Seed, _: i32) -> Outcome<Vec<u8>> {
        none()
    }

    pub fn seal(_: &[u8], _: &key::Seed) -> Outcome<Vec<u8>> {
        none()
    }

    pub fn seal_artifact(_: &[u8], _: &key::Seed) -> Outcome<Vec<u8>> {
        none()
    }
}
