//! Recorded sessions: the gzip file of rows, read once for all seeds.
//!
//! One row is one model call, or the start of a sub-agent. Every bad row is told, with its line, the
//! column and what is wrong.

use super::latency;
pub use super::rows::Bad;
use super::rows::{COLUMNS, Row, Wrong};
use flate2::read::MultiGzDecoder;
use std::collections::BTreeMap;
use std::io::Read as _;

/// Sessions, compact: 24 bytes a call.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// All steps, stream by stream.
    pub steps: Vec<Step>,
    /// Where the steps of each stream are. A stream is a main agent or a sub-agent.
    pub streams: Vec<Span>,
    /// The streams of the main agents, in file order.
    pub sessions: Vec<u32>,
}

/// The steps of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The first.
    pub first: u32,
    /// How many.
    pub len: u32,
}

/// What an agent does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A model call, and perhaps a tool call that it asked for.
    Call(Call),
    /// Starts the sub-agent of this stream; the agent waits for it, or goes on.
    Spawn {
        /// Its stream.
        child: u32,
        /// Whether the agent waits for its end.
        wait: bool,
    },
}

/// A model call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// Tokens of the prompt.
    pub context: u32,
    /// Those of them that no cache has.
    pub new: u32,
    /// Tokens of the answer.
    pub out: u32,
    /// Time since the previous answer, in milliseconds: the run of a tool, or a human.
    pub gap_ms: u32,
    /// Time of the call, in milliseconds; zero if it was not recorded.
    pub api_ms: u32,
    /// Number in [`latency::MODELS`].
    pub model: u8,
    /// Whether the answer asks for a tool.
    pub tool: bool,
}

/// Bad rows shown; the rest is counted.
pub const SHOWN_MAX: usize = 20;

/// Tokens of a block of the prompt cache.
const BLOCK_TOKENS: f64 = 64.0;

impl Trace {
    /// Reads `bytes`, a csv with or without gzip. The error lists what is wrong, at most
    /// [`SHOWN_MAX`] rows of it and the number of the others.
    pub fn read(bytes: &[u8]) -> Result<Self, Vec<Bad>> {
        let mut wrong = Wrong::default();
        let mut text = Vec::new();
        if bytes.starts_with(&[0x1f, 0x8b]) {
            if let Err(error) = MultiGzDecoder::new(bytes).read_to_end(&mut text) {
                // What came before may have errors of its own; the last line is cut off.
                let whole = text.iter().rposition(|byte| *byte == b'\n');
                text.truncate(whole.map_or(0, |at| at + 1));
                let lines = text.iter().filter(|byte| **byte == b'\n').count();
                wrong.push(format!(
                    "the gzip data end early, after line {lines}: {error}"
                ));
            }
        } else {
            text.extend_from_slice(bytes);
        }
        let cut = wrong.count > 0;
        let trace = Self::rows(&text, cut, &mut wrong);
        if wrong.count == 0 && trace.sessions.is_empty() {
            wrong.push("it has no sessions".to_owned());
        }
        if wrong.count == 0 {
            return Ok(trace);
        }
        let more = wrong.count - wrong.shown.len();
        if more > 0 {
            wrong
                .shown
                .push(format!("{more} more rows are wrong").into());
        }
        Err(wrong.shown)
    }

    fn rows(text: &[u8], cut: bool, wrong: &mut Wrong) -> Self {
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text);
        let mut at = [usize::MAX; COLUMNS.len()];
        match reader.byte_headers() {
            Ok(header) => {
                for (name, at) in COLUMNS.iter().zip(&mut at) {
                    match header.iter().position(|column| column == name.as_bytes()) {
                        Some(found) => *at = found,
                        // Of a file that is cut off before its header nothing more can be said.
                        None if cut && text.is_empty() => {}
                        None => wrong.push(format!("line 1: there is no column `{name}`")),
                    }
                }
            }
            Err(error) => wrong.push(format!("line 1: {error}")),
        }
        let mut grown = Grown::default();
        if at.contains(&usize::MAX) {
            return Self::default();
        }
        let mut record = csv::ByteRecord::new();
        loop {
            match reader.read_byte_record(&mut record) {
                Ok(false) => break,
                Ok(true) => grown.add(
                    &Row {
                        record: &record,
                        at: &at,
                    },
                    wrong,
                ),
                Err(error) => {
                    wrong.push(error.to_string());
                    break;
                }
            }
        }
        grown.finish(cut, wrong)
    }
}

