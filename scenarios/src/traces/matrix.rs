//! A matrix of links in a file: one row an ordered pair of ends.
//!
//! The columns `from` and `to` are ends as in `links."from -> to"`; each other column is a key of a link.

use super::{Bad, bad, number, rows};
use crate::scenario::{LinkBase, LinkRule};
use crate::{file, tables};
use squall_faults::param::{Arg, Node, NodeKey, Raw, Value, read};
use squall_faults::{Issue, Topology};
use std::collections::BTreeMap;

/// Missing pairs that are named at the most.
const MISSING_SHOWN: usize = 8;

/// A row of fields with its line.
type Row = (u64, Vec<String>);

/// The links of the rows, in their order. Unless `sparse`, every ordered pair of two ends must be there.
pub(super) fn read_matrix(
    bytes: &[u8],
    topology: &Topology,
    sparse: bool,
) -> Result<Vec<LinkRule>, Vec<Bad>> {
    let rows = rows(bytes).map_err(|bad| vec![bad])?;
    let header = &rows[0];
    let columns = Columns::of(header)?;
    let mut wrong = Vec::new();
    let mut links = Vec::new();
    let mut lines: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for row in &rows[1..] {
        if row.1.len() != header.1.len() {
            let text = format!("{} fields, and {} columns", row.1.len(), header.1.len());
            wrong.push(bad(row, row.1.len().min(header.1.len()), &text));
            continue;
        }
        let ends = (row.1[columns.from].as_str(), row.1[columns.to].as_str());
        if let Some(before) = lines.insert(ends, row.0) {
            let text = format!("`{} -> {}` is on line {before} too", ends.0, ends.1);
            wrong.push(bad(row, columns.from, &text));
            continue;
        }
        match (columns.nodes(row, topology), columns.base(&header.1, row)) {
            (Ok((from, to)), Ok(base)) => links.push(LinkRule {
                from,
                to,
                both: false,
                base,
            }),
            (nodes, base) => {
                wrong.extend(nodes.err());
                wrong.extend(base.err().into_iter().flatten());
            }
        }
    }
    if links.is_empty() && wrong.is_empty() {
        wrong.push(Bad::from("the file has no pairs".to_owned()));
    }
    if wrong.is_empty() && !sparse {
        wrong.extend(missing(&lines));
    }
    match wrong.is_empty() {
        true => Ok(links),
        false => Err(wrong),
    }
}

/// What says that ordered pairs of two ends have no row; none is needed inside of one end.
fn missing(lines: &BTreeMap<(&str, &str), u64>) -> Option<Bad> {
    let mut ends: Vec<&str> = lines.keys().flat_map(|(from, to)| [*from, *to]).collect();
    ends.sort_unstable();
    ends.dedup();
    let pairs = ends
        .iter()
        .flat_map(|from| ends.iter().map(move |to| (*from, *to)));
    let without: Vec<String> = pairs
        .filter(|(from, to)| from != to && !lines.contains_key(&(*from, *to)))
        .map(|(from, to)| format!("`{from} -> {to}`"))
        .collect();
    let more = match without.len().saturating_sub(MISSING_SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let shown = &without[..without.len().min(MISSING_SHOWN)];
    let remedy = "add it, or write `missing = \"default\"`";
    let text = format!("there is no row for {}{more}; {remedy}", shown.join(", "));
    (!shown.is_empty()).then(|| Bad::from(text))
}

/// Which column is what.
struct Columns {
    from: usize,
    to: usize,
}

impl Columns {
    fn of(header: &Row) -> Result<Self, Vec<Bad>> {
        let mut wrong = Vec::new();
        let keys = tables::LINK.iter().map(|param| param.key);
        let scalar = |key: &str| !["burst_loss", "reorder"].contains(&key);
        let known: Vec<&str> = ["from", "to"]
            .into_iter()
            .chain(keys.filter(|k| scalar(k)))
            .collect();
        for (column, name) in header.1.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                let help = format!("unknown column `{name}`; columns are {}", known.join(", "));
                wrong.push(bad(header, column, &help));
            } else if header.1[..column].contains(name) {
                wrong.push(bad(
                    header,
                    column,
                    &format!("column `{name}` is there twice"),
                ));
            }
        }
        let mut find = |name: &str| {
            let found = header.1.iter().position(|field| field == name);
            if found.is_none() {
                wrong.push(bad(header, 0, &format!("there is no column `{name}`")));
            }
            found
        };
        match (find("from"), find("to")) {
            (Some(from), Some(to)) if wrong.is_empty() => Ok(Self { from, to }),
            _ => Err(wrong),
        }
    }
    /// The nodes at the ends of a row.
    fn nodes(&self, row: &Row, topology: &Topology) -> Result<file::OneWay, Bad> {
        let (from, to) = (&row.1[self.from], &row.1[self.to]);
        file::one_way(from, to, topology).map_err(|(at_from, issue)| {
            let column = if at_from { self.from } else { self.to };
            cell(row, column, &issue)
        })
    }
    /// What a row says of its link: its cells are keys of a link, an empty one is not given.
    fn base(&self, header: &[String], row: &Row) -> Result<LinkBase, Vec<Bad>> {
        let given =
            |column: &usize| ![self.from, self.to].contains(column) && !row.1[*column].is_empty();
        let columns: Vec<usize> = (0..header.len()).filter(given).collect();
        // The position of a column stands for its bytes.
        let entry = |column: &usize| {
            let span = *column..*column;
            let text = &row.1[*column];
            let raw = number(text).map_or_else(
                || Raw::Text {
                    text: text.clone(),
                    start: None,
                },
                Raw::Float,
            );
            let key = NodeKey {
                name: header[*column].clone(),
                span: span.clone(),
            };
            (key, Node { span, raw })
        };
        let node = Node {
            span: 0..0,
            raw: Raw::Table(columns.iter().map(entry).collect()),
        };
        let mut issues = Vec::new();
        let args = read(tables::LINK, &node, &mut issues);
        if issues.is_empty()
            && let Err((key, issue)) = file::profile(&args)
        {
            issues.push(args.place(key).locate(issue));
        }
        args.walk(&mut |arg: &Arg| {
            if matches!(arg.value, Value::Trace(..)) {
                let text = "a file in a file: write the law itself";
                issues.push(Issue::new(text, arg.place.span.clone()));
            }
        });
        match issues.is_empty() {
            true => Ok(LinkBase::of(args)),
            false => Err(issues.iter().map(|i| cell(row, i.range.start, i)).collect()),
        }
    }
}

/// An issue at a cell.
fn cell(row: &Row, column: usize, issue: &Issue) -> Bad {
    let more = [Some(issue.label.as_str()), issue.help.as_deref()];
    let more = more.into_iter().flatten().filter(|text| !text.is_empty());
    let text: Vec<&str> = core::iter::once(issue.message.as_str())
        .chain(more)
        .collect();
    let place = format!("column {}: {}", column + 1, text.join("; "));
    bad(row, column, &place)
}
