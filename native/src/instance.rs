//! One guest and its calls: start, step, answer, cancel.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

use wasmtime::component::{Func, Instance as Component, InstancePre};
use wasmtime::{Engine, Store};

use crate::contract;
use crate::guest::Guest;
use crate::limits::{InstanceOptions, PIECE_FUEL};
use crate::load;
use crate::mailbox::{Log, Mailbox, Slot, Stats};
use crate::plugin::Plugin;
use crate::profile::EngineTarget;
use crate::status::{Failure, Outcome, Status};
use crate::time::monotonic;
use crate::traps::classify;
use crate::values;

/// How a step ended; [`Instance::output`] has the results of a finished call, or the parameters of a host call.
pub enum Step {
    /// Called out of order: nothing happened, and the output is unchanged.
    Refused(&'static str),
    Done,
    Host(u32),
    Wait(u64),
    Slice,
}

pub struct Instance {
    recipe: Recipe,
    cancelled: Arc<AtomicBool>,
    phase: Phase,
    deadline: u64,
    /// Pieces left of the slice; host calls do not change it.
    pieces_left: u64,
    output: Vec<u8>,
}

/// What it takes to make a guest.
#[derive(Clone)]
struct Recipe {
    engine: Engine,
    pre: InstancePre<Guest>,
    options: InstanceOptions,
    instance_bytes: u64,
    target: EngineTarget,
    /// The guest stops after each piece of a slice.
    piece_fuel: u64,
    mailbox: Arc<Mailbox>,
}

enum Phase {
    /// Not made yet, or between two calls.
    Idle(Option<Box<Live>>),
    Running(Running),
    /// Interrupted or trapped: never used again.
    Over,
}

type Running = Pin<Box<dyn Future<Output = Finished> + Send>>;

struct Finished {
    live: Option<Box<Live>>,
    result: Outcome<Vec<u8>>,
}

struct Live {
    store: Store<Guest>,
    component: Component,
}

impl Instance {
    /// Setting `cancelled` ends the running call at its next step.
    pub fn new(plugin: &Plugin, options: InstanceOptions, cancelled: Arc<AtomicBool>, mailbox: Arc<Mailbox>) -> Self {
        let options = options.or_defaults(plugin.target);
        let large = load::is_large(plugin.pre.component());
        Instance {
            recipe: Recipe {
                engine: plugin.engine.clone(),
                pre: plugin.pre.clone(),
                options,
                instance_bytes: plugin.instance_bytes,
                target: plugin.target,
                piece_fuel: options.slice_fuel.min(if large { PIECE_FUEL } else { u64::MAX }),
                mailbox,
            },
            cancelled,
            phase: Phase::Idle(None),
            deadline: 0,
            pieces_left: 0,
            output: Vec::new(),
        }
    }

    /// Begins a call of `name` with `params`; nothing runs before the first step.
    pub fn start(&mut self, name: &str, params: &[u8]) -> Outcome<()> {
        let live = match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Idle(live) => live,
            Phase::Over => return Err(state("the instance was interrupted and takes no more calls")),
            running @ Phase::Running(_) => {
                self.phase = running;
                return Err(state("a call is running in this instance"));
            }
        };
        if params.len() > self.recipe.options.crossing_bytes as usize {
            self.phase = Phase::Idle(live);
            return Err(Failure::new(
                Status::OverLimit,
                format!(
                    "crossing: {} bytes of parameters, the limit is {}",
                    params.len(),
                    self.recipe.options.crossing_bytes
                ),
            ));
        }
        {
            let mut contents = self.recipe.mailbox.lock();
            contents.slot = Slot::Empty;
            contents.stats = Stats::default();
            contents.log = Log::default();
            contents.log_records = 0;
        }
        self.deadline = monotonic().saturating_add(self.recipe.options.deadline_ns);
        self.phase = Phase::Running(Box::pin(run(self.recipe.clone(), live, name.to_owned(), params.to_owned())));
        Ok(())
    }

