//! Plans as values of property tests, with proptest.
//!
//! A weather is drawn as `[chaos]` draws it. A failing one shrinks to fewer faults, shorter ones, and
//! ones with the defaults of their parameters; its `Debug` is the scenario syntax, to be pasted into a
//! file.
//!
//! ```
//! use proptest::prelude::*;
//! use proptest::test_runner::{Config, TestRunner};
//! use squall_core::VirtualTime;
//! use squall_faults::{Topology, chaos::Chaos, strategies::weathers};
//!
//! let mut topology = Topology::default();
//! topology.add_group("web", 3);
//! let stop = VirtualTime::from_nanos(60_000_000_000);
//! let chaos = Chaos::over(&topology, stop);
//! let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
//! runner
//!     .run(&weathers(chaos, topology), |weather| {
//!         // Build a world from `weather.seed`, set `weather.plan`, run it, and assert what must hold.
//!         prop_assert!(weather.plan.faults.len() <= 3);
//!         prop_assert!(weather.plan.last_heal() <= stop);
//!         Ok(())
//!     })
//!     .expect("it holds whatever the weather");
//! ```

use crate::chaos::{self, Chaos, Drawn};
use crate::lowering::{FaultUse, lower};
use crate::topology::Topology;
use core::fmt;
use proptest::prelude::*;
use squall_core::Seed;
use squall_core::plan::Plan;

/// One drawn weather.
#[derive(Clone)]
pub struct Weather {
    /// The seed it was drawn from; a world of this seed has the draws that belong to it.
    pub seed: Seed,
    /// The faults.
    pub drawn: Vec<Drawn>,
    /// The faults as primitives.
    pub plan: Plan,
}

/// What can be pasted into a scenario.
impl fmt::Debug for Weather {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed {}\n{}", self.seed, chaos::text(&self.drawn))
    }
}

/// Weathers of a climate over a world.
pub fn weathers(chaos: Chaos, topology: Topology) -> impl Strategy<Value = Weather> {
    // Every choice shrinks towards less: a fault to none, a length to a sixteenth, a value to the default.
    let slot = (any::<bool>(), 1u32..=16, any::<bool>());
    let slots = prop::collection::vec(slot, chaos.faults as usize);
    (any::<u64>().no_shrink(), slots).prop_map(move |(seed, slots)| {
        let seed = Seed(seed);
        let kept = chaos.draw(seed, &topology).into_iter().filter_map(|drawn| {
            let (kept, parts, strong) = slots[drawn.slot as usize - 1];
            kept.then(|| chaos.lessened(&drawn, parts, !strong))
        });
        let possible = |drawn: &Drawn| {
            lower(
                seed,
                std::slice::from_ref(&drawn.fault),
                &topology,
                chaos.stop,
            )
            .is_ok()
        };
        let drawn: Vec<Drawn> = kept.filter(possible).collect();
        let faults: Vec<FaultUse> = drawn.iter().map(|drawn| drawn.fault.clone()).collect();
        let plan = lower(seed, &faults, &topology, chaos.stop).unwrap_or_default();
        Weather { seed, drawn, plan }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::test_runner::{Config, TestError, TestRunner};
    use squall_core::VirtualTime;

    /// A failing weather shrinks to one short fault that fails alone.
    #[test]
    fn a_failure_shrinks_to_one_short_fault() {
        let mut topology = Topology::default();
        topology.add_group("web", 4);
        let chaos = Chaos::over(&topology, VirtualTime::from_nanos(600_000_000_000));
        let config = Config {
            failure_persistence: None,
            ..Config::default()
        };
        let failed = TestRunner::new(config).run(&weathers(chaos, topology), |weather| {
            prop_assert!(weather.drawn.is_empty(), "some weather");
            Ok(())
        });
        let Err(TestError::Fail(_, least)) = failed else {
            panic!("a weather was drawn in 256 cases");
        };
        assert_eq!(least.drawn.len(), 1, "{least:?}");
        let length = crate::param::duration(&least.drawn[0].length).expect("a length");
        assert!(
            length < squall_core::VirtualDuration::from_secs(20),
            "{least:?}"
        );
        assert!(format!("{least:?}").contains("[[fault]]"));
    }
}
