//! Presets: named lists of faults with published values.
//!
//! `[[fault]] use = "jepsen-net"` becomes a group of ordinary faults, `jepsen-net/loss` and so on, so
//! that plans, reports and shrinkers see ordinary faults. Adding a preset is an item in a file of this
//! directory and a line in [`ALL`].
//!
//! Values of a part are words of the scenario file with these in braces: `{nodes}` and `{links}`, the
//! targets that the file gives; `{set}`, its nodes without a pick; `{all}`, every node; `{service}`.
//! Any other brace holds a law of plain numbers, drawn once a seed; `whole` before it rounds. The mean
//! of a repetition may be `4000h a node`: the more nodes, the more often.

mod composites;
mod expand;
mod nemeses;
mod rates;

pub use expand::Wanted;

use crate::catalog;
use crate::compose::Order;
use crate::param::{Issue, duration};
use crate::timing::Length;
use squall_core::{Law, VirtualDuration};
use std::fmt::Write as _;

/// All presets.
pub const ALL: &[&Preset] = &[
    &nemeses::JEPSEN_NET,
    &nemeses::JEPSEN_CLOCK,
    &nemeses::MAELSTROM,
    &nemeses::VOPR_SWARM,
    &nemeses::FDB_CLOG,
    &nemeses::LITMUS_DEFAULT,
    &nemeses::CHAOSMESH_EXAMPLE,
    &nemeses::TURMOIL,
    &nemeses::CHAOSMONKEY,
    &rates::LLAMA3_H100,
    &rates::META_RSC1,
    &rates::META_RSC2,
    &rates::GOOGLE_CELLS,
    &rates::DEAN_FIRST_YEAR,
    &rates::PROVIDER_OUTAGE,
    &rates::TOOL_ERRORS,
    &composites::METASTABLE_TRIGGER,
    &composites::POWER_CUT,
    &composites::GRAY_NODE,
    &composites::HOT_DAY,
];

/// A named list of faults.
#[derive(Debug)]
pub struct Preset {
    /// Its name in scenario files.
    pub name: &'static str,
    /// What it is, in one line.
    pub summary: &'static str,
    /// What is published and what is a choice of this project: one paragraph.
    pub doc: &'static str,
    /// Where its values come from.
    pub source: &'static str,
    /// Whether its parts come one after the other or side by side.
    pub order: Order,
    /// Rounds of parts in order; `u32::MAX` until the preset is over.
    pub repeat: u32,
    /// Time between parts in order.
    pub gap: &'static str,
    /// How long it lasts unless the file says so; empty if the file must.
    pub length: &'static str,
    /// Whether all parts hit the same nodes.
    pub together: bool,
    /// Its faults.
    pub parts: &'static [PresetPart],
    /// What its source has and this version does not; empty if nothing is missing.
    pub missing: &'static str,
}

/// A fault of a preset.
#[derive(Debug)]
pub struct PresetPart {
    /// Its name in the preset.
    pub slug: &'static str,
    /// The fault.
    pub fault: &'static str,
    /// Its parameters.
    pub args: &'static [(&'static str, &'static str)],
    /// Its timing: `at`, `for`, `chance`, `every.mean`, `every.dist`, `every.overlap`.
    pub when: &'static [(&'static str, &'static str)],
    /// Whether it must land as the file's `land` says; otherwise it may miss. Where parts come in turn
    /// all may, as long as one lands.
    pub needed: bool,
    /// Nodes that it needs.
    pub nodes_min: usize,
}

/// The preset called `name`.
pub fn find(name: &str) -> Option<&'static Preset> {
    ALL.iter().copied().find(|preset| preset.name == name)
}

/// The table of `squall list presets`: one line a preset.
pub fn list() -> String {
    let mut text = String::new();
    for preset in ALL {
        let count = preset.parts.len();
        let plural = if count == 1 { " " } else { "s" };
        let (name, summary) = (preset.name, preset.summary);
        let _ = writeln!(text, "{name:<18} {count:>2} fault{plural}  {summary}");
    }
    text
}

