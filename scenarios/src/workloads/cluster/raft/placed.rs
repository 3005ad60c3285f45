//! Replicas that a scheduler places: what the file must say, and the process of a node on which one may come to be.

use super::events::HostEvents;
use super::machine::Member;
use super::server::{self, Woken};
use super::shared::Shared;
use crate::workloads::Prepare;
use crate::workloads::cluster::scheduler::{self, heard};
use core::cell::Cell;
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::Poll;
use squall_core::NodeId;
use squall_core::world::{Cx, Inbox};
use squall_faults::Issue;
use squall_faults::param::{Value, suggest};
use std::rc::Rc;

/// What the file says.
#[derive(Debug)]
pub(super) struct Placed {
    /// The scheduler, and which of its pods.
    pub(super) pods: (String, String),
    /// How many there are.
    pub(super) count: usize,
}

/// Reads which pods the replicas are; every error at once.
pub(super) fn read(prepare: &Prepare<'_>, issues: &mut Vec<Issue>) -> Option<Placed> {
    let args = prepare.args.table_opt("placed")?;
    let (by, pods) = (args.text("by"), args.text("pods"));
    let is = scheduler::SCHEDULER.name;
    let mut schedulers = prepare.workloads.iter().filter(|w| w.kind.name == is);
    let Some(scheduler) = schedulers.clone().find(|w| w.name == by) else {
        let issue = prepare.issue("placed.by", format!("no scheduler is called `{by}`"));
        let names = schedulers.by_ref().map(|w| w.name.as_str());
        issues.push(issue.maybe_help(suggest(by, names)));
        return None;
    };
    let kinds = &scheduler.args.table("pods").entries;
    let Some(Value::Table(kind)) = (kinds.iter().find(|arg| arg.key == pods)).map(|arg| &arg.value)
    else {
        let issue = prepare.issue("placed.pods", format!("`{by}` has no pods called `{pods}`"));
        let names = kinds.iter().map(|arg| arg.key.as_str());
        issues.push(issue.maybe_help(suggest(pods, names)));
        return None;
    };
    let wrong = |text: String, help: &str| prepare.issue("placed.pods", text).help(help);
    let replicas = kind.integer_opt("replicas").unwrap_or(0);
    if replicas < 1 {
        let text = format!("pods `{pods}` are no service with replicas");
        issues.push(wrong(text, "give them `replicas`, instead of `rate`"));
    } else if !kind.flag("local_volume") {
        let text = format!("pods `{pods}` have no volume: a replica that moves would lose its log");
        issues.push(wrong(text, "set `local_volume = true` there"));
    }
    if kind.table_opt("autoscale").is_some() {
        let text =
            format!("pods `{pods}` are scaled, and a store does not change its members by that");
        issues.push(wrong(text, "leave `autoscale` out there"));
    }
    if let Some(node) = outside(&scheduler.nodes, prepare.nodes) {
        let name = &prepare.topology.node(node).name;
        let issue = prepare.issue(
            "on",
            format!("`{by}` may place a replica on `{name}`, which is not here"),
        );
        issues.push(issue.help(format!("name all nodes of `{by}`")));
    }
    let pods = (by.to_owned(), pods.to_owned());
    let count = usize::try_from(replicas).unwrap_or(0).max(1);
    Some(Placed { pods, count })
}

fn outside(theirs: &[NodeId], ours: &[NodeId]) -> Option<NodeId> {
    theirs.iter().copied().find(|node| !ours.contains(node))
}

/// Runs on a node, for ever: while a pod of the store is there it is that replica. Between two pods nobody serves
/// here, and whoever asks is told so.
pub(super) async fn run(cx: Cx, shared: Rc<Shared>, events: HostEvents) {
    let inboxes = (cx.listen(&shared.doors[0]), cx.listen(&shared.doors[1]));
    let pods = cx.listen(&shared.pods);
    let mut life = 0;
    loop {
        let me = called(&cx, &inboxes, &pods).await;
        cx.event(events.hosted, u64::from(me), 1);
        let leads = Cell::new(None);
        {
            let lives = server::lives(&cx, &shared, (me, &mut life), (&inboxes, &leads));
            let (mut lives, mut over) = (pin!(lives), pin!(over(&pods)));
            poll_fn(|context| match over.as_mut().poll(context) {
                Poll::Ready(()) => Poll::Ready(()),
                // It goes on for ever.
                Poll::Pending => lives.as_mut().poll(context).map(|never| match never {}),
            })
            .await;
        }
        life += 1;
        if let (Some(role), Some(term)) = (shared.leader, leads.get()) {
            cx.leave_role(role, u64::from(term));
        }
        cx.event(events.hosted, u64::from(me), 0);
    }
}

/// Waits until a replica begins here.
async fn called(cx: &Cx, inboxes: &(Inbox, Inbox), pods: &Inbox) -> Member {
    loop {
        let mut said = pin!(pods.recv());
        let mut other = pin!(server::next(
            (&inboxes.0, &inboxes.1),
            core::future::pending()
        ));
        let woken = poll_fn(|context| match said.as_mut().poll(context) {
            Poll::Ready(message) => Poll::Ready(Ok(heard(&message))),
            Poll::Pending => other.as_mut().poll(context).map(Err),
        });
        match woken.await {
            Ok((replica, true)) => {
                if let Ok(member) = Member::try_from(replica) {
                    return member;
                }
            }
            Err(Woken::Call(call)) => call.fail(cx, 503, None),
            // Nobody is here to read it.
            Ok((_, false)) | Err(Woken::Message(_) | Woken::Timer) => {}
        }
    }
}

/// Waits until it ends.
async fn over(pods: &Inbox) {
    while heard(&pods.recv().await).1 {}
}
