//! Of the host signals that changed, those that tell an operator most.

use crate::operator::SignalChange;
use crate::words::number;

/// Signals shown at the most, a node.
const SIGNALS_MAX: usize = 6;
/// Nodes shown at the most.
const NODES_MAX: usize = 3;
/// A signal that changed by less than this factor tells nothing.
const CHANGED: f64 = 1.5;
/// Added on both sides of a ratio: a hundredth of a core, of a task or of the time is as good as none.
const FLOOR: f64 = 0.01;

/// What is looked at first where changes are alike: whether the node is there, then of each resource
/// what waits for it, then its errors and its use (the USE method: utilisation, saturation, errors).
/// Signals that are not named come last.
const ORDER: [&str; 19] = [
    "node_up",
    "rate(node_vmstat_oom_kill)",
    "rate(node_vmstat_pgmajfault)",
    "rate(node_pressure_memory_waiting_seconds_total)",
    "rate(node_pressure_io_waiting_seconds_total)",
    "rate(node_pressure_cpu_waiting_seconds_total)",
    "rate(container_cpu_cfs_throttled_seconds_total)",
    "rate(node_cpu_seconds_total{mode=\"steal\"})",
    "node_load1",
    "rate(node_cpu_seconds_total{mode=\"user\"})",
    "node_memory_SwapUsed_bytes",
    "node_memory_MemAvailable_bytes",
    "rate(node_vmstat_pswpin)",
    "rate(node_disk_io_time_seconds_total)",
    "rate(node_disk_written_bytes_total)",
    "rate(node_netstat_Tcp_RetransSegs)",
    "rate(node_network_transmit_drop_total)",
    "rate(node_network_receive_packets_total)",
    "node_timex_offset_seconds",
];

/// By what factor a signal rose or fell while the faults lasted.
fn factor(change: &SignalChange) -> f64 {
    let ratio = (change.during.abs() + FLOOR) / (change.before.abs() + FLOOR);
    ratio.max(1.0 / ratio)
}

/// How much a signal tells, the least first: a class of change, then [`ORDER`].
fn rank(change: &SignalChange) -> (u8, usize) {
    let class = match factor(change) {
        x if x >= 10.0 => 0,
        x if x >= 3.0 => 1,
        _ => 2,
    };
    let place = ORDER.iter().position(|name| *name == change.signal);
    (class, place.unwrap_or(ORDER.len()))
}

/// The name of a signal without the length of its average: `node_load1` and `node_load5` tell the same.
fn stem(signal: &str) -> &str {
    signal.trim_end_matches(|c: char| c.is_ascii_digit())
}

/// Of the signals of one node those that tell most. One that says the same as one before it, number by
/// number or as another average, is left out.
fn telling<'a>(changes: &[&'a SignalChange]) -> Vec<&'a SignalChange> {
    let mut ranked: Vec<&SignalChange> = changes.to_vec();
    ranked.retain(|change| factor(change) >= CHANGED);
    ranked.sort_by_key(|change| rank(change));
    let mut shown: Vec<&SignalChange> = Vec::new();
    for change in ranked {
        let numbers = |c: &SignalChange| [c.before, c.during, c.after];
        let said = shown.iter().any(|other| {
            numbers(other) == numbers(change) || stem(&other.signal) == stem(&change.signal)
        });
        if !said && shown.len() < SIGNALS_MAX {
            shown.push(change);
        }
    }
    shown
}

