//! The equations against pages: one LRU list, every page by itself, touches drawn one by one.

#![expect(
    clippy::cast_possible_truncation,
    reason = "page counts are small and positive"
)]

use squall_core::memory::{ClassSpec, Domain, PAGE_BYTES, Preset};
use squall_core::{Key, Sample, Seed, VirtualTime};

/// A least-recently-used list over page numbers, as two arrays of neighbours round a sentinel.
struct Lru {
    next: Vec<usize>,
    previous: Vec<usize>,
    resident: Vec<bool>,
    free: usize,
}

impl Lru {
    fn new(pages: usize, budget: usize) -> Self {
        Self {
            next: vec![pages; pages + 1],
            previous: vec![pages; pages + 1],
            resident: vec![false; pages],
            free: budget,
        }
    }

    fn unlink(&mut self, page: usize) {
        let (before, after) = (self.previous[page], self.next[page]);
        self.next[before] = after;
        self.previous[after] = before;
    }

    /// Touches a page; true if it was not resident.
    fn touch(&mut self, page: usize) -> bool {
        let head = self.resident.len();
        let fault = !self.resident[page];
        if !fault {
            self.unlink(page);
        } else if self.free > 0 {
            self.free -= 1;
        } else {
            let victim = self.previous[head];
            self.unlink(victim);
            self.resident[victim] = false;
        }
        self.resident[page] = true;
        let first = self.next[head];
        (self.next[page], self.previous[page]) = (first, head);
        self.next[head] = page;
        self.previous[first] = page;
        fault
    }
}

/// Miss ratio of a page-exact run; the popularity of page k is (k + 1)^-zipf.
fn miss_by_pages(pages: usize, budget: usize, zipf: f64, touches: usize) -> f64 {
    let mut below = Vec::with_capacity(pages);
    let mut sum = 0.0;
    for k in 1..=pages {
        sum += libm::pow(k as f64, -zipf);
        below.push(sum);
    }
    let mut lru = Lru::new(pages, budget);
    let mut draw = Key::new(Seed(9), "pages", "touch").at(0);
    let mut faults = 0_u32;
    for i in 0..2 * touches {
        let u = draw.open_unit() * sum;
        let page = below.partition_point(|b| *b < u).min(pages - 1);
        let fault = lru.touch(page);
        faults += u32::from(fault && i >= touches);
    }
    f64::from(faults) / touches as f64
}

#[test]
fn the_list_of_the_page_exact_run_is_an_lru_list() {
    let mut lru = Lru::new(4, 2);
    let faults: Vec<bool> = [0, 1, 0, 2, 0, 1, 2].map(|page| lru.touch(page)).into();
    assert_eq!(faults, [true, true, false, true, false, true, true]);
}

/// Within 2 % of the miss ratio; at least 15,000 counted faults a cell, that is 0.8 % of noise.
#[test]
fn equations_agree_with_pages() {
    const PAGES: u32 = 8_192;
    for (zipf, ratio, touches) in [
        (0.0, 1.2, 200_000),
        (0.0, 3.0, 200_000),
        (0.6, 1.2, 400_000),
        (0.6, 2.0, 200_000),
        (0.9, 1.2, 800_000),
        (0.9, 2.0, 400_000),
        (0.9, 3.0, 200_000),
        (1.2, 2.0, 1_000_000),
        (1.2, 3.0, 500_000),
    ] {
        // The tables of the pages and the kernel's share come on top of what the data may take.
        let budget = (f64::from(PAGES) / ratio).round();
        let overhead = f64::from(PAGES) / 512.0 + 0.15 * 256.0 + 8.0;
        let limit = ((budget + overhead) * PAGE_BYTES as f64).round() as u64;
        let mut domain = Domain::new(limit, Some(Preset::Vdisk.space(1 << 30)));
        let class = domain.add_class(ClassSpec {
            pages: u64::from(PAGES),
            zipf,
            write_share: 0.5,
        });
        domain.settle(VirtualTime::ZERO, &[10_000.0]);
        let got = domain.miss(class);
        let want = miss_by_pages(PAGES as usize, budget as usize, zipf, touches);
        assert!(want * touches as f64 > 15_000.0, "enough faults to compare");
        assert!(
            (got / want - 1.0).abs() < 0.02,
            "zipf {zipf}, R/M {ratio}: {got} not {want}"
        );
    }
}
