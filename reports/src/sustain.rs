//! What keeps a failure going when its faults are over: loops that the records show at work.
//!
//! Three are known. A *retry loop* is declared by workloads in the dependency map. A *queue served stale*
//! shows in spans: answers that come when nobody waits for them any more. A *page-fault loop* shows in
//! the signals of hosts. A loop is named where the time after the last heal shows it and the time before
//! the first fault does not; nothing is guessed from what a scenario says.

use crate::operator::{held, period};
use crate::words::number;
use squall_core::depends::{DependencyMap, Sign};
use squall_core::history::What;
use squall_core::property::{Series, Stat};
use squall_core::recording::Recording;
use squall_core::{NameId, SpanId, VirtualTime};
use std::collections::BTreeMap;

/// A loop at work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loop {
    /// Which: `retry loop of the clients of shop on shop.front`.
    pub name: String,
    /// What shows it: numbers before the first fault and after the last heal.
    pub evidence: String,
}

/// When things are looked at: before the first fault, and from the last heal on while it is ill.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// The first fault began.
    pub begun: VirtualTime,
    /// The last fault healed.
    pub healed: VirtualTime,
    /// The failure was seen last.
    pub until: VirtualTime,
}

impl Times {
    /// 0 before the first fault, 1 after the last heal.
    fn side(&self, at: VirtualTime) -> Option<usize> {
        match () {
            () if at < self.begun => Some(0),
            () if at >= self.healed && at <= self.until => Some(1),
            () => None,
        }
    }
}

/// A share counts as grown from this multiple of the one before on.
const GROWN: f64 = 1.5;
/// Fewer retries than this an operation feed nothing.
const RETRIES_MIN: f64 = 0.1;
/// A smaller share of stale answers is the tail of a distribution.
const STALE_MIN: f64 = 0.2;
/// Fewer answers than this say nothing about a share.
const ANSWERS_MIN: u64 = 20;
/// Major faults a second from which on a host waits for its swap device.
const FAULTS_MIN: f64 = 10.0;

/// The loops at work, declared ones first.
pub fn loops(map: &DependencyMap, recording: &Recording, times: Times) -> Vec<Loop> {
    let mut found = retries(map, recording, times);
    found.extend(stale(map, recording, times));
    found.extend(faulting(recording, times));
    found
}

fn share(part: u64, of: u64) -> f64 {
    if of == 0 {
        0.0
    } else {
        part as f64 / of as f64
    }
}

fn retries(map: &DependencyMap, recording: &Recording, times: Times) -> Vec<Loop> {
    let names = &recording.header.names;
    let mut found = Vec::new();
    for declared in map.retries() {
        let (again, of) = (names.find(&declared.again), names.find(&declared.of));
        // Retries, operations that are events, operations that are spans; of each side.
        let mut counts = [[0u64; 3]; 2];
        for record in &recording.records {
            let Some(side) = times.side(record.at) else {
                continue;
            };
            let counts = &mut counts[side];
            match record.what {
                What::Event { name, a, .. } => {
                    let own = declared.a.is_none_or(|wanted| wanted == a);
                    counts[0] += u64::from(Some(name) == again && own);
                    counts[1] += u64::from(Some(name) == of);
                }
                What::SpanStart { name, .. } => counts[2] += u64::from(Some(name) == of),
                _ => {}
            }
        }
        // An event and a span of one name are the same operation.
        let [before, then] = counts.map(|[again, events, spans]| share(again, events.max(spans)));
        if then >= RETRIES_MIN && then >= before * GROWN {
            found.push(Loop {
                name: declared.name.clone(),
                evidence: format!("{} -> {} retries each", number(before), number(then)),
            });
        }
    }
    found
}

/// Services whose answers come after the end of the operation that asked for them.
fn stale(map: &DependencyMap, recording: &Recording, times: Times) -> Vec<Loop> {
    let names = &recording.header.names;
    let mut owners: BTreeMap<NameId, usize> = BTreeMap::new();
    let units: Vec<_> = map.units().collect();
    for (index, (unit, signs)) in units.iter().enumerate() {
        let operations = signs.iter().filter_map(|sign| match sign {
            Sign::Operation(name) if unit.kind == "service" => names.find(name),
            _ => None,
        });
        owners.extend(operations.map(|name| (name, index)));
    }
    // Of every open span: whose it is, and the span that it is part of.
    let mut open: BTreeMap<SpanId, (Option<usize>, SpanId)> = BTreeMap::new();
    let mut counts = vec![[[0u64; 2]; 2]; units.len()];
    for record in &recording.records {
        match record.what {
            What::SpanStart {
                span, parent, name, ..
            } => {
                open.insert(span, (owners.get(&name).copied(), parent));
            }
            What::SpanEnd { span, .. } => {
                if let (Some((Some(unit), parent)), Some(side)) =
                    (open.remove(&span), times.side(record.at))
                    && parent != SpanId::NONE
                {
                    counts[unit][side][0] += u64::from(!open.contains_key(&parent));
                    counts[unit][side][1] += 1;
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    for ((unit, _), counts) in units.iter().zip(counts) {
        let [before, then] = counts.map(|[late, all]| share(late, all));
        if counts[1][1] >= ANSWERS_MIN && then >= STALE_MIN && then >= before * GROWN {
            let percent = |x: f64| number((x * 100.0).round());
            found.push(Loop {
                name: format!("queue of {} served stale", unit.name),
                evidence: format!(
                    "{} % -> {} % of its answers come when nobody waits for them",
                    percent(before),
                    percent(then)
                ),
            });
        }
    }
    found
}

/// Hosts that read pages back from swap, and whether they push others out for it.
fn faulting(recording: &Recording, times: Times) -> Vec<Loop> {
    let header = &recording.header;
    let Some(period) = period(recording) else {
        return Vec::new();
    };
    let end = recording.records.last().map_or(times.until, |r| r.at);
    let mut found = Vec::new();
    for node in &header.nodes {
        let means = |signal: &str| -> [f64; 2] {
            let name = header.names.find(&format!("{node}.{signal}"));
            let series = name.map(|name| samples(recording, name, (period, end)));
            let mean = |from, until| {
                let mean = series
                    .as_ref()
                    .and_then(|s| s.stat(Stat::Mean, from, until));
                mean.unwrap_or(0.0)
            };
            [
                mean(VirtualTime::ZERO, times.begun),
                mean(times.healed, times.until),
            ]
        };
        let [before, then] = means("rate(node_vmstat_pgmajfault)");
        if then < FAULTS_MIN || then < before * GROWN {
            continue;
        }
        let ([_, out], [_, load]) = (means("rate(node_vmstat_pswpout)"), means("node_load1"));
        let name = match out >= 1.0 {
            true => format!("page-fault loop of host {node}: reclaim -> refault"),
            false => format!("queue of page faults on host {node}: pages come back one by one"),
        };
        found.push(Loop {
            name,
            evidence: format!(
                "major faults {} -> {}, pages out {} a second, load {}",
                number(before),
                number(then),
                number(out),
                number(load)
            ),
        });
    }
    found
}

fn samples(recording: &Recording, wanted: NameId, over: (u64, VirtualTime)) -> Series {
    let mut series = held(over);
    for record in &recording.records {
        if let What::Sample { name, value, .. } = record.what
            && name == wanted
        {
            series.push(record.at, value);
        }
    }
    series
}

#[cfg(test)]
mod tests;
