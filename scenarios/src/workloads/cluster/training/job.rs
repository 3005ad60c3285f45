//! The controller of a job: it gathers nodes, lets them compute and write, and begins again after a
//! failure.

use super::fleet::State;
use super::gang::{Gang, Orders};
use super::mutant::Mutant;
use super::shared::Shared;
use super::tables::Incarnation;
use super::wire::Order;
use core::cell::RefCell;
use squall_core::world::Cx;
use squall_core::{Key, Sample, VirtualDuration, VirtualTime};
use std::collections::BTreeSet;
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

    /// Loads the last checkpoint and goes on from there, until something ends it.
    async fn train(&mut self, gang: &Gang) -> End {
        match self.steps(gang).await {
            Ok(()) => End::Finished,
            Err(end) => end,
        }
    }
    async fn steps(&mut self, gang: &Gang) -> Result<(), End> {
        let shared = Rc::clone(&self.shared);
        let config = &shared.config;
        let mut step = self.load(gang).await?;
        let mut since = 0;
        loop {
            let left = config
                .steps
                .map_or(u64::MAX, |all| all.saturating_sub(step));
            let count = config
                .order_steps
                .min(config.checkpoint_steps - since)
                .min(left);
            let began = self.cx.now();
            let work = self.work(step, count);
            self.all(gang, Order::Run(work, step + count), work).await?;
            (step, since) = (step + count, since + count);
            self.count(gang.to, step, (self.cx.now() - began) / count.max(1));
            self.written(gang.to)?;
            let slow = self.slow();
            let finished = count == left;
            let due = since >= config.checkpoint_steps || finished;
            if !due || (config.is(Mutant::T07) && gang.to.epoch > 1 && !finished) {
                since %= config.checkpoint_steps;
                continue;
            }
            since = 0;
            self.checkpoint(gang, step).await?;
            if finished {
                self.written_all(gang.to).await?;
                return Ok(());
            }
            if let Some(node) = slow {
                self.written_all(gang.to).await?;
                self.replace(gang.to, node);
                return Err(End::Replaced);
            }
        }
    }
    /// Every rank loads the checkpoint. The steps that the job has then.
    async fn load(&mut self, gang: &Gang) -> Result<u64, End> {
        let config = &self.shared.config;
        let (now, events) = (self.cx.now(), &self.shared.events);
        let failed_at = self.shared.ledger(self.number, |ledger| ledger.failed_at);
        // One that fails while it starts begins to start anew.
        let noticed = self.noticed.take();
        let passed = noticed.map_or(VirtualDuration::ZERO, |at| now - at);
        let time = config.restart.saturating_sub(passed);
        self.all(gang, Order::Load(time), time).await?;
        let (step, lost) = self.shared.ledger(self.number, |ledger| {
            let step = match config.is(Mutant::T04) {
                true => ledger.counted,
                false => ledger.checkpoint,
            };
            let lost = ledger.counted.saturating_sub(step);
            (ledger.counted, ledger.failed_at) = (step, None);
            (step, lost)
        });
        self.event(events.resumed, gang.to, step);
        if let Some(at) = failed_at {
            let work = config.work(lost).as_secs_f64();
            let gpus = (config.ranks as u64 * config.gpus) as f64;
            self.cx
                .sample(events.restart, (self.cx.now() - at).as_secs_f64());
            self.cx.sample(events.lost_work, work);
            self.cx.sample(events.lost_gpu_hours, work / 3600.0 * gpus);
        }
        Ok(step + if config.is(Mutant::T09) { lost } else { 0 })
    }
    /// Time at full speed of the steps that follow `step`. Ranks wait for the slowest in each: the
    /// largest of n draws of a law is its quantile at the n-th root of one draw.
    fn work(&self, step: u64, count: u64) -> VirtualDuration {
        let config = &self.shared.config;
        let root = 1.0 / config.ranks as f64;
        if config.noise.is_constant() {
            let factor = config.noise.quantile(0.5).max(0.0);
            return VirtualDuration::from_nanos_f64(config.work(count).as_nanos_f64() * factor);
        }
        let slowest = |step| {
            let unit = self.noise.at(step).open_unit();
            // Just below 1 stays below it.
            config
                .noise
                .quantile(libm::pow(unit, root).min(1.0 - f64::EPSILON))
                .max(0.0)
        };
        let sum: f64 = (step..step + count).map(slowest).sum();
        VirtualDuration::from_nanos_f64(config.step.as_nanos_f64() * sum)
    }
    /// Steps count from here on.
    fn count(&self, to: Incarnation, step: u64, time: VirtualDuration) {
        let (config, events) = (&self.shared.config, &self.shared.events);
        let began = self.shared.ledger(self.number, |ledger| {
            ledger.counted = step;
            ledger.began
        });
        self.event(events.counted, to, step);
        self.cx.sample(events.step_time, time.as_secs_f64());
        let passed = began.map_or(0.0, |began| (self.cx.now() - began).as_secs_f64());
        self.cx.sample(
            events.ettr,
            config.work(step).as_secs_f64() / passed.max(1e-9),
        );
    }

    /// Writes a checkpoint: all stand still for it, or for its beginning only.
    async fn checkpoint(&mut self, gang: &Gang, step: u64) -> Result<(), End> {
        let shared = Rc::clone(&self.shared);
        let config = &shared.config;
        if config.is(Mutant::T01) {
            self.commit(gang.to, step);
        }
        let Some(pause) = config.pause else {
            self.all(gang, Order::Save(config.write, step, true), config.write)
                .await?;
            self.commit(gang.to, step);
            return Ok(());
        };
        self.written_all(gang.to).await?;
        self.all(gang, Order::Save(pause, step, false), pause)
            .await?;
        let rest = config.write.saturating_sub(pause);
        self.writes.give(gang, Order::Flush(rest, step), rest);
        self.writing = Some(step);
        Ok(())
    }
    fn commit(&self, to: Incarnation, step: u64) {
        let newer = self.shared.ledger(self.number, |ledger| {
            let newer = step > ledger.checkpoint;
            ledger.checkpoint = ledger.checkpoint.max(step);
            newer
        });
        if newer {
            self.event(self.shared.events.checkpoint, to, step);
        }
    }
    /// A checkpoint that was written beside the steps counts once everybody has. Whoever did not write it
    /// is lost, or the job would go on without a checkpoint.
    fn written(&mut self, of: Incarnation) -> Result<(), End> {
        if let (Some(step), Some(outcome)) = (self.writing, self.writes.outcome()) {
            self.writing = None;
            outcome.map_err(End::Lost)?;
            self.commit(of, step);
        }
        Ok(())
    }
    /// The same, and waits for it.
    async fn written_all(&mut self, of: Incarnation) -> Result<(), End> {
        if self.writing.is_some() {
            // Its outcome is looked at below.
            let _ = self.writes.end().await;
        }
        self.written(of)
    }

    /// A rank that was too slow for too long, if a spare can take its place.
    fn slow(&mut self) -> Option<usize> {
        let rule = self.shared.config.evict?;
        let times = self.orders.times();
        let mut sorted: Vec<VirtualDuration> = times.iter().map(|(_, time)| *time).collect();
        sorted.sort_unstable();
        let median = sorted.get(sorted.len() / 2)?.as_nanos_f64();
        let mut slowest = None;
        for (node, time) in times {
            let slow = time.as_nanos_f64() > median * rule.factor;
            self.strikes[node] = if slow { self.strikes[node] + 1 } else { 0 };
            if self.strikes[node] >= rule.orders {
                slowest = slowest.max(Some((time, node)));
            }
        }
        let spare = self.shared.fleet.borrow().has_spare();
        slowest.filter(|_| spare).map(|(_, node)| node)
    }
    fn replace(&mut self, of: Incarnation, node: usize) {
        self.strikes[node] = 0;
        self.shared.fleet.borrow_mut().swap_out(node);
        let id = self.shared.config.nodes[node];
        self.event(self.shared.events.evicted, of, u64::from(id.0));
    }
    /// A rank is lost: the others are asked whether they live, and spares too, so that one start is
    /// enough after a rack went down.
    async fn mourn(&mut self, gang: &Gang, lost: usize) {
        let now = self.cx.now();
        self.shared.ledger(self.number, |ledger| {
            ledger.failed_at.get_or_insert(now);
        });
        self.noticed = Some(now);
        self.strikes.fill(0);
        self.fail(gang.to, lost);
        let spares: Vec<usize> = {
            let fleet = self.shared.fleet.borrow();
            fleet.of(|state| state == State::Free).collect()
        };
        let others = gang.nodes.iter().copied().filter(|node| *node != lost);
        let asked: Vec<usize> = others.chain(spares).collect();
        for node in self.silent(asked).await {
            match gang.nodes.contains(&node) {
                true => self.fail(gang.to, node),
                false => self.shared.fleet.borrow_mut().silent(node),
            }
        }
    }
    /// Those of the nodes that do not answer.
    async fn silent(&self, mut nodes: Vec<usize>) -> Vec<usize> {
        let answered: Rc<RefCell<BTreeSet<usize>>> = Rc::default();
        for node in &nodes {
            let (orders, answered, node) = (self.orders.clone(), Rc::clone(&answered), *node);
            self.cx.spawn(async move {
                if orders.ping(node).await.is_some() {
                    answered.borrow_mut().insert(node);
                }
            });
        }
        // Whoever has not answered by now does not.
        self.cx.sleep(self.shared.config.probe).await;
        nodes.retain(|node| !answered.borrow().contains(node));
        nodes
    }
    fn fail(&self, of: Incarnation, node: usize) {
        let (config, events) = (&self.shared.config, &self.shared.events);
        let id = u64::from(config.nodes[node].0);
        self.event(events.lost, of, id);
        let now = self.cx.now();
        let (out, worst) = {
            let mut fleet = self.shared.fleet.borrow_mut();
            (fleet.failed(config, node, now), fleet.worst())
        };
        self.cx.sample(events.worst_node, f64::from(worst));
        if out {
            self.cx.event(events.quarantined, id, 0);
        }
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
