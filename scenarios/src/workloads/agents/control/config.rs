//! The parameters of the control layer, checked.

use super::super::config::nodes;
use crate::workloads::Prepare;
use squall_core::world::ReplyDamage;
use squall_core::{Law, NodeId, VirtualDuration};
use squall_faults::Issue;
use squall_faults::param::Args;

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
    pub(super) takes_max: u64,
    pub(super) dead_letter: bool,
    pub(super) reject_unknown: bool,
    pub(super) count_usage: bool,
    pub(super) contract: Option<Contract>,
    pub(in super::super) reading: Option<Reading>,
    pub(super) slow_call: VirtualDuration,
    pub(super) time_spans: bool,
    pub(super) locks: u64,
    pub(super) refuse_deadlocks: bool,
    pub(super) lock_patience: VirtualDuration,
    pub(super) lock_wait: VirtualDuration,
    pub(super) compacts: bool,
    pub(super) delegate: f64,
    pub(super) check_chain: bool,
    pub(super) tenant_budget: Option<f64>,
    pub(super) count_centrally: bool,
    pub(super) recall: Recall,
    pub(super) pin_versions: bool,
}

/// Where an agent keeps what it has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recall {
    Context,
    Versioned,
    Store,
}

/// What the provider lets through, and who may have how much of it.
#[derive(Debug)]
pub(super) struct Contract {
    /// Calls a second.
    pub(super) rate: f64,
    /// Calls of batch work a second, without a fault.
    pub(super) batch: f64,
    /// The part that batch work cannot have; `None` is one queue for all.
    pub(super) reserve: Option<f64>,
    pub(super) wait: VirtualDuration,
}

/// What it costs a worker to read an answer.
#[derive(Debug)]
pub(in super::super) struct Reading {
    pub(in super::super) memory: u64,
    pub(super) pages: u32,
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
        takes_max: control.count("takes_max"),
        dead_letter: control.flag("dead_letter"),
        reject_unknown: control.word("unknown_tool") == "reject",
        count_usage: control.word("usage") == "count",
        contract: contract(prepare, control, issues),
        reading: match u32::try_from(control.count("read_pages")) {
            Ok(pages @ 1..) => Some(Reading {
                memory: control.size("read_memory"),
                pages,
            }),
            _ => None,
        },
        slow_call: control.duration("slow_call"),
        time_spans: control.word("attribution") == "spans",
        locks: control.count("locks"),
        refuse_deadlocks: control.word("deadlocks") == "refuse",
        lock_patience: control.duration("lock_patience"),
        lock_wait: control.duration("lock_wait"),
        compacts: control.word("overflow") == "compact",
        delegate: control.number("delegate"),
        check_chain: control.word("delegation") == "chain",
        tenant_budget: control.number_opt("tenant_budget"),
        count_centrally: control.word("budget_counter") == "central",
        recall: match control.word("memory") {
            "versioned" => Recall::Versioned,
            "store" => Recall::Store,
            _ => Recall::Context,
        },
        pin_versions: control.word("code") == "pinned",
    })
}

/// The contract, if there is one; batch work without one, or a part of nothing, is an error.
fn contract(prepare: &Prepare<'_>, control: &Args, issues: &mut Vec<Issue>) -> Option<Contract> {
    let (rate, batch) = (control.number_opt("contract"), control.number_opt("batch"));
    let reserve = match control.word("bucket") {
        "shared" => None,
        _ => Some(control.number("reserve")),
    };
    if batch.is_some() && rate.is_none() {
        let issue = prepare.issue(
            "control.batch",
            "batch work without a contract that it uses",
        );
        issues.push(issue.help("add for instance `contract = \"5/s\"`"));
    }
    if rate == Some(0.0) {
        let issue = prepare.issue("control.contract", "a contract that lets nothing through");
        issues.push(issue.help("leave it out for no limit"));
    }
    if rate.is_some() && reserve == Some(0.0) {
        let issue = prepare.issue(
            "control.reserve",
            "nothing of the contract is left for sessions",
        );
        issues.push(issue.help("write a share above 0, or `bucket = \"shared\"`"));
    }
    Some(Contract {
        rate: rate.filter(|rate| *rate > 0.0)?,
        batch: batch.unwrap_or(0.0),
        reserve,
        wait: control.duration("contract_wait"),
    })
}

impl ControlConfig {
    /// Whether an agent guesses what a damaged answer meant. One without a body means nothing.
    pub(super) fn lenient(&self, damage: ReplyDamage) -> bool {
        !self.strict && !damage.is_empty()
    }
}
