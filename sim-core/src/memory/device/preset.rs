//! Named devices and their figures.

use crate::memory::SwapSpace;

/// Named devices. Medians are of one 4 KiB random read without queueing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preset {
    /// The para-virtual disk of the calibration: 49.5 us, 2 servers, 38 k reads/s (measured: 51 us,
    /// 27 k at depth 2, 48 k at depth 8).
    #[default]
    Vdisk,
    /// Compressed memory, lzo-rle: 2.5 us on the task's core; fitted.
    Zram,
    /// Compressed memory, lz4: mean 1.7 us; published benchmark.
    ZramLz4,
    /// Compressed memory, zstd: mean 5.7 us; published benchmark.
    ZramZstd,
    /// A compressed cache in front of a disk: 6 us; from Lagar-Cavilla, ASPLOS'19 (unverified).
    Zswap,
    /// 12 us; Savchenko, arXiv 2102.11198 (unverified), as the next three.
    Optane,
    /// 120 us.
    Nvme,
    /// SATA: 130 us.
    Ssd,
    /// A network volume: 1 ms (assumed), 3000 reads/s (vendor documents, unverified).
    Cloud,
    /// 10.6 ms, one server.
    Hdd,
}

/// Service times, parallelism and limits of a device.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Device {
    /// Median service time of a read in microseconds.
    pub median_us: f64,
    /// Standard deviation of its logarithm.
    pub sigma: f64,
    /// Reads served at once.
    pub servers: u32,
    /// What a read costs more after a long pause, in microseconds.
    pub idle_us: f64,
    /// Time constant of that surcharge, in microseconds.
    pub idle_tau_us: f64,
    /// Most reads a second.
    pub iops_max: Option<f64>,
    /// Whether reads run on the core of the task: no queue, no wait for input and output.
    pub on_core: bool,
    /// Write bandwidth in bytes a second.
    pub write_bytes_per_s: f64,
}

impl Preset {
    /// All presets, in the order of the documentation.
    pub const ALL: [Self; 10] = [
        Self::Vdisk,
        Self::Zram,
        Self::ZramLz4,
        Self::ZramZstd,
        Self::Zswap,
        Self::Optane,
        Self::Nvme,
        Self::Ssd,
        Self::Cloud,
        Self::Hdd,
    ];

    /// Its name in scenarios.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Vdisk => "vdisk",
            Self::Zram => "zram",
            Self::ZramLz4 => "zram-lz4",
            Self::ZramZstd => "zram-zstd",
            Self::Zswap => "zswap",
            Self::Optane => "optane",
            Self::Nvme => "nvme",
            Self::Ssd => "ssd",
            Self::Cloud => "cloud",
            Self::Hdd => "hdd",
        }
    }

    /// The preset of this name; `sata-ssd` is `ssd`, `zram-lzo-rle` is `zram`.
    pub fn by_name(name: &str) -> Option<Self> {
        let name = match name {
            "sata-ssd" => "ssd",
            "zram-lzo-rle" => "zram",
            name => name,
        };
        Self::ALL.into_iter().find(|preset| preset.name() == name)
    }

    /// Its figures. Sigmas other than of `vdisk` and `zram`, most server counts and the write
    /// bandwidths are assumed.
    pub fn device(self) -> Device {
        let base = Device {
            median_us: 49.5,
            sigma: 0.32,
            servers: 2,
            idle_us: 0.0,
            idle_tau_us: 5_000.0,
            iops_max: None,
            on_core: false,
            write_bytes_per_s: 400e6,
        };
        let disk = |median_us, sigma, servers| Device {
            median_us,
            sigma,
            servers,
            ..base
        };
        // Compressed memory: a mean is the median times e^(sigma^2 / 2), 1.063 at 0.35.
        let memory = |median_us, sigma, idle_us| Device {
            median_us,
            sigma,
            idle_us,
            on_core: true,
            ..base
        };
        match self {
            Self::Vdisk => Device {
                idle_us: 135.0,
                write_bytes_per_s: 230e6,
                ..base
            },
            Self::Zram => memory(2.5, 0.6, 15.0),
            Self::ZramLz4 => memory(1.7 / 1.063, 0.35, 15.0),
            Self::ZramZstd => memory(5.7 / 1.063, 0.35, 15.0),
            Self::Zswap => memory(6.0, 0.35, 0.0),
            Self::Optane => disk(12.0, 0.5, 8),
            Self::Nvme => disk(120.0, 0.35, 32),
            Self::Ssd => disk(130.0, 0.4, 16),
            Self::Cloud => Device {
                iops_max: Some(3_000.0),
                ..disk(1_000.0, 0.5, 16)
            },
            Self::Hdd => Device {
                write_bytes_per_s: 150e6,
                ..disk(10_600.0, 0.5, 1)
            },
        }
    }

    /// The swap space of `bytes` on such a device.
    pub fn space(self, bytes: u64) -> SwapSpace {
        SwapSpace {
            bytes,
            no_copies: matches!(self, Self::Zram | Self::ZramLz4 | Self::ZramZstd),
            write_bytes_per_s: self.device().write_bytes_per_s,
        }
    }
}
