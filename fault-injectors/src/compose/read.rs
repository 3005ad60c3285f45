//! Records of a scenario file to faults: one, or all those of a group or a preset.

use super::calm;
use super::{Bundle, Composed, Group, Member, Order, Part, Ramp};
use crate::catalog;
use crate::chaos::is_drawn;
use crate::lowering::{FaultUse, Refusal, labels};
use crate::param::{Arg, Args, Issue, Value, suggest};
use crate::preset::{self, Wanted};
use crate::timing::Timing;
use crate::topology::Topology;
use crate::trigger;
use squall_core::plan::Land;
use std::sync::Arc;

/// Groups in groups, no deeper than this.
const DEPTH_MAX: usize = 8;

/// What records are read with.
pub struct Reading<'a> {
    /// The world.
    pub topology: &'a Topology,
    /// Line of a byte of the file.
    pub line_of: &'a dyn Fn(usize) -> u32,
    /// What is wrong.
    pub issues: &'a mut Vec<Issue>,
}

impl core::fmt::Debug for Reading<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Reading({:?})", self.issues)
    }
}

/// What a record is, for labels and messages: the fault, the preset, or the sort of group.
pub(crate) fn kind_of(record: &Args) -> Option<&str> {
    if let Some((kind, _)) = record.variant_opt("inject") {
        return Some(kind);
    }
    let group = ["serial", "parallel"]
        .into_iter()
        .find(|key| record.list_opt(key).is_some());
    record.text_opt("use").or(group)
}

/// The faults of the records of a file: those of groups and presets where these stand. Records that
/// are wrong are left out.
pub fn read(records: &[&Args], reading: &mut Reading<'_>) -> Vec<FaultUse> {
    let mut faults = Vec::new();
    for (record, label) in labelled(records, "", reading) {
        match record.variant_opt("inject") {
            Some((kind, args)) => {
                check_timing(record, (kind, args), reading);
                faults.extend(leaf(record, label, Land::Any, reading));
            }
            None => faults.extend(group(record, label, reading)),
        }
    }
    faults
}

/// Records with their labels, each of which is there once.
fn labelled<'a>(
    records: &[&'a Args],
    prefix: &str,
    reading: &mut Reading<'_>,
) -> Vec<(&'a Args, String)> {
    let known = labels_of(records);
    for (index, (record, label)) in known.iter().enumerate() {
        let name = record.place("name");
        if let Some(first) = known[..index].iter().position(|(_, l)| l == label) {
            let line = (reading.line_of)(known[first].0.place.span.start);
            let span = name.span.clone();
            let issue = Issue::new(format!("two faults are called `{label}`"), span);
            reading
                .issues
                .push(issue.label(format!("the other one is in line {line}")));
        }
        if let Some(text) = record
            .text_opt("name")
            .filter(|name| name.contains(['/', '.']) && !(prefix.is_empty() && is_drawn(name)))
        {
            // Draws and settings are addressed by it.
            let issue = Issue::new(format!("`{text}` cannot name a fault"), 0..text.len());
            reading
                .issues
                .push(name.locate(issue.help("leave out `/` and `.`")));
        }
    }
    let full = |label: String| match prefix {
        "" => label,
        prefix => format!("{prefix}/{label}"),
    };
    known
        .into_iter()
        .map(|(record, label)| (record, full(label)))
        .collect()
}

/// The records that are a fault, a preset or a group, with their labels.
pub fn labels_of<'a>(records: &[&'a Args]) -> Vec<(&'a Args, String)> {
    let known: Vec<(&Args, &str)> = records
        .iter()
        .filter_map(|record| Some((*record, kind_of(record)?)))
        .collect();
    let names = known
        .iter()
        .map(|(record, kind)| (*kind, record.text_opt("name")));
    let labels = labels(names);
    known
        .iter()
        .map(|(record, _)| *record)
        .zip(labels)
        .collect()
}

