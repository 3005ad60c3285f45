//! Passes through a working set in order.

use super::*;

fn pass(mib: u64, page_cluster: u32, swap: &'static str) -> Seen {
    let backup = Service {
        pages: 512,
        every_us: 50_000,
        in_order: true,
        ..service("backup", 128)
    };
    let mut rig = Rig::new(mib, vec![backup]);
    rig.rules.page_cluster = page_cluster;
    rig.swap = Some(swap);
    rig.run(30)
}

const FAULTS: &str = "rate(node_vmstat_pgmajfault)";
const PAGES: &str = "rate(node_vmstat_pswpin)";

/// Each fault of a pass reads 2^page-cluster pages: as many pages come in, in fewer faults.
#[test]
fn a_fault_of_a_pass_reads_a_cluster() {
    for (cluster, pages) in [(0, 1.0), (3, 8.0), (5, 32.0)] {
        let seen = pass(100, cluster, "vdisk");
        let (faults, read) = (seen.signal(FAULTS), seen.signal(PAGES));
        assert!(faults > 50.0, "{faults}");
        assert!(
            (read / faults / pages - 1.0).abs() < 0.01,
            "{cluster}: {read} pages in {faults}"
        );
        let bytes = seen.signal("rate(node_disk_read_bytes_total)");
        assert!((bytes / read / 4_096.0 - 1.0).abs() < 0.01, "{bytes}");
    }
    // The pages that come in do not hang on the cluster, but for the last one of each half.
    let (one, eight) = (pass(100, 0, "vdisk"), pass(100, 3, "vdisk"));
    let ratio = eight.signal(PAGES) / one.signal(PAGES);
    assert!((ratio - 1.0).abs() < 0.05, "{ratio}");
    let time = crate::property::Stat::P50;
    assert!(eight.latency("backup", time) < 0.4 * one.latency("backup", time));
}

/// However short its steps are: what a fault read beside its page is there for the next.
#[test]
fn a_pass_in_short_steps_reads_whole_clusters_too() {
    for pages in [2, 6, 9] {
        let mut rig = Rig::new(
            100,
            vec![Service {
                pages,
                every_us: 2_000,
                in_order: true,
                ..service("backup", 128)
            }],
        );
        rig.rules.page_cluster = 3;
        let seen = rig.run(200);
        let (faults, read) = (seen.signal(FAULTS), seen.signal(PAGES));
        assert!(faults > 10.0, "{faults}");
        let ratio = read / faults / 8.0;
        assert!((ratio - 1.0).abs() < 0.01, "{pages}: {read} in {faults}");
        let bytes = seen.signal("rate(node_disk_read_bytes_total)");
        assert!((bytes / read / 4_096.0 - 1.0).abs() < 0.01, "{bytes}");
        // No more comes in than the pass goes over.
        let passed = 500.0 * f64::from(pages);
        assert!(read < 1.01 * passed, "{pages}: {read} of {passed}");
    }
}

/// Where the pages fit a pass costs nothing; touches at random know no clusters.
#[test]
fn page_cluster_is_for_passes_alone() {
    let fits = pass(256, 3, "vdisk");
    assert!(fits.names.find(&format!("host.{FAULTS}")).is_none());
    let random = |page_cluster| {
        let mut rig = Rig::new(100, vec![service("api", 128)]);
        rig.rules.page_cluster = page_cluster;
        rig.run(10).digest()
    };
    assert_eq!(random(0), random(3));
}

/// Compressed memory is unpacked page by page: fewer faults, not less work a page.
#[test]
fn compressed_memory_unpacks_every_page() {
    let system = |cluster| {
        let seen = pass(100, cluster, "zram-zstd");
        seen.signal("rate(node_cpu_seconds_total{mode=\"system\"})") / seen.signal(PAGES) * 1e6
    };
    // Per page: 9 us of a fault or an eighth of it, 5.7 us to unpack, 23 us of reclaim.
    let (one, eight) = (system(0), system(3));
    assert!((one - eight - 9.0 * 7.0 / 8.0).abs() < 1.5, "{one} {eight}");
}
