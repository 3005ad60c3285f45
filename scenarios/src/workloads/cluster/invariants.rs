//! What the workload promises, read from the records alone.

mod requests;
mod service;
mod users;

use super::shared::Shared;
use crate::workloads::Install;
use requests::{Amplification, Conservation, Limit, NoLateSuccess, QueueBound};
use service::{
    Allowed, Below, BreakerLegal, EjectionShare, HopAmplification, ServiceConservation,
    SingleFlight,
};
use squall_core::{NodeId, VirtualDuration};
use std::collections::{BTreeMap, BTreeSet};
use users::{BlastRadius, GoodputRecovers};

pub(super) fn promise(install: &mut Install<'_>, shared: &Shared) {
    let (config, events) = (&shared.config, shared.events);
    install.promise(
        "conservation",
        Conservation {
            events,
            clients: config.clients.clone(),
            patience_ns: config.backoff_max,
            open: BTreeMap::new(),
            paused: BTreeSet::new(),
            resumed: BTreeMap::new(),
        },
    );
    let limit = match config.budget {
        Some((share, _)) => {
            let burst = config.saving.most(share);
            Limit::Budget {
                share,
                saved: burst * config.clients.len() as f64,
                burst,
                of_requests: config.saving.of_requests,
            }
        }
        None => Limit::Attempts(config.attempts),
    };
    let clients = config.clients.clone();
    install.promise("amplification", Amplification::new(events, limit, clients));
    let (queue, capacity) = (events.queue, config.queue_capacity as f64);
    install.promise("queue-bound", QueueBound { queue, capacity });
    install.promise(
        "no-late-success",
        NoLateSuccess {
            events,
            open: BTreeMap::new(),
        },
    );
    promise_of_services(install, shared);
    promise_of_users(install, shared);
}

/// Of services and the guards of their callers.
fn promise_of_services(install: &mut Install<'_>, shared: &Shared) {
    let (config, events, names) = (&shared.config, shared.events, shared.guards);
    let mut room = BTreeMap::new();
    for replica in &config.replicas {
        let service = &config.services[replica.service as usize];
        let here = room
            .entry((u64::from(replica.service), replica.node))
            .or_insert(0);
        *here += u64::from(service.concurrency) + config.queue_capacity as u64;
    }
    install.promise(
        "service-conservation",
        ServiceConservation {
            names: names.visits,
            room,
            open: BTreeMap::new(),
            all: 0,
            ended: 0,
        },
    );
    let mut callers: BTreeMap<u64, BTreeSet<NodeId>> = BTreeMap::new();
    for node in config.nodes() {
        for service in config.called_from(node) {
            callers.entry(u64::from(service)).or_default().insert(node);
        }
    }
    let share = config.ejection.map_or(0.0, |ejection| ejection.share_max);
    let mut allowed: BTreeMap<(u64, NodeId), f64> = BTreeMap::new();
    let clients = config.entries.iter().flat_map(|entry| {
        let entry = u64::from(*entry);
        config.clients.iter().map(move |node| (entry, *node))
    });
    let servers = callers.iter();
    let servers = servers.flat_map(|(service, nodes)| nodes.iter().map(|node| (*service, *node)));
    for (service, node) in clients.chain(servers) {
        let index = usize::try_from(service).expect("a service's number");
        let all = config.services[index].replicas.len();
        let known = config.subset.map_or(all, |size| size.min(all));
        // A client and a server on one node are two callers.
        *allowed.entry((service, node)).or_default() += (share * known as f64).floor();
    }
    install.promise(
        "ejection-share",
        EjectionShare {
            ejected: events.ejected,
            length: config
                .ejection
                .map_or(VirtualDuration::ZERO, |ejection| ejection.length),
            allowed: Allowed(allowed),
            avoided: BTreeMap::new(),
        },
    );
    install.promise(
        "hop-amplification",
        HopAmplification {
            call: names.hop_call,
            retried: events.hop_retried,
            budget: config
                .hop_budget
                .map_or((0.0, 0.0), |budget| (budget.share, budget.burst)),
            callers,
            counts: BTreeMap::new(),
        },
    );
    install.promise(
        "breaker-legal",
        BreakerLegal {
            names,
            rules: config.breaker,
            known: BTreeMap::new(),
        },
    );
    let size = config.pool.as_ref().map_or(0, |pool| pool.size);
    let bounds = names.pool.map(|pool| (pool, f64::from(size)));
    install.promise(
        "pool-bound",
        Below {
            bounds: bounds.into_iter().collect(),
            what: "the number of connections",
        },
    );
    let single = |service: &super::config::Service| {
        service
            .cache
            .as_ref()
            .is_some_and(|cache| cache.single_flight)
    };
    let replicas = config.services.iter().filter(|service| single(service));
    let replicas = replicas.flat_map(|service| service.replicas.iter().copied().map(u64::from));
    install.promise(
        "single-flight",
        SingleFlight {
            fill: names.fill,
            filled: names.filled,
            replicas: replicas.collect(),
            filling: BTreeSet::new(),
        },
    );
}

/// Of what users get.
fn promise_of_users(install: &mut Install<'_>, shared: &Shared) {
    let (config, events, names) = (&shared.config, shared.events, shared.guards);
    let objective = config.objective.as_ref();
    let burn = objective.zip(names.burn).map(|(objective, [fast, slow])| {
        vec![(fast, objective.fast_burn), (slow, objective.slow_burn)]
    });
    install.promise(
        "slo-burn",
        Below {
            bounds: burn.unwrap_or_default(),
            what: "the burn rate",
        },
    );
    install.promise(
        "blast-radius",
        BlastRadius {
            breached: names.breaches.map(|[breached, _]| breached),
            services: config
                .services
                .iter()
                .map(|service| service.name.clone())
                .collect(),
            radius: objective.map_or(1.0, |objective| objective.radius),
            reach: config.reach.clone(),
            hit: BTreeSet::new(),
        },
    );
    install.promise(
        "goodput-recovers",
        GoodputRecovers {
            events,
            rule: objective.map(|objective| (objective.goodput, objective.recovery)),
            open: BTreeMap::new(),
            seconds: Vec::new(),
        },
    );
}

#[cfg(test)]
mod guard_tests;
#[cfg(test)]
mod tests;
