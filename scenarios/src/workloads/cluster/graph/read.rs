//! Graphs from words and files.

use super::{Edges, Graph};
use squall_faults::param::suggest;
use std::collections::BTreeMap;

impl Graph {
    /// Adds the calls of `a -> b` or `a -> b -> c`, or one service without a call.
    pub fn edge(&mut self, text: &str) -> Result<(), String> {
        let names: Vec<&str> = text.split("->").map(str::trim).collect();
        if names.iter().any(|name| name.is_empty()) {
            return Err(format!(
                "`{text}` is not an edge: write \"caller -> callee\""
            ));
        }
        self.add(names[0]);
        for pair in names.windows(2) {
            self.call(pair[0], pair[1]);
        }
        Ok(())
    }
    /// Makes the calls of `a -> b` soft: whoever calls can do without. The error says what is wrong.
    pub fn soften(&mut self, text: &str) -> Result<(), String> {
        let names: Vec<&str> = text.split("->").map(str::trim).collect();
        if names.len() < 2 {
            return Err(format!(
                "`{text}` is not a call: write \"caller -> callee\""
            ));
        }
        for pair in names.windows(2) {
            let known = |name: &str| {
                let known = self.names.iter().map(String::as_str);
                let advice = suggest(name, known).map_or(String::new(), |text| format!("; {text}"));
                self.find(name)
                    .ok_or_else(|| format!("no service is called `{name}`{advice}"))
            };
            let (caller, callee) = (known(pair[0])?, known(pair[1])?);
            if !self.callees[caller].contains(&callee) {
                return Err(format!("`{}` does not call `{}`", pair[0], pair[1]));
            }
            self.soft.insert((caller, callee));
        }
        Ok(())
    }
    /// Reads edges as CSV with the columns `app`, `caller`, `callee`; others are ignored. Without
    /// `app` the file must hold one application.
    pub fn from_csv(bytes: &[u8], app: Option<&str>) -> Edges {
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
        let mut bad = Vec::new();
        let headers = match reader.headers() {
            Ok(headers) => headers.clone(),
            Err(error) => return Edges::BadRows(vec![format!("row 1: {error}")]),
        };
        let mut column = |name: &str| {
            let found = headers.iter().position(|h| h.trim() == name);
            if found.is_none() {
                bad.push(format!("row 1: there is no column `{name}`"));
            }
            found
        };
        let columns = [column("app"), column("caller"), column("callee")];
        let [Some(a), Some(b), Some(c)] = columns else {
            return Edges::BadRows(bad);
        };
        let mut apps: BTreeMap<String, Self> = BTreeMap::new();
        for (number, row) in reader.byte_records().enumerate() {
            let number = number + 2;
            let row = match row {
                Ok(row) => row,
                Err(error) => {
                    bad.push(format!("row {number}: {error}"));
                    continue;
                }
            };
            let mut cell = |at: usize, name: &str| {
                let bytes = row.get(at).unwrap_or_default();
                let text = core::str::from_utf8(bytes).map(str::trim);
                match text {
                    Ok("") => bad.push(format!("row {number}, column `{name}`: empty")),
                    Ok(text) => return Some(text.to_owned()),
                    Err(_) => bad.push(format!("row {number}, column `{name}`: not UTF-8")),
                }
                None
            };
            let cells = (cell(a, "app"), cell(b, "caller"), cell(c, "callee"));
            let (Some(app), Some(caller), Some(callee)) = cells else {
                continue;
            };
            if caller == callee {
                bad.push(format!(
                    "row {number}, column `callee`: `{callee}` calls itself"
                ));
                continue;
            }
            apps.entry(app).or_default().call(&caller, &callee);
        }
        if !bad.is_empty() {
            return Edges::BadRows(bad);
        }
        match app {
            Some(app) => match apps.remove(app) {
                Some(graph) => Edges::Graph(graph),
                None => Edges::UnknownApp(suggest(app, apps.keys().map(String::as_str))),
            },
            None if apps.len() == 1 => Edges::Graph(apps.into_values().next().unwrap_or_default()),
            None => Edges::UnknownApp(suggest("", apps.keys().map(String::as_str))),
        }
    }
}
