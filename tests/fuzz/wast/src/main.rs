//! `edge-wast FILE DIR`: writes every module and component of a .wast file as DIR/LINE-KIND.wasm.
//!
//! KIND is what the file expects of it: `good`, `invalid` (to be refused) or `malformed` (text or binary that
//! is none). What has no binary, for its text is malformed, is left out.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

use wast::parser::{self, ParseBuffer};
use wast::{QuoteWat, Wast, WastDirective, WastExecute};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().collect();
    let [_, file, folder] = arguments.as_slice() else {
        return Err("edge-wast FILE DIR".into());
    };
    let text = fs::read_to_string(file)?;
    let mut lexer = wast::lexer::Lexer::new(&text);
    lexer.allow_confusing_unicode(true);
    let buffer = ParseBuffer::new_with_lexer(lexer)?;
    for directive in parser::parse::<Wast>(&buffer)?.directives {
        let line = directive.span().linecol_in(&text).0 + 1;
        let (kind, encoded) = match directive {
            WastDirective::Module(mut wat) | WastDirective::ModuleDefinition(mut wat) => {
                ("good", wat.encode())
            }
            WastDirective::AssertInvalid { mut module, .. } => ("invalid", module.encode()),
            WastDirective::AssertMalformed { mut module, .. } => ("malformed", module.encode()),
            WastDirective::AssertUnlinkable { module, .. } => ("good", QuoteWat::Wat(module).encode()),
            WastDirective::AssertTrap { exec: WastExecute::Wat(wat), .. } => {
                ("good", QuoteWat::Wat(wat).encode())
            }
            _ => continue,
        };
        if let Ok(wasm) = encoded {
            fs::write(Path::new(folder).join(format!("{line}-{kind}.wasm")), wasm)?;
        }
    }
    Ok(())
}
