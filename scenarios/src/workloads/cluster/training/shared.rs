//! What all processes of the workload share: the plan, names, ports, and what outlives processes.

use super::config::Config;
use super::fleet::Fleet;
use super::tables::Events;
use crate::workloads::Install;
use core::cell::RefCell;
use squall_core::{PortId, VirtualTime};
use std::rc::Rc;
use std::sync::Arc;

/// What is written down about a job: it outlives its controller.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ledger {
    pub(super) epoch: u32,
    /// Steps in the last complete checkpoint.
    pub(super) checkpoint: u64,
    pub(super) finished: bool,
    /// Steps that count so far, when the job began and when a failure was noticed that it has not got
    /// over yet. Only metrics read them, and mutants.
    pub(super) counted: u64,
    pub(super) began: Option<VirtualTime>,
    pub(super) failed_at: Option<VirtualTime>,
}

/// Shared by all processes of the workload.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) config: Arc<Config>,
    pub(super) events: Events,
    /// Name of the ranks' ports, and the ports by number of the node.
    pub(super) door: String,
    pub(super) ports: Vec<PortId>,
    pub(super) fleet: RefCell<Fleet>,
    pub(super) ledgers: RefCell<Vec<Ledger>>,
}

impl Shared {
    pub(super) fn new(install: &mut Install<'_>, config: Arc<Config>) -> Rc<Self> {
        let door = install.full("rank");
        let port = |node| install.world.port(node, &door);
        let ports = config.nodes.iter().copied().map(port).collect();
        Rc::new(Self {
            events: Events::new(|slug| install.name(slug)),
            ports,
            fleet: RefCell::new(Fleet::new(config.nodes.len())),
            ledgers: RefCell::new(vec![Ledger::default(); config.jobs as usize]),
            door,
            config,
        })
    }
    /// Reads or changes what is written down about a job.
    pub(super) fn ledger<T>(&self, job: u32, see: impl FnOnce(&mut Ledger) -> T) -> T {
        see(&mut self.ledgers.borrow_mut()[job as usize])
    }
}
