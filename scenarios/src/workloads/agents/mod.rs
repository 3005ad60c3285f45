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
mod control;
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
mod tables;
pub mod trace;
mod worker;

use super::{Install, WorkloadKind, metric, word};
use app::{App, Backend, Keys, Knobs, Names};
use config::Config;
use control::Control;
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
    events: &tables::EVENTS,
    invariants: &tables::INVARIANTS,
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
    knobs: &tables::KNOBS,
    services: &[
        word("model", "the model endpoint"),
        word(
            "tools",
            "the tools and their back end; method 0 reads, 1 writes",
        ),
        word("policy", "the policy server, if there is a control layer"),
    ],
    channels: &[],
    roles: &[word(
        "holder",
        "the worker that has session N: holder of <workload>/N, its epoch is the term",
    )],
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
        timeout: install.knob("timeout"),
        backoff: install.knob("retry-backoff"),
        budget: install.knob("retry-budget"),
        jitter: install.knob("retry-jitter"),
        resend: install.knob("resend-context"),
        slots: install.knob("slots"),
        key_ttl: install.knob("idempotency-ttl"),
        cache_loss: install.knob("prefix-cache-loss"),
        model_out: install.knob("model-out"),
    };
    let holder = install.role("holder");
    let path = format!("workload/{}", install.workload.name);
    let control = config.control.as_ref();
    let control = control.map(|control| Control::new(install, control, &path));
    let (model, tools) = (install.full("model"), install.full("tools"));
    let workers = install.nodes().to_vec();
    let world = &mut *install.world;
    let seed = world.seed();
    let keys = Keys::new(seed, &path);
    let mut app = App {
        source: Source::new(seed, &path),
        names,
        holder,
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
        control,
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
    controls(install, &app);
    let of_control = app.control.as_ref().map(|control| control.names);
    control::promise(install, &names, config.control.as_ref(), of_control);
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

/// The processes of the control layer, if there is one.
fn controls(install: &mut Install<'_>, app: &Rc<App>) {
    let Some(config) = &app.config.control else {
        return;
    };
    let service = install.full("policy");
    for node in &config.policy_nodes {
        let (app, service) = (Rc::clone(app), service.clone());
        install.world.process(*node, &service.clone(), move |cx| {
            control::serve(cx, Rc::clone(&app), service.clone())
        });
    }
    let (authority, operator) = (install.full("authority"), install.full("operator"));
    let first = config.policy_nodes[0];
    let shared = Rc::clone(app);
    install.world.process(first, &authority, move |cx| {
        control::authority(cx, Rc::clone(&shared))
    });
    let shared = Rc::clone(app);
    install.world.process(first, &operator, move |cx| {
        control::operator(cx, Rc::clone(&shared))
    });
    let (batch, shared) = (install.full("batch"), Rc::clone(app));
    install.world.process(first, &batch, move |cx| {
        control::batch(cx, Rc::clone(&shared))
    });
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
