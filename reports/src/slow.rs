//! Where the time of slow operations went: the critical path as a sum over the tree of spans.

use squall_core::history::{Part, What};
use squall_core::recording::Recording;
use squall_core::{NameId, NodeId, SpanId, VirtualTime};
use std::collections::BTreeMap;

/// Parts of time, in nanoseconds.
type Parts = [f64; Part::ALL.len()];

/// The slowest operations of one name against all of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Slow {
    /// Name of the operation.
    pub name: String,
    /// How many there were.
    pub count: usize,
    /// How many of them are looked at: the slowest hundredth, and all that took as long as its quickest.
    pub slow: usize,
    /// Median duration of all, in seconds.
    pub median_s: f64,
    /// Median duration of the slow ones, in seconds.
    pub slow_s: f64,
    /// Shares of the slow ones' time, largest first.
    pub shares: Vec<(Part, f64)>,
    /// Shares of the time of the middle half, largest first.
    pub usual: Vec<(Part, f64)>,
}

#[derive(Debug)]
struct Span {
    parent: SpanId,
    node: NodeId,
    name: NameId,
    start: VirtualTime,
    end: Option<VirtualTime>,
    parts: Parts,
    children: Vec<u32>,
}

/// All spans by number.
#[derive(Debug, Default)]
struct Spans(Vec<Span>);

impl Spans {
    fn read(recording: &Recording) -> Self {
        let mut spans = Self::default();
        for record in &recording.records {
            match record.what {
                What::SpanStart {
                    span,
                    parent,
                    node,
                    name,
                } => {
                    debug_assert_eq!(span.index(), spans.0.len(), "spans are numbered in order");
                    spans.0.push(Span {
                        parent,
                        node,
                        name,
                        start: record.at,
                        end: None,
                        parts: [0.0; Part::ALL.len()],
                        children: Vec::new(),
                    });
                    if parent.is_some()
                        && let Some(parent) = spans.0.get_mut(parent.index())
                    {
                        parent.children.push(span.0);
                    }
                }
                What::SpanTime { span, part, ns } => {
                    if let Some(span) = spans.0.get_mut(span.index()) {
                        span.parts[part as usize] += ns as f64;
                    }
                }
                What::SpanEnd { span, .. } => {
                    if let Some(span) = spans.0.get_mut(span.index()) {
                        span.end = Some(record.at);
                    }
                }
                _ => {}
            }
        }
        spans
    }

    /// The parts of a span with those of its children in their places: what ran on other nodes
    /// explains its wait for peers, what was nested on its own node explains the time that it does
    /// not account for itself. Children that worked side by side are scaled to what they explain;
    /// a wait that no child explains stays one.
    fn explained(&self, index: u32, depth: u32) -> Parts {
        let span = &self.0[index as usize];
        let mut parts = span.parts;
        if depth == 0 {
            return parts;
        }
        let own: f64 = parts.iter().sum();
        let whole = span
            .end
            .map_or(own, |end| end.since(span.start).as_nanos_f64());
        let wait = parts[Part::Peer as usize];
        let below = |local: bool| {
            let mut sum: Parts = [0.0; Part::ALL.len()];
            let children = span.children.iter();
            for child in children.filter(|c| (self.0[**c as usize].node == span.node) == local) {
                for (sum, part) in sum.iter_mut().zip(self.explained(*child, depth - 1)) {
                    *sum += part;
                }
            }
            sum
        };
        let (remote, local) = (below(false), below(true));
        let explained = remote.iter().sum::<f64>().min(wait);
        parts[Part::Peer as usize] -= explained;
        add(&mut parts, &remote, wait);
        add(&mut parts, &local, (whole - own).max(0.0));
        parts
    }
}

/// Adds `below`, scaled down to `room` if it is more than that.
fn add(parts: &mut Parts, below: &Parts, room: f64) {
    let total: f64 = below.iter().sum();
    if total > 0.0 {
        let scale = (room / total).min(1.0);
        for (part, below) in parts.iter_mut().zip(below) {
            *part += below * scale;
        }
    }
}

/// Deepest tree that is walked.
const DEPTH_MAX: u32 = 32;

/// Shares of the sum, largest first; below half a percent is left out.
fn shares(sum: &Parts) -> Vec<(Part, f64)> {
    let total: f64 = sum.iter().sum();
    let mut shares: Vec<(Part, f64)> = Part::ALL
        .into_iter()
        .zip(sum)
        .map(|(part, ns)| (part, ns / total.max(1.0)))
        .filter(|(_, share)| *share >= 0.005)
        .collect();
    shares.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    shares
}

/// The slow operations of every name that has no parent, most total time first.
pub(crate) fn slow(recording: &Recording) -> Vec<Slow> {
    let spans = Spans::read(recording);
    let mut roots: BTreeMap<NameId, Vec<(f64, u32)>> = BTreeMap::new();
    for (index, span) in spans.0.iter().enumerate() {
        let Some(end) = span.end.filter(|_| !span.parent.is_some()) else {
            continue;
        };
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        let seconds = end.since(span.start).as_secs_f64();
        roots.entry(span.name).or_default().push((seconds, index));
    }
    let mut all = Vec::new();
    for (name, mut operations) in roots {
        operations.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let count = operations.len();
        // Calls that are given up took the same time to the nanosecond: the last of them are those that
        // nobody had come to serve when the run ended, and alone they would hide what the others waited for.
        let limit = operations[count - (count / 100).max(1)].0;
        let slow = count - operations.partition_point(|(seconds, _)| *seconds < limit);
        let sum = |operations: &[(f64, u32)]| {
            let mut sum: Parts = [0.0; Part::ALL.len()];
            for (_, index) in operations {
                for (sum, part) in sum.iter_mut().zip(spans.explained(*index, DEPTH_MAX)) {
                    *sum += part;
                }
            }
            sum
        };
        let slowest = &operations[count - slow..];
        let total: f64 = operations.iter().map(|(seconds, _)| seconds).sum();
        all.push((
            total,
            Slow {
                name: recording.header.names.text(name).to_owned(),
                count,
                slow,
                median_s: operations[count / 2].0,
                slow_s: slowest[slow / 2].0,
                shares: shares(&sum(slowest)),
                usual: shares(&sum(&operations[count / 4..count - count / 4])),
            },
        ));
    }
    all.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.name.cmp(&b.1.name)));
    all.into_iter().map(|(_, slow)| slow).collect()
}

#[cfg(test)]
mod tests;
