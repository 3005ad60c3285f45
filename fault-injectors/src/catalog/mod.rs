//! The named faults. Adding one: an item in its family's file, and a line in [`ALL`].

mod actuator;
mod agents;
mod call;
mod call_reply;
mod call_shape;
mod clock;
mod cluster;
mod cpu;
mod disk;
mod domain;
mod edge;
mod edge_bus;
mod edge_device;
mod graph;
mod knob;
mod link;
mod link_break;
pub mod link_capacity;
pub mod link_quality;
mod load;
mod memory;
mod names;
mod node;
mod node_life;
mod pages;
mod partition;
mod roles;
mod scaling;
mod signal;
mod signal_quality;
mod steal;
mod time;

pub use pages::{describe_params, list, markdown};

use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Param, Variant};
use core::fmt;
use squall_core::plan::Family;

/// All faults, by family.
pub const ALL: &[&FaultKind] = &[
    &node::NODE_LOSS,
    &node::POWER_LOSS,
    &node::REIMAGE,
    &node::NODE_PAUSE,
    &node_life::NODE_RESTART,
    &node_life::ROLLING_RESTART,
    &node_life::CRASH_LOOP,
    &node_life::DRAIN,
    &node_life::SPOT_RECLAIM,
    &node_life::GRAY_HANG,
    &node_life::LEMON_NODE,
    &domain::DOMAIN_LOSS,
    &domain::TOR_LOSS,
    &domain::RACK_BURST,
    &cluster::TORN_QUORUM,
    &roles::LEADER_LOSS,
    &roles::LEADER_ISOLATE,
    &roles::MEMBERSHIP_CHURN,
    &roles::MIXED_VERSIONS,
    &cluster::GPU_FAULT,
    &cluster::STRAGGLER,
    &cluster::SLOW_MEMBER,
    &cluster::GRAY_LINK,
    &cluster::BAD_RELEASE,
    &link::LINK_DELAY,
    &link::LINK_LOSS,
    &link::LINK_CUT,
    &link::LINK_FLAP,
    &link_quality::BURST_LOSS,
    &link_quality::LINK_DUPLICATE,
    &link_quality::LINK_REORDER,
    &link_quality::LINK_CORRUPT,
    &link_quality::CLOG,
    &link_capacity::LINK_RATE,
    &link_capacity::PATH_CAPACITY,
    &link_capacity::LINK_TRACE,
    &link_break::HALF_OPEN,
    &link_break::CONNECTION_RESET,
    &link_break::SWIZZLE_CLOG,
    &partition::PARTITION,
    &cpu::CPU_SLOW,
    &cpu::CPU_THROTTLE,
    &cpu::GC_PAUSE,
    &cpu::THERMAL_THROTTLE,
    &steal::CPU_STEAL,
    &steal::CPU_HOG,
    &steal::CORE_LOSS,
    &steal::SCHEDULER_JITTER,
    &steal::NOISY_NEIGHBOUR,
    &cpu::CONTENDED_GPU,
    &memory::SWAP_STORM,
    &memory::MEMORY_HOG,
    &memory::MEMORY_LEAK,
    &memory::MEMORY_LIMIT,
    &memory::OOM_KILL,
    &memory::SWAP_DEVICE_SLOW,
    &memory::NO_SWAP,
    &disk::DISK_SLOW,
    &disk::DISK_PAUSE,
    &disk::DISK_ERROR,
    &disk::DISK_FULL,
    &disk::LYING_FSYNC,
    &disk::TORN_WRITE,
    &disk::FSYNC_STALL,
    &disk::FAIL_SLOW_DISK,
    &disk::BIT_ROT,
    &disk::MISDIRECT,
    &clock::CLOCK_STEP,
    &clock::CLOCK_DRIFT,
    &clock::CLOCK_STROBE,
    &clock::CLOCK_FREEZE,
    &time::DATE_JUMP,
    &time::TIME_SYNC_LOSS,
    &time::LEAP_SECOND,
    &call::CALL_ERROR,
    &call::CALL_DELAY,
    &call::CALL_HANG,
    &call::LOST_REPLY,
    &call::RATE_LIMIT,
    &call_reply::DOUBLE_DELIVERY,
    &call_reply::ERROR_IN_BODY,
    &call_reply::EMPTY_REPLY,
    &call_reply::MALFORMED_REPLY,
    &call_reply::STALE_READ,
    &call_reply::HEALTH_LIE,
    &call_shape::STREAM_CUT,
    &call_shape::STREAM_DRIP,
    &call_shape::ONE_SHARD,
    &call_shape::FAST_FAILER,
    &call_shape::SLOW_ERROR,
    &names::DNS_FAULT,
    &names::CERT_EXPIRY,
    &signal::SENSOR_OFF,
    &signal::SENSOR_STUCK,
    &signal::SENSOR_INTERMITTENT,
    &signal::SENSOR_BIAS,
    &signal::SENSOR_DRIFT,
    &signal_quality::SENSOR_NOISE,
    &signal_quality::SENSOR_OUTLIER,
    &signal_quality::SENSOR_DELAY,
    &signal_quality::SENSOR_SLOW,
    &signal_quality::SENSOR_NAN,
    &signal_quality::SENSOR_REORDER,
    &signal_quality::SENSOR_SATURATE,
    &actuator::SENSOR_QUANTISE,
    &actuator::FRAME_SWAP,
    &actuator::ACTUATOR_STUCK,
    &actuator::ACTUATOR_OFF,
    &actuator::ACTUATOR_LIMIT,
    &actuator::ACTUATOR_RUNAWAY,
    &actuator::ACTUATOR_LAG,
    &actuator::ACTUATOR_DEAD_ZONE,
    &actuator::ACTUATOR_INVERT,
    &edge_device::STAMP_SKEW,
    &edge_device::SENSOR_CLOCK_OFFSET,
    &edge_device::GNSS_JUMP,
    &edge_device::GNSS_MULTIPATH,
    &edge_device::BROWN_OUT,
    &edge_device::WATCHDOG_RESET,
    &edge::DEADLINE_OVERRUN,
    &edge::JOB_LOSS,
    &edge::INPUT_OUTPUT_DELAY,
    &edge::PAGE_FAULT_STALL,
    &edge::LOCK_INVERSION,
    &edge_bus::CAN_LOSS,
    &edge_bus::CAN_CORRUPT,
    &edge_bus::CAN_BABBLE,
    &edge_bus::CAN_BAD_ENCODE,
    &edge_bus::TWO_ACTIVE,
    &edge_bus::HANDOVER_GAP,
    &edge_bus::RTT_SPIKE,
    &edge_bus::BUFFERBLOAT,
    &edge_bus::CLOUD_OFFLOAD,
    &knob::KNOB_SET,
    &knob::LOAD_STEP,
    &knob::CONFIG_PUSH,
    &load::LOAD_RAMP,
    &load::FLASH_CROWD,
    &load::RETRY_POLICY,
    &load::RESOURCE_LIMIT,
    &graph::COLD_CLIENTS,
    &graph::CACHE_FLUSH,
    &graph::HOT_KEY,
    &graph::EAGER_EJECTION,
    &scaling::METRIC_LAG,
    &scaling::SLOW_PROVISION,
    &scaling::IMAGE_PULL_FAIL,
    &agents::model::MODEL_SLOW,
    &agents::model::SLOW_TOKENS,
    &agents::model::MODEL_RATE_LIMIT,
    &agents::model::MODEL_ERROR,
    &agents::model::FIRST_TOKEN_STALL,
    &agents::model::ANSWER_CUT,
    &agents::model::MALFORMED_TOOL_CALL,
    &agents::model::REFUSAL,
    &agents::model::WRONG_ARGUMENTS,
    &agents::model::MODEL_DRIFT,
    &agents::model::PREFIX_CACHE_FLUSH,
    &agents::model::PROVIDER_OUTAGE,
    &agents::tool::PARTIAL_SUCCESS,
    &agents::tool::PLAUSIBLE_LIE,
    &agents::tool::PERMISSION_REVOKED,
    &agents::tool::SCHEMA_CHANGE,
    &agents::tool::IDEMPOTENCY_FORGET,
    &agents::tool::SLOTS_EXHAUSTED,
    &agents::context::COMPACTION_LOSS,
    &agents::context::POISONED_CONTEXT,
    &agents::context::SESSION_MIX_UP,
    &agents::orchestration::WORKER_CRASH_AT,
    &agents::orchestration::ZOMBIE_WORKER,
    &agents::orchestration::STUCK_LOOP,
    &agents::orchestration::FAN_OUT,
    &agents::orchestration::CONTEXT_RESEND,
    &agents::orchestration::CHECKPOINT_FAULT,
    &agents::governance::POLICY_DOWN,
    &agents::governance::POLICY_LAG,
    &agents::governance::STRAY_CREDENTIAL,
    &agents::governance::AUDIT_FAULT,
    &agents::governance::KILL_SWITCH_DELAY,
    &agents::governance::APPROVAL_REPLAY,
    &agents::governance::APPROVER_OVERLOAD,
    &agents::provider::WRONG_TOOL_NAME,
    &agents::provider::BILLING_MISMATCH,
    &agents::provider::CONTEXT_OVERFLOW,
    &agents::durable::POISON_TASK,
    &agents::durable::LOST_ACK,
    &agents::durable::MEMORY_ROLLBACK,
    &agents::durable::CODE_CHANGE_IN_FLIGHT,
    &agents::shared::PRIORITY_INVERSION,
    &agents::shared::SLOW_LOCK,
    &agents::shared::CROSSED_LOCKS,
    &agents::shared::STALE_BUDGET,
    &agents::trust::MISATTRIBUTION,
    &agents::trust::SCOPE_UNION,
];