    /// Runs the guest, piece by piece, until it is done, calls the host, waits, or has used up its slice.
    pub fn step(&mut self) -> Outcome<Step> {
        loop {
            if self.pieces_left == 0 {
                self.pieces_left = self.recipe.options.slice_fuel.div_ceil(self.recipe.piece_fuel);
            }
            let Phase::Running(running) = &mut self.phase else {
                return Ok(Step::Refused("no call is running in this instance"));
            };
            if matches!(self.recipe.mailbox.lock().slot, Slot::Asked { .. } | Slot::Taken) {
                return Ok(Step::Refused("the host function that was asked for has not been answered"));
            }
            if self.cancelled.load(Ordering::Relaxed) {
                return self.interrupt(Failure::new(Status::Cancelled, "the call was cancelled"));
            }
            if monotonic() >= self.deadline {
                let (limit, unit) = match self.recipe.options.deadline_ns {
                    ns @ 0..1_000 => (ns, "ns"),
                    ns @ 1_000..1_000_000 => (ns / 1_000, "us"),
                    ns => (ns / 1_000_000, "ms"),
                };
                let why = format!("the call took longer than {limit} {unit}");
                return self.interrupt(Failure::new(Status::Deadline, why));
            }
            if let Poll::Ready(finished) = running.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                return self.finish(finished);
            }
            if let Some(step) = self.suspended() {
                return Ok(step);
            }
        }
    }

    /// Why the guest stopped; none if only a piece of its slice is used up.
    fn suspended(&mut self) -> Option<Step> {
        let mut contents = self.recipe.mailbox.lock();
        match std::mem::replace(&mut contents.slot, Slot::Taken) {
            Slot::Asked { host, params } => {
                drop(contents);
                self.output = params;
                Some(Step::Host(host))
            }
            Slot::Waiting(until) => {
                contents.slot = Slot::Empty;
                Some(Step::Wait(until.min(self.deadline)))
            }
            stopped => {
                contents.slot = Slot::Empty;
                self.pieces_left = self.pieces_left.saturating_sub(1);
                let slice_is_over = self.pieces_left == 0;
                contents.stats.slices += u32::from(slice_is_over);
                if !matches!(stopped, Slot::GaveWay) {
                    contents.stats.fuel = contents.stats.fuel.saturating_add(self.recipe.piece_fuel);
                }
                drop(contents);
                load::release_code(self.recipe.pre.component());
                slice_is_over.then_some(Step::Slice)
            }
        }
    }

    fn finish(&mut self, finished: Finished) -> Outcome<Step> {
        let Finished { live, result } = finished;
        if let Some(live) = &live {
            let left = live.store.get_fuel().unwrap_or(0);
            let mut contents = self.recipe.mailbox.lock();
            contents.stats.fuel = self.recipe.options.fuel.saturating_sub(left);
            contents.stats.memory_bytes = live.store.data().limiter.memory_bytes;
        }
        match result {
            Ok(bytes) => {
                self.phase = Phase::Idle(live);
                self.output = bytes;
                Ok(Step::Done)
            }
            // The call never reached the guest, which stays usable; not so after a host's answer of the wrong type.
            Err(failure)
                if matches!(failure.status, Status::NoExport | Status::Value)
                    && live.is_some()
                    && self.recipe.mailbox.lock().stats.host_calls == 0 =>
            {
                self.phase = Phase::Idle(live);
                Err(failure)
            }
            Err(failure) => {
                self.phase = Phase::Over;
                Err(failure)
            }
        }
    }

    fn interrupt(&mut self, failure: Failure) -> Outcome<Step> {
        self.phase = Phase::Over;
        Err(failure)
    }

    pub fn answer(&mut self, results: &[u8]) -> Outcome<()> {
        let limit = self.recipe.options.crossing_bytes;
        if results.len() > limit as usize {
            let why = format!("crossing: an answer of {} bytes, the limit is {limit}", results.len());
            return Err(Failure::new(Status::OverLimit, why));
        }
        self.reply(Slot::Answered(results.to_owned()))
    }

    pub fn fail(&mut self, message: &str) -> Outcome<()> {
        self.reply(Slot::Failed(message.to_owned()))
    }

    fn reply(&mut self, answer: Slot) -> Outcome<()> {
        let mut contents = self.recipe.mailbox.lock();
        if !matches!(contents.slot, Slot::Taken) {
            return Err(state("no host function waits for an answer"));
        }
        contents.slot = answer;
        Ok(())
    }

    /// Drops the guest and its running call; the output of the last step stays.
    pub fn close(&mut self) {
        self.phase = Phase::Over;
    }

    /// The output of the last step.
    pub fn output(&self) -> &[u8] {
        &self.output
    }

    /// Sets the output to a message.
    pub fn set_output(&mut self, bytes: Vec<u8>) {
        self.output = bytes;
    }
}

