//! A visit of a replica: its own work or what a cache has of it, its store, its calls.

use super::guard::cache::Found;
use super::place::Waiting;
use super::server::{Server, VisitEnd, deadline_of, status};
use super::shared::{CHECK, CRITICAL, Door, NEW, Visit};
use super::store;
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::Poll;
use squall_core::history::Outcome;
use squall_core::world::{Cx, Incoming, Reply};
use squall_core::{Sample, VirtualDuration, WallTime};

impl Server {
    pub(super) async fn visit(&self, service: u32, waiting: Waiting) {
        let Waiting { incoming, number } = waiting;
        let operation = incoming.operation(&self.cx, self.shared.spans[service as usize]);
        let cx = operation.cx();
        let visit = Visit {
            request: incoming.request.key,
            path: incoming.request.args[0],
            item: incoming.request.args[2],
            critical: incoming.request.args[3] & CRITICAL != 0,
            new: incoming.request.args[3] & NEW != 0,
        };
        if incoming.request.args[3] & CHECK == 0 {
            self.shared.fleet.visited(cx, visit.request, visit.new);
        }
        let result = if incoming.request.args[3] & CHECK != 0 {
            let replica = incoming.request.method;
            self.compute(cx, service, replica, visit).await
        } else if self.shared.service(service).cache.is_some() {
            self.cached(cx, service, visit, &incoming).await
        } else {
            self.whole(cx, service, visit, &incoming).await
        };
        let end = match result {
            Ok(()) => VisitEnd::Ok,
            Err(_) => VisitEnd::Failed,
        };
        self.shared.visit_ends(&self.cx, (service, number), end);
        match result {
            Ok(()) => {
                operation.end(Outcome::Ok);
                incoming.reply(&self.cx, Reply::default());
            }
            Err(code) => {
                operation.end(Outcome::Fail);
                incoming.fail(&self.cx, code, None);
            }
        }
    }

    /// Work, store and calls.
    async fn whole(
        &self,
        cx: &Cx,
        service: u32,
        visit: Visit,
        incoming: &Incoming,
    ) -> Result<(), u16> {
        let replica = incoming.request.method;
        self.compute(cx, service, replica, visit).await?;
        store::visit(cx, &self.shared, (service, replica), visit).await?;
        self.call_all(cx, service, visit, deadline_of(incoming))
            .await
    }

    /// What the cache has, or the whole visit, whose answer it then has.
    async fn cached(
        &self,
        cx: &Cx,
        service: u32,
        visit: Visit,
        incoming: &Incoming,
    ) -> Result<(), u16> {
        let shared = &self.shared;
        let rules = shared.service(service).cache.as_ref();
        let rules = rules.expect("the service has a cache");
        let replica = incoming.request.method;
        let flush = cx.knob(shared.knobs.flush);
        let since = cx.monotonic();
        let mut draw = shared.cache_draw(service, visit);
        let found = self.with_cache(replica, |cache| {
            cache.flush(flush);
            cache.find(rules, visit.item, since, &mut draw)
        });
        match found {
            Found::Hit => {}
            Found::Wait(turn) => {
                let left = deadline_of(incoming).since(cx.wall_clock());
                match cx.timeout(left, turn).await {
                    Ok(true) => {}
                    Ok(false) => return Err(502),
                    Err(_) => return Err(504),
                }
            }
            Found::Miss => {
                let place = (u64::from(replica), visit.item);
                if let Some(fill) = shared.guards.fill {
                    self.cx.event(fill, place.0, place.1);
                }
                let result = self.whole(cx, service, visit, incoming).await;
                let times = (since, cx.monotonic());
                if let Some(filled) = shared.guards.filled {
                    self.cx.event(filled, place.0, place.1);
                }
                self.with_cache(replica, |cache| {
                    cache.filled(rules, visit.item, times, result.is_ok(), &mut draw);
                });
                return result;
            }
        }
        let hit = VirtualDuration::from_nanos_f64(rules.hit.sample(&mut draw).max(0.0));
        cx.compute(hit).await;
        Ok(())
    }

