//! What a model call cost, as the agent comes to know it. The bill (`spent`) is the provider's; what is
//! written down (`recorded`) is the agent's, and budgets go by that.

use super::super::app::Agent;
use super::super::calls::settle;
use super::policy::parts;
use super::{Purpose, Slug};
use squall_core::Sample;

/// A model call of `task` was billed: gives what is written down of it now.
pub(in super::super) fn usage(
    agent: &Agent,
    task: u32,
    (call, attempt): (u64, u32),
    billed: u64,
) -> u64 {
    let Some((control, config)) = parts(&agent.app) else {
        return billed;
    };
    if billed == 0 {
        return 0;
    }
    let (cx, names) = (&agent.cx, control.names);
    let missing = control.knobs.read(cx, Slug::UsageMissing);
    let late = control.knobs.time(cx, Slug::UsageLate);
    let mut draw = control.draws(Purpose::Usage, call).at(u64::from(attempt));
    let lost = missing > 0.0 && draw.chance(missing);
    if lost {
        agent.event(names.usage_lost, call, billed);
    }
    if config.count_usage || (!lost && late.is_zero()) {
        // Prompt and answer are there to be counted; a report that says the same changes nothing.
        agent.event(names.recorded, u64::from(task), billed);
        return billed;
    }
    if !lost {
        let waiting = agent.clone();
        cx.spawn(async move {
            waiting.cx.sleep(late).await;
            settle(&waiting, task, (0, billed));
            waiting.event(names.recorded, u64::from(task), billed);
        });
    }
    0
}
