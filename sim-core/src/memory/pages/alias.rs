//! Draws of pages by popularity in constant time: Walker's alias method.

use crate::Sample;
use crate::rng::Draw;

#[derive(Debug)]
pub(super) struct Alias {
    /// For each slot: up to this share of it is its own page, the rest its alias.
    slots: Vec<(f64, u32)>,
}

impl Alias {
    /// Page k has the weight (k + 1)^-zipf.
    pub(super) fn zipf(pages: u32, zipf: f64) -> Self {
        let weights: Vec<f64> = (1..=pages)
            .map(|k| libm::pow(f64::from(k), -zipf))
            .collect();
        let mean = weights.iter().sum::<f64>() / f64::from(pages);
        let mut slots: Vec<(f64, u32)> = (0..).zip(&weights).map(|(i, w)| (w / mean, i)).collect();
        let (mut small, mut large): (Vec<u32>, Vec<u32>) =
            (0..pages).partition(|i| slots[*i as usize].0 < 1.0);
        while let (Some(poor), Some(rich)) = (small.pop(), large.last().copied()) {
            slots[poor as usize].1 = rich;
            let left = slots[rich as usize].0 - (1.0 - slots[poor as usize].0);
            slots[rich as usize].0 = left;
            if left < 1.0 {
                large.pop();
                small.push(rich);
            }
        }
        Self { slots }
    }

    /// A page, and whether it is written.
    pub(super) fn draw(&self, draw: &mut Draw, write_share: f64) -> (u32, bool) {
        let slot = draw.below(self.slots.len() as u64);
        let slot = u32::try_from(slot).expect("fewer than 2^32 pages");
        let (own, alias) = self.slots[slot as usize];
        let page = if draw.open_unit() < own { slot } else { alias };
        (page, draw.open_unit() < write_share)
    }
}