    fn with_cache<T>(
        &self,
        replica: u32,
        act: impl FnOnce(&mut super::guard::cache::Cache) -> T,
    ) -> T {
        let mut places = self.places.borrow_mut();
        let place = places[replica as usize].as_mut();
        let cache = place.and_then(|place| place.cache.as_mut());
        act(cache.expect("a replica of a service with a cache has one"))
    }

    /// The visit's own work.
    async fn compute(&self, cx: &Cx, service: u32, replica: u32, visit: Visit) -> Result<(), u16> {
        let (shared, config) = (&self.shared, &self.shared.config);
        let known = shared.service(service);
        let [mut cpu, mut error] = shared.draws(service, visit);
        let mut work = known.cpu.sample(&mut cpu) / cx.knob(shared.knobs.capacity).max(1e-6);
        let new = shared.version_2(cx);
        if new {
            work *= config.version_cpu;
        }
        if let (Some(rules), Some(since)) = (config.warm_up, self.restarted) {
            work *= rules.factor(cx.monotonic().saturating_sub(since));
        }
        let work = VirtualDuration::from_nanos_f64(work.max(0.0));
        let set = self.places.borrow()[replica as usize]
            .as_ref()
            .and_then(|place| place.set);
        match set {
            Some(set) => cx.compute(work).touching(set, known.pages).await,
            None => cx.compute(work).await,
        }
        if new && error.chance(config.version_errors) {
            return Err(500);
        }
        Ok(())
    }

    /// Calls all callees; the first error is the visit's own, unless it can do without.
    async fn call_all(
        &self,
        cx: &Cx,
        service: u32,
        visit: Visit,
        deadline: WallTime,
    ) -> Result<(), u16> {
        let known = self.shared.service(service);
        let callees = &known.callees;
        let call = |(index, callee): (usize, &u32)| {
            let what = (*callee, known.soft[index]);
            self.call(cx, what, visit.below(index as u64), deadline)
        };
        let mut calls = callees.iter().enumerate().map(call);
        if self.shared.config.sequential || callees.len() < 2 {
            for call in calls.by_ref() {
                call.await?;
            }
            return Ok(());
        }
        type Calls<'a> = Vec<Option<Pin<Box<dyn Future<Output = Result<(), u16>> + 'a>>>>;
        let mut waiting: Calls<'_> = calls.map(|call| Some(Box::pin(call) as _)).collect();
        poll_fn(|context| {
            let mut all = true;
            for slot in &mut waiting {
                let Some(call) = slot else { continue };
                match call.as_mut().poll(context) {
                    Poll::Ready(Ok(())) => *slot = None,
                    Poll::Ready(error) => return Poll::Ready(error),
                    Poll::Pending => all = false,
                }
            }
            if all {
                Poll::Ready(Ok(()))
            } else {
                Poll::Pending
            }
        })
        .await
    }

    /// One call with its tries, inside what is left of the deadline.
    async fn call(
        &self,
        cx: &Cx,
        (callee, soft): (u32, bool),
        visit: Visit,
        deadline: WallTime,
    ) -> Result<(), u16> {
        let config = &self.shared.config;
        let deadline = if config.pass_on {
            deadline
        } else {
            let timeout = cx.knob(self.shared.knobs.timeout).clamp(0.0, 1e9);
            cx.wall_clock()
                .saturating_add(VirtualDuration::from_secs_f64(timeout))
        };
        let timeout = match config.soft_timeout {
            Some(timeout) if soft => Some(timeout),
            _ => config.hop_timeout,
        };
        self.caller.first_try(cx, callee);
        let mut attempt = 0;
        loop {
            let now = cx.wall_clock();
            if now >= deadline {
                return Err(504);
            }
            let until = match timeout {
                Some(timeout) => deadline.min(now.saturating_add(timeout)),
                None => deadline,
            };
            let what = (Door::Service, callee);
            let result = self.caller.call(cx, what, (visit, attempt), until).await;
            attempt += 1;
            match result {
                Ok(()) => return Ok(()),
                Err(_)
                    if attempt < u64::from(config.hop_attempts)
                        && self.caller.may_try_again(callee) =>
                {
                    let retried = self.shared.events.hop_retried;
                    cx.event(retried, u64::from(callee), 0);
                }
                Err(_) if soft => return Ok(()),
                Err(error) => return Err(status(error)),
            }
        }
    }
}
