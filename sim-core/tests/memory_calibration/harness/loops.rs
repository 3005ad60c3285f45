//! The periodic loop under a processor quota or stops, on the real engine (`cpu_pause.csv`).

use super::csv::Row;
use super::judge::{Pair, median};
use squall_core::plan::{Entry, Land, Plan, PlannedFault, Primitive};
use squall_core::world::{Bounds, NodeSpec};
use squall_core::{Key, NodeId, Sample, Seed, VirtualDuration, VirtualTime, World};
use std::cell::RefCell;
use std::rc::Rc;

/// Phases of the quota periods of which the median is taken.
const PHASES: u64 = 16;
/// What a wake-up adds to the work of a loop (measured: median lateness without a quota, 0.1 ms).
const WAKE_UP: VirtualDuration = VirtualDuration::from_micros(100);

/// One row, predicted and measured.
#[derive(Clone, Debug)]
pub(crate) struct Loop {
    pub(crate) id: String,
    /// Response in milliseconds.
    pub(crate) p50: Pair,
    pub(crate) p99: Pair,
    /// Periods skipped because the loop was late by a whole one.
    pub(crate) skipped: Pair,
}

#[derive(Debug, Default)]
struct Seen {
    responses: Vec<f64>,
    skipped: u64,
}

/// What the row says about the loop.
#[derive(Clone, Copy, Debug)]
struct Setting {
    period: VirtualDuration,
    burn: VirtualDuration,
    ticks: u64,
    /// Quota and its period.
    quota: Option<(VirtualDuration, VirtualDuration)>,
    /// Length of the stops.
    stop: Option<VirtualDuration>,
}

fn micros(us: f64) -> VirtualDuration {
    VirtualDuration::from_secs_f64(us / 1e6)
}

pub(crate) fn compare(row: Row<'_>) -> Result<Loop, String> {
    let value = row.needs("quota_us_or_pause_ms")?;
    let done = row.needs("n_loops")? + row.number("skipped").unwrap_or(0.0);
    let mut setting = Setting {
        period: micros(row.needs("loop_period_us")?),
        burn: micros(row.needs("burn_us")?),
        ticks: done as u64,
        quota: None,
        stop: None,
    };
    match row.text("kind") {
        "cfs_quota" if value > 0.0 => {
            setting.quota = Some((micros(value), micros(row.needs("cfs_period_us")?)));
        }
        "cfs_quota" => {}
        "sigstop" => {
            let pause = row.number("measured_pause_ms_mean").filter(|ms| *ms > 0.0);
            setting.stop = Some(micros(pause.unwrap_or(value) * 1e3));
        }
        kind => return Err(format!("cpu_pause.csv: unknown kind `{kind}`")),
    }
    let seen: Vec<Seen> = (0..PHASES).map(|phase| run(setting, phase)).collect();
    let at = |q: f64| {
        let of = |seen: &Seen| seen.responses[((seen.responses.len() - 1) as f64 * q) as usize];
        median(seen.iter().map(of).collect())
    };
    let skipped = median(seen.iter().map(|seen| seen.skipped as f64).collect());
    let ms = |name: &str| row.number(name).map(|us| us / 1e3);
    Ok(Loop {
        id: row.text("run_id").to_owned(),
        p50: Pair::new(at(0.5), ms("resp_p50_us")),
        p99: Pair::new(at(0.99), ms("resp_p99_us")),
        skipped: Pair::new(skipped, row.number("skipped")),
    })
}

fn plan(setting: Setting, phase: u64) -> Plan {
    let node = NodeId::from_index(0);
    let mut draw = Key::new(Seed(phase), "loop", "phase").at(0);
    let mut entries = Vec::new();
    let mut entry = |from: VirtualTime, until: Option<VirtualTime>, primitive| {
        let part = u32::try_from(entries.len()).expect("few entries");
        entries.push(Entry {
            fault: 0,
            part,
            from,
            until,
            firing: None,
            primitive,
        });
    };
    if let Some((quota, period)) = setting.quota {
        let phase = micros(draw.between(0.0, period.as_secs_f64() * 1e6));
        let primitive = Primitive::CpuQuota {
            node,
            quota,
            period,
            phase,
        };
        entry(VirtualTime::ZERO, None, primitive);
    }
    if let Some(stop) = setting.stop {
        // The tool waited 0.3 s, then stopped and let run in turns; gaps were 150 or 500 ms.
        let gap = if stop.as_secs_f64() < 0.5 { 0.15 } else { 0.5 };
        let end = setting.period.as_secs_f64() * setting.ticks as f64;
        let mut at = 0.3 + draw.between(0.0, setting.period.as_secs_f64());
        while at < end {
            let from = VirtualTime::ZERO + VirtualDuration::from_secs_f64(at);
            entry(from, Some(from + stop), Primitive::Pause { node });
            at += stop.as_secs_f64() + gap;
        }
    }
    let fault = PlannedFault {
        kind: "loop".to_owned(),
        label: "loop".to_owned(),
        land: Land::Any,
        notes: Vec::new(),
    };
    Plan::new(vec![fault], entries)
}

fn run(setting: Setting, phase: u64) -> Seen {
    let mut world = World::new(Seed(phase), false);
    let node = world.add_node(&NodeSpec::new("loop").cores(2));
    world.set_plan(plan(setting, phase));
    let shared = Rc::new(RefCell::new(Seen::default()));
    let state = Rc::clone(&shared);
    world.process(node, "loop", move |cx| {
        let shared = Rc::clone(&state);
        async move {
            let mut due = VirtualTime::ZERO + setting.period;
            let mut tick = 0;
            while tick < setting.ticks {
                cx.sleep_until(due).await;
                cx.compute(setting.burn + WAKE_UP).await;
                let took = cx.now().since(due).as_secs_f64() * 1e3;
                shared.borrow_mut().responses.push(took);
                due += setting.period;
                tick += 1;
                while due + setting.period < cx.now() && tick < setting.ticks {
                    due += setting.period;
                    tick += 1;
                    shared.borrow_mut().skipped += 1;
                }
            }
        }
    });
    let end = setting.period.as_secs_f64() * (setting.ticks + 2) as f64 + 60.0;
    world.run(Bounds::until(
        VirtualTime::ZERO + VirtualDuration::from_secs_f64(end),
    ));
    drop(world);
    let mut seen = shared.take();
    seen.responses.sort_by(f64::total_cmp);
    seen
}
