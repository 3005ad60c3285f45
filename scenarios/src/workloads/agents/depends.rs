//! Who needs whom among agents, their model and their tools.

use super::config::Config;
use super::control;
use crate::workloads::Depends;
use squall_core::depends::About;

/// The workload, which needs its workers, the model and the tools and the ways to them; the model and
/// the tools are services with nodes of their own.
pub(super) fn depends(depends: &mut Depends<'_>) {
    let prepared = std::sync::Arc::clone(depends.prepared);
    let Some(config) = prepared.downcast_ref::<Config>() else {
        return;
    };
    let workload = depends.workload_unit();
    let workers = depends.workload.nodes.clone();
    for worker in &workers {
        depends.map.runs_on(workload, *worker);
    }
    depends.goes_by_all_knobs(workload);
    depends.operation(workload, "step");
    for event in ["failed", "duplicated-effect", "over-budget"] {
        depends.trouble(workload, event, &[], About::Any);
    }
    let (agents, both) = (
        format!("the agents of {}", depends.workload.name),
        format!("{} and {}", depends.full("model"), depends.full("tools")),
    );
    depends.tries_again((&agents, &both), ("retried", None), "step");
    let back_ends = [
        ("model", &config.model.nodes),
        ("tools", &config.tools.nodes),
    ];
    let (mut services, mut service_nodes) = (Vec::new(), Vec::new());
    for (slug, nodes) in back_ends {
        let name = depends.full(slug);
        let unit = depends.map.unit("service", &name);
        for node in nodes {
            depends.map.runs_on(unit, *node);
        }
        depends.map.needs(workload, unit);
        depends.talks(workload, &workers, nodes);
        let service = depends.service(slug);
        depends.map.calls(workload, service);
        let (operation, knobs) = match slug {
            "model" => ("model-call", ["load", "model-latency"]),
            _ => ("tool-run", ["load", "tool-version"]),
        };
        depends.operation(unit, operation);
        for knob in knobs {
            let knob = depends.knob(knob);
            depends.map.reads(unit, knob);
        }
        services.push(unit);
        service_nodes.extend_from_slice(nodes);
    }
    if let Some(control) = &config.control {
        let shared = control::Shared {
            workload,
            services: &services,
            service_nodes: &service_nodes,
        };
        control::depends(depends, control, &shared);
    }
}
