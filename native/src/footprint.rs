//! The memory of instances outside of linear memory, which no limit of Wasmtime counts.

use wasmparser::{ConstExpr, ElementItems, ExternalKind, Operator, Parser, Payload, TableInit};

use crate::binary::invalid;
use crate::status::Outcome;
use crate::structure::Structure;

/// Upper bounds on any CPU: an instance itself, a global, an import, a function that can be referred to.
/// Source: `VMOffsets` and `VMFuncRef` of wasmtime-environ.
const INSTANCE_BYTES: u64 = 1024;
const GLOBAL_BYTES: u64 = 16;
const IMPORT_BYTES: u64 = 32;
const REFERENCE_BYTES: u64 = 32;

/// An upper bound, in bytes, for all core instances that a component makes.
pub fn instance_bytes(component: &[u8], structure: &Structure) -> Outcome<u64> {
    let mut instances = structure.modules.iter().map(|module| module.instances);
    let mut sum = 0u64;
    let mut module: Option<(u64, Module)> = None;
    for payload in Parser::new(0).parse_all(component) {
        match payload.map_err(invalid)? {
            Payload::ModuleSection { .. } => module = instances.next().map(|instances| (instances, Module::default())),
            Payload::End(_) => {
                if let Some((instances, module)) = module.take() {
                    sum = sum.saturating_add(instances.saturating_mul(module.bytes()));
                }
            }
            payload => {
                if let Some((_, module)) = &mut module {
                    module.note(payload)?;
                }
            }
        }
    }
    Ok(sum)
}

#[derive(Default)]
struct Module {
    globals: u64,
    imports: u64,
    /// Whether a function is referred to, by index.
    referred: Vec<bool>,
}

impl Module {
    fn note(&mut self, payload: Payload<'_>) -> Outcome<()> {
        match payload {
            Payload::ImportSection(section) => {
                self.imports += section.into_imports().count() as u64;
            }
            Payload::GlobalSection(section) => {
                for global in section {
                    self.globals += 1;
                    self.expression(&global.map_err(invalid)?.init_expr)?;
                }
            }
            Payload::TableSection(section) => {
                for table in section {
                    if let TableInit::Expr(expression) = table.map_err(invalid)?.init {
                        self.expression(&expression)?;
                    }
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.map_err(invalid)?;
                    if export.kind == ExternalKind::Func {
                        self.refer(export.index);
                    }
                }
            }
            Payload::ElementSection(section) => {
                for segment in section {
                    match segment.map_err(invalid)?.items {
                        ElementItems::Functions(functions) => {
                            for function in functions {
                                self.refer(function.map_err(invalid)?);
                            }
                        }
                        ElementItems::Expressions(_, expressions) => {
                            for expression in expressions {
                                self.expression(&expression.map_err(invalid)?)?;
                            }
                        }
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn expression(&mut self, expression: &ConstExpr<'_>) -> Outcome<()> {
        for operator in expression.get_operators_reader() {
            if let Operator::RefFunc { function_index } = operator.map_err(invalid)? {
                self.refer(function_index);
            }
        }
        Ok(())
    }

    fn refer(&mut self, function: u32) {
        // No more functions than bytes of code: a larger index is for the compiler to refuse.
        let place = (function as usize).min(MAX_FUNCTIONS);
        if self.referred.len() <= place {
            self.referred.resize(place + 1, false);
        }
        if let Some(referred) = self.referred.get_mut(place) {
            *referred = true;
        }
    }

    fn bytes(&self) -> u64 {
        let references = self.referred.iter().filter(|referred| **referred).count() as u64;
        INSTANCE_BYTES + self.globals * GLOBAL_BYTES + self.imports * IMPORT_BYTES + references * REFERENCE_BYTES
    }
}

/// As many as a valid module may have. Source: `limits.rs` of wasmparser.
const MAX_FUNCTIONS: usize = 2_000_000;
