//! A tool that tells when a cron line fires next.

mod calendar;
mod cron;

use cron::Cron;
use exports::zeroclaw::plugin::{plugin_info, tool};
use serde::{Deserialize, Serialize};
use zeroclaw::plugin::logging::{LogLevel, PluginAction, PluginEvent, PluginOutcome, log_record};

wit_bindgen::generate!({ path: "../../wit", world: "tool-plugin", features: ["plugins-wit-v0"] });

const MOST: usize = 100;

struct CronNext;

export!(CronNext);

impl plugin_info::Guest for CronNext {
    fn plugin_name() -> String {
        env!("CARGO_PKG_NAME").into()
    }

    fn plugin_version() -> String {
        env!("CARGO_PKG_VERSION").into()
    }
}

impl tool::Guest for CronNext {
    fn name() -> String {
        "cron_next".into()
    }

    fn description() -> String {
        "Tells at which times a cron line fires next after a given time.".into()
    }

    fn parameters_schema() -> String {
        include_str!("parameters.json").into()
    }

    fn execute(args: String) -> Result<tool::ToolResult, String> {
        let answer = upcoming(&args);
        Ok(match answer {
            Ok(answer) => {
                let output = serde_json::to_string(&answer).map_err(|error| error.to_string())?;
                report(LogLevel::Info, PluginOutcome::Success, ["next at ", &answer.next[0]].concat());
                tool::ToolResult { success: true, output, error: None }
            }
            Err(why) => {
                report(LogLevel::Warn, PluginOutcome::Failure, why.clone());
                tool::ToolResult { success: false, output: String::new(), error: Some(why) }
            }
        })
    }
}

#[derive(Deserialize)]
struct Question {
    cron: String,
    after: String,
    #[serde(default = "one")]
    count: usize,
    #[serde(default, rename = "__config")]
    config: Config,
}

#[derive(Default, Deserialize)]
struct Config {
    #[serde(default)]
    utc_offset_minutes: i32,
}

#[derive(Serialize)]
struct Answer {
    next: Vec<String>,
}

fn one() -> usize {
    1
}

fn upcoming(args: &str) -> Result<Answer, String> {
    let question: Question = serde_json::from_str(args).map_err(|error| error.to_string())?;
    let cron = Cron::parse(&question.cron)?;
    let after = calendar::parse_time(&question.after)
        .ok_or_else(|| format!("after: {} is not an RFC 3339 time", question.after))?;
    if !(1..=MOST).contains(&question.count) {
        return Err(format!("count: {} is not within 1 to {MOST}", question.count));
    }
    let offset = question.config.utc_offset_minutes;

    let mut local = after + i64::from(offset);
    let mut next = Vec::with_capacity(question.count);
    for _ in 0..question.count {
        local = cron.next(local).ok_or("the line never fires: no month it names has such a day")?;
        next.push(calendar::format_time(local - i64::from(offset), offset));
    }
    Ok(Answer { next })
}

fn report(level: LogLevel, outcome: PluginOutcome, message: String) {
    log_record(
        level,
        &PluginEvent {
            function_name: "cron-next::execute".into(),
            action: PluginAction::Schedule,
            outcome: Some(outcome),
            duration_ms: None,
            attrs: None,
            message,
        },
    );
}
