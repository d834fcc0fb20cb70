//! Calls of the plugin contract that carry byte lists, with types of their own.
//!
//! Wasmtime's dynamic values hold a byte list as one value a byte, 24 times its size on a Pi; its static types hold the
//! bytes. Only the attachments of the channel interface need them.

use wasmtime::Store;
use wasmtime::component::{ComponentNamedList, ComponentType, Func, Lift, Lower};

use crate::guest::Guest;
use crate::status::{Failure, Outcome, Status};
use crate::traps::classify;
use crate::values::{Reader, Writer};

const CHANNEL: &str = "zeroclaw:plugin/channel@0.1.0#";

/// A Rust type that crosses in the encoding of `values`.
trait Crossing: Sized {
    fn read(input: &mut Reader<'_>) -> Outcome<Self>;
    fn write(&self, out: &mut Writer) -> Outcome<()>;

    /// The value of a field that is missing.
    fn absent() -> Option<Self> {
        None
    }
}

/// A record of the contract, which a list may hold.
trait Record: Crossing {}

macro_rules! record {
    ($name:ident { $($wit:literal $field:ident: $ty:ty,)* }) => {
        #[derive(ComponentType, Lift, Lower)]
        #[component(record)]
        struct $name {
            $(#[component(name = $wit)] $field: $ty,)*
        }

        impl Record for $name {}

        impl Crossing for $name {
            fn read(input: &mut Reader<'_>) -> Outcome<Self> {
                $(let mut $field: Option<$ty> = None;)*
                input.dict()?;
                while let Some(name) = input.key()? {
                    match name {
                        $($wit => $field = Some(Crossing::read(input)?),)*
                        _ => return Err(Failure::new(Status::Value, format!("there is no field `{name}`"))),
                    }
                }
                Ok($name {
                    $($field: $field.or_else(Crossing::absent).ok_or_else(|| {
                        Failure::new(Status::Value, concat!("the field `", $wit, "` is missing"))
                    })?,)*
                })
            }

            fn write(&self, out: &mut Writer) -> Outcome<()> {
                out.dict()?;
                $(
                    out.string($wit)?;
                    self.$field.write(out)?;
                )*
                out.end()
            }
        }
    };
}

record!(MediaAttachment {
    "file-name" file_name: String,
    "data" data: Vec<u8>,
    "mime-type" mime_type: Option<String>,
});

record!(InboundMessage {
    "id" id: String,
    "sender" sender: String,
    "reply-target" reply_target: String,
    "content" content: String,
    "channel" channel: String,
    "channel-alias" channel_alias: Option<String>,
    "timestamp" timestamp: u64,
    "thread-ts" thread_ts: Option<String>,
    "interruption-scope-id" interruption_scope_id: Option<String>,
    "attachments" attachments: Vec<MediaAttachment>,
    "subject" subject: Option<String>,
});

record!(SendMessage {
    "content" content: String,
    "recipient" recipient: String,
    "subject" subject: Option<String>,
    "thread-ts" thread_ts: Option<String>,
    "attachments" attachments: Vec<MediaAttachment>,
    "in-reply-to" in_reply_to: Option<String>,
});

impl Crossing for String {
    fn read(input: &mut Reader<'_>) -> Outcome<Self> {
        input.string().map(str::to_owned)
    }

    fn write(&self, out: &mut Writer) -> Outcome<()> {
        out.string(self)
    }
}

impl Crossing for u64 {
    fn read(input: &mut Reader<'_>) -> Outcome<Self> {
        input.ranged("u64")
    }

    fn write(&self, out: &mut Writer) -> Outcome<()> {
        out.integer((*self).into())
    }
}

impl Crossing for bool {
    fn read(input: &mut Reader<'_>) -> Outcome<Self> {
        input.bool()
    }

    fn write(&self, out: &mut Writer) -> Outcome<()> {
        out.bool(*self)
    }
}

impl Crossing for () {
    fn read(input: &mut Reader<'_>) -> Outcome<Self> {
        input.none().map(|_| ())
    }

    fn write(&self, out: &mut Writer) -> Outcome<()> {
        out.none()
    }
}

impl Crossing for Vec<u8> {
    fn read(input: &mut Reader<'_>) -> Outcome<Self> {
        input.bytes().map(<[u8]>::to_vec)
    }

    fn write(&self, out: &mut Writer) -> Outcome<()> {
        out.bytes(self)
    }
}

impl<T: Record> Crossing for Vec<T> {
    fn read(input: &mut Reader<'_>) -> Outcome<Self> {
        (0..input.sequence()?).map(|_| T::read(input)).collect()
    }

    fn write(&self, out: &mut Writer) -> Outcome<()> {
        out.list(self.len())?;
        self.iter().try_for_each(|item| item.write(out))
    }
}

impl<T: Crossing> Crossing for Option<T> {
    fn read(input: &mut Reader<'_>) -> Outcome<Self> {
        if input.none()? { Ok(None) } else { T::read(input).map(Some) }
    }

    fn write(&self, out: &mut Writer) -> Outcome<()> {
        match self {
            Some(value) => value.write(out),
            None => out.none(),
        }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

/// Only used as a result.
impl<T: Crossing> Crossing for Result<T, String> {
    fn read(_: &mut Reader<'_>) -> Outcome<Self> {
        Err(Failure::new(Status::Internal, "no function of the contract takes a result"))
    }

    fn write(&self, out: &mut Writer) -> Outcome<()> {
        out.tuple(2)?;
        match self {
            Ok(value) => {
                out.string("ok")?;
                value.write(out)
            }
            Err(why) => {
                out.string("err")?;
                why.write(out)
            }
        }
    }
}

/// Calls `func` if it has static types here; none otherwise.
pub async fn call(
    store: &mut Store<Guest>,
    func: Func,
    name: &str,
    params: &[u8],
    limit: usize,
) -> Option<Outcome<Vec<u8>>> {
    match name.strip_prefix(CHANNEL)? {
        "send" => typed::<(SendMessage,), Result<(), String>>(store, func, one(params), limit).await,
        "send-draft" => typed::<(SendMessage,), Result<Option<String>, String>>(store, func, one(params), limit).await,
        "drop-self-message" => typed::<(InboundMessage,), bool>(store, func, one(params), limit).await,
        "poll-message" => typed::<(), Option<InboundMessage>>(store, func, Ok(()), limit).await,
        _ => None,
    }
}

async fn typed<P, R>(store: &mut Store<Guest>, func: Func, params: Outcome<P>, limit: usize) -> Option<Outcome<Vec<u8>>>
where
    P: ComponentNamedList + Lower + Send + Sync + 'static,
    R: Crossing + ComponentType + Lift + Send + Sync + 'static,
{
    let func = func.typed::<P, (R,)>(&*store).ok()?;
    let params = match params {
        Ok(params) => params,
        Err(failure) => return Some(Err(failure)),
    };
    let answer = func.call_async(store, params).await.map_err(classify).and_then(|(answer,)| {
        let mut out = Writer::new(limit);
        out.tuple(1)?;
        answer.write(&mut out)?;
        Ok(out.finish())
    });
    Some(answer)
}

fn one<T: Crossing>(params: &[u8]) -> Outcome<(T,)> {
    let mut input = Reader::new(params);
    let given = input.sequence()?;
    if given != 1 {
        return Err(Failure::new(Status::Value, format!("expected 1 value, got {given}")));
    }
    let value = T::read(&mut input)?;
    input.finished()?;
    Ok((value,))
}
