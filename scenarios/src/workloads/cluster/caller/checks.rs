//! Health checks: what a caller finds out about replicas without a request.

use super::super::balance::View;
use super::super::shared::CHECK;
use super::Caller;
use squall_core::world::{Cx, Request};
use squall_core::{Sample, VirtualDuration};
use std::rc::Rc;

/// Numbers of checks are above those of all requests.
const CHECKS: u64 = 1 << 63;

impl Caller {
    /// Checks every replica of these services that this process knows, for ever.
    pub(in super::super) fn check_all(self: &Rc<Self>, cx: &Cx, called: &[u32]) {
        for service in called {
            let known = self
                .view
                .borrow()
                .known(&self.shared.config, *service)
                .to_vec();
            for replica in known {
                cx.spawn(Rc::clone(self).check(cx.clone(), *service, replica));
            }
        }
    }

    async fn check(self: Rc<Self>, cx: Cx, service: u32, replica: u32) {
        let shared = &self.shared;
        let rules = shared.config.health.expect("there are checks");
        let port = shared.health_port(replica);
        // Callers do not check all at one instant.
        let phase = cx.key("check").at(u64::from(replica)).unit();
        cx.sleep(rules.every.scaled(phase)).await;
        let mut number = (u64::from(cx.node().0) << 32) | CHECKS;
        loop {
            let timeout = cx.knob(shared.knobs.health_timeout).clamp(0.0, 1e9);
            let timeout = VirtualDuration::from_secs_f64(timeout);
            let deadline = cx.wall_clock().saturating_add(timeout);
            let request = Request {
                method: replica,
                cost: 1,
                answer: 1,
                key: number,
                args: [
                    u64::from(replica),
                    deadline.as_nanos().cast_unsigned(),
                    0,
                    CHECK,
                ],
            };
            number += 1;
            let answer = cx.call(port, request).within(timeout).await;
            let ok = answer.is_ok_and(|reply| !reply.damage.unreadable());
            let unhealthy = cx.knob(shared.knobs.health_failures);
            let place = (service, replica);
            let check = |view: &mut View| view.check(&shared.config, rules, place, unhealthy, ok);
            let changed = check(&mut self.view.borrow_mut());
            let names = [shared.guards.unhealthy, shared.guards.healthy];
            if changed && let Some(name) = names[usize::from(ok)] {
                cx.event(name, u64::from(service), u64::from(replica));
            }
            cx.sleep(rules.every).await;
        }
    }
}
