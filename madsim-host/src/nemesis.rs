//! The supervisor on madsim's node 0: starts the nodes, applies the plan, ends the run.
//!
//! It sleeps to the next of: a step of the plan, the edge of a stall, a second of virtual time (when
//! the metric is read that frees the memory of finished tasks), the end. Its timers are exact: a
//! plain sleep on madsim lasts at least 1 ms, which would delay steps that lie closer together.

use crate::bridge::Cx;
use crate::capability::{Act, act};
use crate::host::HostedRun;
use crate::overlay::Overlays;
use crate::panics;
use crate::run::{self, Clock, Left, Run, World};
use crate::stall::Stalls;
use madsim::net::NetSim;
use madsim::runtime::{Handle, Runtime};
use madsim::time::TimeHandle;
use squall_core::history::{FaultChange, History, NodeChange, What};
use squall_core::outcome::Stop;
use squall_core::plan::{Change, LinkTarget, Primitive, Step};
use squall_core::{EntryId, KnobId, Names, NodeId, VirtualDuration, VirtualTime};
use std::net::{IpAddr, Ipv4Addr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) left: Left,
    pub(crate) stop: Stop,
    pub(crate) lateness_max: VirtualDuration,
    pub(crate) messages: u64,
}

/// Tells the runs of a process apart, so that a handle of one cannot write into another. Never
/// recorded.
static RUNS: AtomicU64 = AtomicU64::new(0);

/// Runs `hosted` to its end or to the first panic. The plan has been checked.
pub(crate) fn drive(hosted: &HostedRun, history: History, names: Names) -> Ended {
    let mut config = madsim::Config::default();
    config.net.send_latency = hosted.latency.clone();
    let runtime = Runtime::with_seed_and_config(hosted.seed.0, config);
    let id = RUNS.fetch_add(1, Ordering::Relaxed);
    let mut lateness_max = VirtualDuration::ZERO;
    let mut messages = 0;

    let watch = panics::Watch::begin();
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        runtime.block_on(async {
            let clock = TimeHandle::current();
            let starts = hosted.plan.fixed().map(|(_, e)| e.from).collect();
            let nodes = hosted.nodes.len();
            let clock = Clock(clock);
            run::begin(Run::new(id, clock, (history, names), nodes, starts));
            let mut nemesis = Nemesis::new(id, hosted);
            nemesis.run(hosted, &mut lateness_max).await;
            messages = nemesis.net.stat().msg_count;
        });
    }));
    let panicked = watch.end();
    let stop = match outcome {
        Ok(()) => Stop::Finished,
        Err(_) => {
            let note = panicked.unwrap_or_default();
            // Node 0 of madsim is the supervisor; ours are numbered from 1 there.
            let node = note.node.checked_sub(1);
            let node = node.map_or(NodeId::NONE, NodeId);
            let write = |run: &mut Run| {
                let (name, a, b) = (run.name("host.panic"), 0, 0);
                run.push(What::Event { name, node, a, b });
            };
            // A monitor that panicked may do so again; the run must be taken off the thread anyway.
            drop(catch_unwind(AssertUnwindSafe(|| run::with(id, write))));
            let name = hosted.nodes.get(node.index()).map(|(name, _)| name);
            let place = name.map_or_else(|| "the host".to_owned(), |n| format!("node `{n}`"));
            Stop::Panicked(format!("{place}: {}", note.text))
        }
    };
    let left = run::end();
    // Destructors of services run here. The run is over, so what they write is dropped, and a panic
    // in one changes no verdict.
    drop(catch_unwind(AssertUnwindSafe(|| drop(runtime))));
    Ended {
        left,
        stop,
        lateness_max,
        messages,
    }
}

