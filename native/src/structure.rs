//! The core modules of a component, and how often each is instantiated when the component is.
//!
//! A component may instantiate a nested one a hundred times, and that one another: two kilobytes become millions of
//! instances. So the whole is counted before anything compiles it, and refused above the limits below. The index spaces
//! are those of the component model's Binary.md; only what the counts and the allocators need is followed.
//! RATIONALE, "Why a component is counted before it is compiled".

use std::collections::{BTreeMap, BTreeSet};

use wasmparser::{
    CanonicalFunction, CanonicalOption, ComponentAlias, ComponentExternalKind, ComponentInstance,
    ComponentOuterAliasKind, ComponentTypeRef, Encoding, ExternalKind, Instance, Parser, Payload,
};

use crate::binary::invalid;
use crate::limits::INSTANCES;
use crate::status::{Failure, Outcome, Status};

/// Nested components. Toolchains nest three to five deep.
const MAX_DEPTH: usize = 64;
/// Component instances, over the whole component. One of componentize-py has 30.
const MAX_COMPONENT_INSTANCES: u64 = 1_000;
/// Functions that cross between components or to the host, in all of them: each is compiled. One of componentize-py has
/// 150.
const MAX_CROSSINGS: u64 = 10_000;
/// Items in the index spaces of all instances together: exports, aliases and bundles of them.
const MAX_ITEMS: u64 = 1_000_000;

/// The structure of a component, read without compiling it.
pub struct Structure {
    /// Each core module, in the order of the file.
    pub modules: Vec<Module>,
}

/// A core module of a component.
#[derive(Default)]
pub struct Module {
    /// How often it is instantiated when the component is.
    pub instances: u64,
    /// The exports that canonical functions allocate by.
    pub allocators: BTreeSet<String>,
}

/// A component's definition; those in it are its own.
#[derive(Default)]
struct Definition {
    modules: Vec<Option<usize>>,
    components: Vec<Option<usize>>,
    core_instances: Vec<CoreInstance>,
    core_functions: Vec<CoreFunction>,
    instantiated_modules: Vec<usize>,
    instantiated_components: Vec<usize>,
    allocators: Vec<u32>,
    crossings: u64,
    items: u64,
}

enum CoreInstance {
    /// Of a module in the file, unless it came in from elsewhere.
    Module(Option<usize>),
    /// Functions under new names.
    Bundle(BTreeMap<String, u32>),
}

enum CoreFunction {
    Export {
        instance: u32,
        name: String,
    },
    /// Made by the canonical ABI.
    Canonical,
}

/// What instantiating a definition makes.
#[derive(Clone, Default)]
struct Total {
    modules: BTreeMap<usize, u64>,
    component_instances: u64,
    crossings: u64,
    items: u64,
}

impl Structure {
    /// Reads a component, which may be invalid, as far as that is possible.
    ///
    /// Refuses with [`Status::TooComplex`] what is beyond the limits, and with [`Status::InvalidWasm`] what is damaged.
    pub fn of(component: &[u8]) -> Outcome<Structure> {
        let mut reader = Reader::default();
        for payload in Parser::new(0).parse_all(component) {
            reader.note(payload.map_err(invalid)?)?;
        }
        Ok(Structure { modules: reader.modules })
    }
}

/// Definitions whose end was not reached yet, the innermost last; totals of those that were.
#[derive(Default)]
struct Reader {
    open: Vec<Definition>,
    /// The contents of core modules are skipped.
    inside_module: bool,
    totals: Vec<Total>,
    modules: Vec<Module>,
}

