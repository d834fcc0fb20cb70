//! A platform with one user, who answers every message with the same message.

use std::cell::RefCell;
use std::collections::VecDeque;

use exports::zeroclaw::plugin::channel::{
    ApprovalRequest, ApprovalResponse, ChannelCapabilities, Guest, InboundMessage, SendMessage,
};
use exports::zeroclaw::plugin::plugin_info;
use zeroclaw::plugin::inbound::{self, HostInboundMessage};
use zeroclaw::plugin::logging::{LogLevel, PluginAction, PluginEvent, log_record};

wit_bindgen::generate!({ path: "../../../wit", world: "channel-plugin", features: ["plugins-wit-v0"] });

struct Channel;

export!(Channel);

#[derive(Default)]
struct State {
    config: String,
    sent: u64,
    answers: VecDeque<InboundMessage>,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

impl plugin_info::Guest for Channel {
    fn plugin_name() -> String {
        "channel".into()
    }

    fn plugin_version() -> String {
        env!("CARGO_PKG_VERSION").into()
    }
}

impl Guest for Channel {
    fn name() -> String {
        "echo".into()
    }

    fn configure(config: String) -> Result<(), String> {
        if config.is_empty() {
            return Err("the configuration is empty".into());
        }
        STATE.with_borrow_mut(|state| state.config = config);
        Ok(())
    }

    fn send(message: SendMessage) -> Result<(), String> {
        let event = PluginEvent {
            function_name: "channel::send".into(),
            action: PluginAction::Send,
            outcome: None,
            duration_ms: None,
            attrs: None,
            message: format!("{} attachments", message.attachments.len()),
        };
        log_record(LogLevel::Debug, &event);
        STATE.with_borrow_mut(|state| {
            state.sent += 1;
            let answer = answer(message, state.sent);
            state.answers.push_back(answer);
        });
        Ok(())
    }

    /// What the user answered comes before what the host received.
    fn poll_message() -> Option<InboundMessage> {
        STATE.with_borrow_mut(|state| state.answers.pop_front()).or_else(|| inbound::inbound_poll().map(received))
    }

    fn get_channel_capabilities() -> ChannelCapabilities {
        ChannelCapabilities::HEALTH_CHECK | ChannelCapabilities::SELF_HANDLE | ChannelCapabilities::REQUEST_APPROVAL
    }

    /// Unhealthy while more than one message waits at the host.
    fn health_check() -> bool {
        inbound::inbound_pending() < 2
    }

    fn self_handle() -> Option<String> {
        Some(STATE.with_borrow(|state| state.config.clone()))
    }

    fn request_approval(_: String, request: ApprovalRequest) -> Result<Option<ApprovalResponse>, String> {
        Ok(request.raw_arguments.map(ApprovalResponse::DenyWithEdit))
    }

    fn self_addressed_mention() -> Option<String> {
        None
    }

    fn drop_self_message(_: InboundMessage) -> bool {
        false
    }

    fn start_typing(_: String) -> Result<(), String> {
        Ok(())
    }

    fn stop_typing(_: String) -> Result<(), String> {
        Ok(())
    }

    fn supports_draft_updates() -> bool {
        false
    }

    fn send_draft(_: SendMessage) -> Result<Option<String>, String> {
        Ok(None)
    }

    fn update_draft(_: String, _: String, _: String) -> Result<(), String> {
        Ok(())
    }

    fn update_draft_progress(_: String, _: String, _: String) -> Result<(), String> {
        Ok(())
    }

    fn finalize_draft(_: String, _: String, _: String) -> Result<(), String> {
        Ok(())
    }

    fn cancel_draft(_: String, _: String) -> Result<(), String> {
        Ok(())
    }

    fn supports_multi_message_streaming() -> bool {
        false
    }

    fn multi_message_delay_ms() -> u64 {
        800
    }

    fn add_reaction(_: String, _: String, _: String) -> Result<(), String> {
        Ok(())
    }

    fn remove_reaction(_: String, _: String, _: String) -> Result<(), String> {
        Ok(())
    }

    fn pin_message(_: String, _: String) -> Result<(), String> {
        Ok(())
    }

    fn unpin_message(_: String, _: String) -> Result<(), String> {
        Ok(())
    }

    fn redact_message(_: String, _: String, _: Option<String>) -> Result<(), String> {
        Ok(())
    }

    fn request_choice(_: String, _: Vec<String>, _: u64) -> Result<Option<String>, String> {
        Ok(None)
    }

    fn supports_free_form_ask() -> bool {
        true
    }
}

fn answer(message: SendMessage, number: u64) -> InboundMessage {
    InboundMessage {
        id: number.to_string(),
        sender: message.recipient.clone(),
        reply_target: message.recipient,
        content: message.content,
        channel: "echo".into(),
        channel_alias: None,
        timestamp: number,
        thread_ts: message.thread_ts,
        interruption_scope_id: message.in_reply_to,
        attachments: message.attachments,
        subject: message.subject,
    }
}

fn received(message: HostInboundMessage) -> InboundMessage {
    InboundMessage {
        id: message.id,
        sender: message.sender,
        reply_target: message.reply_target,
        content: message.content,
        channel: message.channel,
        channel_alias: message.channel_alias,
        timestamp: message.timestamp,
        thread_ts: message.thread_ts,
        interruption_scope_id: message.interruption_scope_id,
        attachments: Vec::new(),
        subject: message.subject,
    }
}
