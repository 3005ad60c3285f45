//! The parameters of the control layer, checked.

use super::super::config::nodes;
use crate::workloads::Prepare;
use squall_core::world::ReplyDamage;
use squall_core::{Law, NodeId, VirtualDuration};
use squall_faults::Issue;

/// Where permission is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) enum Enforce {
    Agent,
    Gateway,
    Backend,
}

#[derive(Debug)]
pub(in super::super) struct ControlConfig {
    pub(in super::super) policy_nodes: Vec<NodeId>,
    pub(super) policy_timeout: VirtualDuration,
    pub(super) tenants: u64,
    pub(super) enforce: Enforce,
    pub(super) revocation_grace: VirtualDuration,
    pub(super) strict: bool,
    pub(super) verify: bool,
    pub(super) window: f64,
    pub(super) temptation: f64,
    pub(super) pin_constraints: bool,
    pub(super) taint_labels: bool,
    pub(super) check_owner: bool,
    pub(super) approvals: f64,
    pub(super) approval_time: Law,
    pub(super) approvers: u64,
    pub(super) bind_approval: bool,
    pub(super) audit_ahead: bool,
    pub(in super::super) kill_at: Option<VirtualDuration>,
    pub(super) kill_bound: VirtualDuration,
    pub(super) kill_fence: bool,
    pub(super) agents_max: u64,
    pub(super) limit_agents: bool,
    pub(super) repeats_max: u64,
    pub(super) detect_loops: bool,
    pub(in super::super) checkpoints_wait: bool,
}

/// The control layer, if the workload has one.
pub(in super::super) fn read(
    prepare: &Prepare<'_>,
    issues: &mut Vec<Issue>,
) -> Option<ControlConfig> {
    let control = prepare.args.table_opt("control")?;
    if control.broken {
        return None;
    }
    let policy = prepare.args.table("policy");
    Some(ControlConfig {
        policy_nodes: nodes(prepare, "policy", issues),
        policy_timeout: policy.duration("timeout"),
        tenants: control.count("tenants"),
        enforce: match control.word("enforce") {
            "agent" => Enforce::Agent,
            "gateway" => Enforce::Gateway,
            _ => Enforce::Backend,
        },
        revocation_grace: control.duration("revocation_grace"),
        strict: control.word("decode") == "strict",
        verify: control.flag("verify"),
        window: control.number("window"),
        temptation: control.number("temptation"),
        pin_constraints: control.flag("pin_constraints"),
        taint_labels: control.flag("taint_labels"),
        check_owner: control.flag("check_owner"),
        approvals: control.number("approvals"),
        approval_time: control.law("approval_time"),
        approvers: control.count("approvers"),
        bind_approval: control.flag("bind_approval"),
        audit_ahead: control.word("audit") == "ahead",
        kill_at: control.duration_opt("kill_at"),
        kill_bound: control.duration("kill_bound"),
        kill_fence: control.flag("kill_fence"),
        agents_max: control.count("agents_max"),
        limit_agents: control.flag("limit_agents"),
        repeats_max: control.count("repeats_max"),
        detect_loops: control.flag("detect_loops"),
        checkpoints_wait: control.word("checkpoint_errors") == "wait",
    })
}

impl ControlConfig {
    /// Whether an agent guesses what a damaged answer meant. One without a body means nothing.
    pub(super) fn lenient(&self, damage: ReplyDamage) -> bool {
        !self.strict && !damage.is_empty()
    }
}