/// Streams while rows come in.
#[derive(Default)]
struct Grown {
    /// Sessions in file order: agents by name.
    sessions: Vec<BTreeMap<String, Agent>>,
    index: BTreeMap<String, usize>,
    /// The session of the last row.
    last: Option<(usize, String)>,
}

/// The steps of an agent, each with its line, and the last `seq`.
#[derive(Default)]
struct Agent {
    steps: Vec<(Step, u64)>,
    seq: Option<u32>,
}

impl Grown {
    fn add(&mut self, row: &Row<'_>, wrong: &mut Wrong) {
        let before = wrong.count;
        let session = row.text("session", wrong);
        let agent = row.text("agent", wrong);
        let kind = row.text("kind", wrong);
        let seq = row.number("seq", (1.0, false), wrong);
        let line = row.line();
        if session.is_empty() {
            wrong.push_at(row, "session", "is empty");
        }
        if agent.is_empty() {
            wrong.push_at(row, "agent", "is empty");
        }
        let step = if kind.starts_with("spawn:") {
            if agent != "main" {
                let what = "is a spawn by a sub-agent, of which nothing is known";
                wrong.push_at(row, "kind", &format!("{what}: `{kind}`"));
            }
            let wait = row.text("stop", wrong) != "async_launched";
            Step::Spawn { child: 0, wait }
        } else {
            Step::Call(call(row, wrong))
        };
        let agents = self.session(session);
        if !agents.contains_key(agent) {
            agents.insert(agent.to_owned(), Agent::default());
        }
        let Some(place) = agents.get_mut(agent) else {
            return;
        };
        if wrong.count == before && place.seq.is_some_and(|last| last >= seq) {
            wrong.push_at(row, "seq", &format!("does not ascend: `{seq}`"));
        }
        place.seq = place.seq.max(Some(seq));
        place.steps.push((step, line));
    }
    fn session(&mut self, name: &str) -> &mut BTreeMap<String, Agent> {
        let at = match &self.last {
            Some((at, last)) if last == name => *at,
            _ => {
                let fresh = self.sessions.len();
                let at = *self.index.entry(name.to_owned()).or_insert(fresh);
                if at == fresh {
                    self.sessions.push(BTreeMap::new());
                }
                self.last = Some((at, name.to_owned()));
                at
            }
        };
        &mut self.sessions[at]
    }

    /// Streams in file order; each spawn gets the next sub-agent by name.
    fn finish(self, cut: bool, wrong: &mut Wrong) -> Trace {
        let mut trace = Trace::default();
        let number = |n: usize| u32::try_from(n).expect("fewer than 2^32 rows");
        for mut agents in self.sessions {
            let Some(mut main) = agents.remove("main") else {
                if !cut {
                    let steps = agents.values().flat_map(|agent| &agent.steps);
                    let line = steps.map(|(_, line)| *line).min();
                    let line = line.unwrap_or(0);
                    wrong.push(format!("line {line}: its session has no agent `main`"));
                }
                continue;
            };
            let first = number(trace.streams.len());
            let mut children = 0;
            for (step, line) in &mut main.steps {
                if let Step::Spawn { child, .. } = step {
                    children += 1;
                    *child = first + children;
                    if children > number(agents.len()) && !cut {
                        wrong.push(format!("line {line}: the sub-agent it starts has no rows"));
                    }
                }
            }
            if let Some(agent) = agents.values().nth(children as usize) {
                let line = agent.steps.first().map_or(0, |(_, line)| *line);
                wrong.push(format!("line {line}: no row starts this sub-agent"));
            }
            trace.sessions.push(first);
            for Agent { steps, .. } in core::iter::once(main).chain(agents.into_values()) {
                trace.streams.push(Span {
                    first: number(trace.steps.len()),
                    len: number(steps.len()),
                });
                trace.steps.extend(steps.into_iter().map(|(step, _)| step));
            }
        }
        trace
    }
}

fn call(row: &Row<'_>, wrong: &mut Wrong) -> Call {
    let model = row.text("model", wrong);
    if model.is_empty() {
        wrong.push_at(row, "model", "is empty");
    }
    let tool =
        row.text("out_types", wrong).contains("tool_use") || row.text("stop", wrong) == "tool_use";
    Call {
        context: row.number("in_tok", (1.0, false), wrong),
        new: row.number("new_blocks", (BLOCK_TOKENS, false), wrong),
        out: row.number("out_tok", (1.0, false), wrong),
        gap_ms: row.number("think_time_s", (1000.0, true), wrong),
        api_ms: row.number("api_time_s", (1000.0, true), wrong),
        model: latency::number(model),
        tool,
    }
}
