//! A loaded component, its imports linked to functions of the library and the embedder.

use serde_json::Value as Json;
use wasmtime::component::types::{ComponentInstance, ComponentItem};
use wasmtime::component::{Component, InstancePre, Linker, LinkerInstance, Val};
use wasmtime::{Error, StoreContextMut};

use crate::guest::Guest;
use crate::profile::{Engine, EngineTarget};
use crate::status::{Failure, Outcome, Status};
use crate::{values, wasi};

pub struct Plugin {
    pub engine: wasmtime::Engine,
    pub target: EngineTarget,
    pub pre: InstancePre<Guest>,
    pub description: Json,
    /// The memory of every instance outside of linear memory, beyond INSTANCE_BYTES_FREE.
    pub instance_bytes: u64,
}

/// Bytes outside of linear memory that do not count: most plugins have a handful of globals.
const INSTANCE_BYTES_FREE: u64 = 64 << 10;
/// Names that a message lists, and the length to which it cuts each.
const NAMES_LISTED: usize = 5;
const NAME_CHARS: usize = 200;

impl Plugin {
    /// `provides`: the embedder's functions, `interface#function` each; a host call names one by its index.
    pub fn link(engine: &Engine, component: &Component, description: Json, provides: &[&str]) -> Outcome<Plugin> {
        let Engine { wasmtime: engine, target } = engine;
        let mut linker = Linker::<Guest>::new(engine);
        let mut missing = Vec::new();
        let component_type = component.component_type();
        for (name, import) in component_type.imports(engine) {
            match import.ty {
                ComponentItem::ComponentInstance(instance) => {
                    let mut target = linker.instance(name).map_err(internal)?;
                    link_instance(engine, &mut target, name, &instance, provides, &mut missing)?;
                }
                ComponentItem::ComponentFunc(_) => match place(provides, name) {
                    Some(host) => provide(&mut linker.root(), name, host, Beyond::End)?,
                    None => missing.push(name.to_owned()),
                },
                ComponentItem::Resource(_) => wasi::define_resource(&mut linker.root(), name).map_err(internal)?,
                ComponentItem::Type(_) => {}
                _ => missing.push(name.to_owned()),
            }
        }
        if !missing.is_empty() {
            return Err(Failure::new(
                Status::MissingImport,
                format!("it imports what is not provided here: {}", listed(&missing)),
            ));
        }
        let pre = linker.instantiate_pre(component).map_err(|error| {
            Failure::new(Status::MissingImport, format!("an import does not have the type that is provided: {error:#}"))
        })?;
        let instance_bytes = description.get("instance_bytes").and_then(Json::as_u64).unwrap_or(0);
        let instance_bytes = instance_bytes.saturating_sub(INSTANCE_BYTES_FREE);
        Ok(Plugin { engine: engine.clone(), target: *target, pre, description, instance_bytes })
    }
}

