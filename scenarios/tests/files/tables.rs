//! Every table: valid defaults, and a description of each key.

use squall_faults::param::{Kind, Node, Param, read};
use squall_scenarios::{tables, workloads};

/// Every table of the house, and the tables in it.
fn tables_of(params: &'static [Param], visit: &mut dyn FnMut(&'static [Param])) {
    visit(params);
    for param in params {
        kind_tables(&param.kind, visit);
    }
}

fn kind_tables(kind: &'static Kind, visit: &mut dyn FnMut(&'static [Param])) {
    match kind {
        Kind::Table(params) => tables_of(params, visit),
        Kind::List(of) | Kind::Map(of) => kind_tables(of, visit),
        Kind::Variant { of, .. } => of().into_iter().for_each(|v| tables_of(v.params, visit)),
        _ => {}
    }
}

#[test]
fn all_defaults_are_valid_and_all_keys_are_described() {
    let mut count = 0;
    tables_of(tables::FILE, &mut |params| {
        count += 1;
        // Reading an empty record reads every default, and panics if one is wrong.
        read(params, &Node::table(vec![]), &mut Vec::new());
        for param in params {
            assert!(
                !param.doc.is_empty() && !param.doc.ends_with('.'),
                "{}",
                param.key
            );
            assert!(
                param
                    .key
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b == b'_'),
                "{}",
                param.key
            );
        }
    });
    assert!(count > 30, "{count}");
    let overview = workloads::list();
    for kind in workloads::ALL {
        let line = overview.lines().find(|line| line.starts_with(kind.name));
        assert!(
            line.is_some_and(|line| line.ends_with(kind.summary)),
            "{overview}"
        );
    }
    assert!(
        overview.lines().count() <= workloads::ALL.len() + 1,
        "{overview}"
    );
    let agents = workloads::find("agents").expect("a kind");
    assert!(agents.describe().contains("at-most-once-effect"));
    assert!(workloads::list_metrics().contains("node_vmstat_pgmajfault"));
}
