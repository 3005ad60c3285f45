//! What all processes of the workload share: settings, names, ports, and what is written down.

use super::config::Config;
use super::events::{Events, Metrics};
use super::fleet::{Fleet, Names};
use super::mutant::Mutant;
use crate::workloads::Install;
use core::cell::{Cell, RefCell};
use squall_core::{KnobId, PortId, VirtualDuration};
use std::rc::Rc;
use std::sync::Arc;

/// What an agent does. As words of a message: epoch, number of the order, value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Order {
    /// Callers shall keep away.
    Drain,
    /// Restart with this version.
    Install(bool),
    /// Callers may come again.
    Return,
    /// Send this share of the requests to the new version.
    Split(f64),
}

impl Order {
    pub(super) fn words(self, epoch: u64) -> [u64; 8] {
        let (kind, value) = match self {
            Self::Drain => (0, 0),
            Self::Install(new) => (1 + u64::from(new), 0),
            Self::Return => (3, 0),
            Self::Split(share) => (4, share.to_bits()),
        };
        [epoch, kind, value, 0, 0, 0, 0, 0]
    }
    pub(super) const fn read(words: [u64; 8]) -> Option<(u64, Self)> {
        let order = match words[1] {
            0 => Self::Drain,
            1 => Self::Install(false),
            2 => Self::Install(true),
            3 => Self::Return,
            4 => Self::Split(f64::from_bits(words[2])),
            _ => return None,
        };
        Some((words[0], order))
    }
}

/// Where a rollout stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Phase {
    #[default]
    Waiting,
    /// A wave is under way.
    Forward,
    Baking,
    Back,
    Done,
    RolledBack,
}

/// What the controller has written down: it survives its crashes, as a replicated store would.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Store {
    /// The highest epoch that an order had.
    pub(super) epoch: u64,
    pub(super) phase: Phase,
    pub(super) stage: usize,
}

/// What an agent has on its disk.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Kept {
    pub(super) booted: bool,
    pub(super) epoch: u64,
    pub(super) new: bool,
    pub(super) drained: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Knobs {
    pub(super) leak: KnobId,
    pub(super) leak_after: KnobId,
    pub(super) pause: KnobId,
}

/// Shared by all processes of the workload.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) config: Arc<Config>,
    pub(super) fleet: Rc<Fleet>,
    pub(super) events: Events,
    pub(super) metrics: Metrics,
    pub(super) knobs: Knobs,
    /// Names of the ports of agents: looks, which are calls, and orders, which are messages.
    pub(super) doors: [String; 2],
    /// Both by target.
    pub(super) ports: Vec<[PortId; 2]>,
    pub(super) store: RefCell<Store>,
    pub(super) kept: RefCell<Vec<Kept>>,
    /// Readings of the controller's monotonic clock, for its metrics: the first new version, the last red gate.
    pub(super) marks: RefCell<[Option<VirtualDuration>; 2]>,
    /// The largest share of requests that the new version has had.
    pub(super) most: Cell<f64>,
}

impl Shared {
    pub(super) fn new(install: &mut Install<'_>, config: Arc<Config>) -> Rc<Self> {
        let doors = [install.full("agent"), install.full("order")];
        let ports = config.targets.iter();
        let ports =
            ports.map(|node| [0, 1].map(|door: usize| install.world.port(*node, &doors[door])));
        let ports = ports.collect();
        let events = Events::new(|slug| install.name(slug));
        let fleet = install.fleets.of(&config.of);
        let names = Names {
            routed: events.routed,
            strayed: events.strayed,
        };
        assert!(fleet.drive(names), "two rollouts of `{}`", config.of);
        Rc::new(Self {
            metrics: Metrics::new(|slug| install.name(slug)),
            knobs: Knobs {
                leak: install.knob("leak"),
                leak_after: install.knob("leak-after"),
                pause: install.knob("pause"),
            },
            ports,
            doors,
            fleet,
            events,
            store: RefCell::default(),
            kept: RefCell::new(vec![Kept::default(); config.targets.len()]),
            marks: RefCell::default(),
            most: Cell::default(),
            config,
        })
    }
    pub(super) fn has(&self, mutant: Mutant) -> bool {
        self.config.mutant == Some(mutant)
    }
}
