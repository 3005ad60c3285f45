//! Faults that wait: for something to happen in the run (`on`), for who has a role when they fire, or
//! for as many healthy nodes as their floor wants.
//!
//! Everything else about them is drawn in lowering, firing by firing, as of an occurrence.

mod floor;
mod on;
mod places;

pub use floor::Bound;
pub(crate) use floor::{Taken, kept};
pub(crate) use on::check_moment;
pub(crate) use places::{Places, choice, needs_places, split_key, whole};

use crate::draws::Draws;
use crate::lowering::{FaultUse, Refusal};
use crate::param::{Arg, Args, Issue, Kind, Param, Shape, Unit, Value};
use crate::selector::{Filter, Selector, Term, Who};
use crate::timing::Window;
use crate::topology::Topology;
use squall_core::plan::{Firing, IfNone, On, Trigger};
use squall_core::{Law, VirtualDuration, VirtualTime};

/// `on`: what a fault waits for.
pub const ON: Param = Param::new(
    "on",
    Kind::Table(ON_PARAMS),
    "starts it when something happens in the run; instead of `at` and `every`",
);
/// `keep_healthy`: the floor.
pub const KEEP_HEALTHY: Param = Param::new(
    "keep_healthy",
    Kind::Scalar,
    "nodes of the groups of its targets that must be left up, running and connected: a number, or \"quorum\"",
);
/// `patience`: how long it waits for a role.
pub const PATIENCE: Param = Param::new(
    "patience",
    Kind::Duration,
    "how long a firing waits for somebody to have the role that it names",
)
.default("10s");
/// `if_none`: what it means that nobody has it.
pub const IF_NONE: Param = Param::new(
    "if_none",
    Kind::Choice(&["miss", "skip", "fail"]),
    "what it means that nobody has it: it waits and has missed, does nothing at once, or waits and \
     the run has failed",
)
.default("miss");
/// `phase`: the part of the run in which a fault acts.
pub const PHASE: Param = Param::new(
    "phase",
    Kind::Choice(&["warm-up", "main", "heal"]),
    "the part of the run in which it acts; its times count from the start of that",
)
.default("main");

const ON_PARAMS: &[Param] = &[
    Param::new(
        "event",
        Kind::Text,
        "an event: `<workload>.<event>`, `fault:<label>.started`, `.landed` or `.ended`, `call`, \
         `node-crashed`, `node-started`, `node-paused`, `node-resumed`, `node-out-of-memory`, \
         `leader-elected`, `role-gained`, `role-lost`",
    )
    .required()
    .one_of("what"),
    Param::new(
        "metric",
        Kind::Text,
        "a metric beyond a limit, looked at when it is sampled: `<workload>.<metric>`, `<node>.<signal>`",
    )
    .one_of("what"),
    Param::new("where", Kind::Table(WHERE_PARAMS), "which of these events count").default(""),
    Param::new(
        "above",
        Kind::Scalar,
        "limit of the metric: it counts when a sample is larger",
    )
    .one_of("limit"),
    Param::new("below", Kind::Scalar, "limit of the metric: it counts when a sample is smaller")
        .one_of("limit"),
    Param::new(
        "for",
        Kind::Duration,
        "for how long every sample of the metric must be beyond the limit",
    ),
    Param::new(
        "after",
        Kind::Integer {
            min: 1,
            max: 1_000_000_000,
        },
        "it fires at this match; counting starts again after each firing",
    )
    .default("1"),
    Param::new(
        "delay",
        Kind::Law(Unit::Time),
        "time from the match to the start, drawn a firing; a nanosecond at least",
    )
    .default("0s"),
    Param::new("times", Kind::Integer { min: 1, max: 1000 }, "how often it fires at the most")
        .default("1"),
    Param::new(
        "within",
        Kind::Moment,
        "the part of the run in which matches count, \"1m..8m\"; all of its phase if missing",
    ),
    Param::new(
        "cooldown",
        Kind::Duration,
        "time after a firing match in which matches do not count",
    )
    .default("0s"),
];

const WHERE_PARAMS: &[Param] = &[
    Param::new(
        "node",
        Kind::Selector(Shape::Nodes),
        "nodes where it happens; the client of a call; nothing is drawn here",
    ),
    Param::new("a", WORD, "first argument of a workload's event"),
    Param::new("b", WORD, "second argument of a workload's event"),
    Param::new(
        "role",
        Kind::Text,
        "the role: leader, primary, holder, owner",
    ),
    Param::new("group", Kind::Text, "whose role: `kv` in `leader of kv`"),
    Param::new("service", Kind::Text, "the service that is called"),
];

const WORD: Kind = Kind::Integer {
    min: 0,
    max: i64::MAX,
};

