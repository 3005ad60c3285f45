//! Places for pods: one by one, or for a whole gang or none of it.

use super::types::{Placement, Quota, Refusal, Slip};
use super::{Bound, Cluster, node};

/// What a change is undone by.
#[derive(Clone, Debug)]
enum Undo {
    Placed(u32),
    Evicted(u32, Bound),
}

/// Of a member that the planted mistake left without a place.
const NOWHERE: Placement = Placement {
    node: u32::MAX,
    gpus: 0,
    victims: Vec::new(),
};

impl Cluster {
    /// Finds a place for a pod that has none, evicting others if need be.
    ///
    /// # Errors
    /// Why there is none; nothing has changed then.
    ///
    /// # Panics
    /// If the pod has a place.
    pub fn place(&mut self, pod: u32, shape: u32) -> Result<Placement, Refusal> {
        self.place_one(pod, shape, &mut Vec::new())
    }
    /// Finds places for all of these pods, or for none.
    ///
    /// # Errors
    /// Which of them has none, and why; nothing has changed then.
    pub fn place_gang(
        &mut self,
        members: &[(u32, u32)],
    ) -> Result<Vec<Placement>, (usize, Refusal)> {
        let mut undo = Vec::new();
        let mut placed = vec![None; members.len()];
        // Higher ranks first: a member must not be evicted for another.
        let mut turns: Vec<usize> = (0..members.len()).collect();
        let level = |at: &usize| self.shapes[members[*at].1 as usize].level;
        turns.sort_by_key(|at| core::cmp::Reverse(level(at)));
        for at in turns {
            let (pod, shape) = members[at];
            match self.place_one(pod, shape, &mut undo) {
                Ok(placement) => placed[at] = Some(placement),
                Err(_) if self.rules.slip == Some(Slip::Gang) => {}
                Err(refusal) => {
                    self.undo(undo);
                    return Err((at, refusal));
                }
            }
        }
        let first = placed.iter().position(Option::is_none);
        match first {
            // Only the planted mistake comes here.
            Some(at) if placed.iter().all(Option::is_none) => Err((at, Refusal::Gang)),
            _ => Ok(placed
                .into_iter()
                .map(|placement| placement.unwrap_or(NOWHERE))
                .collect()),
        }
    }
    fn place_one(
        &mut self,
        pod: u32,
        shape: u32,
        undo: &mut Vec<Undo>,
    ) -> Result<Placement, Refusal> {
        assert!(self.pod(pod).is_none(), "pod {pod} has a place");
        if !self.within_quota(shape) {
            return Err(Refusal::Quota);
        }
        let (node, victims) = match self.find(shape) {
            Ok(node) => (node, Vec::new()),
            Err(refusal) => self.find_with_victims(shape).ok_or(refusal)?,
        };
        for victim in &victims {
            undo.push(Undo::Evicted(
                *victim,
                self.remove(*victim).expect("a victim has a place"),
            ));
        }
        let asked = self.shapes[shape as usize].demand.gpu;
        let gpus = node::choose_gpus(&self.nodes[node as usize].gpus, asked, self.rules.slip)
            .expect("a node that was found has the GPUs");
        let bound = Bound {
            shape,
            node,
            gpus,
            serves: false,
        };
        self.put(pod, bound);
        undo.push(Undo::Placed(pod));
        Ok(Placement {
            node,
            gpus,
            victims,
        })
    }
    fn undo(&mut self, changes: Vec<Undo>) {
        for change in changes.into_iter().rev() {
            match change {
                Undo::Placed(pod) => {
                    self.remove(pod);
                }
                Undo::Evicted(pod, bound) => self.put(pod, bound),
            }
        }
    }
    fn within_quota(&self, shape: u32) -> bool {
        let shape = &self.shapes[shape as usize];
        let Some(tenant) = shape.tenant else {
            return true;
        };
        let at = tenant as usize;
        let quota = self.rules.quotas.get(at).copied().unwrap_or(Quota::NONE);
        let mut usage = self.tenants.get(at).copied().unwrap_or_default();
        usage.change(&shape.demand, true);
        self.rules.slip == Some(Slip::Quota)
            || usage.cpu_milli <= quota.cpu_milli
                && usage.memory_mib <= quota.memory_mib
                && usage.gpu_milli <= quota.gpu_milli
    }
}
