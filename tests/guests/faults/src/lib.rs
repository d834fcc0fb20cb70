//! A tool that misbehaves in the way it is asked to.

use std::arch::wasm32;
use std::hint::black_box;

use exports::zeroclaw::plugin::{plugin_info, tool};
use serde::Deserialize;
use wasi::cli::exit::exit;
use zeroclaw::plugin::logging::{LogLevel, PluginAction, PluginEvent, log_record};
use zeroclaw::plugin::secrets;

wit_bindgen::generate!({
    path: ["../../../wit", "wit"],
    world: "edge:faults/faults",
    features: ["plugins-wit-v0"],
    generate_all,
});

const PAGE: usize = 64 * 1024;

struct Faults;

export!(Faults);

#[derive(Deserialize)]
struct Wish {
    #[serde(rename = "do")]
    fault: String,
    /// How often, or how much: events, bytes, pages; what it means stands at the fault.
    #[serde(default)]
    count: usize,
    #[serde(default)]
    text: String,
}

impl plugin_info::Guest for Faults {
    fn plugin_name() -> String {
        "faults".into()
    }

    fn plugin_version() -> String {
        env!("CARGO_PKG_VERSION").into()
    }
}

impl tool::Guest for Faults {
    fn name() -> String {
        "faults".into()
    }

    fn description() -> String {
        "Misbehaves.".into()
    }

    fn parameters_schema() -> String {
        r#"{"type":"object","required":["do"],"properties":{"do":{"type":"string"},"count":{"type":"integer"}}}"#.into()
    }

    fn execute(args: String) -> Result<tool::ToolResult, String> {
        let wish: Wish = serde_json::from_str(&args).map_err(|error| error.to_string())?;
        let output = match wish.fault.as_str() {
            "nothing" => String::new(),
            "arguments" => args,
            "spin" => spin(),
            "work" => work(wish.count),
            "recurse" => recurse(if wish.count > 0 { wish.count as u32 } else { u32::MAX }).to_string(),
            "grow" => grow(wish.count).to_string(),
            "touch" => touch(wish.count).to_string(),
            "trap" => wasm32::unreachable(),
            "panic" => panic!("as asked"),
            "log-flood" => log_flood(wish.count, &wish.text),
            "secret" => format!("{:?}", secrets::get(&wish.text)),
            "need-secret" => secrets::get(&wish.text).map_err(|error| format!("{error:?}"))?,
            "exit-ok" => leave(Ok(())),
            "exit" => leave(Err(())),
            "big-output" => "x".repeat(wish.count),
            "error" => return Err(wish.text),
            "no" => return Ok(tool::ToolResult { success: false, output: wish.text, error: Some("no".into()) }),
            other => return Err(format!("no such fault: {other}")),
        };
        Ok(tool::ToolResult { success: true, output, error: None })
    }
}

fn spin() -> String {
    loop {
        black_box(());
    }
}

/// `count` rounds of a short computation.
fn work(count: usize) -> String {
    let mut state = 1_u32;
    for _ in 0..count {
        state = black_box(state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
    }
    state.to_string()
}

/// No loop computes this, and no frame needs linear memory: only the host's stack for the guest grows.
fn recurse(depth: u32) -> u32 {
    if depth == 0 {
        return 1;
    }
    recurse(depth - 1).wrapping_mul(3) ^ depth
}

/// Asks for `count` pages of 64 KiB, one by one, and answers how many it got.
fn grow(count: usize) -> usize {
    (0..count).take_while(|_| wasm32::memory_grow::<0>(1) != usize::MAX).count()
}

/// Writes to `count` new pages of 64 KiB, and answers how many it got.
fn touch(count: usize) -> usize {
    let mut pages = Vec::new();
    for number in 0..count {
        if pages.try_reserve(1).is_err() {
            break;
        }
        let mut page: Vec<u8> = Vec::new();
        if page.try_reserve_exact(PAGE).is_err() {
            break;
        }
        page.resize(PAGE, number as u8 | 1);
        pages.push(black_box(page));
    }
    pages.len()
}

/// `count` events with the text as their message.
fn log_flood(count: usize, text: &str) -> String {
    let event = PluginEvent {
        function_name: "faults::execute".into(),
        action: PluginAction::Note,
        outcome: None,
        duration_ms: None,
        attrs: None,
        message: text.into(),
    };
    for _ in 0..count {
        log_record(LogLevel::Info, &event);
    }
    count.to_string()
}

fn leave(status: Result<(), ()>) -> String {
    exit(status);
    "still here".into()
}