/// A named fault: a pure function from parameters, topology and its own draws to primitives.
pub struct FaultKind {
    /// Its name in scenario files.
    pub name: &'static str,
    /// Its family.
    pub family: Family,
    /// What it does, in one line.
    pub summary: &'static str,
    /// Direction, distribution, what happens to work already under way: one paragraph.
    pub doc: &'static str,
    /// Its parameters.
    pub params: &'static [Param],
    /// The primitives it may lower to, by [`squall_core::plan::Primitive::name`]. Host support follows from them.
    pub lowers_to: &'static [&'static str],
    /// Those of them that must have an effect for it to count as having happened.
    pub needed: &'static [&'static str],
    /// Where it comes from.
    pub source: &'static str,
    /// The parameter that is its length, for faults that may have one of their own.
    pub own_length: Option<&'static str>,
    /// Lowers one occurrence.
    pub lower: fn(&Args, &mut Lowering<'_>) -> Result<(), Refusal>,
}

/// How well a host can do a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// As described.
    Full,
    /// With a restriction.
    Partial(&'static str),
    /// Not at all: a scenario with it is refused.
    None,
}

/// What the madsim host can do of a primitive, by its name. That host says more precisely what it
/// takes when a plan is loaded; a test of its crate compares the two.
pub fn primitive_on_madsim(name: &str) -> Support {
    match name {
        "pause" | "cut" | "knob" => Support::Full,
        "crash" => Support::Partial("streams see a reset, not silence"),
        "delay" | "loss" => Support::Partial("on the whole net only"),
        "hold" => Support::Partial("streams only"),
        "speed" | "quota" => Support::Partial("as pauses of 1 ms and more"),
        _ => Support::None,
    }
}