/// A table of the signals of these nodes, in their order, a node after the other: those that tell most,
/// or `all`. The last line says how many there are more, and that `more` shows them.
pub fn signal_lines(
    changes: &[SignalChange],
    nodes: &[&str],
    all: bool,
    more: &str,
) -> Vec<String> {
    let mut lines = Vec::new();
    let mut hidden = 0;
    let mut tables = 0;
    for node in nodes {
        let own: Vec<&SignalChange> = changes.iter().filter(|c| c.node == *node).collect();
        let shown = match all {
            true => own.clone(),
            false if tables == NODES_MAX => Vec::new(),
            false => telling(&own),
        };
        hidden += own.len() - shown.len();
        if shown.is_empty() {
            continue;
        }
        tables += 1;
        let head = format!("{node} saw");
        lines.push(format!(
            "{head:<54} {:>10} {:>10} {:>10}",
            "before", "during", "after"
        ));
        for change in shown {
            lines.push(format!(
                "{:<54} {:>10} {:>10} {:>10}",
                change.signal,
                number(change.before),
                number(change.during),
                number(change.after)
            ));
        }
    }
    if hidden > 0 {
        let what = if lines.is_empty() {
            "no signal changed by half;"
        } else {
            "and"
        };
        let signals = if hidden == 1 { "signal" } else { "signals" };
        lines.push(format!("{what} {hidden} {signals} more: {more}"));
    }
    lines
}

/// The nodes of changes, each once, in their order.
pub(crate) fn nodes_of(changes: &[SignalChange]) -> Vec<&str> {
    let mut nodes: Vec<&str> = Vec::new();
    for change in changes {
        if !nodes.contains(&change.node.as_str()) {
            nodes.push(&change.node);
        }
    }
    nodes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(node: &str, signal: &str, before: f64, during: f64) -> SignalChange {
        SignalChange {
            node: node.into(),
            signal: signal.into(),
            before,
            during,
            after: 0.0,
        }
    }

    /// A host that swaps: what waits comes first, though bytes grow by more; what says the same twice,
    /// what hardly moved and what is next to nothing is left out.
    #[test]
    fn six_signals_tell_what_happens_and_the_rest_is_counted() {
        let changes = [
            change("n0", "node_memory_SwapUsed_bytes", 0.0, 5e7),
            change("n0", "rate(node_disk_read_bytes_total)", 0.0, 1e6),
            change("n0", "rate(node_vmstat_pswpin)", 0.0, 284.0),
            change("n0", "rate(node_vmstat_pgmajfault)", 0.0, 284.0),
            change("n0", "node_load1", 0.1, 97.0),
            change("n0", "node_load5", 0.1, 21.0),
            change(
                "n0",
                "rate(node_pressure_io_waiting_seconds_total)",
                0.0,
                0.8,
            ),
            change(
                "n0",
                "rate(node_pressure_memory_waiting_seconds_total)",
                0.0,
                0.004,
            ),
            change("n0", "node_memory_MemTotal_bytes", 8e9, 8e9),
            change("n0", "rate(node_vmstat_pswpout)", 0.0, 833.0),
            change("n0", "rate(node_disk_reads_completed_total)", 0.0, 251.0),
            change("n1", "node_load1", 1.0, 1.2),
        ];
        let lines = signal_lines(&changes, &["n0", "n1"], false, "ask");
        let names: Vec<&str> = lines
            .iter()
            .filter_map(|l| l.split_whitespace().next())
            .collect();
        assert_eq!(
            names,
            [
                "n0",
                "rate(node_vmstat_pgmajfault)",
                "rate(node_pressure_io_waiting_seconds_total)",
                "node_load1",
                "node_memory_SwapUsed_bytes",
                "rate(node_disk_read_bytes_total)",
                "rate(node_vmstat_pswpout)",
                "and"
            ]
        );
        assert_eq!(
            lines.last().map(String::as_str),
            Some("and 6 signals more: ask")
        );
        let all = signal_lines(&changes, &["n0", "n1"], true, "ask");
        assert_eq!(all.len(), 14, "two heads, twelve signals");
        let quiet = signal_lines(&changes, &["n1"], false, "ask");
        assert_eq!(quiet, ["no signal changed by half; 1 signal more: ask"]);
        assert!(signal_lines(&changes, &["n2"], false, "ask").is_empty());
    }
}