/// Names an interface once where several of its functions are missing.
fn listed(missing: &[String]) -> String {
    let names: Vec<&str> = missing
        .chunk_by(|a, b| interface_of(a) == interface_of(b))
        .filter_map(|chunk| match chunk {
            [only] => Some(only.as_str()),
            _ => chunk.first().map(|first| interface_of(first)),
        })
        .collect();
    let first: Vec<String> =
        names.iter().take(NAMES_LISTED).map(|name| name.chars().take(NAME_CHARS).collect()).collect();
    match names.len().saturating_sub(NAMES_LISTED) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

fn interface_of(function: &str) -> &str {
    function.split_once('#').map_or(function, |(interface, _)| interface)
}

fn link_instance(
    engine: &wasmtime::Engine,
    target: &mut LinkerInstance<'_, Guest>,
    interface: &str,
    instance: &ComponentInstance,
    provides: &[&str],
    missing: &mut Vec<String>,
) -> Outcome<()> {
    for (name, export) in instance.exports(engine) {
        match export.ty {
            ComponentItem::ComponentFunc(_) => {
                let full = format!("{interface}#{name}");
                if let Some(host) = place(provides, &full) {
                    provide(target, name, host, Beyond::of(&full))?;
                } else if !wasi::define(target, interface, name).map_err(internal)? {
                    missing.push(full);
                }
            }
            ComponentItem::Resource(_) => wasi::define_resource(target, name).map_err(internal)?,
            ComponentItem::Type(_) => {}
            _ => missing.push(format!("{interface}#{name}")),
        }
    }
    Ok(())
}

fn place(provides: &[&str], name: &str) -> Option<u32> {
    provides.iter().position(|provided| *provided == name).and_then(|place| u32::try_from(place).ok())
}

/// How a host call beyond the limit of its call is answered.
///
/// RATIONALE, "Why functions of the contract answer beyond the limit of host calls".
#[derive(Clone, Copy, PartialEq)]
enum Beyond {
    /// The guest's call ends.
    End,
    /// Nothing is logged.
    Drop,
    /// No secret is to be had.
    Unavailable,
    /// No message waits.
    NoMessage,
    NonePending,
}

impl Beyond {
    fn of(function: &str) -> Beyond {
        match function {
            "zeroclaw:plugin/logging@0.1.0#log-record" => Beyond::Drop,
            "zeroclaw:plugin/secrets@0.1.0#get" => Beyond::Unavailable,
            "zeroclaw:plugin/inbound@0.1.0#inbound-poll" => Beyond::NoMessage,
            "zeroclaw:plugin/inbound@0.1.0#inbound-pending" => Beyond::NonePending,
            _ => Beyond::End,
        }
    }

    fn answer(self) -> Option<Val> {
        match self {
            Beyond::End | Beyond::Drop => None,
            Beyond::Unavailable => Some(Val::Result(Err(Some(Box::new(Val::Enum("unavailable".to_owned())))))),
            Beyond::NoMessage => Some(Val::Option(None)),
            Beyond::NonePending => Some(Val::U32(0)),
        }
    }

    /// Answers without leaving the sandbox. It costs a guest hardly any fuel, so it gives way in between.
    async fn apply(self, store: &mut StoreContextMut<'_, Guest>, params: &[Val], results: &mut [Val]) -> Outcome<()> {
        if self == Beyond::End {
            return Err(store.data().too_many_host_calls());
        }
        let weight = params.iter().map(values::weight).sum();
        if self == Beyond::Drop {
            store.data().drop_log(params.iter().map(texts).sum());
        }
        wasi::give_way(store, weight).await;
        if let (Some(result), Some(answer)) = (results.first_mut(), self.answer()) {
            *result = answer;
        }
        Ok(())
    }
}

/// Bytes of the texts of an event.
fn texts(value: &Val) -> u64 {
    match value {
        Val::String(text) => text.len() as u64,
        Val::Option(Some(inner)) => texts(inner),
        Val::Record(fields) => fields.iter().map(|(_, field)| texts(field)).sum(),
        _ => 0,
    }
}

fn provide(target: &mut LinkerInstance<'_, Guest>, name: &str, host: u32, beyond: Beyond) -> Outcome<()> {
    target
        .func_new_async(name, move |mut store: StoreContextMut<'_, Guest>, ty, params, results| {
            Box::new(async move {
                let guest = store.data_mut();
                if !guest.count_host_call(beyond == Beyond::Drop) {
                    return Ok(beyond.apply(&mut store, params, results).await?);
                }
                let limit = guest.options.crossing_bytes as usize;
                let mailbox = guest.mailbox.clone();
                let asked = values::encode(params, ty.params().map(|(_, ty)| ty), limit)?;
                let answer = mailbox.ask(host, asked).await?;
                let answered = values::decode(&answer, ty.results())?;
                for (slot, value) in results.iter_mut().zip(answered) {
                    *slot = value;
                }
                Ok::<(), Error>(())
            })
        })
        .map_err(internal)
}

fn internal(error: Error) -> Failure {
    Failure::new(Status::Internal, format!("linking: {error:#}"))
}
