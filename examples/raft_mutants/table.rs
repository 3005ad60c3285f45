//! The table: what the searches of each mutant came to.

use super::on_threads;
use super::options::Options;
use super::search::{Search, in_step, search};
use squall::scenarios::workloads::cluster::raft::Mutant;
use std::collections::BTreeMap;

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a length is a position in it"
)]
fn quantile(sorted: &[f64], p: f64) -> f64 {
    let at = (p * sorted.len() as f64).ceil() as usize;
    sorted[at.clamp(1, sorted.len()) - 1]
}

pub(crate) fn table(options: &Options) -> Result<(), String> {
    if options.markdown {
        println!(
            "| mutant | what is wrong | found | seeds, median | p90 | virtual time, median | wall time, median | by |"
        );
        println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    }
    let bases = usize::try_from(options.bases).unwrap_or(1);
    for mutant in &options.only {
        let ready = options.ready(Some(*mutant))?;
        let all = match options.median {
            true => in_step(&ready, mutant.name(), (bases, options.jobs), options.seeds),
            false => on_threads(options.jobs, bases, |base| {
                search(&ready, base as u64 + 1, options.seeds)
            }),
        };
        row(options, *mutant, &all);
    }
    Ok(())
}

/// Prints what the searches of one mutant came to.
fn row(options: &Options, mutant: Mutant, all: &[Search]) {
    let found = all.iter().filter(|s| s.found.is_some()).count();
    let sorted = |of: fn(&Search) -> f64| {
        let mut values: Vec<f64> = all.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values
    };
    // One that was not found counts with all the seeds that were tried.
    let seeds = sorted(|s| s.seeds as f64);
    let (virtual_s, wall_s) = (sorted(|s| s.virtual_s), sorted(|s| s.wall_s));
    let mut by: BTreeMap<&str, usize> = BTreeMap::new();
    for name in all.iter().filter_map(|s| s.found.as_deref()) {
        *by.entry(name).or_default() += 1;
    }
    let mut by: Vec<(&str, usize)> = by.into_iter().collect();
    by.sort_by_key(|(name, count)| (usize::MAX - count, *name));
    let by = by
        .iter()
        .take(3)
        .map(|(name, count)| format!("{name} {count}"));
    let cells = [
        mutant.name().to_owned(),
        mutant.doc().to_owned(),
        format!("{found} of {}", all.len()),
        format!("{}", quantile(&seeds, 0.5)),
        match options.median {
            true => String::new(),
            false => format!("{}", quantile(&seeds, 0.9)),
        },
        format!("{:.0} s", quantile(&virtual_s, 0.5)),
        format!("{:.2} s", quantile(&wall_s, 0.5)),
        by.collect::<Vec<_>>().join(", "),
    ];
    if options.markdown {
        println!("| {} |", cells.join(" | "));
        return;
    }
    let [name, doc, found, median, p90, virtual_s, wall_s, by] = cells;
    println!(
        "{name} {doc:<76} {found:>8}  median {median:>6} p90 {p90:>6} {virtual_s:>8} {wall_s:>9}  {by}"
    );
}
