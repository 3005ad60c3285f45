//! A matrix of links in a file: base values of ordered pairs, and everything that is wrong with one at once.

use squall_core::plan::LinkTarget;
use squall_core::{Law, NodeId, VirtualDuration};
use squall_scenarios::{Files, Ready, Settings, parse};

/// One file in memory.
struct Matrix<'a>(&'a str);

impl Files for Matrix<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        match path {
            "wan.csv" => Ok(self.0.as_bytes().to_vec()),
            _ => Err("there is no such file".to_owned()),
        }
    }
}

/// Nodes 0 and 1 are in Europe, 2 in America, 3 in Asia; the file stands at `wan`.
fn ready(wan: &str, matrix: &str) -> Result<Ready, String> {
    let text = format!(
        "name = 'wan'\nstop = {{ at = '1m' }}\n[topology]\n\
         nodes.eu = {{ count = 2, zone = 'eu' }}\nnodes.us = {{ zone = 'us' }}\nnodes.asia = {{}}\n\
         links.default = {{ delay = '1ms' }}\nlinks.'us -> asia' = {{ delay = '2ms' }}\n{wan}\n\
         [workload.shop.cluster]\non = 'eu'\ngraph.edges = ['front -> cart']\n"
    );
    let scenario = parse("w.toml", &text, &Settings::default()).map_err(|e| e.to_string())?;
    scenario.ready(&Matrix(matrix)).map_err(|e| e.to_string())
}

const WAN: &str = "wan.file = 'wan.csv'";

fn link(from: u32, to: u32) -> LinkTarget {
    LinkTarget {
        from: NodeId(from),
        to: NodeId(to),
    }
}

#[test]
fn each_ordered_pair_has_its_own_row_and_links_win() {
    let matrix = "from,to,delay,loss,rate\n\
                  zone=eu,zone=us,40ms,0.01,1Gbit/s\nzone=us,zone=eu,45ms,,\n\
                  zone=eu,asia,normal 90ms sd 5ms,0,\nasia,zone=eu,95ms,,\n\
                  zone=us,asia,70ms,,\nasia,zone=us,75ms,,\n";
    let ready = ready(WAN, matrix).unwrap_or_else(|e| panic!("{e}"));
    let delay = |from, to| ready.scenario.links.rule(link(from, to)).delay.clone();
    let ms = |ms: u64| Law::Constant(VirtualDuration::from_millis(ms).as_nanos_f64());
    for from in [0, 1] {
        let there = ready.scenario.links.rule(link(from, 2));
        assert_eq!((&there.delay, there.loss), (&ms(40), 0.01));
        assert_eq!(there.bandwidth.and_then(|b| b.rate), Some(125e6));
        assert_eq!(delay(2, from), ms(45), "the way back is another");
    }
    assert_eq!(ready.scenario.links.rule(link(2, 0)).bandwidth, None);
    assert!(
        matches!(delay(1, 3), Law::Normal { .. }),
        "{:?}",
        delay(1, 3)
    );
    assert_eq!(delay(3, 2), ms(75));
    assert_eq!(delay(2, 3), ms(2), "what `links` says wins");
    assert_eq!(delay(0, 1), ms(1), "inside of an end the default holds");
    let named = ready.scenario.files();
    assert_eq!(named.len(), 1);
    assert_eq!(named[0].path, "wan.csv");
}

#[test]
fn a_missing_pair_is_an_error_unless_the_file_may_be_sparse() {
    let matrix = "from,to,delay\neu,us,40ms\nus,eu,40ms\neu,asia,90ms\n";
    let shown = ready(WAN, matrix).expect_err("three pairs are missing");
    let text = "there is no row for `asia -> eu`, `asia -> us`, `us -> asia`";
    assert!(shown.contains(text), "{shown}");
    assert!(shown.contains("missing = \"default\""), "{shown}");
    let sparse = "wan = { file = 'wan.csv', missing = 'default' }";
    let ready = ready(sparse, matrix).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(
        ready.scenario.links.rule(link(3, 2)).delay,
        Law::Constant(1e6)
    );
}

#[test]
fn all_that_is_wrong_with_a_matrix_is_said_at_once_with_line_and_column() {
    let matrix = "from,to,delay,loss\neu,us,40 parsec,0.1\neu,moon,40ms,0.1\nus,eu,40ms,1.5\n\
                  us,us,1ms,0\neu,us,41ms,0\nasia,eu\nany 1 of eu,us,1ms,0\nasia,us,trace x in ms,0\n";
    let shown = ready(WAN, matrix).expect_err("nearly all of it is wrong");
    for part in [
        "line 2: column 3: duration has no unit",
        "line 3: column 2: selector names an unknown node group `moon`",
        "line 4: column 4: 1.5 is out of range",
        "line 5: column 2: both ends are the same node",
        "line 6: `eu -> us` is on line 2 too",
        "line 7: 2 fields, and 4 columns",
        "line 8: column 1: nothing is drawn here",
        "line 9: column 3: a file in a file",
        "wan.csv:4",
        "us,eu,40ms,1.5",
    ] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    for (matrix, part) in [
        ("from,delay\neu,1ms\n", "there is no column `to`"),
        (
            "from,to,latency\neu,us,1ms\n",
            "unknown column `latency`; columns are from, to, delay",
        ),
        (
            "from,to,delay,delay\neu,us,1ms,1ms\n",
            "column `delay` is there twice",
        ),
        ("from,to,delay\n", "the file has no pairs"),
        ("", "the file is empty"),
        (
            "from,to,queue\neu,us,1KiB\n",
            "line 2: column 3: `queue` without a rate",
        ),
    ] {
        let shown = ready(WAN, matrix).expect_err(matrix);
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    let shown = ready("wan.file = 'no.csv'", "").expect_err("no file");
    assert!(shown.contains("cannot read `no.csv`"), "{shown}");
}
