//! The table of host signals: what an operator would see, under the names of Prometheus'
//! node_exporter; groups under cAdvisor's.
//!
//! A counter is sampled as its increase a second, which is what `rate()` shows of it. Adding one: a
//! row in the module of its group, and its figure in [`Reading`].

mod cpu;
mod disk;
mod memory;
mod network;
mod node;
mod pressure;
use super::signals::Reading;
use crate::memory::Stall;

/// A signal of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostSignal {
    /// Its name; a property refers to `<node>.<name>`.
    pub name: &'static str,
    /// Unit of a sample.
    pub unit: &'static str,
    /// What it belongs to: `cpu`, `memory`, `disk`, `network`, `pressure`, `clock`, `node`.
    pub group: &'static str,
    /// What it tells.
    pub doc: &'static str,
}

/// A signal and how it is read.
#[derive(Clone, Copy)]
pub(super) struct Row {
    pub(super) signal: HostSignal,
    pub(super) value: fn(&Reading) -> f64,
}

const fn row(
    group: &'static str,
    (name, unit): (&'static str, &'static str),
    doc: &'static str,
    value: fn(&Reading) -> f64,
) -> Row {
    let signal = HostSignal {
        name,
        unit,
        group,
        doc,
    };
    Row { signal, value }
}

/// The averages of a stall as files under `/proc/pressure` show them: percent, two digits.
fn percent(average: f64) -> f64 {
    libm::round(average * 100.0) / 100.0
}

fn avg10(stall: &Stall) -> f64 {
    percent(stall.averages().avg10)
}

fn avg60(stall: &Stall) -> f64 {
    percent(stall.averages().avg60)
}

fn avg300(stall: &Stall) -> f64 {
    percent(stall.averages().avg300)
}

/// The groups, in the order in which they are sampled.
const GROUPS: [&[Row]; 6] = [
    &cpu::ROWS,
    &memory::ROWS,
    &disk::ROWS,
    &network::ROWS,
    &pressure::ROWS,
    &node::ROWS,
];

/// Number of all rows.
const COUNT: usize = {
    let (mut count, mut group) = (0, 0);
    while group < GROUPS.len() {
        count += GROUPS[group].len();
        group += 1;
    }
    count
};

/// All rows, in the order in which they are sampled.
pub(super) const ROWS: [Row; COUNT] = {
    let mut all = [cpu::ROWS[0]; COUNT];
    let (mut at, mut group) = (0, 0);
    while group < GROUPS.len() {
        let mut row = 0;
        while row < GROUPS[group].len() {
            all[at] = GROUPS[group][row];
            row += 1;
            at += 1;
        }
        group += 1;
    }
    all
};

/// All host signals, in the order in which they are sampled.
pub const HOST_SIGNALS: [HostSignal; ROWS.len()] = {
    let mut all = [ROWS[0].signal; ROWS.len()];
    let mut at = 1;
    while at < ROWS.len() {
        all[at] = ROWS[at].signal;
        at += 1;
    }
    all
};
