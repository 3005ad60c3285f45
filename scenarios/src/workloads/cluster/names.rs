//! Names of what guards record. Each has a number only if its guard is there: a name that nobody needs
//! would move the digests of those who do not.

use super::config::Config;
use crate::workloads::Install;
use squall_core::NameId;

/// Numbers of the names in records.
#[derive(Clone, Copy, Debug)]
pub(super) struct GuardNames {
    pub(super) sloughed: Option<NameId>,
    pub(super) refused: Option<NameId>,
    pub(super) breaker: Option<NameId>,
    pub(super) probe: Option<NameId>,
    pub(super) hedged: Option<NameId>,
    pub(super) connected: Option<NameId>,
    pub(super) pool_full: Option<NameId>,
    pub(super) pool: Option<NameId>,
    pub(super) hop_call: Option<NameId>,
    pub(super) unhealthy: Option<NameId>,
    pub(super) healthy: Option<NameId>,
    pub(super) fill: Option<NameId>,
    pub(super) filled: Option<NameId>,
    pub(super) burn: Option<[NameId; 2]>,
    /// Of a service: misses the objective, meets it again.
    pub(super) breaches: Option<[NameId; 2]>,
    pub(super) visits: Option<VisitNames>,
}

/// The life of a visit.
#[derive(Clone, Copy, Debug)]
pub(super) struct VisitNames {
    pub(super) arrived: NameId,
    pub(super) ok: NameId,
    pub(super) failed: NameId,
    pub(super) shed: NameId,
}

impl GuardNames {
    pub(super) fn new(install: &mut Install<'_>, config: &Config) -> Self {
        let mut name = |on: bool, slug: &str| on.then(|| install.name(slug));
        let cached = config
            .services
            .iter()
            .any(|service| service.cache.is_some());
        let (breaker, pool) = (config.breaker.is_some(), config.pool.is_some());
        let (health, objective) = (config.health.is_some(), config.objective.is_some());
        Self {
            sloughed: name(config.codel.is_some(), "sloughed"),
            refused: name(config.admission.is_some(), "refused"),
            breaker: name(breaker, "breaker"),
            probe: name(breaker, "probe"),
            hedged: name(config.hedge.is_some(), "hedged"),
            connected: name(pool, "connected"),
            pool_full: name(pool, "pool-full"),
            pool: name(pool, "pool"),
            hop_call: name(config.hop_budget.is_some(), "hop-call"),
            unhealthy: name(health, "unhealthy"),
            healthy: name(health, "healthy"),
            fill: name(cached, "fill"),
            filled: name(cached, "filled"),
            burn: objective.then(|| ["burn-fast", "burn-slow"].map(|slug| install.name(slug))),
            breaches: objective.then(|| ["breached", "met"].map(|slug| install.name(slug))),
            visits: config.visits.then(|| VisitNames {
                arrived: install.name("visit"),
                ok: install.name("visit-ok"),
                failed: install.name("visit-failed"),
                shed: install.name("visit-shed"),
            }),
        }
    }
}
