//! Tables of measurements: comma separated, the first line names the columns.

use std::collections::BTreeMap;
use std::path::Path;

/// The rows of a table.
#[derive(Debug)]
pub(crate) struct Table {
    name: String,
    columns: BTreeMap<String, usize>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Reads a table. The error says what to do about it.
    pub(crate) fn read(dir: &Path, name: &str) -> Result<Self, String> {
        let path = dir.join(name);
        let text = std::fs::read_to_string(&path)
            .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        let mut lines = text.lines().filter(|line| !line.trim().is_empty());
        let head = lines
            .next()
            .ok_or_else(|| format!("{} is empty", path.display()))?;
        let columns = cells(head).into_iter().zip(0..).collect();
        Ok(Self {
            name: name.to_owned(),
            columns,
            rows: lines.map(cells).collect(),
        })
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|cells| Row { table: self, cells })
    }
}

fn cells(line: &str) -> Vec<String> {
    line.split(',').map(|cell| cell.trim().to_owned()).collect()
}

/// One row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'a> {
    table: &'a Table,
    cells: &'a [String],
}

impl<'a> Row<'a> {
    /// The text of a cell; empty if there is no such column.
    pub(crate) fn text(self, name: &str) -> &'a str {
        let column = self.table.columns.get(name);
        column
            .and_then(|i| self.cells.get(*i))
            .map_or("", |cell| cell.as_str())
    }
    /// The number in a cell, if there is one.
    pub(crate) fn number(self, name: &str) -> Option<f64> {
        self.text(name).parse().ok().filter(|x: &f64| x.is_finite())
    }
    /// The number in a cell that must be there.
    pub(crate) fn needs(self, name: &str) -> Result<f64, String> {
        let (id, table) = (self.text("run_id"), &self.table.name);
        self.number(name)
            .ok_or_else(|| format!("{table}: run `{id}` has no number in column `{name}`"))
    }
}