/// How a fault waits, as its record says.
#[derive(Clone, Debug)]
pub(crate) struct Waits {
    /// What for; `None` is for its time.
    pub(crate) on: Option<On>,
    after: u32,
    /// How often it fires.
    pub(crate) times: u32,
    delay: Law,
    window: (VirtualTime, VirtualTime),
    cooldown: VirtualDuration,
    patience: VirtualDuration,
    if_none: IfNone,
    /// No overlay with an end outlives this.
    ends: VirtualTime,
}

impl Waits {
    /// The waiting of a record; `labels` are those of all faults, `main` the part of the run in which
    /// the fault may start.
    pub(crate) fn of(
        record: &Args,
        topology: &Topology,
        labels: &[&str],
        own: usize,
        main: (VirtualTime, VirtualTime),
    ) -> Result<Self, Refusal> {
        Self::read(record, topology, (labels, own), main).map_err(|mut wrong| wrong.swap_remove(0))
    }

    /// [`Waits::of`]; the error is everything that is wrong with it.
    fn read(
        record: &Args,
        topology: &Topology,
        (labels, own): (&[&str], usize),
        main: (VirtualTime, VirtualTime),
    ) -> Result<Self, Vec<Refusal>> {
        let none = Args::default();
        let given = record.table_opt("on").filter(|on| !on.broken);
        let on = given.unwrap_or(&none);
        let mut wrong = Vec::new();
        let rival = ["at", "every"].into_iter().find(|key| record.given(key));
        if let Some(key) = rival.filter(|_| given.is_some()) {
            let issue = Issue::new(format!("`on` and `{key}` exclude each other"), 0..0);
            let help = match key {
                "at" => "write `within` into `on` for when it may start",
                _ => "write `times` and `cooldown` into `on` for how often",
            };
            wrong.push(Refusal::timing(key, issue.help(help)));
        }
        let window = window(on, main).map_err(|refusal| wrong.push(refusal));
        let parsed = given.map(|on| on::parse(on, topology, labels, own));
        let parsed = parsed
            .transpose()
            .map_err(|refusals| wrong.extend(refusals));
        let (Ok(window), Ok(parsed), []) = (window, parsed, wrong.as_slice()) else {
            return Err(wrong);
        };
        let count = |key| on.integer_opt(key).and_then(|n| u32::try_from(n).ok());
        Ok(Self {
            on: parsed,
            after: count("after").unwrap_or(1),
            times: count("times").unwrap_or(1),
            delay: on.law_opt("delay").unwrap_or(Law::Constant(0.0)),
            window,
            cooldown: on.duration_opt("cooldown").unwrap_or_default(),
            patience: record.duration_opt("patience").unwrap_or_default(),
            if_none: match record.word_opt("if_none") {
                Some("skip") => IfNone::Skip,
                Some("fail") => IfNone::Fail,
                _ => IfNone::Miss,
            },
            ends: main.1,
        })
    }

    /// Nothing of it fires or lasts beyond `end`, where its group is cut off.
    pub(crate) fn end_by(&mut self, end: Option<VirtualTime>) {
        if let Some(end) = end {
            self.ends = self.ends.min(end);
            self.window.1 = self.window.1.min(end);
        }
    }

    /// The delay of one firing.
    pub(crate) fn delay(&self, draws: &Draws) -> VirtualDuration {
        draws.length("delay", &self.delay)
    }

    /// The trigger with these firings.
    pub(crate) fn trigger(&self, fault: u32, on: On, firings: Vec<Firing>) -> Trigger {
        Trigger {
            fault,
            on,
            from: self.window.0,
            until: self.window.1,
            after: self.after,
            cooldown: self.cooldown,
            ends: self.ends,
            patience: self.patience,
            if_none: self.if_none,
            firings,
        }
    }
}

/// Whether a fault has a floor, as a whole or in one of its selectors.
pub(crate) fn has_floor(fault: &FaultUse) -> bool {
    let own = |arg: &Arg| match &arg.value {
        Value::Selector(nodes) => nodes.floor.is_some(),
        Value::Links(links) => links.from.floor.is_some() || links.to.floor.is_some(),
        _ => false,
    };
    Bound::of(&fault.record).is_some() || fault.args.entries.iter().any(own)
}

