//! Trigger and loop: whether the failure outlives its faults, and what holds it up.

use squall_core::history::What;
use squall_core::outcome::SeedResult;
use squall_core::property::{Compared, Comparison, PropertyKind, Series, Stat};
use squall_core::recording::Recording;
use squall_core::{NameId, VirtualDuration, VirtualTime};
use std::collections::BTreeSet;

/// What happened after the last fault healed.
#[derive(Clone, Debug, PartialEq)]
pub struct Outlives {
    /// The metric that is looked at.
    pub metric: String,
    /// When the last fault healed.
    pub healed: VirtualTime,
    /// How long after that the last operation had ended that was under way then.
    pub drained: VirtualDuration,
    /// How long after the heal the metric was still ill; zero where that was so only until what was under
    /// way then had ended.
    pub ill_for: VirtualDuration,
    /// Whether it was ill until the end of the run.
    pub to_the_end: bool,
    /// Its value in the last window in which it was ill, and in a window before the first fault.
    pub values: (f64, f64),
    /// Other metrics of workloads in that time against before the first fault: name, before, then. The
    /// largest changes first.
    pub holding: Vec<(String, f64, f64)>,
}

/// Windows of metrics whose property has none.
const WINDOW: VirtualDuration = VirtualDuration::from_secs(1);
/// Metrics shown beside.
const HOLDING_MAX: usize = 3;

/// What the recording says; `None` if the property is about no metric, no fault healed, or nothing was
/// measured after that.
pub(super) fn of(
    kind: &PropertyKind,
    recording: &Recording,
    result: &SeedResult,
) -> Option<Outlives> {
    let plan = recording.plan_as_run();
    let (begun, healed) = (plan.first_start()?, plan.last_heal());
    let end = result.end;
    let (metric, stat, window) = match kind {
        PropertyKind::Recovers {
            metric,
            stat,
            window,
            ..
        } => (metric, *stat, *window),
        PropertyKind::Threshold { metric, stat, .. } => (metric, *stat, WINDOW),
        PropertyKind::Always { .. }
        | PropertyKind::Never { .. }
        | PropertyKind::Eventually { .. }
        | PropertyKind::Operations { .. }
        | PropertyKind::Sometimes { .. } => return None,
    };
    if healed == VirtualTime::ZERO || healed >= end || window.is_zero() {
        return None;
    }
    let names = &recording.header.names;
    let series = series(recording, names.find(metric)?);
    // A sum or a count over the whole run says nothing about a window.
    let stat = match stat {
        Stat::Count | Stat::Sum => Stat::Mean,
        stat => stat,
    };
    let before = series.stat(stat, VirtualTime::ZERO, begun)?;
    let ill = |value: f64| match kind {
        PropertyKind::Recovers { factor, .. } => value > factor * before,
        PropertyKind::Threshold { is, limit, .. } => {
            let limit = match limit {
                Compared::Value(limit) => *limit,
                Compared::Baseline(factor) => factor * before,
            };
            match is {
                Comparison::Below => value >= limit,
                Comparison::Above => value <= limit,
            }
        }
        _ => false,
    };
    // An operation that a fault has met may end ill after it: that is no failure that goes on.
    let drained = drained(recording, metric, healed);
    let (mut last, mut measured) = (None, false);
    let mut from = drained.map_or(healed, |at| {
        at.saturating_add(VirtualDuration::from_nanos(1))
    });
    while from < end {
        let until = from.saturating_add(window).min(end);
        if let Some(value) = series.stat(stat, from, until) {
            measured = true;
            last = if ill(value) {
                Some((until, value))
            } else {
                last
            };
        }
        from = until;
    }
    if !measured {
        return None;
    }
    let (until, value) = last.unwrap_or((healed, before));
    let spread = (healed, until.max(healed.saturating_add(window)).min(end));
    Some(Outlives {
        metric: metric.clone(),
        healed,
        drained: drained.unwrap_or(healed).since(healed),
        ill_for: until.since(healed),
        to_the_end: until >= end && until > healed,
        values: (value, before),
        holding: match until > healed {
            true => holding(recording, metric, begun, spread),
            false => Vec::new(),
        },
    })
}

/// When the last operation ended that was under way at the heal, of the workload whose metric it is.
fn drained(recording: &Recording, metric: &str, healed: VirtualTime) -> Option<VirtualTime> {
    let names = &recording.header.names;
    let owner = |name: &str| name.split('.').next().unwrap_or("").to_owned();
    let own = |name: NameId| owner(names.text(name)) == owner(metric);
    let mut under_way = BTreeSet::new();
    let mut last = None;
    for record in &recording.records {
        match record.what {
            What::SpanStart { span, name, .. } if record.at <= healed && own(name) => {
                under_way.insert(span);
            }
            What::SpanEnd { span, .. } if under_way.remove(&span) && record.at > healed => {
                last = last.max(Some(record.at));
            }
            _ => {}
        }
    }
    last
}

/// The samples of one metric.
fn series(recording: &Recording, wanted: NameId) -> Series {
    let mut series = Series::default();
    for record in &recording.records {
        if let What::Sample { name, value, .. } = record.what
            && name == wanted
        {
            series.push(record.at, value);
        }
    }
    series
}

/// Metrics of workloads that have changed most.
fn holding(
    recording: &Recording,
    metric: &str,
    begun: VirtualTime,
    (from, until): (VirtualTime, VirtualTime),
) -> Vec<(String, f64, f64)> {
    let header = &recording.header;
    let mut seen: Vec<NameId> = Vec::new();
    for record in &recording.records {
        if let What::Sample { name, .. } = record.what
            && !seen.contains(&name)
        {
            let text = header.names.text(name);
            let host = text.split('.').next().unwrap_or("");
            if text != metric && !header.nodes.iter().any(|node| node == host) {
                seen.push(name);
            }
        }
    }
    let mut changes = Vec::new();
    for name in seen {
        let series = series(recording, name);
        let mean = |from, until| series.stat(Stat::Mean, from, until);
        if let (Some(before), Some(then)) = (mean(VirtualTime::ZERO, begun), mean(from, until)) {
            let ratio = (then + 1e-9) / (before + 1e-9);
            changes.push((
                ratio.max(1.0 / ratio),
                header.names.text(name).to_owned(),
                before,
                then,
            ));
        }
    }
    // A tenth more or less is noise.
    changes.retain(|(size, ..)| *size > 1.1);
    changes.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let changes = changes.into_iter().take(HOLDING_MAX);
    changes
        .map(|(_, name, before, then)| (name, before, then))
        .collect()
}