impl Preset {
    /// How its parts stand to each other, how often they are gone through, and the gap.
    pub(crate) fn order(&self) -> (Order, u32, VirtualDuration) {
        let gap = match self.gap {
            "" => VirtualDuration::ZERO,
            words => duration(words).expect("gaps of presets are durations"),
        };
        (self.order, self.repeat, gap)
    }

    /// Its own length, if the file need not write one.
    pub(crate) fn length(&self) -> Option<Length> {
        match self.length {
            "" => None,
            words => {
                let length = duration(words).expect("lengths of presets are durations");
                Some(Length::Law(Law::Constant(length.as_nanos_f64())))
            }
        }
    }

    /// Its page in `squall list presets NAME`.
    pub fn describe(&self) -> String {
        let mut text = format!("{}   {}\n\n{}\n\n", self.name, self.summary, self.doc);
        for part in self.parts {
            let (slug, fault) = (part.slug, part.fault);
            let _ = write!(text, "  {slug:<14} {fault:<16} ");
            let words = |(key, words): &(&str, &str)| format!("{key} = {words}");
            let values: Vec<String> = part.args.iter().chain(part.when).map(words).collect();
            text.push_str(&values.join(", "));
            let may_miss = !part.needed && self.order == Order::Parallel;
            text.push_str(if may_miss { "; may miss\n" } else { "\n" });
        }
        let order = match (self.order, self.repeat) {
            (Order::Parallel, _) => "side by side".to_owned(),
            (Order::Serial, u32::MAX) => format!("in turn, {} apart, until it is over", self.gap),
            (Order::Serial, _) => format!("one after the other, {} apart", self.gap),
        };
        let length = match self.length {
            "" => "write `for`",
            length => length,
        };
        let targets = match self.together {
            true => "the same for all parts",
            false => "drawn for each part",
        };
        let _ = writeln!(text, "\n  order       {order}");
        let _ = writeln!(text, "  lasts       {length}");
        let _ = writeln!(text, "  targets     {targets}");
        let lands = match self.order {
            Order::Serial => "one part",
            Order::Parallel => "every part that may not miss",
        };
        let _ = writeln!(text, "  must land   {lands}");
        if !self.missing.is_empty() {
            let _ = writeln!(text, "  missing     {}", self.missing);
        }
        let _ = writeln!(text, "  source      {}", self.source);
        text
    }

    /// The part called `slug`, or what is wrong with the name.
    pub(crate) fn part(&self, slug: &str) -> Result<&'static PresetPart, Issue> {
        self.parts
            .iter()
            .find(|part| part.slug == slug)
            .ok_or_else(|| {
                let known = self.parts.iter().map(|part| part.slug);
                Issue::new(
                    format!("unknown part `{slug}` of {}", self.name),
                    0..slug.len(),
                )
                .label("the preset has no such part")
                .maybe_help(crate::param::suggest(slug, known))
            })
    }
}

impl PresetPart {
    /// A fault with these parameters that must land.
    const fn new(
        slug: &'static str,
        fault: &'static str,
        args: &'static [(&'static str, &'static str)],
        when: &'static [(&'static str, &'static str)],
    ) -> Self {
        Self {
            slug,
            fault,
            args,
            when,
            needed: true,
            nodes_min: 1,
        }
    }
    /// It may miss: its target need not be there, or not be used.
    const fn may_miss(mut self) -> Self {
        self.needed = false;
        self
    }
    /// It needs so many nodes.
    const fn nodes(mut self, count: usize) -> Self {
        self.nodes_min = count;
        self
    }
    /// The fault that it is.
    pub(crate) fn kind(&self) -> &'static catalog::FaultKind {
        catalog::find(self.fault).expect("presets are made of faults of the catalogue")
    }
}