/// One fault; `None` if its record is broken.
fn leaf(record: &Args, label: String, land: Land, reading: &mut Reading<'_>) -> Option<FaultUse> {
    let (kind, args) = record.variant_opt("inject")?;
    let kind = catalog::find(kind).expect("the reader chooses among the faults of the table");
    misplaced(
        record,
        &GROUP_KEYS,
        "goes with a group or a preset",
        reading,
    );
    let ramp = record.table_opt("ramp");
    let before = reading.issues.len();
    let ramp = ramp.and_then(|ramp| Ramp::read(ramp, kind, reading.issues));
    if record.broken || reading.issues.len() > before {
        return None;
    }
    Some(FaultUse {
        kind,
        label,
        args: args.clone(),
        timing: Timing::from_args(record),
        land: land_of(record).unwrap_or(land),
        line: (reading.line_of)(record.place.span.start),
        record: record.clone(),
        composed: Composed {
            ramp,
            ..Composed::default()
        },
    })
}

/// What is wrong with the timing of a fault, whatever else is: lowering stops at the first error, and a record
/// that could not be read is never lowered.
fn check_timing(record: &Args, (kind, args): (&str, &Args), reading: &mut Reading<'_>) {
    let kind = catalog::find(kind).expect("the reader chooses among the faults of the table");
    let timing = Timing::from_args(record);
    let own = kind
        .own_length
        .filter(|key| args.given(key) || !timing.has_length());
    let own = own.and_then(|key| args.duration_opt(key));
    let unread = record.is_unread("for") || kind.own_length.is_some_and(|key| args.is_unread(key));
    let mut refuse = |refusal: Refusal| reading.issues.push(refusal.locate(args, record));
    if !unread && let Err(refusal) = timing.check_length(own, kind.own_length) {
        refuse(refusal);
    }
    if let Err(refusal) = timing.check_every(record) {
        refuse(refusal);
    }
    if let Err(refusal) = trigger::check_floor(record) {
        refuse(refusal);
    }
}

/// The rule about landing that a record writes.
pub(crate) fn land_of(record: &Args) -> Option<Land> {
    let word = record.word_opt("land").filter(|_| record.given("land"))?;
    Some(match word {
        "every seed" => Land::EverySeed,
        "optional" => Land::Optional,
        _ => Land::Any,
    })
}

/// Keys that a fault alone does not have, with what they belong to: the first two to any group, the others
/// to a preset.
const GROUP_KEYS: [&str; 12] = [
    "repeat", "gap", "nodes", "links", "service", "workload", "sensor", "knob", "scale", "without",
    "set", "faults",
];

fn misplaced(record: &Args, keys: &[&str], why: &str, reading: &mut Reading<'_>) {
    for arg in record
        .entries
        .iter()
        .filter(|arg| arg.given && keys.contains(&arg.key.as_str()))
    {
        let issue = Issue::new(
            format!("`{}` does not belong here", arg.key),
            arg.key_span.clone(),
        );
        reading.issues.push(issue.label(why));
    }
}

/// The faults of a group or a preset at the top of the file.
fn group(record: &Args, label: String, reading: &mut Reading<'_>) -> Vec<FaultUse> {
    let before = reading.issues.len();
    let mut faults = Vec::new();
    let land = land_of(record).unwrap_or_default();
    let Some(bundle) = bundle(record, &label, land, 1, &mut faults, reading) else {
        return Vec::new();
    };
    let calm = calm::of(record, reading.issues);
    let broken = record.broken || reading.issues.len() > before;
    // Lowering stops at the first error of a fault; it goes on to find the others.
    for fault in &faults {
        check_floor(&fault.record, reading);
        check_timing(&fault.record, (fault.kind.name, &fault.args), reading);
    }
    if broken {
        return Vec::new();
    }
    let group = Arc::new(Group {
        timing: timing(record),
        label,
        root: bundle,
        calm,
        record: record.clone(),
    });
    for (leaf, fault) in faults.iter_mut().enumerate() {
        fault.composed.member = Some(Member {
            group: Arc::clone(&group),
            leaf,
        });
    }
    faults
}

/// The timing of a group; that of a preset has the length of the preset if the file says none.
fn timing(record: &Args) -> Timing {
    let timing = Timing::from_args(record);
    match record.text_opt("use").and_then(preset::find) {
        Some(preset) if timing.length.is_none() => Timing {
            length: preset.length(),
            ..timing
        },
        _ => timing,
    }
}

