//! Who needs whom in a control layer: the policy server, and the tenants.

use super::super::app::SEQ_BITS;
use super::ControlConfig;
use crate::workloads::Depends;
use squall_core::NodeId;
use squall_core::depends::{About, HOST, UnitId};

/// Tenants beyond which none is a unit of its own: nobody reads so long a list.
const TENANTS_MAX: u64 = 256;

/// What a tenant's sessions need, beside their policy server.
pub(in super::super) struct Shared<'a> {
    pub(in super::super) workload: UnitId,
    /// The model and the tools.
    pub(in super::super) services: &'a [UnitId],
    /// Where all nodes of both are.
    pub(in super::super) service_nodes: &'a [NodeId],
}

/// The policy server as a service, and a unit a tenant: it needs the workers, the model, the tools and the
/// policy nodes that its sessions ask, but not what only others do. The workload needs all its tenants.
pub(in super::super) fn depends(
    depends: &mut Depends<'_>,
    control: &ControlConfig,
    shared: &Shared<'_>,
) {
    let workers = depends.workload.nodes.clone();
    let name = depends.full("policy");
    let policy = depends.map.unit("service", &name);
    for node in &control.policy_nodes {
        depends.map.runs_on(policy, *node);
    }
    depends.map.needs(shared.workload, policy);
    depends.talks(shared.workload, &workers, &control.policy_nodes);
    let called = depends.service("policy");
    if control.tenants > TENANTS_MAX {
        return;
    }
    for number in 0..control.tenants {
        let name = depends.full(&format!("tenant-{number}"));
        let tenant = depends.map.unit("tenant", &name);
        depends.map.needs(shared.workload, tenant);
        for node in &workers {
            depends.map.runs_on(tenant, *node);
        }
        for service in shared.services {
            depends.map.needs(tenant, *service);
        }
        depends.talks(tenant, &workers, shared.service_nodes);
        let own = asked_by(number, control.tenants, &control.policy_nodes);
        depends.talks(tenant, &workers, &own);
        for node in own {
            let host = depends.topology.nodes()[node.index()].name.clone();
            let host = depends.map.unit(HOST, &host);
            depends.map.needs(tenant, host);
        }
        depends.map.calls(tenant, called);
        depends.goes_by_all_knobs(tenant);
        signs(depends, tenant, number, control.tenants);
    }
}

/// The policy nodes that sessions of a tenant ask. Session `s` is of tenant `s % tenants` and asks node
/// `s % nodes`, so only what both have in common ties the two.
fn asked_by(tenant: u64, tenants: u64, nodes: &[NodeId]) -> Vec<NodeId> {
    let both = common(tenants, nodes.len() as u64);
    let asked = |(at, _): &(u64, &NodeId)| at % both == tenant % both;
    let numbered = (0..).zip(nodes);
    numbered.filter(asked).map(|(_, node)| *node).collect()
}

/// The greatest common divisor; neither is 0.
const fn common(mut a: u64, mut b: u64) -> u64 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// A tenant's sessions are its operations; what befalls one of them is its trouble.
fn signs(depends: &mut Depends<'_>, tenant: UnitId, rest: u64, of: u64) {
    let about = |bit| About::Share { bit, of, rest };
    depends.job(tenant, ["accepted", "done", "failed"], about(0));
    depends.trouble(tenant, "over-budget", &[], about(0));
    for event in ["duplicated-effect", "mixed-up"] {
        depends.trouble(tenant, event, &[], about(SEQ_BITS));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_tenant_needs_just_the_policy_nodes_that_its_sessions_ask() {
        for (tenants, count) in [(1, 3), (2, 2), (2, 3), (4, 6), (6, 4), (5, 1)] {
            let nodes: Vec<NodeId> = (0..count).map(NodeId::from_index).collect();
            for tenant in 0..tenants {
                let sessions = (0..1000u64).zip((0..count).cycle());
                let own = sessions.filter(|(session, _)| session % tenants == tenant);
                let asked: BTreeSet<NodeId> = own.map(|(_, at)| nodes[at]).collect();
                let asked: Vec<NodeId> = asked.into_iter().collect();
                let told = asked_by(tenant, tenants, &nodes);
                assert_eq!(told, asked, "tenant {tenant} of {tenants}, {count} nodes");
            }
        }
    }
}
