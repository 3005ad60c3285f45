//! Repetition: its keys, and the gaps between starts.

use super::{Dist, Every, Overlap};
use crate::draws::Draws;
use crate::param::Args;
use squall_core::{Law, VirtualDuration};

/// Variance over squared mean of gaps in clusters where the file does not say.
const CV2: f64 = 4.0;

impl Every {
    pub(super) fn from_args(args: &Args) -> Self {
        Self {
            mean: args.duration("mean"),
            dist: match args.word("dist") {
                "uniform" => Dist::Uniform,
                "exponential" => Dist::Exponential,
                "hyperexponential" => {
                    Dist::Hyperexponential(args.number_opt("variance").unwrap_or(CV2))
                }
                _ => Dist::Constant,
            },
            least: args.duration_opt("least").unwrap_or_default(),
            until: args.duration_opt("until"),
            count: args
                .integer_opt("count")
                .and_then(|n| u64::try_from(n).ok()),
            overlap: match args.word("overlap") {
                "queue" => Overlap::Queue,
                "stack" => Overlap::Stack,
                "error" => Overlap::Error,
                _ => Overlap::Skip,
            },
        }
    }
    pub(super) fn gap(&self, draws: &Draws, purpose: &str) -> VirtualDuration {
        let mean = self.mean.saturating_sub(self.least).as_nanos_f64();
        let law = match self.dist {
            Dist::Constant => Law::Constant(mean),
            Dist::Uniform => Law::Uniform {
                low: 0.0,
                high: 2.0 * mean,
            },
            Dist::Exponential => Law::Exponential { mean },
            Dist::Hyperexponential(cv2) => Law::Hyperexponential { mean, cv2 },
        };
        draws
            .length(purpose, &law)
            .saturating_add(self.least)
            .max(VirtualDuration::from_nanos(1))
    }
}
