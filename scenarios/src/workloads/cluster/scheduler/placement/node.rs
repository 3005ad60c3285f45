//! One node: what is left on it, and who is there.

use super::types::{GPU_MILLI, Gpu, Machine, Room, Slip};

/// A node.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) machine: Machine,
    /// Its class, and its place there.
    pub(super) class: usize,
    pub(super) slot: usize,
    /// Whether it is there; what is not has no pods.
    pub(super) up: bool,
    /// Whether it takes new pods.
    pub(super) open: bool,
    pub(super) cpu_milli: u32,
    pub(super) memory_mib: u32,
    /// What is left of each GPU, in thousandths.
    pub(super) gpus: Vec<u16>,
    /// Its pods, in the order of their numbers.
    pub(super) pods: Vec<u32>,
}

impl Node {
    pub(super) fn new(machine: Machine, class: usize, slot: usize) -> Self {
        Self {
            class,
            slot,
            up: true,
            open: true,
            cpu_milli: machine.cpu_milli,
            memory_mib: machine.memory_mib,
            gpus: vec![GPU_MILLI; usize::from(machine.gpus)],
            pods: Vec::new(),
            machine,
        }
    }
    /// What is left.
    pub(super) fn room(&self) -> Room {
        let (whole, part) = gpus_left(&self.gpus);
        Room {
            cpu_milli: self.cpu_milli,
            memory_mib: self.memory_mib,
            whole,
            part,
        }
    }
    /// What is left of all its GPUs, in thousandths.
    pub(super) fn gpu_milli(&self) -> u32 {
        self.gpus.iter().map(|milli| u32::from(*milli)).sum()
    }
}

pub(super) fn gpus_left(gpus: &[u16]) -> (u16, u16) {
    gpus.iter().fold((0, 0), |(whole, part), milli| {
        (whole + u16::from(*milli == GPU_MILLI), part.max(*milli))
    })
}

/// The GPUs that a pod gets, a bit each: for a share the one with the least that is enough, for whole ones
/// the first that are free. `None` if there are not enough.
pub(super) fn choose_gpus(gpus: &[u16], asked: Gpu, slip: Option<Slip>) -> Option<u32> {
    let numbered = || (0u32..).zip(gpus.iter().copied());
    match asked {
        Gpu::None => Some(0),
        Gpu::Share(milli) if slip == Some(Slip::Shares) => {
            // The sum of what is left was enough; that it is in one piece was not looked at.
            let _ = milli;
            let found = numbered().find(|(_, left)| *left > 0);
            found.map(|(number, _)| 1 << number)
        }
        Gpu::Share(milli) => {
            let enough = numbered().filter(|(_, left)| *left >= milli);
            let best = enough.min_by_key(|(number, left)| (*left, *number));
            best.map(|(number, _)| 1 << number)
        }
        Gpu::Whole(count) => {
            let free = numbered().filter(|(_, left)| *left == GPU_MILLI);
            let taken: Vec<u32> = free.take(usize::from(count)).map(|(n, _)| n).collect();
            let enough = taken.len() == usize::from(count);
            enough.then(|| taken.iter().fold(0, |mask, number| mask | 1 << number))
        }
    }
}

/// Takes what a pod asks from the GPUs it was given.
pub(super) fn take_gpus(gpus: &mut [u16], asked: Gpu, mask: u32) {
    let each = per_gpu(asked);
    for (number, left) in (0u32..).zip(gpus.iter_mut()) {
        if mask >> number & 1 == 1 {
            *left = left.saturating_sub(each);
        }
    }
}

/// Gives it back.
pub(super) fn give_gpus(gpus: &mut [u16], asked: Gpu, mask: u32) {
    let each = per_gpu(asked);
    for (number, left) in (0u32..).zip(gpus.iter_mut()) {
        if mask >> number & 1 == 1 {
            *left = (*left + each).min(GPU_MILLI);
        }
    }
}

const fn per_gpu(asked: Gpu) -> u16 {
    match asked {
        Gpu::None => 0,
        Gpu::Share(milli) => milli,
        Gpu::Whole(_) => GPU_MILLI,
    }
}