/// Members of a group and the faults that they are, which go to `faults`. `None` if nothing can be made
/// of it.
fn bundle(
    record: &Args,
    label: &str,
    land: Land,
    depth: usize,
    faults: &mut Vec<FaultUse>,
    reading: &mut Reading<'_>,
) -> Option<Bundle> {
    misplaced(
        record,
        &["ramp", "patience", "if_none"],
        "goes with a fault: give it to the members",
        reading,
    );
    misplaced(record, &["on"], super::tables::NO_TRIGGER, reading);
    let (key, order) = match record.text_opt("use").map(preset::find) {
        Some(Some(preset)) if preset.calm.is_some() => {
            calm::check(preset, record, depth, reading.issues)?;
            ("faults", Order::Parallel)
        }
        Some(_) => return preset_of(record, label, land, faults, reading),
        None => {
            misplaced(record, &GROUP_KEYS[2..], "goes with `use`", reading);
            match record.list_opt("serial") {
                Some(_) => ("serial", Order::Serial),
                None => ("parallel", Order::Parallel),
            }
        }
    };
    let list = record.list_opt(key)?;
    let span = record.place(key).span.clone();
    let mark = span.start..span.end.min(span.start + 1);
    if list.is_empty() {
        let issue = Issue::new("group has no members", span);
        reading
            .issues
            .push(issue.help("write for instance `{ inject.node-loss = { .. }, for = \"5s\" }`"));
        return None;
    }
    if depth > DEPTH_MAX {
        let issue = Issue::new(format!("groups are more than {DEPTH_MAX} deep"), mark);
        reading.issues.push(issue);
        return None;
    }
    check_floor(record, reading);
    let members: Vec<&Args> = list.iter().filter_map(table).collect();
    let mut parts = Vec::new();
    for (member, label) in labelled(&members, label, reading) {
        if member.variant_opt("inject").is_some() {
            if let Some(fault) = leaf(member, label, land, reading) {
                parts.push(Part::Leaf(faults.len()));
                faults.push(fault);
            }
            continue;
        }
        misplaced(
            member,
            &["every"],
            "only a group at the top repeats so; use `repeat`",
            reading,
        );
        misplaced(
            member,
            &["keep_healthy"],
            "goes with the group at the top, or with a fault",
            reading,
        );
        let land = land_of(member).unwrap_or(land);
        let inner = bundle(member, &label, land, depth + 1, faults, reading);
        if let Some(inner) = inner {
            parts.push(Part::Bundle(label, timing(member), inner));
        }
    }
    let bundle = Bundle {
        order,
        parts,
        repeat: repeat_of(record).unwrap_or(1),
        gap: record.duration_opt("gap").unwrap_or_default(),
        together: false,
    };
    Some(bundle)
}

/// Whether the floor of a group or preset is one.
fn check_floor(record: &Args, reading: &mut Reading<'_>) {
    if let Err(refusal) = trigger::check_floor(record) {
        reading.issues.push(refusal.locate(record, record));
    }
}

fn table(arg: &Arg) -> Option<&Args> {
    match &arg.value {
        Value::Table(args) => Some(args),
        _ => None,
    }
}

fn repeat_of(record: &Args) -> Option<u32> {
    u32::try_from(record.integer_opt("repeat")?).ok()
}

fn preset_of(
    record: &Args,
    label: &str,
    land: Land,
    faults: &mut Vec<FaultUse>,
    reading: &mut Reading<'_>,
) -> Option<Bundle> {
    let name = record.text_opt("use")?;
    check_floor(record, reading);
    misplaced(record, &["faults"], "goes with the preset calm", reading);
    let Some(preset) = preset::find(name) else {
        let issue = Issue::new(format!("unknown preset `{name}`"), 0..name.len())
            .label("no preset of this name");
        let names = preset::ALL.iter().map(|preset| preset.name);
        let issue = issue.maybe_help(suggest(name, names));
        reading.issues.push(record.place("use").locate(issue));
        return None;
    };
    let wanted = Wanted {
        record,
        label,
        land,
        line: (reading.line_of)(record.place.span.start),
        topology: reading.topology,
    };
    let first = faults.len();
    let found = preset.faults(&wanted, reading.issues)?;
    let parts = (first..first + found.len()).map(Part::Leaf).collect();
    faults.extend(found);
    let (order, repeat, gap) = preset.order();
    let bundle = Bundle {
        order,
        parts,
        repeat: repeat_of(record).unwrap_or(repeat),
        gap: record.duration_opt("gap").unwrap_or(gap),
        together: preset.together,
    };
    Some(bundle)
}