/// Whether a fault asks who has a role in the group `of`: in its targets, or by waiting for it.
pub fn asks_roles(fault: &FaultUse, of: &str) -> bool {
    let term = |term: &Term| matches!(&term.who, Who::Role(_, name) if split_key(name).0 == of);
    let selector = |selector: &Selector| {
        let filter = |filter: &Filter| match filter {
            Filter::Only(only) => term(only),
            Filter::Without(terms) => terms.iter().any(term),
            Filter::Spread(_) => false,
        };
        selector.terms.iter().any(term) || selector.filters.iter().any(filter)
    };
    let mut asks = false;
    fault.args.walk(&mut |arg| {
        asks |= match &arg.value {
            Value::Selector(nodes) => selector(nodes),
            Value::Links(links) => selector(&links.from) || selector(&links.to),
            _ => false,
        };
    });
    let on = fault.record.table_opt("on");
    let event = on.and_then(|on| on.text_opt("event"));
    let group = on.and_then(|on| on.table_opt("where")?.text_opt("group"));
    let role = event.is_some_and(|event| on::ROLE_EVENTS.contains(&event));
    asks || (role && group.is_none_or(|group| group == of))
}

/// Everything that is wrong with what a fault waits for. Lowering stops at the first error of a fault.
/// `labels` are those of all faults, `own` the position of this one.
pub fn check(
    record: &Args,
    topology: &Topology,
    (labels, own): (&[&str], usize),
    stop: VirtualTime,
) -> Vec<Refusal> {
    let phase = phase(record, topology, stop);
    let main = phase.as_ref().copied().unwrap_or((VirtualTime::ZERO, stop));
    let waits = Waits::read(record, topology, (labels, own), main);
    let all = [phase.map(|_| ()), check_floor(record)];
    let all = all.into_iter().filter_map(Result::err);
    all.chain(waits.err().into_iter().flatten()).collect()
}

/// When matches count: all of `main`, or the part of it that `within` names.
fn window(
    on: &Args,
    main: (VirtualTime, VirtualTime),
) -> Result<(VirtualTime, VirtualTime), Refusal> {
    let window = match on.law_opt("within") {
        None => main,
        Some(Law::Uniform { low, high }) => {
            let at = |ns: f64| main.0.saturating_add(VirtualDuration::from_nanos_f64(ns));
            (at(low), at(high).min(main.1))
        }
        Some(_) => {
            let issue = Issue::new("a window has two ends", 0..0);
            let issue = issue.help("write for instance \"1m..8m\"");
            return Err(Refusal::inside(on.place("within"), issue));
        }
    };
    if window.0 >= window.1 {
        let issue = Issue::new("the window opens after the last fault may start", 0..0);
        let last = main.1.since(main.0);
        let issue = issue.label(format!("faults may start for {last}"));
        return Err(Refusal::inside(on.place("within"), issue));
    }
    Ok(window)
}

/// The part of the run in which a fault acts.
pub fn phase(
    record: &Args,
    topology: &Topology,
    stop: VirtualTime,
) -> Result<(VirtualTime, VirtualTime), Refusal> {
    let main = topology.phases.main(stop);
    match record.word_opt("phase") {
        Some("warm-up") if main.0 == VirtualTime::ZERO => {
            let issue = Issue::new("this run has no warm-up", 0..0);
            Err(Refusal::timing(
                "phase",
                issue.help("add phases = { warm_up = \"30s\" }, or remove `phase`"),
            ))
        }
        Some("warm-up") => Ok((VirtualTime::ZERO, main.0)),
        Some("heal") => Err(Refusal::timing(
            "phase",
            Issue::new("nothing may start while the run heals", 0..0)
                .help("write \"main\" or \"warm-up\""),
        )),
        _ => Ok(main),
    }
}

/// Occurrences that count from `start` instead of the start of the run.
pub(crate) fn later(mut windows: Vec<Window>, start: VirtualTime) -> Vec<Window> {
    let by = start.since(VirtualTime::ZERO);
    for window in &mut windows {
        window.from = window.from.saturating_add(by);
        window.until = window.until.map(|until| until.saturating_add(by));
    }
    windows
}

/// Why `keep_healthy` says nothing, if it does not.
pub fn check_floor(record: &Args) -> Result<(), Refusal> {
    let wrong = |issue: Issue| Err(Refusal::timing("keep_healthy", issue));
    let help = "write a number of nodes, or \"quorum\"";
    match record.get("keep_healthy") {
        None => Ok(()),
        Some(Value::Number(x)) if *x >= 1.0 && x.fract() == 0.0 && *x <= 1e9 => Ok(()),
        Some(Value::Number(x)) => {
            wrong(Issue::new(format!("{x} is no number of nodes"), 0..0).help(help))
        }
        Some(Value::Text(word)) if word == "quorum" => Ok(()),
        Some(Value::Text(word)) => {
            let issue = Issue::new(format!("unknown floor `{word}`"), 0..word.len());
            wrong(issue.help(help))
        }
        Some(_) => wrong(Issue::new("a floor is a number of nodes", 0..0).help(help)),
    }
}
