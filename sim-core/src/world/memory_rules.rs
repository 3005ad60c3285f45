//! What the kernel of a node does about memory beside its limit. All of it is off unless asked for.

use crate::VirtualDuration;
use crate::memory::{DeviceStalls, GroupLimit, Watermarks};
use serde::{Deserialize, Serialize};

/// What the kernel of a node does about memory beside its limit, and the groups inside it. The default
/// is the machine of the calibration: a limit with direct reclaim, and nothing else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MemoryRules {
    /// Background reclaim, as on a host. `None`: tasks reclaim for themselves, as under the limit of a
    /// group.
    pub kswapd: Option<Watermarks>,
    /// `memory.high` of the node, in bytes: who charges it beyond that is put to sleep.
    pub high: Option<u64>,
    /// The logarithm of the pages that a fault of a pass in order reads, `vm.page-cluster`, 0 to 10; it
    /// does nothing for touches at random.
    pub page_cluster: u32,
    /// Stalls of the device on which swap lies; no part of compressed memory.
    pub device_stalls: Option<DeviceStalls>,
    /// Kills a second in a group (or a node without background reclaim) that evicts so fast that its
    /// aging goes wrong; 0 is off, 0.05 what ten of 59 warm-ups of the calibration showed.
    pub early_oom: f64,
    /// A daemon that kills before the kernel does.
    pub oomd: Option<Oomd>,
    /// Groups with limits of their own; one inside another stands after it.
    pub groups: Vec<MemoryGroup>,
}

impl Default for MemoryRules {
    fn default() -> Self {
        Self {
            kswapd: None,
            high: None,
            page_cluster: 3,
            device_stalls: None,
            early_oom: 0.0,
            oomd: None,
            groups: Vec::new(),
        }
    }
}

/// A group of processes that share a limit: a slice, a pod, a container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryGroup {
    /// Its name on the node.
    pub name: String,
    /// The group it is in, which stands before it; `None`: the node.
    pub inside: Option<String>,
    /// What it may use.
    pub limit: GroupLimit,
    /// The processes in it: by name, or by the part of the name before a `/` or `.`. One that several
    /// groups name is in the last of them.
    pub processes: Vec<String>,
}

/// A daemon that watches pressure and swap, as `systemd-oomd` does.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Oomd {
    /// Full memory pressure over 10 s, in percent, above which it acts ...
    pub pressure: f64,
    /// ... once it lasted for this long.
    pub lasting: VirtualDuration,
    /// Share of the memory and of the swap space above both of which it acts at once, 0 to 1.
    pub swap_used: f64,
}

impl Default for Oomd {
    /// The preset `psi-oomd`: 60 % for 30 s, or 90 % of memory and swap (oomd.conf(5)).
    fn default() -> Self {
        Self {
            pressure: 60.0,
            lasting: VirtualDuration::from_secs(30),
            swap_used: 0.9,
        }
    }
}

impl MemoryRules {
    /// The position of the group that a process is in; `None`: in none but the node.
    pub(super) fn group_of(&self, process: &str) -> Option<usize> {
        let named = |member: &String| {
            let rest = process.strip_prefix(member.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '.']))
        };
        self.groups
            .iter()
            .rposition(|group| group.processes.iter().any(named))
    }
}
