//! agents: sessions of agents that call a model and tools, under a control layer.
//!
//! ```text
//! accepted -> [ gap -> model call -> intent -> tool call (effect or read) -> result -> checkpoint ]* -> done | failed
//! ```
//!
//! * Sessions come from a recording or are drawn ([`trace`], `source`), are kept in a durable queue
//!   outside the nodes (`store`), and run in workers on the nodes of `on` (`worker`, `session`, `step`). A lost
//!   worker's sessions go on from their last checkpoint.
//! * The model answers after a measured time ([`latency`]); the tools run on processors and in memory
//!   (`services`). Faults hit the services `<name>.model` and `<name>.tools` like any other.
//! * Every draw is keyed by session and ordinal: one session's draws move no other's.
//!
//! Nothing of the text is simulated: a pass says nothing about the quality of answers.

mod app;
mod calls;
mod config;
mod depends;
mod invariants;
pub mod latency;
mod params;
mod rows;
mod services;
mod session;
pub mod source;
mod step;
mod store;
pub mod trace;
mod worker;

use super::{Install, Knob, KnobRange, WorkloadKind, metric, word};
use app::{App, Backend, Keys, Knobs, Names};
use config::Config;
use source::Source;
use squall_core::{Sample, VirtualTime};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use store::Store;

pub(super) const AGENTS: WorkloadKind = WorkloadKind {
    name: "agents",
    domain: "agents",
    summary: "sessions of agents that call a model and tools, with retries, keys, budgets and checkpoints",
    params: params::PARAMS,
    events: &[
        word(
            "accepted",
            "a session came (a: session, b: its latest end in ns)",
        ),
        word("done", "a session ended well (a: session, b: steps)"),
        word(
            "failed",
            "a session gave up (a: session, b: 1 model, 2 tool, 3 deadline, 4 budget)",
        ),
        word(
            "resumed",
            "a session went on after its worker was lost (a: stream, b: epoch)",
        ),
        word(
            "fenced",
            "a worker found that another one has its session (a: stream, b: epoch)",
        ),
        word(
            "checkpoint",
            "progress was written down (a: stream, b: epoch and step)",
        ),
        word(
            "retried",
            "a call was tried again (a: call, b: code of the failure)",
        ),
        word(
            "limited",
            "a call was refused with 429 (a: call, b: attempt)",
        ),
        word(
            "effect",
            "the back end did what a tool call asked (a: effect, b: whether it had a key)",
        ),
        word(
            "duplicated-effect",
            "it did so again for the same effect (a: effect)",
        ),
        word(
            "duplicate-suppressed",
            "it knew the key and did nothing (a: effect)",
        ),
        word(
            "result-ok",
            "an agent believes that its effect happened (a: effect)",
        ),
        word(
            "tool-error",
            "an agent found an error in the body of an answer (a: call)",
        ),
        word("spent", "tokens were billed (a: session, b: tokens)"),
        word(
            "over-budget",
            "a call was not made for want of tokens (a: session, b: wanted)",
        ),
    ],
    invariants: &[
        word("at-most-once-effect", "no effect happens twice"),
        word(
            "no-ghost-result",
            "an effect that an agent believes in has happened",
        ),
        word("terminates", "a session ends by its deadline and grace"),
        word(
            "retry-amplification",
            "attempts a model call stay below the bound in every window",
        ),
        word("token-budget", "no session spends more tokens than it has"),
        word(
            "checkpoint-monotone",
            "epoch and step of a session's checkpoints only grow",
        ),
    ],
    metrics: &[
        metric(
            "latency",
            "s",
            "time of a step, from context to tool result, retries and all",
        ),
        metric(
            "task-latency",
            "s",
            "time of a session, from its arrival to its end",
        ),
        metric(
            "model-latency",
            "s",
            "time of a model call, of the attempt that was answered",
        ),
        metric("tool-latency", "s", "time of a tool call, retries and all"),
        metric("attempts", "1", "attempts of a model call"),
        metric(
            "tokens",
            "1",
            "tokens billed for an attempt, sent and received",
        ),
    ],
    knobs: &[
        Knob {
            name: "load",
            range: KnobRange::Number(0.0, 1000.0),
            param: "",
            base: 1.0,
            doc: "factor on the arrivals",
        },
        Knob {
            name: "retry-attempts",
            range: KnobRange::Number(1.0, 100.0),
            param: "retry.attempts",
            base: 3.0,
            doc: "tries of a call",
        },
        Knob {
            name: "tool-version",
            range: KnobRange::Number(0.0, 1.0),
            param: "",
            base: 0.0,
            doc: "1 is broken: tools answer as if all were well, with an error in the body, and do nothing",
        },
        Knob {
            name: "model-latency",
            range: KnobRange::Number(0.0, 1000.0),
            param: "",
            base: 1.0,
            doc: "factor on the time of model calls",
        },
    ],
    services: &[
        word("model", "the model endpoint"),
        word("tools", "the tools and their back end"),
    ],
    channels: &[],
    roles: &[],
    operations: &["step", "model-call", "tool-call", "tool-run"],
    prepare: config::prepare,
    depends: depends::depends,
    install,
};

