//! Orders to all ranks of a job at once.

use super::mutant::Mutant;
use super::shared::Shared;
use super::tables::Incarnation;
use super::wire::{self, Order};
use core::cell::RefCell;
use core::future::poll_fn;
use core::pin::pin;
use core::task::{Poll, Waker};
use squall_core::VirtualDuration;
use squall_core::world::Cx;
use std::rc::Rc;

/// What came of an order so far.
#[derive(Debug, Default)]
struct Answers {
    /// Number of the order: answers to earlier ones are late.
    number: u64,
    missing: usize,
    /// So many may be missing at its end: none, but for a planted bug.
    spared: usize,
    lost: Option<usize>,
    /// Who did it in how long.
    times: Vec<(usize, VirtualDuration)>,
    waker: Option<Waker>,
}

/// Gives orders and collects the answers. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Orders {
    cx: Cx,
    shared: Rc<Shared>,
    answers: Rc<RefCell<Answers>>,
}

/// The nodes of a job, in one incarnation.
#[derive(Clone, Debug)]
pub(super) struct Gang {
    pub(super) to: Incarnation,
    pub(super) nodes: Vec<usize>,
}

impl Orders {
    pub(super) fn new(cx: &Cx, shared: &Rc<Shared>) -> Self {
        Self {
            cx: cx.clone(),
            shared: Rc::clone(shared),
            answers: Rc::default(),
        }
    }
    /// Gives an order, which should take `time`. Whoever waited for an earlier one waits no more.
    pub(super) fn give(&self, gang: &Gang, order: Order, time: VirtualDuration) {
        let runs = matches!(order, Order::Run(..));
        let spares = runs && self.shared.config.is(Mutant::T03);
        let number = {
            let mut answers = self.answers.borrow_mut();
            answers.number += 1;
            answers.missing = gang.nodes.len();
            answers.spared = usize::from(spares);
            answers.lost = None;
            answers.times.clear();
            answers.number
        };
        for node in &gang.nodes {
            let (orders, to, node) = (self.clone(), gang.to, *node);
            self.cx.spawn(async move {
                let took = orders.insist(to, node, (order, time)).await;
                orders.answered(number, node, took);
            });
        }
    }
    fn answered(&self, number: u64, node: usize, took: Option<VirtualDuration>) {
        let mut answers = self.answers.borrow_mut();
        if number != answers.number {
            return;
        }
        match took {
            Some(time) => {
                answers.missing -= 1;
                answers.times.push((node, time));
            }
            None => answers.lost = answers.lost.or(Some(node)),
        }
        if (answers.missing <= answers.spared || answers.lost.is_some())
            && let Some(waker) = answers.waker.take()
        {
            drop(answers);
            waker.wake();
        }
    }
    /// Whether everybody did it, or who did not. `None` while neither is known.
    pub(super) fn outcome(&self) -> Option<Result<(), usize>> {
        let answers = self.answers.borrow();
        match answers.lost {
            Some(node) => Some(Err(node)),
            None => (answers.missing <= answers.spared).then_some(Ok(())),
        }
    }
    /// Waits until all ranks did it, or one is lost.
    pub(super) async fn end(&self) -> Result<(), usize> {
        poll_fn(|context| match self.outcome() {
            Some(outcome) => Poll::Ready(outcome),
            None => {
                self.answers.borrow_mut().waker = Some(context.waker().clone());
                Poll::Pending
            }
        })
        .await
    }
    /// Who took how long, in the order of the answers.
    pub(super) fn times(&self) -> Vec<(usize, VirtualDuration)> {
        self.answers.borrow().times.clone()
    }

    /// One order to one rank. One that is late is asked whether it lives and still works for the job;
    /// as long as it says so it is only slow.
    async fn insist(
        &self,
        to: Incarnation,
        node: usize,
        (order, time): (Order, VirtualDuration),
    ) -> Option<VirtualDuration> {
        let (cx, config) = (&self.cx, &self.shared.config);
        let mut call = pin!(cx.call(self.shared.ports[node], wire::ask(to, order)));
        let mut patience = time.saturating_add(config.watchdog);
        loop {
            if let Ok(answer) = cx.timeout(patience, call.as_mut()).await {
                return wire::took(&answer.ok()?).map(|(time, _)| time);
            }
            if self.ping(node).await? != Some(to) {
                return None;
            }
            patience = config.watchdog;
        }
    }
    /// Asks a node whom it works for. `None` if it does not answer.
    pub(super) async fn ping(&self, node: usize) -> Option<Option<Incarnation>> {
        let nobody = Incarnation { job: 0, epoch: 0 };
        let ask = wire::ask(nobody, Order::Ping);
        let call = self.cx.call(self.shared.ports[node], ask);
        let answer = call.within(self.shared.config.probe).await.ok()?;
        wire::took(&answer).map(|(_, owner)| owner)
    }
}
