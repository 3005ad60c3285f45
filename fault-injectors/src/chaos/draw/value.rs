//! The values of one attempt: whom it hits, how often it comes, what its parameters are.

use super::super::recipe::How;
use super::super::values::around;
use super::ON;
use super::climate::{Climate, loaded, takes_out};
use crate::catalog::FaultKind;
use crate::compose::fill;
use crate::draws::Draws;
use squall_core::{Law, NodeId, Sample};

impl Climate<'_> {
    /// The value of a parameter in words; `None` leaves the default.
    pub(super) fn value(
        &self,
        kind: &FaultKind,
        (param, how): (&crate::param::Param, How),
        (draws, spells, asks): (&Draws, u32, bool),
        stream: &mut impl Sample,
    ) -> Option<String> {
        let name = |id: &NodeId| self.topology.node(*id).name.clone();
        let names = |ids: &[NodeId]| ids.iter().map(name).collect::<Vec<_>>().join(" + ");
        let some = || match (asks, spells) {
            (true, _) => draws.stream("role").choice(&self.roles).clone(),
            (false, 1) => names(&self.some(kind, draws)),
            // Each spell draws so many of those who may be hit.
            (false, _) => {
                let mut from = self.from(kind).to_vec();
                from.sort_unstable();
                match 1 + draws.stream("how many").index(from.len()) {
                    all if all == from.len() => names(&from),
                    some => format!("any {some} of {}", names(&from)),
                }
            }
        };
        Some(match how {
            How::Nodes => some(),
            How::Role => draws.stream("role").choice(&self.roles).clone(),
            How::Pool => names(&self.chaos.pool),
            How::Links => {
                // Peers may lose each other while others still reach both sides.
                let all = match draws.stream("whom").chance(ON) {
                    true => names(&self.chaos.pool),
                    false => self.topology.groups().join(" + "),
                };
                let some = some();
                match draws.stream("direction").index(3) {
                    0 => format!("{some} -> {all}"),
                    1 => format!("{all} -> {some}"),
                    _ => format!("{some} <-> {all}"),
                }
            }
            How::Service => draws
                .stream("service")
                .choice(self.topology.services())
                .clone(),
            How::Workload => draws
                .stream("workload")
                .choice(&loaded(self.topology))
                .clone(),
            How::Words(words) => fill(words, stream),
            How::OneOf(words) => (*stream.choice(words)).to_owned(),
            How::Around(words) => around(&param.kind, words, stream)?,
        })
    }

    /// Those of the victims whom a fault may hit.
    fn from(&self, kind: &FaultKind) -> &[NodeId] {
        match takes_out(kind) {
            true => &self.down,
            false => &self.victims,
        }
    }
    /// How many spells a fault may have; few are as likely as many.
    pub(super) fn spells(&self, draws: &Draws) -> u32 {
        let most = f64::from(self.chaos.spells);
        let law = Law::Loguniform {
            low: 1.0,
            high: most + 1.0,
        };
        let drawn = match self.chaos.spells {
            1 => 1.0,
            _ => law.sample(&mut draws.stream("spells")),
        };
        (2..=self.chaos.spells)
            .take_while(|n| f64::from(*n) <= drawn)
            .last()
            .unwrap_or(1)
    }
    /// Whether a fault hits who has a role.
    pub(super) fn asks(&self, mut recipe: impl Iterator<Item = How>, draws: &Draws) -> bool {
        let targets = recipe.any(|how| matches!(how, How::Nodes | How::Links));
        targets && !self.roles.is_empty() && draws.stream("asks").chance(ON)
    }
    /// Some of the victims, in topology order.
    fn some(&self, kind: &FaultKind, draws: &Draws) -> Vec<NodeId> {
        let from = self.from(kind);
        let mut some = from.to_vec();
        some.sort_by_cached_key(|id| (draws.rank("who", &self.topology.node(*id).name), *id));
        some.truncate(1 + draws.stream("how many").index(from.len()));
        some.sort_unstable();
        some
    }
}
