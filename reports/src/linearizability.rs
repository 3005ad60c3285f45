//! A history that no order explains, drawn as bars over time.

use squall_core::linearizability::{Failure, Operation};
use std::fmt::Write as _;

/// Operations drawn: those that the search could not place, and as many before them.
const ROWS_MAX: usize = 16;

/// Draws a failure; `say` puts an operation in words, its answer included if there is one.
pub fn text<I, O>(failure: &Failure<I, O>, say: impl Fn(&Operation<I, O>) -> String) -> String {
    let (operations, why) = (&failure.operations, &failure.violation);
    let stuck = &operations[why.stuck];
    let mut text = format!(
        "no order explains key {}: after {} of {} operations, `{}` of process {} cannot be placed\n",
        why.key,
        why.longest.len(),
        operations.len(),
        say(stuck),
        stuck.process,
    );
    let rows = rows(failure);
    let left_out = operations.len() - rows.len();
    if left_out > 0 {
        let _ = writeln!(text, "  ({left_out} earlier operations are not drawn)");
    }
    let bars = bars(&rows, operations, &say);
    let width = bars.iter().map(String::len).max().unwrap_or(0);
    text.push_str("  order  process\n");
    for (&index, bar) in rows.iter().zip(&bars) {
        let place = why.longest.iter().position(|placed| *placed == index);
        let place = place.map_or_else(|| "-".to_owned(), |at| (at + 1).to_string());
        let remark = match &operations[index] {
            _ if index == why.stuck => "  <- cannot be placed",
            op if op.ret.is_none() => "  nobody knows whether it happened",
            _ => "",
        };
        let process = operations[index].process;
        let line = format!("  {place:>5}  {process:>7}  {bar:<width$}{remark}");
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

/// Which operations are drawn, in the order of their calls: the stuck one, those not placed, and the last
/// ones placed.
fn rows<I, O>(failure: &Failure<I, O>) -> Vec<usize> {
    let why = &failure.violation;
    let others = (0..failure.operations.len()).rev();
    let unplaced = others.filter(|i| *i != why.stuck && !why.longest.contains(i));
    // What returned is evidence; what is pending only might be.
    let (returned, pending): (Vec<usize>, Vec<usize>) =
        unplaced.partition(|i| failure.operations[*i].ret.is_some());
    let placed = why.longest.iter().rev().copied();
    let half = placed.clone().take(ROWS_MAX / 2);
    let mut rows = vec![why.stuck];
    rows.extend(returned.into_iter().chain(half).chain(pending));
    rows.extend(placed.skip(ROWS_MAX / 2));
    rows.truncate(ROWS_MAX);
    rows.sort_by_key(|i| failure.operations[*i].call);
    rows
}

/// A bar for each row. Columns count calls and returns, stretched so that each bar holds its words.
fn bars<I, O>(
    rows: &[usize],
    operations: &[Operation<I, O>],
    say: &impl Fn(&Operation<I, O>) -> String,
) -> Vec<String> {
    let words: Vec<String> = rows.iter().map(|i| say(&operations[*i])).collect();
    let mut events: Vec<(u64, usize, bool)> = Vec::new();
    for (row, &index) in rows.iter().enumerate() {
        let op = &operations[index];
        events.push((op.call, row, true));
        events.extend(op.ret.map(|ret| (ret, row, false)));
    }
    events.sort_unstable();
    let mut spans = vec![(0, None); rows.len()];
    let mut column = 0;
    for (_, row, is_call) in events {
        if is_call {
            spans[row].0 = column;
        } else {
            column = column.max(spans[row].0 + words[row].chars().count() + 5);
            spans[row].1 = Some(column);
        }
        column += 1;
    }
    let bar = |(words, (from, to)): (&String, &(usize, Option<usize>))| {
        let indent = " ".repeat(*from);
        match to {
            None => format!("{indent}|- {words} -->"),
            Some(to) => {
                let fill = to - from - words.chars().count() - 4;
                format!("{indent}|- {words} {}|", "-".repeat(fill))
            }
        }
    };
    words.iter().zip(&spans).map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::text;
    use squall_core::linearizability::{
        Operation, Register, RegisterInput, STEPS_DEFAULT, minimal_failure,
    };

    fn op(
        process: u32,
        input: RegisterInput,
        output: Option<u64>,
        (call, ret): (u64, Option<u64>),
    ) -> Operation<RegisterInput, Option<u64>> {
        Operation {
            process,
            key: 7,
            input,
            output: ret.map(|_| output),
            call,
            ret,
        }
    }
    fn say(op: &Operation<RegisterInput, Option<u64>>) -> String {
        match (op.input, op.output) {
            (RegisterInput::Read, Some(Some(value))) => format!("read {value}"),
            (RegisterInput::Write(value), _) => format!("write {value}"),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_stale_read_is_drawn_after_what_it_should_have_seen() {
        let history = [
            op(0, RegisterInput::Write(1), Some(1), (0, Some(1))),
            op(2, RegisterInput::Write(5), None, (2, None)),
            op(0, RegisterInput::Write(2), Some(1), (3, Some(6))),
            op(1, RegisterInput::Read, Some(2), (4, Some(5))),
            op(1, RegisterInput::Read, Some(1), (7, Some(8))),
            op(1, RegisterInput::Read, Some(2), (9, Some(10))),
        ];
        let failure = minimal_failure(&Register, &history, STEPS_DEFAULT).expect("it is wrong");
        let expected = "\
no order explains key 7: after 4 of 5 operations, `read 1` of process 1 cannot be placed
  order  process
      1        0  |- write 1 -|
      2        2               |- write 5 -->               nobody knows whether it happened
      3        0                |- write 2 --|
      4        1                 |- read 2 -|
      -        1                              |- read 1 -|  <- cannot be placed
";
        let drawn = text(&failure, say);
        assert_eq!(drawn, expected, "\n{drawn}");
    }
}