struct Nemesis {
    run: u64,
    handle: Handle,
    net: Arc<NetSim>,
    /// madsim's ids of our nodes.
    nodes: Vec<madsim::task::NodeId>,
    overlays: Overlays,
    stalls: Stalls,
    /// What the host last did to each node.
    applied: Vec<Applied>,
    latency: std::ops::Range<Duration>,
    /// Base values of the knobs, by id.
    knobs: Vec<f64>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Applied {
    /// Held down by the plan.
    down: bool,
    /// Paused by the plan, and recorded.
    paused: bool,
    /// Not polled: paused by the plan or stalled.
    still: bool,
}

impl Nemesis {
    /// Creates the nodes; none of their code has run yet.
    fn new(run: u64, hosted: &HostedRun) -> Self {
        let handle = Handle::current();
        let net = NetSim::current();
        let named = hosted.nodes.iter().enumerate();
        let world = Arc::new(World {
            seed: hosted.seed,
            nodes: named
                .map(|(index, (name, _))| (name.clone(), address(index)))
                .collect(),
            knobs: hosted.knobs.clone(),
        });
        let mut nodes = Vec::with_capacity(hosted.nodes.len());
        for (index, (name, main)) in hosted.nodes.iter().enumerate() {
            let (node, ip) = (NodeId::from_index(index), address(index));
            let (main, world) = (Arc::clone(main), Arc::clone(&world));
            net.add_dns_record(name, ip);
            // Called by madsim at each start, under its lock: only the future may run user code.
            let init = move || {
                let start = run::with(run, |run| run.started(node));
                let start = start.expect("nodes start while the run goes on");
                let cx = Cx::new(run, node, start, Arc::clone(&world));
                let main = Arc::clone(&main);
                async move {
                    main(cx).await;
                    run::with(run, |run| {
                        if run.runs(node, start) {
                            let name = run.name("host.exit");
                            let (a, b) = (u64::from(start), 0);
                            run.push(What::Event { name, node, a, b });
                            run.stopped(node);
                        }
                    });
                }
            };
            let built = handle.create_node().name(name.as_str()).ip(ip).init(init);
            nodes.push(built.build().id());
            run::with(run, |run| run.node(node, NodeChange::Up));
        }
        let count = NodeId::from_index(nodes.len()).0;
        Self {
            run,
            handle,
            net,
            overlays: Overlays::new(hosted.plan.clone(), count),
            stalls: Stalls::new(&world),
            applied: vec![Applied::default(); nodes.len()],
            nodes,
            latency: hosted.latency.clone(),
            knobs: hosted.knobs.iter().map(|(_, base)| *base).collect(),
        }
    }

    /// Applies the plan until the run is over.
    async fn run(&mut self, hosted: &HostedRun, lateness_max: &mut VirtualDuration) {
        const SECOND: VirtualDuration = VirtualDuration::from_secs(1);
        let clock = TimeHandle::current();
        let end = VirtualTime::ZERO + hosted.until;
        let timeline = hosted.plan.timeline();
        let mut steps = timeline.iter().take_while(|step| step.at <= end).peekable();
        let mut second = VirtualTime::ZERO + SECOND;
        loop {
            let now = self.now();
            while let Some(step) = steps.next_if(|step| step.at <= now) {
                *lateness_max = (*lateness_max).max(self.now().since(step.at));
                self.step(step, &hosted.plan.entry(step.entry).primitive);
            }
            let edge = self.stall(now);
            if now >= end {
                return;
            }
            if now >= second {
                self.handle.metrics().num_tasks();
                second = second.saturating_add(SECOND);
            }
            let next = steps.peek().map_or(end, |step| step.at);
            sleep_to(&clock, next.min(edge).min(second).min(end)).await;
        }
    }

    fn now(&self) -> VirtualTime {
        run::with(self.run, |run| run.now()).expect("the nemesis works while the run goes on")
    }
    fn record(&self, act: impl FnOnce(&mut Run)) {
        run::with(self.run, act).expect("the nemesis works while the run goes on");
    }

