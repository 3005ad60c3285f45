//! Who takes a session, and what becomes of one that kills whoever does.

use super::super::app::Agent;
use super::super::session::Cause;
use super::locks::Owner;
use super::policy::parts;
use super::turn::POINT;
use super::{Purpose, Slug, counter, locks, mind};

/// A worker takes a stream for the `epoch`-th time: not if it has been taken too often.
pub(in super::super) async fn take(agent: &Agent, stream: u32, epoch: u32) -> Result<(), Cause> {
    let Some((control, config)) = parts(&agent.app) else {
        return Ok(());
    };
    let (names, about, takes) = (&control.names, u64::from(stream), u64::from(epoch));
    if epoch > 1 {
        locks::drop_old(agent, control, Owner { stream, epoch });
        counter::drop_old(agent, stream);
    }
    if config.dead_letter && takes > config.takes_max {
        agent.event(names.parked, about, takes);
        return Err(Cause::Parked);
    }
    agent.event(names.taken, about, takes);
    let poison = (Slug::PoisonTask, Purpose::PoisonTask);
    if mind::chance(control, &agent.cx, poison, about) {
        agent.event(names.poison_taken, about, takes);
        // The crash that answers to this record comes first.
        agent.cx.sleep(POINT).await;
    }
    Ok(())
}
