//! What an agent does next: from the recording, or drawn.
//!
//! The tables are quantiles of the recorded calls (`claude_code_sessions.csv.gz`, kv-cache-tester,
//! Apache-2.0), linear in between; a test recomputes them. Each step is drawn for itself, by session
//! and ordinal: that growth, output and gaps hang together is lost.

use super::config::Config;
use super::latency::quantile;
use super::trace::{Call, Step};
use squall_core::{Key, Sample, Seed};

/// Model calls of a session's main agent.
pub const CALLS: [f64; 12] = [
    3.0, 3.0, 4.0, 7.0, 17.75, 44.0, 90.0, 147.0, 207.75, 333.0, 463.375, 514.0,
];
/// Tokens of an answer.
pub const OUT: [f64; 12] = [
    0.0, 57.0, 88.0, 104.0, 139.0, 217.0, 423.0, 878.0, 1507.0, 3690.0, 8264.0, 18195.0,
];
/// Tokens of the first prompt of a main agent.
pub const FIRST: [f64; 12] = [
    6343.0, 10164.0, 13109.0, 15619.0, 18584.0, 23385.0, 105_573.0, 257_431.0, 391_566.0,
    717_227.0, 847_815.0, 851_858.0,
];
/// Tokens by which the prompt grows from call to call, where it does not at least halve.
pub const GROWTH: [f64; 12] = [
    0.0, 97.0, 152.0, 188.0, 329.0, 664.5, 1626.75, 3815.3, 6757.3, 17216.5, 83642.0, 636_943.0,
];
/// New size over old where it does.
pub const COMPACTION: [f64; 12] = [
    0.034, 0.071, 0.135, 0.154, 0.179, 0.233, 0.315, 0.406, 0.444, 0.467, 0.492, 0.493,
];
/// Tokens of a prompt that no cache has, first calls excepted.
pub const NEW: [f64; 12] = [
    0.0, 128.0, 128.0, 192.0, 320.0, 704.0, 1728.0, 4352.0, 8384.0, 54016.0, 222_602.0, 697_344.0,
];
/// Seconds before a call that brings results of a tool: its run, and the approval by a human.
pub const GAP_TOOL: [f64; 12] = [
    0.0, 2.0, 3.0, 4.0, 5.0, 8.0, 19.0, 69.0, 139.0, 607.0, 2974.0, 27010.0,
];
/// Seconds before a call that brings a human's words.
pub const GAP_HUMAN: [f64; 12] = [
    0.0, 3.0, 9.0, 16.0, 39.0, 120.0, 382.5, 1366.0, 3000.0, 6546.4, 20079.0, 72013.0,
];
/// Share of the transitions in which the prompt at least halves: 201 of 44,019.
const COMPACTION_SHARE: f64 = 0.0046;
/// Share of the answers that ask for a tool, by content or by stop reason.
pub const TOOL_SHARE: f64 = 0.847;
/// The longest prompt of the recording.
const CONTEXT_MAX: f64 = 894_371.0;

/// Steps of all streams.
#[derive(Debug)]
pub(super) struct Source {
    key: Key,
}

impl Source {
    pub(super) fn new(seed: Seed, path: &str) -> Self {
        Self {
            key: Key::new(seed, path, "steps"),
        }
    }
    /// How many steps a stream has.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to a small positive range"
    )]
    pub(super) fn len(&self, config: &Config, stream: u32) -> u32 {
        match &config.trace {
            Some(trace) => trace.streams[stream as usize].len,
            None => {
                let mut draw = self.key.child(u64::from(stream)).at(0);
                let calls = match &config.arrivals.calls {
                    Some(law) => law.sample(&mut draw),
                    None => quantile(&CALLS, draw.open_unit()),
                };
                calls.round().clamp(1.0, 100_000.0) as u32
            }
        }
    }
    /// Step `seq` of a stream whose previous prompt had `before` tokens.
    pub(super) fn step(&self, config: &Config, (stream, seq): (u32, u32), before: u32) -> Step {
        match &config.trace {
            Some(trace) => trace.steps[(trace.streams[stream as usize].first + seq) as usize],
            None => Step::Call(self.draw(config, (stream, seq), f64::from(before))),
        }
    }
    fn draw(&self, config: &Config, (stream, seq): (u32, u32), before: f64) -> Call {
        let mut draw = self.key.child(u64::from(stream)).at(u64::from(seq) + 1);
        let [context, out, new, gap, tool, halves] = core::array::from_fn(|_| draw.open_unit());
        // Whether the previous answer asked for a tool is that step's draw.
        let mut previous = self.key.child(u64::from(stream)).at(u64::from(seq));
        let asked =
            seq > 0 && core::array::from_fn::<f64, 5, _>(|_| previous.open_unit())[4] < TOOL_SHARE;
        let size = match seq {
            0 => quantile(&FIRST, context),
            _ if halves < COMPACTION_SHARE => before * quantile(&COMPACTION, context),
            _ => before + quantile(&GROWTH, context),
        };
        let size = size.min(CONTEXT_MAX);
        let gap = match (seq, asked) {
            (0, _) => 0.0,
            (_, true) => quantile(&GAP_TOOL, gap),
            (_, false) => quantile(&GAP_HUMAN, gap),
        };
        Call {
            context: whole(size),
            new: whole(if seq == 0 {
                size
            } else {
                quantile(&NEW, new).min(size)
            }),
            out: whole(quantile(&OUT, out)),
            gap_ms: whole(gap * 1000.0),
            api_ms: 0,
            model: config.model.number,
            tool: tool < TOOL_SHARE,
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the tables are far below 2^32 and not negative"
)]
fn whole(x: f64) -> u32 {
    x.round() as u32
}
