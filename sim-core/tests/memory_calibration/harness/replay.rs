//! The measured service on the real engine: what users of Squall run is what is compared.

use super::run::{Hog, Run};
use squall_core::memory::{Activity, Arrival, faults};
use squall_core::plan::{Damage, Entry, Land, Plan, PlannedFault, Primitive};
use squall_core::property::Stat;
use squall_core::world::{Bounds, Cx, MemorySet, NodeSpec};
use squall_core::{NodeId, Seed, VirtualDuration, VirtualTime, World};
use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;

/// Length of the windows of a storm, in seconds.
pub(crate) const WINDOW_S: f64 = 0.25;
/// The swap space of the measurements, enlarged where a run would not fit.
const SWAP_BYTES: u64 = 2 << 30;

/// One completed request: seconds of completion and of response, faults.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Done {
    pub(crate) at: f64,
    pub(crate) took: f64,
    pub(crate) faults: u32,
}

/// What a replay saw.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) done: Vec<Done>,
    /// Longest queue at the end of a window.
    pub(crate) queue_max: usize,
    /// Shares of the time, by name of the host signal: some and full of io, some and full of memory.
    pub(crate) pressure: [f64; 4],
    /// Pages written by pages read.
    pub(crate) out_by_in: f64,
    /// Processes killed for want of memory.
    pub(crate) kills: usize,
}

#[derive(Debug, Default)]
struct Shared {
    arrivals: Vec<f64>,
    next: usize,
    done: Vec<Done>,
    queue_max: usize,
    starts: usize,
}

fn seconds(s: f64) -> VirtualDuration {
    VirtualDuration::from_secs_f64(s)
}

fn instant(s: f64) -> VirtualTime {
    VirtualTime::ZERO + seconds(s)
}

/// Replays one run; `seed` moves the draws, not the arrivals.
pub(crate) fn replay(run: &Run, seed: u64) -> Seen {
    let mut world = World::new(Seed(seed), false);
    let spec = NodeSpec::new("service")
        .cores(2)
        .memory(run.limit_bytes, Some(run.device.clone()))
        .swap_bytes(SWAP_BYTES.max(2 * run.resident_bytes));
    let node = world.add_node(&spec);
    let shared = Rc::new(RefCell::new(Shared {
        arrivals: run.arrivals(),
        ..Shared::default()
    }));
    let end = shared.borrow().arrivals.last().copied().unwrap_or(0.0);
    let (state, service) = (Rc::clone(&shared), run.clone());
    world.process(node, "service", move |cx| {
        serve(cx, service.clone(), Rc::clone(&state))
    });
    world.sample_hosts(seconds(WINDOW_S));
    if let Some(hog) = run.hog {
        world.set_plan(storm(node, hog));
    }
    // What waits at the end of the arrivals is still served.
    let stop = world.run(Bounds::until(instant(end + 3.0)));
    let names = world.names();
    let finished = world.finish(&stop);
    let mean = |name: &str| {
        // A signal that never left zero has no name.
        let Some(id) = names.find(&format!("service.rate({name})")) else {
            return 0.0;
        };
        let series = finished.history.metrics().series(id);
        series
            .stat(Stat::Mean, VirtualTime::ZERO, instant(end))
            .unwrap_or(0.0)
    };
    let shared = shared.take();
    Seen {
        done: shared.done,
        queue_max: shared.queue_max,
        pressure: [
            "node_pressure_io_waiting_seconds_total",
            "node_pressure_io_stalled_seconds_total",
            "node_pressure_memory_waiting_seconds_total",
            "node_pressure_memory_stalled_seconds_total",
        ]
        .map(mean),
        out_by_in: mean("node_vmstat_pswpout") / mean("node_vmstat_pswpin").max(1e-9),
        kills: shared.starts - 1,
    }
}

/// The neighbour as it was recorded: its pages appear evenly over the time it took.
fn storm(node: NodeId, hog: Hog) -> Plan {
    let pages = hog.bytes as f64 / 4_096.0;
    let activity = match hog.rate > 0.0 {
        true => Activity::Every(seconds(pages / hog.rate)),
        false => Activity::Idle,
    };
    let arrival = match hog.ready {
        Some(ready) => Arrival::Linear {
            over: seconds(ready - hog.start),
        },
        None => Arrival::Burst {
            ramp: VirtualDuration::ZERO,
        },
    };
    let fault = PlannedFault {
        kind: "memory-hog".to_owned(),
        label: "neighbour".to_owned(),
        land: Land::Any,
        notes: Vec::new(),
    };
    let entry = Entry {
        fault: 0,
        part: 0,
        from: instant(hog.start),
        until: Some(instant(hog.free)),
        firing: None,
        primitive: Primitive::MemoryPressure {
            node,
            size: Damage::Bytes(hog.bytes),
            activity,
            arrival,
        },
    };
    Plan::new(vec![fault], vec![entry])
}

async fn serve(cx: Cx, run: Run, shared: Rc<RefCell<Shared>>) {
    shared.borrow_mut().starts += 1;
    let set = cx.memory_set(run.resident_bytes, run.zipf, run.write_share);
    if run.hog.is_none() {
        let rate = run.rate * f64::from(run.pages);
        let warmed = run
            .warm_touches
            .map_or(VirtualDuration::MAX, |touches| seconds(touches / rate));
        cx.memory_warm(set, rate, warmed);
    }
    for _ in 0..run.workers {
        let (cx, run, shared) = (cx.clone(), run.clone(), Rc::clone(&shared));
        cx.clone()
            .spawn(async move { work(&cx, &run, set, &shared).await });
    }
    loop {
        cx.sleep(seconds(WINDOW_S)).await;
        let (now, mut shared) = (cx.now().as_secs_f64(), shared.borrow_mut());
        let arrived = shared.arrivals.partition_point(|at| *at < now);
        shared.queue_max = shared.queue_max.max(arrived - shared.done.len());
    }
}

/// A worker takes the next request, waits for it if it has not come yet, and serves it.
async fn work(cx: &Cx, run: &Run, set: MemorySet, shared: &Rc<RefCell<Shared>>) {
    let wake = cx.key("wake");
    loop {
        let (request, arrival) = {
            let mut shared = shared.borrow_mut();
            let request = shared.next;
            shared.next += 1;
            match shared.arrivals.get(request) {
                Some(arrival) => (request as u64, *arrival),
                None => return,
            }
        };
        if cx.now() < instant(arrival) {
            cx.sleep_until(instant(arrival)).await;
            cx.sleep(faults::wake_up(&mut wake.at(request))).await;
        }
        cx.compute(faults::REQUEST_CPU).await;
        let mut compute = pin!(
            cx.compute(seconds(run.work_us / 1e6))
                .touching(set, run.pages)
        );
        poll_fn(|context| compute.as_mut().poll(context)).await;
        let at = cx.now().as_secs_f64();
        shared.borrow_mut().done.push(Done {
            at,
            took: at - arrival,
            faults: compute.major_faults(),
        });
    }
}
