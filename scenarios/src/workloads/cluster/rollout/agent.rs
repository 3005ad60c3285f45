//! The agent of a node: it follows orders of the controller, and says how the node is.

use super::mutant::Mutant;
use super::shared::{Kept, Order, Shared};
use core::cell::Cell;
use squall_core::VirtualDuration;
use squall_core::world::{Cx, Inbox, Incoming, Reply};
use std::rc::Rc;

#[derive(Debug)]
struct Agent {
    cx: Cx,
    shared: Rc<Shared>,
    target: usize,
    /// Restarts so far in this life: the latest counts.
    starts: Cell<u64>,
    /// Since when the replicas are up, if they are, by the monotonic clock.
    up: Cell<Option<VirtualDuration>>,
}

/// Flags of a look.
pub(super) const NEW: u64 = 1;
pub(super) const SERVING: u64 = 2;
pub(super) const DRAINED: u64 = 4;

/// Runs for ever.
pub(super) async fn run(cx: Cx, shared: Rc<Shared>, target: usize) {
    let (looks, orders) = (cx.listen(&shared.doors[0]), cx.listen(&shared.doors[1]));
    let agent = Rc::new(Agent {
        cx: cx.clone(),
        starts: Cell::new(0),
        up: Cell::new(None),
        shared,
        target,
    });
    agent.boot();
    cx.spawn(Rc::clone(&agent).answer(looks));
    if agent.has_replicas() {
        cx.spawn(Rc::clone(&agent).guard());
    }
    loop {
        let message = orders.recv().await;
        if let Some((epoch, order)) = Order::read(message.body.words()).filter(|_| !message.damaged)
        {
            agent.obey(epoch, order);
        }
    }
}

impl Agent {
    fn has_replicas(&self) -> bool {
        self.target < self.shared.config.places
    }
    fn kept(&self) -> Kept {
        self.shared.kept.borrow()[self.target]
    }
    fn keep(&self, change: impl FnOnce(&mut Kept)) {
        change(&mut self.shared.kept.borrow_mut()[self.target]);
    }

    /// The node comes up. What was there before a crash has to start again.
    fn boot(self: &Rc<Self>) {
        let first = !self.kept().booted;
        self.keep(|kept| kept.booted = true);
        if !self.has_replicas() {
        } else if first {
            self.serve();
        } else {
            self.restart();
        }
    }
    fn serve(&self) {
        let (kept, fleet) = (self.kept(), &self.shared.fleet);
        fleet.set_new(self.cx.node(), kept.new);
        fleet.set_down(self.cx.node(), false);
        self.up.set(Some(self.cx.monotonic()));
        self.cx
            .event(self.shared.events.serving, u64::from(kept.new), 0);
        if !kept.drained {
            self.cx.event(self.shared.events.back, 0, 0);
        }
    }
    fn restart(self: &Rc<Self>) {
        self.up.set(None);
        self.shared.fleet.set_down(self.cx.node(), true);
        let number = self.starts.get() + 1;
        self.starts.set(number);
        let agent = Rc::clone(self);
        self.cx.spawn(async move {
            agent.cx.sleep(agent.shared.config.restart).await;
            if agent.starts.get() == number {
                agent.serve();
            }
        });
    }

    /// An order of an epoch that is not above the one here is old, or a copy.
    fn obey(self: &Rc<Self>, epoch: u64, order: Order) {
        let known = self.kept().epoch;
        let stale = epoch < known && !self.shared.has(Mutant::R06);
        if stale || epoch == known {
            return;
        }
        self.keep(|kept| kept.epoch = epoch);
        let (events, node) = (&self.shared.events, self.cx.node());
        self.cx.event(events.applied, epoch, order.words(epoch)[1]);
        match order {
            Order::Drain => {
                self.keep(|kept| kept.drained = true);
                self.shared.fleet.set_drained(node, true);
            }
            Order::Install(new) => {
                self.keep(|kept| kept.new = new);
                self.restart();
            }
            Order::Return => {
                self.keep(|kept| kept.drained = false);
                self.shared.fleet.set_drained(node, false);
                if self.up.get().is_some() {
                    self.cx.event(events.back, 0, 0);
                }
            }
            Order::Split(share) => {
                self.shared.fleet.set_share(node, share);
                let millionths = VirtualDuration::from_nanos_f64(share * 1e6).as_nanos();
                self.cx.event(events.split, millionths, 0);
            }
        }
    }

    /// Memory of the replicas: a leak of the new version grows from some time after their start on.
    fn memory(&self) -> f64 {
        let (config, cx) = (&self.shared.config, &self.cx);
        let base = config.memory as f64;
        let (Some(up), true) = (self.up.get(), self.shared.fleet.is_new(cx.node())) else {
            return base;
        };
        let leak = cx.knob(self.shared.knobs.leak);
        let age = cx.monotonic().saturating_sub(up).as_secs_f64();
        base + (age - cx.knob(self.shared.knobs.leak_after)).max(0.0) * leak.max(0.0)
    }
    /// Kills replicas that take more than they may.
    async fn guard(self: Rc<Self>) {
        let most = self.shared.config.memory_max as f64;
        loop {
            self.cx.sleep(self.shared.config.poll).await;
            let memory = self.memory();
            if self.up.get().is_some() && memory > most {
                let bytes = VirtualDuration::from_nanos_f64(memory).as_nanos();
                self.cx.event(self.shared.events.killed, bytes, 0);
                self.restart();
            }
        }
    }

    async fn answer(self: Rc<Self>, looks: Inbox) {
        loop {
            let look = looks.accept().await;
            self.look(look);
        }
    }
    /// Method 0 is the node, 1 and 2 are what became of requests for the old and the new version.
    fn look(&self, look: Incoming) {
        let kept = self.kept();
        let reply = match look.request.method {
            0 => {
                let flag = |is: bool, flag: u64| if is { flag } else { 0 };
                let flags = flag(kept.new, NEW)
                    | flag(self.up.get().is_some(), SERVING)
                    | flag(kept.drained, DRAINED);
                [kept.epoch, flags, self.memory().to_bits(), 0]
            }
            method => {
                let tally = self.shared.fleet.tally(self.cx.node(), method > 1);
                [kept.epoch, tally.ended, tally.errors, tally.latency_ns]
            }
        };
        look.reply(&self.cx, Reply::of(reply));
    }
}
