//! Steps and checkpoints of an incarnation: what counts, and what a failure takes back.

use super::{End, Job};
use crate::workloads::cluster::training::gang::Gang;
use crate::workloads::cluster::training::mutant::Mutant;
use crate::workloads::cluster::training::tables::Incarnation;
use crate::workloads::cluster::training::wire::Order;
use squall_core::{Sample, VirtualDuration};
use std::rc::Rc;

impl Job {
    /// Loads the last checkpoint and goes on from there, until something ends it.
    pub(super) async fn train(&mut self, gang: &Gang) -> End {
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
    pub(super) fn written(&mut self, of: Incarnation) -> Result<(), End> {
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
}
