//! What an agent wants to do: its task, its mistakes, and what others make of it.

use super::super::app::{Agent, call_key};
use super::{Control, ControlConfig, Purpose, Slug};
use squall_core::rng::thing_hash;
use squall_core::{Cx, Sample};

/// What is true of an action, as bits of a request's argument. The back end records them; no check of
/// the gate sees those that only the outside knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Labels(pub(in super::super) u64);

impl Labels {
    /// It is an attacker's.
    pub(in super::super) const TAINTED: u64 = 1;
    /// The task forbids it.
    pub(in super::super) const FORBIDDEN: u64 = 2;
    /// It was done with another tenant's memory.
    pub(in super::super) const FOREIGN: u64 = 4;
    /// Somebody approved it.
    pub(in super::super) const APPROVED: u64 = 8;
    /// A policy server permitted it.
    pub(in super::super) const DECIDED: u64 = 16;
    /// It was done by another tool than the one that the model asked for.
    pub(in super::super) const OTHER_TOOL: u64 = 32;
    /// A sub-agent did it, and its parent may not.
    pub(in super::super) const OUTSIDE: u64 = 64;

    pub(super) const fn with(self, bit: u64) -> Self {
        Self(self.0 | bit)
    }
    pub(super) const fn without(self, bit: u64) -> Self {
        Self(self.0 & !bit)
    }
    /// With the number of the thing that its task wants, in the upper half.
    pub(in super::super) const fn about(self, goal: u64) -> Self {
        Self(self.0 | (goal << u32::BITS))
    }
    /// Labels and number.
    pub(in super::super) const fn split(self) -> (u64, u64) {
        (self.0 & u32::MAX as u64, self.0 >> u32::BITS)
    }
    pub(in super::super) const fn has(self, bit: u64) -> bool {
        self.0 & bit != 0
    }
}

/// What an answer of the model means to its agent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in super::super) enum Meant {
    /// What it says.
    #[default]
    Asked,
    /// What somebody guesses that a broken answer means.
    Guess,
    /// Another tool than the one that it names, which is not there.
    OtherTool,
}

/// A write that an agent wants to make.
#[derive(Clone, Copy, Debug)]
pub(super) struct Action {
    pub(super) effect: u64,
    /// Hash of its arguments.
    pub(super) hash: u64,
    pub(super) labels: Labels,
    /// Whether it goes past the policy with a credential that was found.
    pub(super) stray: bool,
}

/// The arguments that the task wants for an effect.
pub(super) const fn wanted(effect: u64) -> u64 {
    thing_hash(effect)
}
/// Arguments that are something else: of the kind `why`.
const fn other(effect: u64, why: u64) -> u64 {
    thing_hash(thing_hash(effect) ^ thing_hash(why))
}

/// Why arguments are not the wanted ones.
pub(super) mod why {
    pub(in super::super) const GUESS: u64 = 1;
    pub(super) const MISTAKE: u64 = 2;
    pub(super) const FORBIDDEN: u64 = 3;
    pub(super) const ATTACK: u64 = 4;
    pub(in super::super) const CHANGED: u64 = 5;
}

/// Arguments that became others after they were looked at.
pub(super) const fn changed(action: &Action) -> u64 {
    other(action.effect, why::CHANGED)
}

/// Whether a share that a fault may have set applies to something, for instance an effect.
pub(super) fn chance(
    control: &Control,
    cx: &Cx,
    (slug, purpose): (Slug, Purpose),
    about: u64,
) -> bool {
    let share = control.knobs.read(cx, slug);
    share > 0.0 && control.draws(purpose, about).at(0).chance(share)
}

/// What the agent of `stream` wants to do for the effect of its step.
pub(super) fn action(
    agent: &Agent,
    (control, config): (&Control, &ControlConfig),
    (stream, seq): (u32, u32),
    meant: Meant,
) -> Action {
    let effect = call_key(stream, seq);
    let (cx, names) = (&agent.cx, &control.names);
    let mut action = Action {
        effect,
        hash: wanted(effect),
        labels: Labels::default(),
        stray: false,
    };
    agent.event(names.wanted, effect, action.hash);
    match meant {
        Meant::Asked => {}
        Meant::Guess => action.hash = other(effect, why::GUESS),
        Meant::OtherTool => action.labels = action.labels.with(Labels::OTHER_TOOL),
    }
    if chance(
        control,
        cx,
        (Slug::WrongArguments, Purpose::WrongArguments),
        effect,
    ) {
        action.hash = other(effect, why::MISTAKE);
    }
    let mut state = control.state.borrow_mut();
    let memory = state.memory(stream);
    if core::mem::take(&mut memory.misled) {
        action.hash = other(effect, why::MISTAKE);
    }
    let tempted = control.draws(Purpose::Temptation, effect);
    if (memory.cut || !memory.constraint) && tempted.at(0).chance(config.temptation) {
        action.hash = other(effect, why::FORBIDDEN);
        action.labels = action.labels.with(Labels::FORBIDDEN);
    }
    if core::mem::take(&mut memory.poisoned) {
        action.hash = other(effect, why::ATTACK);
        action.labels = action.labels.with(Labels::TAINTED);
        agent.event(names.poisoned, effect, 0);
    }
    drop(state);
    if chance(control, cx, (Slug::SessionMixUp, Purpose::MixUp), effect) {
        agent.event(names.mixed_up, effect, tenant(config, stream));
        action.labels = action.labels.with(Labels::FOREIGN);
    }
    action.stray = chance(control, cx, (Slug::StrayCredential, Purpose::Stray), effect);
    action
}

/// The tenant of a session.
pub(super) fn tenant(config: &ControlConfig, stream: u32) -> u64 {
    u64::from(stream) % config.tenants
}
