//! Presets: named lists of faults with published values.
//!
//! `[[fault]] use = "jepsen-net"` becomes a group of ordinary faults, `jepsen-net/loss` and so on, so
//! that plans, reports and shrinkers see ordinary faults. Adding a preset is an item in a file of this
//! directory and a line in [`ALL`].
//!
//! Values of a part are words of the scenario file with these in braces: `{nodes}` and `{links}`, the
//! targets that the file gives; `{set}`, its nodes without a pick; `{all}`, every node; `{there}`,
//! `{back}` and `{between}`, its links one way, the other way and both ways; `{service}`, `{workload}`,
//! `{sensor}`, `{knob}`; `{it}`, what a part is multiplied by ([`Each`]). Any other brace holds a law of
//! plain numbers, drawn once a seed; `whole` before it rounds. A duration may be `157m over scale`: the
//! file's `scale` makes it shorter. The mean of a repetition may be `4000h a node`: the more nodes, the
//! more often.

mod expand;
mod fleets;
mod hosts;
mod jepsen;
mod misled;
mod pages;
mod parts;
mod policies;
mod providers;
mod radio;
mod swarm;
mod targets;
mod tools;
mod vehicles;
mod wear;
mod words;

pub use expand::Wanted;
pub use pages::list;

use crate::catalog;
use crate::compose::Order;
use crate::param::{Issue, duration};
use crate::timing::Length;
use squall_core::{Law, VirtualDuration};

/// All presets.
pub const ALL: &[&Preset] = &[
    &jepsen::JEPSEN_NET,
    &jepsen::JEPSEN_CLOCK,
    &jepsen::MAELSTROM,
    &swarm::VOPR_SWARM,
    &swarm::FDB_BUGGIFY,
    &swarm::FDB_CLOG,
    &tools::LITMUS_DEFAULT,
    &tools::CHAOSMESH_EXAMPLE,
    &tools::TURMOIL,
    &tools::CHAOSMONKEY,
    &policies::CHAP,
    &fleets::LLAMA3_H100,
    &fleets::META_RSC1,
    &fleets::META_RSC2,
    &fleets::GOOGLE_CELLS,
    &fleets::DEAN_FIRST_YEAR,
    &wear::DISKS,
    &wear::DRAM,
    &providers::PROVIDER_OUTAGE,
    &providers::PROVIDER_OUTAGE_ANTHROPIC,
    &providers::TOOL_ERRORS,
    &radio::FIVE_G_URBAN,
    &radio::FIVE_G_RURAL,
    &radio::FIVE_G_FACTORY,
    &radio::FIVE_G_FACTORY_MMWAVE,
    &hosts::METASTABLE_TRIGGER,
    &misled::DEPLOY_AND_SWAP,
    &misled::SWAP_ZOMBIE,
    &misled::STORM_AND_RESEND,
    &misled::AMBIGUOUS_ZOMBIE,
    &misled::BLIND_GUARD,
    &misled::COLD_CACHE_RETRY,
    &hosts::POWER_CUT,
    &hosts::GRAY_NODE,
    &hosts::RACK_BURST_IN_UPGRADE,
    &hosts::RECOVERY_HERD,
    &vehicles::TUNNEL,
    &vehicles::HOT_DAY,
    &vehicles::HOT_STANDBY_LOSS,
    &hosts::CALM,
    &policies::PSI_OOMD,
    &policies::HPA,
    &policies::CODEL_SERVICE,
    &policies::SRE_RETRY,
    &policies::RETRY_BUCKET,
    &policies::SLO_BURN,
    &policies::CRDB_CLOCK,
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
    /// How long it lasts unless the file says so; empty if the file must; `forever` if its parts say
    /// how long they last.
    pub length: &'static str,
    /// Whether all parts hit the same nodes.
    pub together: bool,
    /// The nodes it hits if the file names none; empty is all of them.
    pub nodes: &'static str,
    /// Its faults.
    pub parts: &'static [PresetPart],
    /// Time without faults, before and after the faults of the file that it wraps.
    pub calm: Option<(&'static str, &'static str)>,
    /// How to write it in a scenario, if it is no fault.
    pub write: &'static str,
    /// What its source has and this version does not; empty if nothing is missing.
    pub missing: &'static str,
}

/// What most presets are.
const BASE: Preset = Preset {
    name: "",
    summary: "",
    doc: "",
    source: "",
    order: Order::Parallel,
    repeat: 1,
    gap: "",
    length: "",
    together: false,
    nodes: "",
    parts: &[],
    calm: None,
    write: "",
    missing: "",
};

/// A fault of a preset.
#[derive(Debug)]
pub struct PresetPart {
    /// Its name in the preset.
    pub slug: &'static str,
    /// The fault.
    pub fault: &'static str,
    /// Its parameters.
    pub args: &'static [(&'static str, &'static str)],
    /// Its timing: `at`, `for`, `chance`, `every.mean`, `every.dist`, `every.cv2`, `every.overlap`.
    pub when: &'static [(&'static str, &'static str)],
    /// Whether it must land as the file's `land` says; otherwise it may miss. Of a preset that lands as
    /// one all may, as long as one lands.
    pub needed: bool,
    /// Nodes that it needs.
    pub nodes_min: usize,
    /// What there is one such fault for.
    pub each: Each,
}

/// What a part of a preset is multiplied by. Each fault has a label of its own, such as `fdb-buggify/late
/// web-0`, and so draws of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Each {
    /// There is one.
    Once,
    /// One a node of the file's.
    Node,
    /// One a service, or the one that the file names.
    Service,
    /// One a group of nodes with a leader, or with primaries: `{it}` is who that is when it fires.
    Leader,
    /// One a knob that tunes something: a number that is not zero, but for loads and versions.
    Knob,
}

/// The preset called `name`.
pub fn find(name: &str) -> Option<&'static Preset> {
    ALL.iter().copied().find(|preset| preset.name == name)
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
            "forever" => Some(Length::Forever),
            words => {
                let length = duration(words).expect("lengths of presets are durations");
                Some(Length::Law(Law::Constant(length.as_nanos_f64())))
            }
        }
    }

    /// Whether one of its parts must land, whichever: which of them do, its length or the seed says.
    pub(crate) fn lands_as_one(&self) -> bool {
        let drawn = |part: &PresetPart| part.each != Each::Once;
        self.order == Order::Serial || self.parts.iter().any(drawn)
    }

    /// Whether a word in braces stands in its parts, or in who is hit by default.
    pub(crate) fn uses(&self, words: &str) -> bool {
        let args = self.parts.iter().flat_map(|part| part.args);
        let values = args.map(|(_, value)| value).chain([&self.nodes]);
        values.into_iter().any(|value| value.contains(words))
    }

    /// Whether `scale` changes something.
    pub(crate) fn is_scaled(&self) -> bool {
        let scaled = |(key, words): &(&str, &str)| {
            words.ends_with(" over scale")
                || *key == "every.mean" && !words.ends_with(" at any scale")
        };
        let words = |part: &'static PresetPart| part.args.iter().chain(part.when);
        self.parts.iter().flat_map(words).any(scaled)
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
            each: Each::Once,
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
    /// There is one for each of these.
    const fn each(mut self, each: Each) -> Self {
        self.each = each;
        self
    }
    /// The fault that it is.
    pub(crate) fn kind(&self) -> &'static catalog::FaultKind {
        catalog::find(self.fault).expect("presets are made of faults of the catalogue")
    }
}