impl Reader {
    fn note(&mut self, payload: Payload<'_>) -> Outcome<()> {
        match payload {
            Payload::Version { encoding, .. } => return self.enter(encoding),
            Payload::End(_) => return self.leave(),
            _ if self.inside_module => return Ok(()),
            _ => {}
        }
        let Some(definition) = self.open.last_mut() else { return Ok(()) };
        match payload {
            Payload::ModuleSection { .. } => {
                definition.modules.push(Some(self.modules.len()));
                self.modules.push(Module::default());
            }
            Payload::InstanceSection(section) => {
                for instance in section {
                    definition.core_instance(instance.map_err(invalid)?)?;
                }
            }
            Payload::ComponentInstanceSection(section) => {
                for instance in section {
                    definition.component_instance(&instance.map_err(invalid)?)?;
                }
            }
            Payload::ComponentAliasSection(section) => {
                for alias in section {
                    self.alias(alias.map_err(invalid)?)?;
                }
            }
            Payload::ComponentCanonicalSection(section) => {
                for function in section {
                    definition.canonical(&function.map_err(invalid)?);
                }
            }
            Payload::ComponentImportSection(section) => {
                for import in section {
                    definition.import(import.map_err(invalid)?.ty);
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section {
                    let export = export.map_err(invalid)?;
                    definition.export(export.kind, export.index);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn enter(&mut self, encoding: Encoding) -> Outcome<()> {
        if encoding == Encoding::Module {
            self.inside_module = true;
            return Ok(());
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(too_complex(format!("components are nested more than {MAX_DEPTH} deep")));
        }
        self.open.push(Definition::default());
        Ok(())
    }

    fn leave(&mut self) -> Outcome<()> {
        if std::mem::take(&mut self.inside_module) {
            return Ok(());
        }
        let Some(definition) = self.open.pop() else { return Ok(()) };
        for allocator in &definition.allocators {
            let (module, export) = definition.allocator(*allocator)?;
            if let Some(module) = self.modules.get_mut(module) {
                module.allocators.insert(export);
            }
        }
        let total = definition.total(&self.totals)?;
        match self.open.last_mut() {
            Some(outer) => outer.components.push(Some(self.totals.len())),
            None => {
                for (place, instances) in &total.modules {
                    if let Some(module) = self.modules.get_mut(*place) {
                        module.instances = *instances;
                    }
                }
            }
        }
        self.totals.push(total);
        Ok(())
    }

    fn alias(&mut self, alias: ComponentAlias<'_>) -> Outcome<()> {
        let outer = match alias {
            ComponentAlias::Outer { count, .. } => {
                let place = self.open.len().checked_sub(1 + count as usize);
                place.and_then(|place| self.open.get(place))
            }
            _ => None,
        };
        let found = match alias {
            ComponentAlias::Outer { kind: ComponentOuterAliasKind::CoreModule, index, .. } => {
                outer.and_then(|outer| outer.modules.get(index as usize).copied().flatten())
            }
            ComponentAlias::Outer { kind: ComponentOuterAliasKind::Component, index, .. } => {
                outer.and_then(|outer| outer.components.get(index as usize).copied().flatten())
            }
            _ => None,
        };
        let Some(definition) = self.open.last_mut() else { return Ok(()) };
        definition.items += 1;
        match alias {
            ComponentAlias::CoreInstanceExport { kind: ExternalKind::Func, instance_index, name } => {
                let name = name.to_owned();
                definition.core_functions.push(CoreFunction::Export { instance: instance_index, name });
            }
            ComponentAlias::Outer { kind: ComponentOuterAliasKind::CoreModule, .. } => definition.modules.push(found),
            ComponentAlias::Outer { kind: ComponentOuterAliasKind::Component, .. } => definition.components.push(found),
            ComponentAlias::InstanceExport { kind, .. } => definition.unknown(kind),
            _ => {}
        }
        Ok(())
    }
}

impl Definition {
    fn core_instance(&mut self, instance: Instance<'_>) -> Outcome<()> {
        let made = match instance {
            Instance::Instantiate { module_index, args } => {
                self.items += args.len() as u64;
                let module = self.modules.get(module_index as usize).copied().flatten();
                self.instantiated_modules.push(module.ok_or_else(|| foreign("core module"))?);
                CoreInstance::Module(module)
            }
            Instance::FromExports(exports) => {
                self.items += exports.len() as u64;
                let functions = exports.iter().filter(|export| export.kind == ExternalKind::Func);
                CoreInstance::Bundle(functions.map(|export| (export.name.to_owned(), export.index)).collect())
            }
        };
        self.core_instances.push(made);
        Ok(())
    }

    fn component_instance(&mut self, instance: &ComponentInstance<'_>) -> Outcome<()> {
        match instance {
            ComponentInstance::Instantiate { component_index, args } => {
                self.items += args.len() as u64;
                let component = self.components.get(*component_index as usize).copied().flatten();
                self.instantiated_components.push(component.ok_or_else(|| foreign("component"))?);
            }
            ComponentInstance::FromExports(exports) => self.items += exports.len() as u64,
        }
        Ok(())
    }

    fn canonical(&mut self, function: &CanonicalFunction) {
        let options = match function {
            CanonicalFunction::Lift { options, .. } | CanonicalFunction::Lower { options, .. } => options.as_ref(),
            _ => &[],
        };
        self.allocators.extend(options.iter().filter_map(|option| match option {
            CanonicalOption::Realloc(function) => Some(*function),
            _ => None,
        }));
        self.crossings += 1;
        // All but lifting make a core function.
        if !matches!(function, CanonicalFunction::Lift { .. }) {
            self.core_functions.push(CoreFunction::Canonical);
        }
    }

    fn import(&mut self, ty: ComponentTypeRef) {
        self.items += 1;
        match ty {
            ComponentTypeRef::Module(_) => self.unknown(ComponentExternalKind::Module),
            ComponentTypeRef::Component(_) => self.unknown(ComponentExternalKind::Component),
            _ => {}
        }
    }

    /// What is exported has a second index from there on.
    fn export(&mut self, kind: ComponentExternalKind, index: u32) {
        self.items += 1;
        match kind {
            ComponentExternalKind::Module => self.modules.push(self.modules.get(index as usize).copied().flatten()),
            ComponentExternalKind::Component => {
                self.components.push(self.components.get(index as usize).copied().flatten());
            }
            _ => {}
        }
    }

    /// Something whose definition is not in sight.
    fn unknown(&mut self, kind: ComponentExternalKind) {
        match kind {
            ComponentExternalKind::Module => self.modules.push(None),
            ComponentExternalKind::Component => self.components.push(None),
            _ => {}
        }
    }

    /// The module and export that a function for allocating is.
    fn allocator(&self, function: u32) -> Outcome<(usize, String)> {
        let mut function = function;
        // A bundle holds functions that were there before it.
        for _ in 0..=self.core_instances.len() {
            let Some(CoreFunction::Export { instance, name }) = self.core_functions.get(function as usize) else {
                break;
            };
            match self.core_instances.get(*instance as usize) {
                Some(CoreInstance::Module(Some(module))) => return Ok((*module, name.clone())),
                Some(CoreInstance::Bundle(functions)) => match functions.get(name) {
                    Some(inner) => function = *inner,
                    None => break,
                },
                _ => break,
            }
        }
        Err(Failure::new(
            Status::InvalidWasm,
            "the realloc of a canonical function is no export of a core module in it",
        ))
    }

    fn total(&self, totals: &[Total]) -> Outcome<Total> {
        let mut sum = Total { crossings: self.crossings, items: self.items, ..Total::default() };
        for module in &self.instantiated_modules {
            *sum.modules.entry(*module).or_default() += 1;
        }
        for component in &self.instantiated_components {
            sum.component_instances += 1;
            if let Some(inner) = totals.get(*component) {
                sum.add(inner);
            }
            // Checked each time, so that no sum grows beyond what fits.
            sum.check()?;
        }
        sum.check()?;
        Ok(sum)
    }
}

impl Total {
    fn add(&mut self, other: &Total) {
        for (module, instances) in &other.modules {
            *self.modules.entry(*module).or_default() += instances;
        }
        self.component_instances += other.component_instances;
        self.crossings += other.crossings;
        self.items += other.items;
    }

    fn check(&self) -> Outcome<()> {
        let limits = [
            ("core instances", self.modules.values().sum(), INSTANCES as u64),
            ("component instances", self.component_instances, MAX_COMPONENT_INSTANCES),
            ("functions between components", self.crossings, MAX_CROSSINGS),
            ("imports, exports and aliases", self.items, MAX_ITEMS),
        ];
        match limits.into_iter().find(|(_, found, limit)| found > limit) {
            None => Ok(()),
            // The count ends here, before all of it is known.
            Some((what, found, limit)) => {
                Err(too_complex(format!("it makes more than {limit} {what}: {found} or more")))
            }
        }
    }
}

fn too_complex(why: String) -> Failure {
    Failure::new(Status::TooComplex, why)
}

fn foreign(what: &str) -> Failure {
    Failure::new(Status::TooComplex, format!("it instantiates a {what} that it gets from elsewhere"))
}
