//! What all members of a cluster go by.

use crate::workloads::cluster::membership::{Mutant, PhiRules};

/// How a member chooses whom to probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Everybody once, in a random order; then anew (section 4.3 of the paper).
    RoundRobin,
    /// Anybody, each time (section 3).
    Random,
}

/// Settings of the protocol. Times are nanoseconds of a member's monotonic clock.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Places of the cluster.
    pub places: u32,
    /// The first of them that are members when the cluster begins.
    pub formed: u32,
    /// The first of them whom those who join ask.
    pub seeds: u32,
    /// Protocol period: one probe in each.
    pub period: u64,
    /// Time for an answer before others are asked to ask.
    pub ack: u64,
    /// How many others are asked: k.
    pub relays: u32,
    /// The order of probes.
    pub order: Order,
    /// Whether one who does not answer is suspected first; else it is dead at once.
    pub suspicion: bool,
    /// A suspicion lasts so many periods for each factor of ten of members.
    pub suspicion_periods: f64,
    /// At first it lasts so many times longer, until others say the same.
    pub suspicion_factor: f64,
    /// So many others bring it down to the shortest.
    pub confirmations: u32,
    /// Highest local health score: a member multiplies its times by the score + 1. 0 is none.
    pub health_max: u32,
    /// Whether a suspected member is told so by whoever probes it.
    pub buddy: bool,
    /// Most pieces of news on a packet.
    pub piggyback: u32,
    /// News are told so many times for each factor of ten of members: lambda.
    pub retransmit: f64,
    /// Time between two rounds of gossip while there are news; 0 is none.
    pub gossip: u64,
    /// Members told in a round.
    pub fanout: u32,
    /// Most pieces of news in a datagram of a round.
    pub gossip_news: u32,
    /// Time between two exchanges of whole views; 0 is none.
    pub sync: u64,
    /// Heartbeats and this detector instead of probes.
    pub phi: Option<PhiRules>,
    /// A planted bug.
    pub mutant: Option<Mutant>,
}

impl Rules {
    /// The settings of Lifeguard's authors (Dadgar, Phillips, Currey 2017; memberlist's for a local
    /// network): a period of 1 s, time-outs of 500 ms, three relays, suspicion of 5 log10 n periods and six
    /// times that at most, three confirmations, health scores up to 8.
    pub const fn lifeguard(places: u32) -> Self {
        const MS: u64 = 1_000_000;
        Self {
            places,
            formed: places,
            seeds: 3,
            period: 1_000 * MS,
            ack: 500 * MS,
            relays: 3,
            order: Order::RoundRobin,
            suspicion: true,
            suspicion_periods: 5.0,
            suspicion_factor: 6.0,
            confirmations: 3,
            health_max: 8,
            buddy: true,
            piggyback: 6,
            retransmit: 4.0,
            gossip: 200 * MS,
            fanout: 3,
            gossip_news: 35,
            sync: 30_000 * MS,
            phi: None,
            mutant: None,
        }
    }
    /// Plain SWIM with suspicion, as in the paper of 2002: what Lifeguard added is off.
    pub const fn swim(places: u32) -> Self {
        Self {
            confirmations: 0,
            health_max: 0,
            buddy: false,
            gossip: 0,
            ..Self::lifeguard(places)
        }
    }

    /// The shortest and the longest suspicion among `members`.
    pub fn suspicion_ns(&self, members: u32) -> (u64, u64) {
        let scale = libm::log10(f64::from(members.max(1))).max(1.0);
        let min = self.suspicion_periods * scale * self.period as f64;
        let factor = match self.confirmations {
            0 => 1.0,
            _ => self.suspicion_factor,
        };
        (whole(min), whole(min * factor))
    }
    /// How long a suspicion lasts that so many others confirmed: it shrinks with the logarithm.
    pub fn suspicion_after(&self, members: u32, confirmed: u32) -> u64 {
        let (min, max) = self.suspicion_ns(members);
        // Nobody else is there to say the same.
        let expected = self.confirmations.min(members.saturating_sub(2));
        if expected == 0 {
            return min;
        }
        let share = libm::log(f64::from(confirmed) + 1.0) / libm::log(f64::from(expected) + 1.0);
        whole(max as f64 - (max - min) as f64 * share).max(min)
    }
    /// How often a piece of news is told among `members`: lambda times the logarithm, rounded up.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` saturates"
    )]
    pub fn tellings(&self, members: u32) -> u32 {
        let tens = libm::ceil(libm::log10(f64::from(members) + 1.0)).max(1.0);
        libm::ceil(self.retransmit * tens) as u32
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates: 584 years"
)]
fn whole(ns: f64) -> u64 {
    libm::round(ns) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 5 log10 n periods at least, 30 log10 n at most, and the steps between of the paper's formula.
    #[test]
    fn suspicions_follow_the_law_of_the_logarithm() {
        let rules = Rules::lifeguard(1_000);
        let s = |x: f64| whole(x * 1e9);
        assert_eq!(rules.suspicion_ns(1_000), (s(15.0), s(90.0)));
        assert_eq!(rules.suspicion_ns(5), (s(5.0), s(30.0)));
        let after = |confirmed| rules.suspicion_after(1_000, confirmed);
        // 90 - 75 ln(c + 1) / ln 4.
        assert_eq!(after(0), s(90.0));
        assert_eq!(after(1), s(52.5));
        assert_eq!(after(2), s(30.563_906_223));
        assert_eq!(after(3), s(15.0));
        assert_eq!(Rules::swim(1_000).suspicion_after(1_000, 0), s(15.0));
        // Of two members none can be confirmed.
        assert_eq!(rules.suspicion_after(2, 0), s(5.0));
    }

    #[test]
    fn news_are_told_by_the_logarithm() {
        let rules = Rules::lifeguard(1_000);
        let of = [5, 99, 100, 999, 1_000].map(|n| rules.tellings(n));
        assert_eq!(of, [4, 8, 12, 12, 16]);
    }
}