fn install(install: &mut Install<'_>) {
    let config: Arc<Config> = install.prepared();
    let names = Names::new(|slug| install.name(slug));
    let knobs = Knobs {
        load: install.knob("load"),
        attempts: install.knob("retry-attempts"),
        tool_version: install.knob("tool-version"),
        model_latency: install.knob("model-latency"),
    };
    let path = format!("workload/{}", install.workload.name);
    let (model, tools) = (install.full("model"), install.full("tools"));
    let workers = install.nodes().to_vec();
    let world = &mut *install.world;
    let seed = world.seed();
    let keys = Keys::new(seed, &path);
    let mut app = App {
        source: Source::new(seed, &path),
        names,
        knobs,
        keys,
        model: config
            .model
            .nodes
            .iter()
            .map(|node| world.port(*node, &model))
            .collect(),
        tools: config
            .tools
            .nodes
            .iter()
            .map(|node| world.port(*node, &tools))
            .collect(),
        starts: starts(&config, &keys),
        store: RefCell::new(Store::new(&config, workers.len(), VirtualTime::ZERO)),
        backend: RefCell::new(Backend::default()),
        config: Arc::clone(&config),
    };
    let first = app.first();
    app.store.get_mut().set_next(first.map(|at| (0, at)));
    let app = Rc::new(app);
    for node in &config.model.nodes {
        let (app, service) = (Rc::clone(&app), model.clone());
        world.process(*node, &model, move |cx| {
            services::model(cx, Rc::clone(&app), service.clone())
        });
    }
    for node in &config.tools.nodes {
        let (app, service) = (Rc::clone(&app), tools.clone());
        world.process(*node, &tools, move |cx| {
            services::tools(cx, Rc::clone(&app), service.clone())
        });
    }
    let worker = install.full("worker");
    for (number, node) in workers.iter().enumerate() {
        let app = Rc::clone(&app);
        let world = &mut *install.world;
        world.process(*node, &worker, move |cx| {
            worker::worker(cx, Rc::clone(&app), number)
        });
    }
    install.promise("at-most-once-effect", invariants::AtMostOnce::new(&names));
    install.promise("no-ghost-result", invariants::NoGhost::new(&names));
    install.promise("terminates", invariants::Terminates::new(&names));
    install.promise(
        "retry-amplification",
        invariants::Amplification::new(&names, config.amplification),
    );
    install.promise(
        "token-budget",
        invariants::TokenBudget::new(&names, config.budget_tokens),
    );
    install.promise(
        "checkpoint-monotone",
        invariants::CheckpointMonotone::new(&names),
    );
}

/// When recorded sessions start: evenly drawn over the window, in order of time.
fn starts(config: &Config, keys: &Keys) -> Vec<(squall_core::VirtualDuration, u32)> {
    let Some(trace) = &config.trace else {
        return Vec::new();
    };
    let sessions = usize::try_from(config.arrivals.sessions).unwrap_or(usize::MAX);
    let numbered = (0u64..).zip(&trace.sessions).take(sessions);
    let start = |(number, stream): (u64, &u32)| {
        let share = keys.arrival.at(number).open_unit();
        (config.arrivals.spread.scaled(share), *stream)
    };
    let mut starts: Vec<_> = numbered.map(start).collect();
    starts.sort_unstable();
    starts
}
