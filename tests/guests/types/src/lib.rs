//! Gives every type of the contract back, by itself and by way of the host.

use edge::types::echo as host;
use edge::types::shapes::{Access, Colour, Point, Shape};
use exports::edge::types::{echo, relay};
use zeroclaw::plugin::channel::{ChannelCapabilities, InboundMessage, SendMessage};

wit_bindgen::generate!({
    path: ["../../../wit", "wit"],
    world: "edge:types/types",
    generate_all,
    features: ["plugins-wit-v0"],
});

struct Types;

export!(Types);

impl Guest for Types {
    fn join(words: Vec<String>, separator: String) -> String {
        words.join(&separator)
    }
}

/// Both interfaces from one list: a function's names, its type, and the value as the import takes it.
macro_rules! functions {
    ($($echo:ident, $relay:ident, $value:ident: $type:ty => $lent:expr;)*) => {
        impl echo::Guest for Types {
            fn nothing() {}

            $(fn $echo($value: $type) -> $type {
                $value
            })*
        }

        impl relay::Guest for Types {
            fn nothing() {
                host::nothing()
            }

            $(fn $relay($value: $type) -> $type {
                host::$echo($lent)
            })*

            fn repeat(count: u32) -> u64 {
                (0..count).map(|number| u64::from(host::echo_u32(number))).sum()
            }
        }
    };
}

functions! {
    echo_bool, relay_bool, value: bool => value;
    echo_u8, relay_u8, value: u8 => value;
    echo_u16, relay_u16, value: u16 => value;
    echo_u32, relay_u32, value: u32 => value;
    echo_u64, relay_u64, value: u64 => value;
    echo_s8, relay_s8, value: i8 => value;
    echo_s16, relay_s16, value: i16 => value;
    echo_s32, relay_s32, value: i32 => value;
    echo_s64, relay_s64, value: i64 => value;
    echo_f32, relay_f32, value: f32 => value;
    echo_f64, relay_f64, value: f64 => value;
    echo_char, relay_char, value: char => value;
    echo_string, relay_string, value: String => &value;
    echo_bytes, relay_bytes, value: Vec<u8> => &value;
    echo_strings, relay_strings, value: Vec<String> => &value;
    echo_points, relay_points, value: Vec<Point> => &value;
    echo_option, relay_option, value: Option<u32> => value;
    echo_nested_option, relay_nested_option, value: Option<Option<String>> =>
        value.as_ref().map(|inner| inner.as_deref());
    echo_result, relay_result, value: Result<(), String> => value.as_ref().map(|_| ()).map_err(|why| why.as_str());
    echo_result_option, relay_result_option, value: Result<Option<String>, String> =>
        value.as_ref().map(|inner| inner.as_deref()).map_err(|why| why.as_str());
    echo_bare_result, relay_bare_result, value: Result<(), ()> => value;
    echo_tuple, relay_tuple, value: (u8, String, f64) => (value.0, &value.1, value.2);
    echo_record, relay_record, value: Point => &value;
    echo_enum, relay_enum, value: Colour => value;
    echo_variant, relay_variant, value: Shape => &value;
    echo_flags, relay_flags, value: Access => value;
    echo_many_flags, relay_many_flags, value: ChannelCapabilities => value;
    echo_send_message, relay_send_message, value: SendMessage => &value;
    echo_inbound_message, relay_inbound_message, value: InboundMessage => &value;
}
