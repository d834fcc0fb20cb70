//! Tries everything that WASI offers, and reports what it got.

use std::env;
use std::fs::{self, File};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Read, Write};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use exports::zeroclaw::plugin::{plugin_info, tool};
use serde::Serialize;
use wasip2::sockets::network::{ErrorCode, IpAddressFamily};
use wasip2::sockets::{instance_network, ip_name_lookup, tcp_create_socket, udp_create_socket};

wit_bindgen::generate!({ path: "../../../wit", world: "tool-plugin", features: ["plugins-wit-v0"] });

struct Wasi;

export!(Wasi);

#[derive(Serialize)]
struct Report {
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    /// Nanoseconds since 1970.
    wall_clock: u128,
    /// Nanoseconds that a sleep of `SLEEP` took.
    slept: u128,
    random: Vec<u8>,
    stdin: String,
    open: String,
    create: String,
    list: String,
    tcp: String,
    udp: String,
    resolve: String,
}

const SLEEP: Duration = Duration::from_millis(5);

impl plugin_info::Guest for Wasi {
    fn plugin_name() -> String {
        "wasi".into()
    }

    fn plugin_version() -> String {
        env!("CARGO_PKG_VERSION").into()
    }
}

impl tool::Guest for Wasi {
    fn name() -> String {
        "wasi".into()
    }

    fn description() -> String {
        "Reports what WASI answers.".into()
    }

    fn parameters_schema() -> String {
        r#"{"type":"object"}"#.into()
    }

    fn execute(args: String) -> Result<tool::ToolResult, String> {
        println!("out: {args}");
        eprintln!("err: {args}");
        io::stdout().flush().map_err(|error| error.to_string())?;
        let output = serde_json::to_string(&report()).map_err(|error| error.to_string())?;
        Ok(tool::ToolResult { success: true, output, error: None })
    }
}

fn report() -> Report {
    let started = Instant::now();
    thread::sleep(SLEEP);
    let mut stdin = String::new();
    Report {
        arguments: env::args().collect(),
        environment: env::vars().collect(),
        wall_clock: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos(),
        slept: started.elapsed().as_nanos(),
        random: random(),
        stdin: outcome(io::stdin().read_to_string(&mut stdin)),
        open: outcome(File::open("/etc/hostname")),
        create: outcome(File::create("new.txt")),
        list: outcome(fs::read_dir(".")),
        tcp: answer(tcp_create_socket::create_tcp_socket(IpAddressFamily::Ipv4)),
        udp: answer(udp_create_socket::create_udp_socket(IpAddressFamily::Ipv6)),
        resolve: answer(ip_name_lookup::resolve_addresses(&instance_network::instance_network(), "localhost")),
    }
}

fn random() -> Vec<u8> {
    RandomState::new().build_hasher().finish().to_le_bytes().into()
}

fn outcome<T>(result: io::Result<T>) -> String {
    result.map_or_else(|error| error.to_string(), |_| "allowed".into())
}

fn answer<T>(result: Result<T, ErrorCode>) -> String {
    result.map_or_else(|error| error.name().into(), |_| "allowed".into())
}
