//! A model of your own under injected faults, without a scenario file.
//!
//! A client transfers money over a link that loses its way for a while. It tries again when no answer
//! comes, so a transfer whose answer was lost happens twice. The property says so, with the seed; with
//! an idempotency key it does not. Run it: `cargo run --example own_model`.

use squall::core::history::{Record, What};
use squall::core::plan::{CallRule, CallScope, Entry, Land, Plan, PlannedFault, Primitive};
use squall::core::property::{Invariant, Monitored, Ruling, Verdict};
use squall::core::world::{Bounds, Cx, NodeSpec, Reply, Request, World};
use squall::core::{NameId, Seed, VirtualDuration, VirtualTime};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

/// Every transfer happens at most once.
#[derive(Debug)]
struct AtMostOnce {
    transferred: NameId,
    seen: BTreeSet<u64>,
}

impl Invariant for AtMostOnce {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        if let What::Event {
            name,
            node,
            a: transfer,
            ..
        } = record.what
            && name == self.transferred
        {
            ruling.checked();
            if !self.seen.insert(transfer) {
                let text = || format!("transfer {transfer} happened twice");
                ruling.violated(record.at, Some(node), text);
            }
        }
    }
}

async fn bank(cx: Cx, transferred: NameId, idempotent: bool, done: Rc<RefCell<BTreeSet<u64>>>) {
    let inbox = cx.listen("bank");
    loop {
        let call = inbox.accept().await;
        cx.compute(VirtualDuration::from_millis(2)).await;
        let key = call.request.key;
        // The set of keys is durable: it outlives the process.
        if done.borrow_mut().insert(key) || !idempotent {
            cx.event(transferred, key, 0);
        }
        call.reply(&cx, Reply::default());
    }
}

/// Runs one seed and says what became of the promise.
pub fn run(seed: Seed, idempotent: bool) -> Verdict {
    let mut world = World::new(seed, false);
    let client = world.add_node(&NodeSpec::new("client"));
    let server = world.add_node(&NodeSpec::new("bank"));
    let transferred = world.name("transferred");
    let (port, service) = (world.port(server, "bank"), world.service("bank"));
    let done = Rc::new(RefCell::new(BTreeSet::new()));
    world.process(server, "bank", move |cx| {
        bank(cx, transferred, idempotent, Rc::clone(&done))
    });
    world.process(client, "client", move |cx| async move {
        for key in 0..100 {
            let request = Request {
                key,
                ..Request::default()
            };
            let limit = VirtualDuration::from_millis(50);
            while cx.call(port, request).within(limit).await.is_err() {
                cx.back_off(limit).await;
            }
        }
    });
    let lost = Primitive::Call {
        client: None,
        service,
        only: CallScope::ALL,
        rule: CallRule::LostReply { share: 0.1 },
    };
    let fault = PlannedFault {
        kind: "lost-reply".into(),
        label: "lost-reply".into(),
        land: Land::Any,
        notes: Vec::new(),
    };
    let entry = Entry {
        fault: 0,
        part: 0,
        from: VirtualTime::ZERO,
        until: None,
        firing: None,
        primitive: lost,
    };
    world.set_plan(Plan::new(vec![fault], vec![entry]));
    let promise = AtMostOnce {
        transferred,
        seen: BTreeSet::new(),
    };
    world.watch(Box::new(Monitored::new(Box::new(promise))));
    let stop = world.run(Bounds::until(
        VirtualTime::ZERO + VirtualDuration::from_secs(60),
    ));
    world.finish(&stop).outcomes[0].verdict
}

#[expect(clippy::print_stdout, reason = "an example shows what it found")]
fn main() {
    for idempotent in [false, true] {
        let verdicts: Vec<Verdict> = (0..32).map(|seed| run(Seed(seed), idempotent)).collect();
        let failing = verdicts
            .iter()
            .filter(|verdict| **verdict == Verdict::Fail)
            .count();
        println!(
            "with a key: {idempotent:<5}   {failing} of {} seeds fail",
            verdicts.len()
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_makes_the_difference() {
        squall::testing::seeds(0..8, |seed| {
            assert_eq!(run(seed, true), Verdict::Pass);
            assert_eq!(run(seed, false), Verdict::Fail);
        });
    }
}
