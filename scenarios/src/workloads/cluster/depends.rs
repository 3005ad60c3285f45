//! Who needs whom in a graph of services.

use super::config::Config;
use crate::workloads::Depends;
use squall_core::NodeId;
use squall_core::depends::{About, UnitId};

/// A unit a service, which needs its replicas, its callees and the way to them; and the workload, which
/// needs the entries and the way from its clients.
pub(super) fn depends(depends: &mut Depends<'_>) {
    let prepared = std::sync::Arc::clone(depends.prepared);
    let Some(config) = prepared.downcast_ref::<Config>() else {
        return;
    };
    let workload = depends.workload_unit();
    depends.goes_by_all_knobs(workload);
    depends.operation(workload, "request");
    for event in ["failed", "shed", "timed-out"] {
        depends.trouble(workload, event, &[], About::Any);
    }
    let (door, calls) = (depends.service("request"), depends.service("service"));
    depends.map.calls(workload, door);
    if config.health.is_some() {
        let health = depends.service("health");
        depends.map.calls(workload, health);
    }
    let names = config
        .services
        .iter()
        .map(|service| depends.full(&service.name));
    let names: Vec<String> = names.collect();
    let units = names.iter().map(|name| depends.map.unit("service", name));
    let units: Vec<UnitId> = units.collect();
    let nodes = |service: u32| -> Vec<NodeId> {
        let replicas = config.services[service as usize].replicas.iter();
        replicas
            .map(|replica| config.replicas[*replica as usize].node)
            .collect()
    };
    for client in &config.clients {
        depends.map.runs_on(workload, *client);
    }
    for entry in &config.entries {
        depends.map.needs(workload, units[*entry as usize]);
        depends.talks(workload, &config.clients, &nodes(*entry));
    }
    let entries = config
        .entries
        .iter()
        .map(|entry| names[*entry as usize].as_str());
    let entries = entries.collect::<Vec<_>>().join(", ");
    let clients = format!("the clients of {}", depends.workload.name);
    depends.tries_again((&clients, &entries), ("retried", None), "request");
    for (number, service) in (0u32..).zip(&config.services) {
        let unit = units[number as usize];
        for node in nodes(number) {
            depends.map.runs_on(unit, node);
        }
        for (callee, soft) in service.callees.iter().zip(&service.soft) {
            depends.map.calls(unit, calls);
            // What a visit can do without is not needed, nor is the way to it.
            if *soft {
                depends.map.asks(unit, units[*callee as usize]);
            } else {
                depends.map.needs(unit, units[*callee as usize]);
                depends.talks(unit, &nodes(number), &nodes(*callee));
            }
        }
        depends.goes_by_all_knobs(unit);
        depends.operation(unit, &service.name);
        depends.tries_again(
            ("its callers", &names[number as usize]),
            ("hop-retried", Some(u64::from(number))),
            &service.name,
        );
        for event in [
            "queue-full",
            "dropped",
            "record-lost",
            "disk-error",
            "sloughed",
            "refused",
            "breached",
        ] {
            depends.trouble(unit, event, &[], About::Is(u64::from(number)));
        }
    }
}
