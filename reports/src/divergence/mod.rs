//! Where two runs part: bisection over the rolling digests, then record by record; and what the
//! record in which they part belongs to.

mod likely;
mod line;
mod parents;

pub use line::line;
pub use parents::{Parent, parents};

use squall_core::history::{CHECKPOINT_RECORDS, Digest};
use squall_core::recording::Recording;
use std::fmt::Write as _;

/// Where two recordings part, and what it took to find it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// Position of the first record in which they differ; one of them may end there.
    pub at: usize,
    /// Rolling digests that were compared.
    pub digests: u32,
    /// Records that were compared one by one: never more than lie between two rolling digests.
    pub records: u32,
}

/// The first record in which two recordings differ; `None` if they are equal.
pub fn first(a: &Recording, b: &Recording) -> Option<Divergence> {
    if a.header.digest == b.header.digest && a.records.len() == b.records.len() {
        return None;
    }
    // The digest is a bijection of its state for every word, so two that differ stay different
    // while the records are the same: digests agree up to some point and differ from there on.
    let (left, right) = (&a.header.checkpoints, &b.header.checkpoints);
    let (mut equal, mut differs) = (0, left.len().min(right.len()));
    let mut found = Divergence {
        at: 0,
        digests: 0,
        records: 0,
    };
    while equal < differs {
        let middle = equal + (differs - equal) / 2;
        found.digests += 1;
        if left[middle] == right[middle] {
            equal = middle + 1;
        } else {
            differs = middle;
        }
    }
    let shorter = a.records.len().min(b.records.len());
    let known = [a, b].map(|run| after(run, equal.saturating_mul(chunk())));
    found.at = known[0].min(known[1]).min(shorter);
    while found.at < shorter {
        found.records += 1;
        if !a.records[found.at].same(&b.records[found.at]) {
            break;
        }
        found.at += 1;
    }
    Some(found)
}

/// The position after `counted` records of those that move the digest.
fn after(recording: &Recording, counted: usize) -> usize {
    let mut left = counted;
    for (position, record) in recording.records.iter().enumerate() {
        if left == 0 {
            return position;
        }
        left -= usize::from(record.is_digested());
    }
    recording.records.len() + left
}

fn chunk() -> usize {
    usize::try_from(CHECKPOINT_RECORDS).unwrap_or(usize::MAX)
}

/// The digest of the first `count` records: from the rolling digest before them.
fn digest_of(recording: &Recording, count: usize) -> Digest {
    let counted = recording.records[..count].iter();
    let counted = counted.filter(|record| record.is_digested()).count();
    let known = (counted / chunk()).min(recording.header.checkpoints.len());
    let mut digest = match known {
        0 => Digest::default(),
        n => recording.header.checkpoints[n - 1],
    };
    for record in &recording.records[after(recording, known * chunk())..count] {
        digest.record(record);
    }
    digest
}

/// The report of a nondeterminism: what is equal, the first two records that differ, the `context`
/// records before them, and what they belong to.
pub fn text(a: &Recording, b: &Recording, context: usize) -> String {
    let (path, seed) = (&a.header.path, a.header.seed);
    let mut out =
        format!("NONDETERMINISM   {path}   seed {seed}   two runs, same inputs   exit code 102\n");
    let Some(Divergence { at, .. }) = first(a, b) else {
        let (count, digest) = (grouped(a.records.len()), a.header.digest);
        let _ = writeln!(out, "  equal      all {count} records   digest {digest}");
        return out;
    };
    match at {
        0 => out.push_str("  equal      nothing\n"),
        _ => {
            let digest = digest_of(a, at);
            let last = grouped(at - 1);
            let _ = writeln!(out, "  equal      records 0..={last}   digest {digest}");
        }
    }
    let when = [a, b].map(|run| run.records.get(at).map(|record| record.at));
    let when = when.into_iter().flatten().min();
    let when = when.map_or_else(String::new, |at| format!("   at {at}"));
    let _ = writeln!(out, "  differs    record {}{when}", grouped(at));
    for (number, run) in [(1, a), (2, b)] {
        let text = match run.records.get(at) {
            Some(record) => line(run, record),
            None => "ends here".to_owned(),
        };
        let _ = writeln!(out, "    run {number}    {text}");
    }
    before(&mut out, a, at, context);
    belongs(&mut out, [a, b], at);
    let _ = writeln!(
        out,
        "  likely     {}; docs/determinism.md#order",
        likely::cause(a, b, at)
    );
    out
}

/// The records before the one at `at`, and how many more there are to see.
fn before(out: &mut String, run: &Recording, at: usize, context: usize) {
    let shown = context.min(at);
    for index in at - shown..at {
        let title = if index == at - shown { "before" } else { "" };
        let text = line(run, &run.records[index]);
        let _ = writeln!(out, "  {title:<10} {}  {text}", grouped(index));
    }
    if at > shown {
        let more = grouped(at - shown);
        let _ = writeln!(out, "{:13}{more} more with --context", "");
    }
}

/// What the two records belong to: once, if it is the same.
fn belongs(out: &mut String, runs: [&Recording; 2], at: usize) {
    let [one, two] = runs.map(|run| parents(run, at));
    let mut list = |title: &str, run: &Recording, parents: &[Parent]| {
        for (row, parent) in parents.iter().enumerate() {
            let title = if row == 0 { title } else { "" };
            let text = line(run, &run.records[parent.record]);
            let (role, record) = (parent.role, grouped(parent.record));
            let _ = writeln!(out, "  {title:<10} {role:<10} {record}  {text}");
        }
    };
    if one == two {
        list("part of", runs[0], &one);
    } else {
        list("part of 1", runs[0], &one);
        list("part of 2", runs[1], &two);
    }
}

/// `48,211`.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests;
