//! The model endpoint and the tools.

use super::app::App;
use super::control;
use super::latency::MODELS;
use squall_core::history::Outcome;
use squall_core::world::{Cx, Inbox, Incoming, MemorySet, Reply, Request, Stream};
use squall_core::{Sample, VirtualDuration};
use std::rc::Rc;

/// How often a worker without a slot looks for one.
const SLOT_LOOK: VirtualDuration = VirtualDuration::from_millis(500);

/// The model: a black box that answers after a time.
pub(super) async fn model(cx: Cx, app: Rc<App>, service: String) {
    let inbox = cx.listen(&service);
    loop {
        let incoming = inbox.accept().await;
        let read = match control::prompt(&cx, &app, &incoming.request) {
            Ok(read) => read,
            Err(status) => {
                incoming.fail(&cx, status, None);
                continue;
            }
        };
        let time =
            model_time(&app, &incoming.request).scaled(cx.knob(app.knobs.model_latency).max(0.0));
        let stream = Stream {
            time,
            units: incoming.request.answer,
            pace: pace(&incoming.request, time),
        };
        let server = cx.clone();
        cx.spawn(async move {
            incoming
                .stream(&server, Reply::of([0, read, 0, 0]), stream)
                .await;
        });
    }
}

/// As recorded, or as measured of the model with noise, or as the author says.
#[expect(clippy::cast_possible_truncation, reason = "the halves of a word")]
fn model_time(app: &App, request: &Request) -> VirtualDuration {
    let [sizes, out, recorded, attempt] = request.args;
    if recorded > 0 {
        return VirtualDuration::from_millis(recorded);
    }
    let mut draw = app.keys.noise.child(request.key).at(attempt);
    match &app.config.model.latency {
        Some(law) => VirtualDuration::from_nanos_f64(law.sample(&mut draw).max(0.0)),
        None => {
            let model = &MODELS[request.method as usize];
            let sizes = ((sizes >> 32) as u32, sizes as u32, out as u32);
            VirtualDuration::from_secs_f64(model.draw(sizes, &mut draw))
        }
    }
}

/// Time between two tokens of an answer, as measured of the model; no more than fits into its time.
fn pace(request: &Request, time: VirtualDuration) -> VirtualDuration {
    let measured = VirtualDuration::from_secs_f64(MODELS[request.method as usize].d);
    measured.min(time / u64::from(request.answer.max(1)))
}

/// The tools of a node: so many calls at once, on its processors and in its memory.
pub(super) async fn tools(cx: Cx, app: Rc<App>, service: String) {
    let inbox = cx.listen(&service);
    let config = &app.config.tools;
    // Zipf 0.8 over its pages, a tenth written (choices).
    let memory = cx.memory_set(config.working_set, 0.8, 0.1);
    for number in 1..config.workers {
        let (cx, app, inbox) = (cx.clone(), Rc::clone(&app), inbox.clone());
        cx.clone().spawn(serve(cx, app, inbox, (memory, number)));
    }
    serve(cx.clone(), Rc::clone(&app), inbox, (memory, 0)).await;
}

async fn serve(cx: Cx, app: Rc<App>, inbox: Inbox, (memory, number): (MemorySet, u64)) {
    loop {
        // Where slots are taken away, the last ones rest.
        while number as f64 >= cx.knob(app.knobs.slots).max(0.0).round() {
            cx.sleep(SLOT_LOOK).await;
        }
        let incoming = inbox.accept().await;
        let operation = incoming.operation(&cx, app.names.tool_run);
        let config = &app.config.tools;
        let mut draw = app
            .keys
            .tool
            .child(incoming.request.key)
            .at(incoming.request.args[3]);
        let work = VirtualDuration::from_nanos_f64(config.work.sample(&mut draw).max(0.0));
        let broken = cx.knob(app.knobs.tool_version) >= 0.5;
        let failed = draw.chance(config.errors) || broken;
        operation
            .cx()
            .compute(work)
            .touching(memory, config.pages)
            .await;
        let write = incoming.request.method != 0;
        if write && let Err(status) = control::admit(&cx, &app, &incoming.request) {
            incoming.fail(&cx, status, None);
            operation.end(Outcome::Fail);
            continue;
        }
        if !failed {
            effect(&cx, &app, &incoming);
        }
        incoming.reply(&cx, Reply::of([u64::from(failed), 0, 0, 0]));
        operation.end(Outcome::Ok);
    }
}

/// The back end does what it is asked, and writes down that it did.
fn effect(cx: &Cx, app: &App, incoming: &Incoming) {
    let Request {
        method,
        key,
        args: [keyed, ..],
        ..
    } = incoming.request;
    if method == 0 {
        return;
    }
    let mut backend = app.backend.borrow_mut();
    let ttl = VirtualDuration::from_secs_f64(cx.knob(app.knobs.key_ttl).clamp(0.0, 1e9));
    if keyed == 1 {
        let before = backend.known.insert(key, cx.now());
        if let Some(given) = before.filter(|given| given.saturating_add(ttl) >= cx.now()) {
            // A key lives from its first use on.
            backend.known.insert(key, given);
            return cx.event(app.names.suppressed, key, 0);
        }
    }
    control::executed(cx, app, &incoming.request);
    cx.event(app.names.effect, key, keyed);
    if !backend.happened.insert(key) {
        cx.event(app.names.duplicated, key, keyed);
    }
}