pub fn state(why: &str) -> Failure {
    Failure::new(Status::State, why)
}

async fn run(recipe: Recipe, live: Option<Box<Live>>, name: String, params: Vec<u8>) -> Finished {
    let mut live = match live {
        Some(mut live) => match live.store.set_fuel(recipe.options.fuel) {
            Ok(()) => live,
            Err(error) => return Finished { live: None, result: Err(classify(error)) },
        },
        None => match instantiate(recipe).await {
            Ok(live) => Box::new(live),
            Err(error) => return Finished { live: None, result: Err(classify(error)) },
        },
    };
    let mut result = call(&mut live, &name, &params).await;
    if let (Err(failure), Some(refused)) = (&mut result, live.store.data().limiter.refused())
        && failure.status == Status::Trapped
    {
        *failure = Failure::new(Status::OverLimit, format!("it wanted {refused}; then: {}", failure.message));
    }
    Finished { live: Some(live), result }
}

async fn instantiate(recipe: Recipe) -> wasmtime::Result<Live> {
    let Recipe { engine, pre, options, instance_bytes, target, piece_fuel, mailbox } = recipe;
    if instance_bytes > options.memory_bytes {
        let what = format!("instances of {instance_bytes} bytes, the limit of its memory is {}", options.memory_bytes);
        return Err(Failure::new(Status::OverLimit, what).into());
    }
    let mut store = Store::new(&engine, Guest::new(mailbox, options, instance_bytes, target));
    store.limiter_async(|guest| &mut guest.limiter);
    store.set_hostcall_fuel(options.crossing_bytes as usize);
    store.fuel_async_yield_interval(Some(piece_fuel))?;
    store.set_fuel(options.fuel)?;
    let component = pre.instantiate_async(&mut store).await?;
    Ok(Live { store, component })
}

async fn call(live: &mut Live, name: &str, params: &[u8]) -> Outcome<Vec<u8>> {
    let func = export(live, name)?;
    let limit = live.store.data().options.crossing_bytes as usize;
    if let Some(answer) = contract::call(&mut live.store, func, name, params, limit).await {
        return answer;
    }
    let ty = func.ty(&live.store);
    let types: Vec<_> = ty.params().map(|(_, ty)| ty).collect();
    let params = values::decode(params, types.into_iter())?;
    let mut results = vec![wasmtime::component::Val::Bool(false); ty.results().len()];
    func.call_async(&mut live.store, &params, &mut results).await.map_err(classify)?;
    values::encode(&results, ty.results(), limit)
}

/// `interface#function`, or a function of the world itself.
fn export(live: &mut Live, name: &str) -> Outcome<Func> {
    let Live { store, component } = live;
    let index = match name.split_once('#') {
        Some((interface, function)) => component
            .get_export_index(&mut *store, None, interface)
            .and_then(|interface| component.get_export_index(&mut *store, Some(&interface), function)),
        None => component.get_export_index(&mut *store, None, name),
    };
    index
        .and_then(|index| component.get_func(&mut *store, index))
        .ok_or_else(|| Failure::new(Status::NoExport, format!("it exports no function `{name}`")))
}
