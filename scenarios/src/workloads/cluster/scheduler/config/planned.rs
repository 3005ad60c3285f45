//! Planned work on nodes, and volumes that are bound to them, as the file has them.

use super::{PodKind, Reader, Source, index, small};
use crate::workloads::cluster::scheduler::placement::{Domain, Machine};
use squall_core::{Law, VirtualDuration};
use squall_faults::Issue;
use squall_faults::param::Arg;

/// In which order nodes have their turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Turns {
    Id,
    Zone,
    Random,
}

/// What must hold before a node is emptied.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Checks {
    /// No other node in the same of these is worked on.
    pub(in super::super) apart: Domain,
    /// Pods of services that left nodes that are done run again.
    pub(in super::super) back: bool,
    /// Every service keeps as many as it needs.
    pub(in super::super) needs: bool,
}

/// Planned work on nodes.
#[derive(Clone, Debug)]
pub(in super::super) struct Upgrade {
    /// Workers that it is planned for.
    pub(in super::super) workers: Vec<u32>,
    pub(in super::super) start: VirtualDuration,
    pub(in super::super) order: Turns,
    pub(in super::super) at_once: usize,
    /// `None` is no checks but `at_once` and `pause`.
    pub(in super::super) checks: Option<Checks>,
    pub(in super::super) pause: VirtualDuration,
    pub(in super::super) away: Law,
    /// When a node that does not come back has its turn later.
    pub(in super::super) give_up: VirtualDuration,
}

impl Reader<'_, '_> {
    /// Planned work, if there is any.
    pub(super) fn upgrade(&mut self) -> Option<Upgrade> {
        let prepare = self.prepare;
        let table = prepare.args.table_opt("upgrade")?;
        let on = prepare.nodes;
        let nodes = self.nodes(table, "nodes").unwrap_or_else(|| on.to_vec());
        let mut workers = Vec::new();
        for node in nodes {
            if let Some(at) = on.iter().position(|other| *other == node) {
                workers.push(index(at));
                continue;
            }
            let name = &prepare.topology.node(node).name;
            let text = format!("`{name}` is not among the nodes of `on`");
            let issue = prepare.issue("upgrade.nodes", text);
            self.issues
                .push(issue.help("the scheduler empties its own nodes"));
            break;
        }
        Some(Upgrade {
            workers,
            start: table.duration("start"),
            order: match table.word("order") {
                "zone" => Turns::Zone,
                "random" => Turns::Random,
                _ => Turns::Id,
            },
            at_once: small(table, "at_once") as usize,
            checks: table.table_opt("checks").map(|checks| Checks {
                apart: Domain::named(checks.word("apart")),
                back: checks.flag("back"),
                needs: checks.flag("needs"),
            }),
            pause: table.duration("pause"),
            away: table.law("away"),
            give_up: table.duration("give_up"),
        })
    }
    /// A service that never has as many as it needs is not judged, and stops work that heeds its needs for good.
    pub(super) fn check_needs(&mut self, kind: &PodKind, arg: &Arg) {
        let Source::Service { replicas } = kind.source else {
            return;
        };
        let most = kind
            .scaling
            .as_ref()
            .map_or(replicas, |rules| rules.replicas.1);
        if let Some(needs) = kind.needs.filter(|needs| *needs > most) {
            let text = format!(
                "pods `{}` need {needs}, and there are {most} at most",
                kind.name
            );
            let issue = Issue::new(text, arg.key_span.clone());
            self.issues
                .push(issue.help("lower `needs`, or add replicas"));
        }
    }
    /// A machine that is stopped when nobody needs it would keep a volume from its pod.
    pub(super) fn check_volume(
        &mut self,
        kind: &PodKind,
        arg: &Arg,
        (machines, elastic): (&[Machine], &[bool]),
    ) {
        let mut elastic = machines
            .iter()
            .zip(elastic)
            .filter(|(_, elastic)| **elastic);
        if kind.local_volume && elastic.any(|(machine, _)| machine.admits(&kind.shape)) {
            let text = format!("volumes of pods `{}` may be on elastic machines", kind.name);
            let issue = Issue::new(text, arg.key_span.clone());
            let help = "keep them away by `labels` or `taints`: such a machine is stopped when it is empty";
            self.issues.push(issue.help(help));
        }
    }
}
