//! Drawn words as those of a file.

use super::super::{Chaos, LABEL};
use super::{Again, When};
use crate::catalog::FaultKind;
use crate::compose::{Composed, node_at, record_of};
use crate::lowering::FaultUse;
use crate::param::{Node, NodeKey, Raw};
use crate::timing::{self, Timing};
use squall_core::plan::Land;

impl Chaos {
    /// Drawn words as a fault of the file; `None` for words that cannot be.
    pub(super) fn fault(
        &self,
        slot: u32,
        kind: &'static FaultKind,
        args: &[(&'static str, String)],
        (when, asks): (&When, bool),
    ) -> Option<FaultUse> {
        let mut issues = Vec::new();
        let place = &self.place;
        let node = |(key, words): &(&'static str, String)| {
            let param = kind.params.iter().find(|p| p.key == *key);
            let param = param.expect("a recipe names parameters of its fault");
            (*key, node_at(&param.kind, words, &place.span))
        };
        let given = args.iter().map(node).collect();
        let args = record_of(kind.params, given, place, &mut issues);
        let text = |words: &str| node_at(&crate::param::Kind::Text, words, &place.span);
        let mut timing: Vec<(&str, Node)> =
            vec![("at", text(&when.at)), ("for", text(&when.length))];
        if let Some(Again { mean, until }) = &when.again {
            let key = |name: &str| NodeKey {
                name: name.to_owned(),
                span: place.span.clone(),
            };
            let entries = [
                ("mean", mean.as_str()),
                ("dist", "uniform"),
                ("until", until),
            ];
            let entries = entries.map(|(name, words)| (key(name), text(words)));
            let raw = Raw::Table(entries.to_vec());
            let span = place.span.clone();
            timing.push(("every", Node { span, raw }));
        }
        if asks {
            timing.push(("if_none", text("skip")));
        }
        let record = record_of(timing::PARAMS, timing, place, &mut issues);
        issues.is_empty().then(|| FaultUse {
            kind,
            label: format!("{LABEL}/{slot}"),
            args,
            timing: Timing::from_args(&record),
            land: Land::Optional,
            line: self.line,
            record,
            composed: Composed::default(),
        })
    }
}
