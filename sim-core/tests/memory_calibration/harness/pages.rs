//! The equations against page-exact runs, on the grid of the model's reference.

use super::judge::Bar;
use squall_core::memory::pages::{PageSpec, Pages, Policy};
use squall_core::memory::{ClassSpec, Domain, PAGE_BYTES, Preset};
use squall_core::{Seed, VirtualTime};

const PAGES: u32 = 32_768;
/// Counted misses a cell: 0.5 % of noise.
const MISSES: u64 = 40_000;
const TOUCHES_MAX: u64 = 1 << 27;
const ZIPFS: [f64; 5] = [0.0, 0.6, 0.9, 1.05, 1.2];
const RATIOS: [f64; 5] = [1.05, 1.2, 1.5, 2.0, 3.0];

/// One cell: miss ratio by equations and by pages, for each policy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    pub(crate) zipf: f64,
    pub(crate) ratio: f64,
    pub(crate) lru: [f64; 2],
    pub(crate) two_list: [f64; 2],
    /// Share of the faults that go to the active list at once.
    pub(crate) activated: [f64; 2],
    /// Share that was active before, too.
    pub(crate) restored: [f64; 2],
}

pub(crate) fn grid() -> Vec<Cell> {
    let cells = ZIPFS
        .iter()
        .flat_map(|zipf| RATIOS.iter().map(move |ratio| (*zipf, *ratio)));
    cells.map(|(zipf, ratio)| cell(zipf, ratio)).collect()
}

fn cell(zipf: f64, ratio: f64) -> Cell {
    let budget = (f64::from(PAGES) / ratio).round() as u32;
    let mut domain = Domain::new(0, Some(Preset::Vdisk.space(1 << 40)));
    let class = domain.add_class(ClassSpec {
        pages: u64::from(PAGES),
        zipf,
        write_share: 0.5,
    });
    // What the tables of the pages and the kernel take comes on top of the data.
    let limit = domain.limit_for(f64::from(budget) / f64::from(PAGES));
    domain.set_limit(VirtualTime::ZERO, limit + PAGE_BYTES / 2);
    let rates = [f64::from(PAGES)];
    let lists = domain.two_list(&rates).expect("the pages do not fit");
    domain.settle(VirtualTime::ZERO, &rates);
    let by_pages = |policy| {
        let spec = PageSpec {
            pages: PAGES,
            budget,
            zipf,
            write_share: 0.5,
            policy,
        };
        let mut pages = Pages::new(spec, Seed(9));
        // The warm-up is as long as the measurement.
        pages.measure(MISSES, TOUCHES_MAX);
        pages.measure(MISSES, TOUCHES_MAX)
    };
    let (lru, two) = (by_pages(Policy::Lru), by_pages(Policy::TwoList));
    Cell {
        zipf,
        ratio,
        lru: [domain.miss(class), lru.miss()],
        two_list: [lists.faults / rates[0], two.miss()],
        activated: [lists.activated, two.activated as f64 / two.faults as f64],
        restored: [lists.restored, two.restored as f64 / two.faults as f64],
    }
}

fn bar(check: &str, pairs: impl Iterator<Item = [f64; 2]>) -> Bar {
    let errors: Vec<f64> = pairs
        .map(|[model, pages]| (model / pages - 1.0).abs())
        .collect();
    let worst = errors.iter().copied().fold(0.0, f64::max);
    Bar {
        check: check.to_owned(),
        bar: "<= 2 %",
        figure: format!("worst {:.2} % of {} cells", worst * 100.0, errors.len()),
        pass: Some(worst <= 0.02),
    }
}

pub(crate) fn bars(cells: &[Cell]) -> Vec<Bar> {
    vec![
        bar(
            "equations against pages, one list: miss ratio",
            cells.iter().map(|c| c.lru),
        ),
        bar(
            "equations against pages, two lists: miss ratio",
            cells.iter().map(|c| c.two_list),
        ),
    ]
}
