//! Faults of agent workflows: the model, its tools, the context, orchestration, governance.
//!
//! They name a workload of the kind `agents`. What acts on calls hits its services `<workload>.model`,
//! `.tools` and `.policy`; what acts on the mind or on the layer that controls it sets knobs, which the
//! workload reads if it has a control layer (its table `control`).

pub(super) mod context;
pub(super) mod durable;
pub(super) mod governance;
pub(super) mod model;
pub(super) mod orchestration;
pub(super) mod provider;
pub(super) mod shared;
pub(super) mod tool;
pub(super) mod trust;

use super::knob::{ON, change};
use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Issue, Kind, Param, suggest};
use crate::topology::KnobInfo;
use squall_core::plan::{CallRule, CallScope, KnobChange, Primitive};
use squall_core::{KnobId, ServiceId};

const WORKLOAD: Param = Param::new(
    "workload",
    Kind::Text,
    "the agents, by the name of the workload",
)
.required()
.sample("\"support\"");
const P: Param = Param::new("p", Kind::Share, "share of the things that are hit");

/// The workload's name, if it has the knob `slug`: then it is one of agents.
fn knob<'t>(
    args: &Args,
    lowering: &Lowering<'t>,
    slug: &str,
) -> Result<(KnobId, &'t KnobInfo), Refusal> {
    let workload = args.text("workload");
    let found = lowering.topology.knob(&format!("{workload}.{slug}"));
    found.ok_or_else(|| stranger(workload, lowering, AGENTS))
}

/// How a workload of another kind is refused.
const AGENTS: (&str, &str) = ("agents", "agents");

/// Why `workload` has not what those of a kind have: in words, and by its name in files.
pub(super) fn stranger(
    workload: &str,
    lowering: &Lowering<'_>,
    (words, kind): (&str, &str),
) -> Refusal {
    let workloads = lowering.topology.workloads().iter();
    let known = workloads.map(|(name, _)| name.as_str());
    let issue = match known.clone().any(|name| name == workload) {
        true => Issue::new(
            format!("`{workload}` is no workload of {words}"),
            0..workload.len(),
        )
        .help(format!("name a workload of the kind `{kind}`")),
        false => Issue::new(format!("unknown workload `{workload}`"), 0..workload.len())
            .maybe_help(suggest(workload, known)),
    };
    Refusal::arg("workload", issue)
}

/// Sets a knob of the workload, on the nodes of `nodes` or everywhere.
fn set(args: &Args, lowering: &mut Lowering<'_>, slug: &str, value: f64) -> Result<(), Refusal> {
    let (id, _) = knob(args, lowering, slug)?;
    change(args, lowering, id, (KnobChange::Set, value))
}

/// The position of the word at `key` in what the knob may be set to.
fn set_word(
    args: &Args,
    lowering: &mut Lowering<'_>,
    (slug, words, key): (&str, &[&str], &'static str),
) -> Result<(), Refusal> {
    let word = args.word(key);
    let at = words.iter().position(|known| *known == word);
    let at = at.expect("the words of the parameter are among those of the knob");
    set(args, lowering, slug, at as f64)
}

/// A service of the workload.
fn service(args: &Args, lowering: &Lowering<'_>, slug: &str) -> Result<ServiceId, Refusal> {
    let workload = args.text("workload");
    let found = lowering.topology.service(&format!("{workload}.{slug}"));
    found.ok_or_else(|| stranger(workload, lowering, AGENTS))
}

/// Puts a rule on calls of a service of the workload, from every client.
fn call(
    args: &Args,
    lowering: &mut Lowering<'_>,
    slug: &str,
    (only, rule): (CallScope, CallRule),
) -> Result<(), Refusal> {
    let service = service(args, lowering, slug)?;
    lowering.overlay(Primitive::Call {
        client: None,
        service,
        only,
        rule,
    });
    Ok(())
}
