//! Fragmentation: GPUs that are free and that nobody who waits can use.

use super::{Cluster, GPU_MILLI, Gpu};

/// Free GPUs, in thousandths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fragments {
    /// All that is free on nodes that take pods.
    pub free_milli: u64,
    /// What of it no pod of the shapes asked for can use.
    pub lost_milli: u64,
    /// All that those nodes have.
    pub all_milli: u64,
}

impl Fragments {
    /// The share of the free that is lost; 0 if nothing is free.
    pub fn share(&self) -> f64 {
        match self.free_milli {
            0 => 0.0,
            free => self.lost_milli as f64 / free as f64,
        }
    }
    /// The share of all that is taken; 0 if there are no GPUs.
    pub fn used(&self) -> f64 {
        match self.all_milli {
            0 => 0.0,
            all => (all - self.free_milli) as f64 / all as f64,
        }
    }
}

impl Cluster {
    /// What the free GPUs are worth to pods of these shapes. It looks at every node: a measurement.
    ///
    /// A GPU counts as usable if a pod of one of the shapes would fit on its node as it is now, and that GPU
    /// could be, or be among, those that the pod gets.
    pub fn fragments(&self, waiting: &[u32]) -> Fragments {
        let mut sum = Fragments::default();
        for node in self
            .nodes
            .iter()
            .filter(|node| node.up && node.open && node.machine.gpus > 0)
        {
            let room = node.room();
            let fits = waiting.iter().map(|shape| &self.shapes[*shape as usize]);
            let fits =
                fits.filter(|shape| room.holds(&shape.demand) && self.may_be(shape, &node.machine));
            // The smallest share that would be taken, and whether whole ones would.
            let (mut share, mut whole) = (u16::MAX, false);
            for shape in fits {
                match shape.demand.gpu {
                    Gpu::None => {}
                    Gpu::Share(milli) => share = share.min(milli),
                    Gpu::Whole(_) => whole = true,
                }
            }
            for left in &node.gpus {
                let used = *left >= share || whole && *left == GPU_MILLI;
                sum.all_milli += u64::from(GPU_MILLI);
                sum.free_milli += u64::from(*left);
                sum.lost_milli += if used { 0 } else { u64::from(*left) };
            }
        }
        sum
    }
}
