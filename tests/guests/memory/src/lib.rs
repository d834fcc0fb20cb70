//! A memory that lasts as long as its instance. It has no clock: the nth entry dates from n seconds after 1970.

use std::cell::RefCell;

use exports::zeroclaw::plugin::memory::{
    AgentFilter, ExportFilter, Guest, MemoryCapabilities, MemoryCategory, MemoryEntry, ProceduralMessage,
};
use exports::zeroclaw::plugin::plugin_info;

wit_bindgen::generate!({ path: "../../../wit", world: "memory-plugin", features: ["plugins-wit-v0"] });

const NOT_SUPPORTED: &str = "not-supported";

struct Memory;

export!(Memory);

#[derive(Default)]
struct State {
    stored: u32,
    entries: Vec<MemoryEntry>,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

/// None in a field does not narrow the search.
#[derive(Default)]
struct Query {
    text: String,
    session: Option<String>,
    since: Option<String>,
    until: Option<String>,
    namespace: Option<String>,
    category: Option<MemoryCategory>,
    agents: Option<Vec<String>>,
}

impl Query {
    fn matches(&self, entry: &MemoryEntry) -> bool {
        let text = if self.text == "*" { "" } else { &self.text };
        (entry.content.contains(text) || entry.key.contains(text))
            && (self.session.is_none() || self.session == entry.session_id)
            && self.since.as_ref().is_none_or(|since| since <= &entry.timestamp)
            && self.until.as_ref().is_none_or(|until| until >= &entry.timestamp)
            && self.namespace.as_ref().is_none_or(|namespace| namespace == &entry.namespace)
            && self.category.as_ref().is_none_or(|category| same(category, &entry.category))
            && self.agents.as_ref().is_none_or(|agents| entry.agent_id.as_ref().is_some_and(|id| agents.contains(id)))
    }

    fn oldest_first(&self) -> Vec<MemoryEntry> {
        STATE.with_borrow(|state| state.entries.iter().filter(|entry| self.matches(entry)).cloned().collect())
    }

    fn newest_first(&self, limit: u64) -> Vec<MemoryEntry> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        self.oldest_first().into_iter().rev().take(limit).collect()
    }
}

fn same(one: &MemoryCategory, other: &MemoryCategory) -> bool {
    match (one, other) {
        (MemoryCategory::Custom(one), MemoryCategory::Custom(other)) => one == other,
        _ => std::mem::discriminant(one) == std::mem::discriminant(other),
    }
}

fn remove(unwanted: impl Fn(&MemoryEntry) -> bool) -> u64 {
    STATE.with_borrow_mut(|state| {
        let before = state.entries.len();
        state.entries.retain(|entry| !unwanted(entry));
        (before - state.entries.len()) as u64
    })
}

impl plugin_info::Guest for Memory {
    fn plugin_name() -> String {
        "memory".into()
    }

    fn plugin_version() -> String {
        env!("CARGO_PKG_VERSION").into()
    }
}

impl Guest for Memory {
    fn name() -> String {
        "in-instance".into()
    }

    fn get_memory_capabilities() -> MemoryCapabilities {
        MemoryCapabilities::GET_FOR_AGENT
            | MemoryCapabilities::PURGE_NAMESPACE
            | MemoryCapabilities::PURGE_SESSION
            | MemoryCapabilities::RECALL_NAMESPACED
            | MemoryCapabilities::EXPORT_ENTRIES
            | MemoryCapabilities::STORE_WITH_METADATA
    }

    fn store_entry(
        key: String,
        content: String,
        category: MemoryCategory,
        session_id: Option<String>,
    ) -> Result<(), String> {
        Self::store_with_agent(key, content, category, session_id, None, None, None)
    }

    fn recall(
        text: String,
        limit: u64,
        session: Option<String>,
        since: Option<String>,
        until: Option<String>,
    ) -> Result<Vec<MemoryEntry>, String> {
        Ok(Query { text, session, since, until, ..Query::default() }.newest_first(limit))
    }

    fn get(key: String) -> Result<Option<MemoryEntry>, String> {
        Ok(STATE.with_borrow(|state| state.entries.iter().find(|entry| entry.key == key).cloned()))
    }