    /// Takes one step of the plan.
    fn step(&mut self, step: &Step, primitive: &Primitive) {
        self.overlays.step(step);
        let change = match step.change {
            Change::Start => FaultChange::Active,
            Change::End => FaultChange::Healed,
        };
        self.record(|run| {
            run.push(What::Fault {
                entry: step.entry,
                change,
                planned: step.at,
            });
        });
        match act(primitive).expect("a plan is checked when it is loaded") {
            Act::Crash(node) => self.crash(node, step.entry),
            Act::Pause(node) => self.pause(node),
            Act::Profile(_) => self.profile(),
            Act::Close(link) => self.link(link),
            // Stalls are looked at after each step.
            Act::Stall => {}
            Act::Knob(knob) => self.knob(knob),
        }
    }

    fn crash(&mut self, node: NodeId, entry: EntryId) {
        let (down, id) = (self.overlays.down(node) > 0, self.nodes[node.index()]);
        if down == self.applied[node.index()].down {
            return;
        }
        self.applied[node.index()].down = down;
        if down {
            self.record(|run| {
                if run.is_up(node) {
                    run.land(entry);
                    run.stopped(node);
                }
                run.node(node, NodeChange::Down);
            });
            self.handle.kill(id);
        } else {
            // Killed when the first hold began: a restart alone would leave sockets bound.
            self.handle.restart(id);
            self.record(|run| run.node(node, NodeChange::Up));
            // The new process is not paused yet.
            self.applied[node.index()].still = false;
            self.applied[node.index()].paused = false;
            self.pause(node);
        }
    }

    fn pause(&mut self, node: NodeId) {
        let paused = self.overlays.paused(node) > 0;
        let applied = &mut self.applied[node.index()];
        if applied.down || paused == applied.paused {
            return;
        }
        applied.paused = paused;
        let change = if paused {
            NodeChange::Paused
        } else {
            NodeChange::Resumed
        };
        self.record(|run| run.node(node, change));
        self.still(node, self.now());
    }

    /// Pauses or resumes `node` on madsim, as the plan and its stalls want it; the next instant at
    /// which the stalls change.
    fn still(&mut self, node: NodeId, now: VirtualTime) -> VirtualTime {
        let (stalled, edge) = self.stalls.at(&self.overlays, node, now);
        let applied = &mut self.applied[node.index()];
        let still = applied.paused || stalled;
        if !applied.down && still != applied.still {
            applied.still = still;
            let id = self.nodes[node.index()];
            if still {
                self.handle.pause(id);
            } else {
                self.handle.resume(id);
            }
        }
        edge
    }

    /// Brings the stalls of all nodes up to date; the next instant at which one changes.
    fn stall(&mut self, now: VirtualTime) -> VirtualTime {
        let nodes = (0..self.nodes.len()).map(NodeId::from_index);
        let edges = nodes.map(|node| self.still(node, now));
        edges.min().unwrap_or(VirtualTime::MAX)
    }

    fn link(&self, link: LinkTarget) {
        let (from, to) = (self.nodes[link.from.index()], self.nodes[link.to.index()]);
        if self.overlays.closed(link) > 0 {
            self.net.clog_link(from, to);
        } else {
            self.net.unclog_link(from, to);
        }
    }

    fn profile(&self) {
        let (loss, latency) = (self.overlays.loss(), self.overlays.latency(&self.latency));
        self.net.update_config(|config| {
            config.packet_loss_rate = loss;
            config.send_latency = latency;
        });
    }

    fn knob(&self, knob: KnobId) {
        for node in (0..self.nodes.len()).map(NodeId::from_index) {
            let value = self.overlays.knob(knob, node, self.knobs[knob.index()]);
            self.record(|run| run.set_knob(node, knob.index(), value));
        }
    }
}

/// The address of the node at `index`: 10.0.0.1, 10.0.0.2, …
fn address(index: usize) -> IpAddr {
    let number = NodeId::from_index(index).0 + 1;
    IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 | number))
}

/// Sleeps to `at`, without madsim's least sleep of 1 ms.
async fn sleep_to(clock: &TimeHandle, at: VirtualTime) {
    let now = clock.elapsed();
    let wait = Duration::from_nanos(at.as_nanos()).saturating_sub(now);
    let deadline = clock.now_instant() + wait;
    let mut sleep = pin!(clock.sleep_until(deadline));
    sleep.as_mut().reset(deadline);
    sleep.await;
}
