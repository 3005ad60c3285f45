//! What was done in a measured run, and what was measured.

use super::csv::Row;
use squall_core::memory::Preset;
use squall_core::plan::Swap;

/// The experiment: everything that was set, nothing that was observed.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) id: String,
    pub(crate) device: Swap,
    pub(crate) resident_bytes: u64,
    pub(crate) limit_bytes: u64,
    /// Resident set by limit.
    pub(crate) ratio: f64,
    pub(crate) pages: u32,
    pub(crate) zipf: f64,
    pub(crate) write_share: f64,
    pub(crate) work_us: f64,
    pub(crate) rate: f64,
    pub(crate) workers: usize,
    pub(crate) seed: u64,
    pub(crate) offered: usize,
    /// Touches before the run.
    pub(crate) warm_touches: Option<f64>,
    pub(crate) hog: Option<Hog>,
}

/// The neighbour of a storm; times in seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hog {
    pub(crate) bytes: u64,
    /// Touches a second; 0 is idle.
    pub(crate) rate: f64,
    /// Planned start and end, which bound the phases.
    pub(crate) planned: [f64; 2],
    /// When it began, when it had all its pages (if recorded), when it freed them.
    pub(crate) start: f64,
    pub(crate) ready: Option<f64>,
    pub(crate) free: f64,
}

const MIB: f64 = 1_048_576.0;

fn whole(x: f64) -> u64 {
    // Sizes and counts of a table are small and positive.
    x.round().max(0.0) as u64
}

/// The device by its name in the table.
fn device(name: &str) -> Result<Swap, String> {
    if let Some(iops) = name.strip_prefix("iops").and_then(|n| n.parse().ok()) {
        return Ok(Swap::Iops(iops));
    }
    let preset = match name {
        "" | "file" => "vdisk",
        name if name.starts_with("zram-lzo") => "zram",
        name => name,
    };
    match Preset::by_name(preset) {
        Some(preset) => Ok(Swap::Preset(preset.name().to_owned())),
        None => Err(format!("unknown device `{name}`")),
    }
}

impl Run {
    pub(crate) fn read(row: Row<'_>) -> Result<Self, String> {
        let or = |name: &str, value: f64| row.number(name).unwrap_or(value);
        let (resident, limit) = (row.needs("R_mib")?, row.needs("M_mib")?);
        let rate = row.needs("lambda_rps")?;
        let offered = row.number("n_offered").or(row.number("n_done"));
        let id = row.text("run_id").to_owned();
        let hog = (or("hog_mib", 0.0) > 0.0)
            .then(|| Hog::read(row))
            .transpose()?;
        Ok(Self {
            device: device(row.text("device")).map_err(|error| format!("run `{id}`: {error}"))?,
            id,
            resident_bytes: whole(resident * 256.0) * 4_096,
            limit_bytes: whole(limit * MIB),
            ratio: resident / limit,
            pages: whole(row.needs("K_pages")?) as u32,
            zipf: row.needs("zipf_s")?,
            write_share: or("write_frac", 0.5),
            work_us: or("C_us", 200.0),
            rate,
            workers: whole(or("workers", 4.0)) as usize,
            seed: whole(or("seed", 1.0)),
            offered: whole(offered.unwrap_or(rate * 7.0)) as usize,
            warm_touches: row.number("warm_touches").filter(|touches| *touches > 0.0),
            hog,
        })
    }

    /// The arrivals as they were recorded, in seconds.
    pub(crate) fn arrivals(&self) -> Vec<f64> {
        let mut state = 99_u64.wrapping_mul(self.seed).wrapping_add(3);
        let mut at = 0.0;
        let mut next = || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            (z ^ (z >> 31)) >> 11
        };
        (0..self.offered)
            .map(|_| {
                at -= libm::log1p(-(next() as f64 / 9_007_199_254_740_992.0)) / self.rate;
                at
            })
            .collect()
    }

    /// Whether the reads are capped.
    pub(crate) const fn capped(&self) -> bool {
        matches!(self.device, Swap::Iops(_))
    }
}

impl Hog {
    fn read(row: Row<'_>) -> Result<Self, String> {
        let planned = [row.needs("hog_t0_s")?, row.needs("hog_t1_s")?];
        // Zero stands for "not recorded" in these columns.
        let recorded = |name: &str| row.number(name).filter(|at| *at > 0.0);
        let start = recorded("hog_start_s").unwrap_or(planned[0]);
        Ok(Self {
            bytes: whole(row.needs("hog_mib")? * 256.0) * 4_096,
            rate: row.number("hog_rate_pps").unwrap_or(0.0),
            planned,
            start,
            ready: recorded("hog_ready_s").filter(|ready| *ready > start),
            free: recorded("hog_free_s").unwrap_or(planned[1]),
        })
    }
}