    fn list_entries(category: Option<MemoryCategory>, session: Option<String>) -> Result<Vec<MemoryEntry>, String> {
        Ok(Query { category, session, ..Query::default() }.oldest_first())
    }

    fn forget(key: String) -> Result<bool, String> {
        Ok(remove(|entry| entry.key == key) > 0)
    }

    fn forget_for_agent(key: String, agent_id: String) -> Result<bool, String> {
        Ok(remove(|entry| entry.key == key && entry.agent_id.as_ref() == Some(&agent_id)) > 0)
    }

    fn count() -> Result<u64, String> {
        Ok(STATE.with_borrow(|state| state.entries.len() as u64))
    }

    fn health_check() -> bool {
        true
    }

    fn store_with_agent(
        key: String,
        content: String,
        category: MemoryCategory,
        session_id: Option<String>,
        namespace: Option<String>,
        importance: Option<f64>,
        agent_id: Option<String>,
    ) -> Result<(), String> {
        remove(|entry| entry.key == key && entry.agent_id == agent_id);
        STATE.with_borrow_mut(|state| {
            state.stored += 1;
            state.entries.push(MemoryEntry {
                id: state.stored.to_string(),
                key,
                content,
                category,
                timestamp: format!("1970-01-01T00:{:02}:{:02}Z", state.stored / 60 % 60, state.stored % 60),
                session_id,
                score: None,
                namespace: namespace.unwrap_or_else(|| "default".into()),
                importance,
                superseded_by: None,
                agent_alias: None,
                agent_id,
            });
        });
        Ok(())
    }

    fn recall_for_agents(
        agents: AgentFilter,
        text: String,
        limit: u64,
        session: Option<String>,
        since: Option<String>,
        until: Option<String>,
    ) -> Result<Vec<MemoryEntry>, String> {
        let agents = match agents {
            AgentFilter::All => None,
            AgentFilter::Some(agents) => Some(agents),
        };
        Ok(Query { agents, text, session, since, until, ..Query::default() }.newest_first(limit))
    }

    fn get_for_agent(key: String, agent_id: String) -> Result<Option<MemoryEntry>, String> {
        let of_agent = Query { agents: Some(vec![agent_id]), ..Query::default() }.oldest_first();
        Ok(of_agent.into_iter().find(|entry| entry.key == key))
    }

    fn purge_namespace(namespace: String) -> Result<u64, String> {
        Ok(remove(|entry| entry.namespace == namespace))
    }

    fn purge_session(session_id: String) -> Result<u64, String> {
        Ok(remove(|entry| entry.session_id.as_ref() == Some(&session_id)))
    }

    fn purge_session_for_agent(_: String, _: String) -> Result<u64, String> {
        Err(NOT_SUPPORTED.into())
    }

    fn purge_agent(_: String) -> Result<u64, String> {
        Err(NOT_SUPPORTED.into())
    }

    fn reindex() -> Result<u64, String> {
        Ok(0)
    }

    fn store_procedural(_: Vec<ProceduralMessage>, _: Option<String>) -> Result<(), String> {
        Ok(())
    }

    fn ensure_agent_uuid(alias: String) -> Result<String, String> {
        Ok(alias)
    }

    fn recall_namespaced(
        namespace: String,
        text: String,
        limit: u64,
        session: Option<String>,
        since: Option<String>,
        until: Option<String>,
    ) -> Result<Vec<MemoryEntry>, String> {
        let namespace = Some(namespace);
        Ok(Query { namespace, text, session, since, until, ..Query::default() }.newest_first(limit))
    }

    fn export_entries(filter: ExportFilter) -> Result<Vec<MemoryEntry>, String> {
        Ok(Query {
            namespace: filter.namespace,
            session: filter.session_id,
            category: filter.category,
            since: filter.since,
            until: filter.until,
            ..Query::default()
        }
        .oldest_first())
    }

    fn store_with_metadata(
        key: String,
        content: String,
        category: MemoryCategory,
        session_id: Option<String>,
        namespace: Option<String>,
        importance: Option<f64>,
    ) -> Result<(), String> {
        Self::store_with_agent(key, content, category, session_id, namespace, importance, None)
    }
}
