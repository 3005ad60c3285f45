//! The authority, its server, and the operator.

use super::super::app::App;
use super::{Control, ControlConfig, Slug};
use squall_core::world::{Cx, Reply};
use squall_core::{VirtualDuration, VirtualTime};
use std::rc::Rc;

/// How often the authority looks whether somebody has changed what is granted.
const LOOK: VirtualDuration = VirtualDuration::from_millis(250);
/// Time in which the policy server decides: a look-up in a table.
const DECIDES_IN: VirtualDuration = VirtualDuration::from_millis(2);

/// The parts of an app with a control layer.
pub(in super::super) fn parts(app: &App) -> Option<(&Control, &ControlConfig)> {
    Some((app.control.as_ref()?, app.config.control.as_ref()?))
}

/// Writes down when the permission to write comes and goes.
pub(in super::super) async fn authority(cx: Cx, app: Rc<App>) {
    let Some((control, config)) = parts(&app) else {
        return;
    };
    let mut holds = true;
    loop {
        let now_holds = !control.knobs.is_set(&cx, Slug::GrantsRevoked);
        if now_holds != holds {
            holds = now_holds;
            control.state.borrow_mut().grants.push((cx.now(), holds));
            let name = match holds {
                true => control.names.granted,
                false => control.names.revoked,
            };
            cx.event(name, config.tenants, 0);
        }
        cx.sleep(LOOK).await;
    }
}

/// The policy server: what was permitted so many nanoseconds ago, by the first argument.
pub(in super::super) async fn serve(cx: Cx, app: Rc<App>, service: String) {
    let inbox = cx.listen(&service);
    loop {
        let incoming = inbox.accept().await;
        let (app, server) = (Rc::clone(&app), cx.clone());
        cx.spawn(async move {
            server.sleep(DECIDES_IN).await;
            let Some((control, _)) = parts(&app) else {
                return;
            };
            let lag = incoming.request.args[0];
            let at = server.now().as_nanos().saturating_sub(lag);
            let allows = control
                .state
                .borrow()
                .permitted(VirtualTime::from_nanos(at));
            incoming.reply(&server, Reply::of([u64::from(allows), 0, 0, 0]));
        });
    }
}

/// The operator, who stops all agents once.
pub(in super::super) async fn operator(cx: Cx, app: Rc<App>) {
    let Some((control, config)) = parts(&app) else {
        return;
    };
    let Some(at) = config.kill_at else {
        return;
    };
    cx.sleep_until(VirtualTime::ZERO + at).await;
    let mut state = control.state.borrow_mut();
    if state.killed.is_none() {
        state.killed = Some(cx.now());
        drop(state);
        cx.event(control.names.kill, 0, 0);
    }
}
