//! training: synchronous jobs that have all their nodes or none, with checkpoints, spares, quarantine of
//! nodes that fail too often and replacement of slow ones.
//!
//! ```text
//! controller --<name>.rank--> every rank of the job        load, run, save, flush, release
//! ```
//!
//! * **A job** runs in incarnations. Each gathers nodes, lets all load the last checkpoint, and gives order
//!   after order: so many steps, or a checkpoint. A rank that is lost ends the incarnation.
//! * **Steps** wait for the slowest rank. What a rank is slow for by itself is drawn for each step
//!   (`noise`), once for all ranks by the law of the largest of n; what faults and neighbours do to its
//!   processor comes on top, since ranks compute.
//! * **Failures** are noticed when the connection is reset, or when a rank is late and does not answer a
//!   question. What an order did before does not count then.
//! * **What outlives the controller**: the number of the incarnation, the last complete checkpoint, and the
//!   book of nodes. Orders of an earlier incarnation are refused.

mod config;
mod fleet;
mod gang;
mod invariants;
mod job;
mod mutant;
mod params;
mod rank;
mod shared;
mod tables;
mod wire;

pub use mutant::Mutant;

use crate::workloads::{Depends, Install, WorkloadKind, word};
use config::Config;
use shared::Shared;
use squall_core::depends::About;
use std::rc::Rc;

pub(in crate::workloads) const TRAINING: WorkloadKind = WorkloadKind {
    name: "training",
    domain: "cluster",
    summary: "gang-scheduled training jobs with checkpoints, spares and restarts",
    params: params::PARAMS,
    events: tables::WORDS,
    invariants: invariants::WORDS,
    metrics: tables::METRICS,
    knobs: &[],
    services: &[word("rank", "orders of the controller to nodes that train")],
    channels: &[],
    roles: &[],
    operations: &[],
    prepare: config::prepare,
    depends,
    install,
};

/// The jobs as one unit: a gang needs every node, and the controller.
fn depends(depends: &mut Depends<'_>) {
    let unit = depends.workload_unit();
    let nodes = depends.workload.nodes.clone();
    for node in &nodes {
        depends.map.runs_on(unit, *node);
    }
    let service = depends.service("rank");
    depends.map.calls(unit, service);
    depends.trouble(unit, "lost", &[], About::Any);
    let Some(controller) = depends.prepared::<Config>().map(|config| config.controller) else {
        return;
    };
    depends.map.runs_on(unit, controller);
    depends.talks(unit, &[controller], &nodes);
}

/// A rank on every node of `on`; the jobs and the monitor of nodes that are down on the controller.
fn install(install: &mut Install<'_>) {
    let config = install.prepared::<Config>();
    let shared = Shared::new(install, config);
    invariants::promise(install, &shared);
    let config = &shared.config;
    for node in &config.nodes {
        let shared = Rc::clone(&shared);
        let process = install.full("rank");
        install
            .world
            .process(*node, &process, move |cx| rank::run(cx, Rc::clone(&shared)));
    }
    for job in 0..config.jobs {
        let shared = Rc::clone(&shared);
        let process = install.full(&format!("job-{job}"));
        install
            .world
            .process(config.controller, &process, move |cx| {
                job::run(cx, Rc::clone(&shared), job)
            });
    }
    let monitor = Rc::clone(&shared);
    let process = install.full("monitor");
    install
        .world
        .process(config.controller, &process, move |cx| {
            job::monitor(cx, Rc::clone(&monitor))
        });
}
