//! Planned work on nodes, and volumes that are bound to them, as the file has them.

use super::{PodKind, Reader, index, small};
use crate::workloads::cluster::scheduler::placement::Machine;
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

/// Planned work on nodes.
#[derive(Clone, Debug)]
pub(in super::super) struct Upgrade {
    /// Workers that it is planned for.
    pub(in super::super) workers: Vec<u32>,
    pub(in super::super) start: VirtualDuration,
    pub(in super::super) order: Turns,
    pub(in super::super) at_once: usize,
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
            pause: table.duration("pause"),
            away: table.law("away"),
            give_up: table.duration("give_up"),
        })
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
