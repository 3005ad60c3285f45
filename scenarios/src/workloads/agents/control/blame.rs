//! Whose fault a slow model call is: the model's, or that of the host on which its answer is read.

use super::super::app::Agent;
use super::Slug;
use super::policy::parts;
use squall_core::VirtualDuration;
use squall_core::world::Cx;

/// Processor time of reading an answer (a choice).
const READS_IN: VirtualDuration = VirtualDuration::from_millis(1);

/// As in the events.
const MODEL: u64 = 1;
const HOST: u64 = 2;

/// Reads an answer of the model that came after `took`; gives the time until it is read. What takes
/// long is blamed on somebody.
pub(in super::super) async fn read(
    agent: &Agent,
    cx: &Cx,
    call: u64,
    took: VirtualDuration,
) -> VirtualDuration {
    let Some((control, config)) = parts(&agent.app) else {
        return took;
    };
    let (Some(reading), Some(memory)) = (&config.reading, agent.memory) else {
        return took;
    };
    let since = cx.now();
    cx.compute(READS_IN).touching(memory, reading.pages).await;
    let here = cx.now().since(since);
    let whole = took.saturating_add(here);
    if whole < config.slow_call {
        return whole;
    }
    let truth = if here > took { HOST } else { MODEL };
    agent.event(control.names.slow_call, call, truth);
    let blind = control.knobs.whole(cx, Slug::Telemetry) == 1;
    let blamed = match (config.time_spans, blind) {
        // Where the host says nothing, all that is seen is a model call that took long.
        (false, true) => MODEL,
        _ => truth,
    };
    agent.event(control.names.blamed, call, blamed);
    whole
}
