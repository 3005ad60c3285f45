//! What the control layer promises, beside what every workload of agents does. Records only.

mod actions;
mod counts;
mod durable;
mod locks;
mod work;

use super::super::app::Names;
use super::mind::Labels;
use super::{ControlConfig, ControlNames};
use crate::workloads::{Install, Word, word};
use actions::{Arguments, Audited, Label, Permitted, Stopped};
use counts::{Complete, Counted};
use squall_core::VirtualDuration;
use std::collections::BTreeSet;

/// In the order of the tables.
pub(in super::super) const INVARIANTS: [Word; 22] = [
    word(
        "no-effect-without-permission",
        "an effect was permitted, and the permission was not taken away before it",
    ),
    word(
        "arguments-as-wanted",
        "what the back end does is what the task wants",
    ),
    word(
        "approved-arguments-are-executed",
        "what was approved is what is done",
    ),
    word(
        "taint-causes-no-effect",
        "an attacker's words lead to no effect that nobody approved",
    ),
    word("constraint-kept", "no effect is one that the task forbids"),
    word(
        "tenant-isolation",
        "no effect is done with another tenant's memory",
    ),
    word(
        "write-ahead-audit",
        "the record of an intent is durable before the effect",
    ),
    word(
        "kill-switch-bound",
        "no effect happens later than the bound after all agents were stopped",
    ),
    word(
        "fan-out-bound",
        "no session has more agents at once than the bound",
    ),
    word(
        "no-livelock",
        "no step is done again more often than the bound",
    ),
    word(
        "effects-complete",
        "a session that ended well has all its effects, but those of which it knows that they are not",
    ),
    word(
        "takes-bound",
        "no session is taken more often than the bound: it is put aside",
    ),
    word(
        "tool-as-asked",
        "no effect is that of another tool than the one that the model asked for",
    ),
    word(
        "spend-conservation",
        "what is written down of a session's cost when it ends is what the provider bills",
    ),
    word(
        "no-starvation",
        "no call of a session waits longer for the contract than the bound",
    ),
    word(
        "blame-is-right",
        "what a slow model call is blamed on is what made it slow",
    ),
    word(
        "lock-wait-ends",
        "every wait for a lock ends, and within the bound",
    ),
    word("no-deadlock", "no agents wait for each other's locks"),
    word(
        "no-amplification",
        "no effect of a sub-agent is one that its parent may not have",
    ),
    word(
        "tenant-budget",
        "the sessions of a tenant are billed no more tokens than it has",
    ),
    word(
        "done-once",
        "nothing that a task wants is done twice, by whatever effect",
    ),
    word(
        "replay-decides-the-same",
        "a workflow that is run again decides what it decided before",
    ),
];

/// Promises all of them; of a workload without a control layer none is ever exercised.
pub(in super::super) fn promise(
    install: &mut Install<'_>,
    names: &Names,
    config: Option<&ControlConfig>,
    control: Option<ControlNames>,
) {
    let control = control.unwrap_or(ControlNames::none());
    let (grace, kill) =
        config.map_or_else(Default::default, |c| (c.revocation_grace, c.kill_bound));
    let agents = config.map_or(0, |c| c.agents_max);
    let repeats = config.map_or(0, |c| c.repeats_max);
    install.promise(
        "no-effect-without-permission",
        Permitted::new(control, grace),
    );
    install.promise(
        "arguments-as-wanted",
        Arguments::new(control.wanted, control),
    );
    install.promise(
        "approved-arguments-are-executed",
        Arguments::new(control.approved, control),
    );
    for (slug, label, what) in [
        (
            "taint-causes-no-effect",
            Labels::TAINTED,
            "is an attacker's and nobody approved it",
        ),
        (
            "constraint-kept",
            Labels::FORBIDDEN,
            "is one that its task forbids",
        ),
        (
            "tenant-isolation",
            Labels::FOREIGN,
            "was done with another tenant's memory",
        ),
        (
            "tool-as-asked",
            Labels::OTHER_TOOL,
            "is that of a tool for which nobody asked",
        ),
        (
            "no-amplification",
            Labels::OUTSIDE,
            "is a sub-agent's, and its parent may not have it",
        ),
    ] {
        install.promise(
            slug,
            Label {
                control,
                label,
                what,
            },
        );
    }
    install.promise(
        "write-ahead-audit",
        Audited {
            control,
            audited: BTreeSet::new(),
        },
    );
    install.promise(
        "kill-switch-bound",
        Stopped {
            control,
            bound: kill,
            killed: None,
        },
    );
    install.promise(
        "fan-out-bound",
        Counted::new(control.agents, names.accepted, agents, "agents of session"),
    );
    install.promise(
        "no-livelock",
        Counted::new(
            control.repeated,
            names.checkpoint,
            repeats,
            "times in a row, agent",
        ),
    );
    install.promise("effects-complete", Complete::new(names, control));
    let takes = config.map_or(0, |c| c.takes_max);
    install.promise(
        "takes-bound",
        Counted::new(control.taken, names.accepted, takes, "takes of session"),
    );
    install.promise("spend-conservation", work::Conserved::new(names, control));
    let contract = config.and_then(|c| c.contract.as_ref());
    install.promise(
        "no-starvation",
        work::Waits {
            admitted: control.admitted,
            bound: contract.map_or(VirtualDuration::MAX, |c| c.wait),
        },
    );
    install.promise("blame-is-right", work::Blamed::new(control));
    let lock_wait = config.map_or(VirtualDuration::MAX, |c| c.lock_wait);
    install.promise("lock-wait-ends", locks::WaitEnds::new(control, lock_wait));
    install.promise("no-deadlock", locks::NoCircle::new(control));
    install.promise("tenant-budget", durable::TenantBudget::new(names, config));
    install.promise("done-once", durable::OnceEach::new(control));
    install.promise(
        "replay-decides-the-same",
        durable::SameAgain::new(names, control),
    );
}