impl FaultKind {
    /// What the native engine can do of it: everything.
    pub const fn native(&self) -> Support {
        Support::Full
    }
    /// What the madsim host can do of it: the worst of its primitives.
    pub fn madsim(&self) -> Support {
        let support = |name: &&str| primitive_on_madsim(name);
        let mut worst = Support::Full;
        for primitive in self.lowers_to.iter().map(support) {
            worst = match (worst, primitive) {
                (Support::None, _) | (_, Support::None) => Support::None,
                (Support::Partial(why), _) | (_, Support::Partial(why)) => Support::Partial(why),
                _ => Support::Full,
            };
        }
        worst
    }
}

/// The fault called `name`.
pub fn find(name: &str) -> Option<&'static FaultKind> {
    ALL.iter().copied().find(|kind| kind.name == name)
}

/// The faults as the choices of `inject`.
pub fn variants() -> Vec<Variant> {
    let variant = |kind: &&FaultKind| Variant {
        name: kind.name,
        doc: kind.summary,
        params: kind.params,
    };
    ALL.iter().map(variant).collect()
}

impl fmt::Display for Support {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("yes"),
            Self::Partial(why) => f.write_str(why),
            Self::None => f.write_str("no"),
        }
    }
}

impl fmt::Debug for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FaultKind({})", self.name)
    }
}
