//! The controller of a job: it gathers nodes, lets them compute and write, and begins again after a
//! failure.

mod losses;
mod steps;

use super::fleet::State;
use super::gang::{Gang, Orders};
use super::mutant::Mutant;
use super::shared::Shared;
use super::tables::Incarnation;
use super::wire::Order;
use squall_core::world::Cx;
use squall_core::{Key, VirtualDuration, VirtualTime};
use std::rc::Rc;

/// Why an incarnation of a job ended.
enum End {
    Finished,
    Lost(usize),
    /// A slow rank makes room for a spare.
    Replaced,
}

struct Job {
    cx: Cx,
    shared: Rc<Shared>,
    number: u32,
    /// By step: the same step takes the same time when it is repeated.
    noise: Key,
    orders: Orders,
    /// The same for what is written beside the steps, and the steps in it.
    writes: Orders,
    writing: Option<u64>,
    /// When the last failure was noticed, which the next start is to get over.
    noticed: Option<VirtualTime>,
    /// Orders in a row in which a node was slow.
    strikes: Vec<u32>,
}

/// Works until the job is finished.
pub(super) async fn run(cx: Cx, shared: Rc<Shared>, number: u32) {
    let cx = cx.numbered(u64::from(number));
    let mut job = Job {
        noise: cx.key("noise"),
        orders: Orders::new(&cx, &shared),
        writes: Orders::new(&cx, &shared),
        writing: None,
        noticed: None,
        strikes: vec![0; shared.config.nodes.len()],
        number,
        shared,
        cx,
    };
    let now = job.cx.now();
    job.shared.ledger(number, |ledger| {
        ledger.began.get_or_insert(now);
    });
    while !job.shared.ledger(number, |ledger| ledger.finished) {
        let gang = job.gather().await;
        let end = job.train(&gang).await;
        // What is complete counts; what is not ends with the incarnation.
        let _ = job.written(gang.to);
        if !job.shared.config.is(Mutant::T02) {
            job.writing = None;
        }
        match end {
            End::Finished => job.finish(&gang).await,
            End::Lost(node) => job.mourn(&gang, node).await,
            End::Replaced => {}
        }
    }
}

/// Asks nodes that are down whether they are back.
pub(super) async fn monitor(cx: Cx, shared: Rc<Shared>) {
    let orders = Orders::new(&cx, &shared);
    loop {
        cx.sleep(shared.config.probe).await;
        let down: Vec<usize> = {
            let fleet = shared.fleet.borrow();
            fleet.of(|state| state == State::Down).collect()
        };
        for node in down {
            let (orders, shared) = (orders.clone(), Rc::clone(&shared));
            cx.spawn(async move {
                if orders.ping(node).await.is_some() {
                    shared.fleet.borrow_mut().answers(&shared.config, node);
                }
            });
        }
    }
}

impl Job {
    /// Waits for enough nodes, and begins a new incarnation.
    async fn gather(&self) -> Gang {
        let config = &self.shared.config;
        let epoch = self.shared.ledger(self.number, |ledger| {
            ledger.epoch += 1;
            ledger.epoch
        });
        let to = Incarnation {
            job: self.number,
            epoch,
        };
        let mut told = false;
        loop {
            let (nodes, free) = {
                let mut fleet = self.shared.fleet.borrow_mut();
                let reuses = config.is(Mutant::T06);
                let nodes = fleet.allocate(self.number, config.ranks, reuses);
                (nodes, fleet.free())
            };
            if let Some(nodes) = nodes {
                return Gang { to, nodes };
            }
            if !told {
                told = true;
                self.event(self.shared.events.waits, to, free as u64);
            }
            self.cx.sleep(config.probe).await;
        }
    }
    fn event(&self, name: squall_core::NameId, of: Incarnation, b: u64) {
        self.cx.event(name, of.packed(), b);
    }
    /// Gives an order that should take `time`, and waits for its end.
    async fn all(&self, gang: &Gang, order: Order, time: VirtualDuration) -> Result<(), End> {
        self.orders.give(gang, order, time);
        self.orders.end().await.map_err(End::Lost)
    }

    async fn finish(&self, gang: &Gang) {
        self.shared
            .ledger(self.number, |ledger| ledger.finished = true);
        self.event(self.shared.events.finished, gang.to, 0);
        // Who does not hear it ends with the next job's order.
        let _ = self.all(gang, Order::Release, VirtualDuration::ZERO).await;
        self.shared.fleet.borrow_mut().release(self.number);
    }
}
