//! Drawn words as those of a file.

use super::super::{Chaos, LABEL};
use super::When;
use crate::catalog::FaultKind;
use crate::compose::{Composed, node_at, record_of};
use crate::lowering::FaultUse;
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
        let mut timing = when.start.nodes(&place.span);
        timing.push(("for", text(&when.length)));
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
