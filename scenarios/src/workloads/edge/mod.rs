//! edge: a sampled control loop. A plant that moves with virtual time, a sensor, a controller and
//! an actuator on nodes, so that whatever disturbs a node or a link disturbs the physics.
//!
//! * [`plant`]: the physical side, and the table of plants: [`servo`], [`integrator`].
//! * [`jobs`]: outcome, processor time and delay of each job, from keyed draws.
//! * [`sampled`]: what the parts of a loop share; [`control`]: its processes; [`sensing`], [`drive`]:
//!   the channels at both ends of it.
//! * [`guard`]: what it checks before it believes anything; [`standby`]: a second controller.
//! * [`invariants`], [`commands`]: what is promised, with margins.
//!
//! Several nodes in `on` are several loops, each with a plant of its own. The plant moves whether
//! its nodes run or not; what it did while its sensor was down is recorded when that is back.

mod commands;
mod control;
mod depends;
mod drive;
mod guard;
mod integrator;
mod invariants;
mod jobs;
mod params;
mod plant;
mod sampled;
mod segment;
mod sensing;
mod servo;
mod standby;
mod tables;

use super::WorkloadKind;
use super::install::{Install, Prepare, Prepared};
use commands::{OneActive, Order};
use drive::Drive;
use guard::Guard;
use invariants::{Age, Bounded, Promise, RateFinite, WeaklyHard};
use jobs::{Jobs, Outcome};
use plant::{PLANTS, Physics};
use sampled::{Extra, Knobs, Loop, Memory, Names, Roles};
use sensing::Measurement;
use squall_core::{Key, NameId, NodeId, VirtualDuration};
use squall_faults::Issue;
use squall_faults::param::Args;
use standby::Takeover;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

pub(super) const EDGE: WorkloadKind = WorkloadKind {
    name: "edge",
    domain: "edge",
    summary: "a sampled control loop around a plant that does not wait",
    params: params::PARAMS,
    events: tables::EVENTS,
    invariants: tables::INVARIANTS,
    metrics: tables::METRICS,
    knobs: tables::KNOBS,
    services: tables::SERVICES,
    channels: tables::CHANNELS,
    roles: &[],
    operations: &[],
    prepare,
    depends: depends::depends,
    install,
};

/// Places the roles of every loop and checks what the table cannot.
fn prepare(prepare: &Prepare<'_>, issues: &mut Vec<Issue>) -> Prepared {
    let args = prepare.args;
    let place = |key: &str, issues: &mut Vec<Issue>| -> Vec<NodeId> {
        let Some(selector) = args.selector_opt(key) else {
            return prepare.nodes.to_vec();
        };
        let members = match selector.is_drawn() {
            true => Err(Issue::new(
                "a loop has fixed places",
                0..selector.text.len(),
            )),
            false => selector.members(prepare.topology),
        };
        match members {
            Ok(nodes) if nodes.len() == prepare.nodes.len() => nodes,
            Ok(nodes) => {
                let (have, want) = (nodes.len(), prepare.nodes.len());
                issues.push(prepare.issue(key, format!("{have} nodes for {want} controllers")));
                prepare.nodes.to_vec()
            }
            Err(issue) => {
                issues.push(args.place(key).locate(issue));
                prepare.nodes.to_vec()
            }
        }
    };
    let sensors = place("sensor", issues);
    let actuators = place("actuator", issues);
    let backups = args.selector_opt("backup").map(|_| place("backup", issues));
    if let Some(backups) = &backups
        && backups.iter().zip(prepare.nodes).any(|(a, b)| a == b)
    {
        issues.push(prepare.issue("backup", "a controller cannot be its own backup"));
    }
    let takeover = args.table("takeover");
    if backups.is_none() && args.given("takeover") {
        issues.push(prepare.issue("takeover", "`takeover` without a `backup`"));
    }
    if takeover.duration("heartbeat") < VirtualDuration::from_micros(1) {
        issues.push(prepare.issue("takeover.heartbeat", "heartbeat is below 1us"));
    }
    if args.table("guard").duration_opt("zero_after") == Some(VirtualDuration::ZERO) {
        issues.push(prepare.issue("guard.zero_after", "an actuator cannot give up at once"));
    }
    if args.duration("period") < VirtualDuration::from_micros(1) {
        issues.push(prepare.issue("period", "period is below 1us"));
    }
    if let Some(wrong) = args
        .text_opt("pattern")
        .and_then(|text| text.chars().find(|c| Outcome::of(*c).is_none()))
    {
        let message = format!("`{wrong}` is no outcome: o is ok, L lost, D output dropped");
        issues.push(prepare.issue("pattern", message));
    }
    let promise = args.table("promise");
    if promise.count("hits") > promise.count("window") {
        issues.push(prepare.issue("promise.hits", "more hits than jobs in the window"));
    }
    let roles = prepare.nodes.iter().zip(sensors).zip(actuators).enumerate();
    let roles = roles.map(|(at, ((controller, sensor), actuator))| Roles {
        sensor,
        controller: *controller,
        actuator,
        backup: backups.as_ref().map(|backups| backups[at]),
    });
    Arc::new(roles.collect::<Vec<Roles>>())
}

fn install(install: &mut Install<'_>) {
    let args = install.args().clone();
    let roles = install.prepared::<Vec<Roles>>();
    let names = names(install);
    let extra = extra(install, &args);
    let knobs = knobs(install);
    let (sensors, actuators) = (install.channels("sensor"), install.channels("actuator"));
    let beside = sensors.len() / actuators.len();
    let measured = args.table("measurement");
    let takeover = args.table("takeover");
    let period = args.duration("period");
    let promised = args.table("promise");
    let bound = promised.number("bound");
    for (index, roles) in roles.iter().enumerate() {
        let path = format!("{}/{index}", install.workload.name);
        let seed = install.world.seed();
        let key = |purpose: &str| Key::new(seed, &path, purpose);
        let (kind, plant) = plant_of(&args);
        let physics = Physics::new((kind.plant)(plant), period, key("noise"));
        let measured_by = |at: usize| key("measurement").child(at as u64);
        let shared = Rc::new(Loop {
            period,
            roles: *roles,
            names,
            extra,
            knobs,
            jobs: Jobs::new(&args, key),
            sensors: sensors[index * beside..][..beside].to_vec(),
            actuator: actuators[index],
            measurement: Measurement {
                noise: measured.number("noise"),
                keys: (0..beside).map(measured_by).collect(),
            },
            guard: Guard::new(args.table("guard")),
            takeover: Takeover {
                heartbeat: takeover.duration("heartbeat"),
                after: takeover.duration("after"),
            },
            fence: takeover.flag("fence"),
            drive: Drive::default(),
            memory: memory(args.table("memory")),
            bound,
            services: ["samples", "commands", "alive"].map(|slug| install.full(slug)),
            physics: RefCell::new(physics),
            hits: RefCell::default(),
            judged: Cell::new(0),
            out: Cell::new(false),
        });
        place(install, &args, &shared);
    }
    let promise = Promise {
        names,
        period,
        loops: roles.iter().map(|r| (r.sensor, r.actuator)).collect(),
        hits: promised.count("hits"),
        window: promised.count("window"),
        age: promised.duration_opt("age").unwrap_or(period * 3),
        rate: promised.number_opt("rate").unwrap_or(f64::INFINITY),
        bound,
    };
    install.promise("weakly-hard", WeaklyHard::new(promise.clone()));
    install.promise("age", Age::new(promise.clone()));
    install.promise("rate-finite", RateFinite::new(promise.clone()));
    install.promise("bounded", Bounded::new(promise));
    install.promise("order", Order::new(names));
    install.promise("one-active", OneActive::new(names, extra));
}

/// The processes of one loop.
fn place(install: &mut Install<'_>, args: &Args, shared: &Rc<Loop>) {
    let roles = shared.roles;
    let law = {
        let (args, period) = (args.clone(), shared.period.as_secs_f64());
        move || {
            let (kind, plant) = plant_of(&args);
            (kind.controller)(plant, period)
        }
    };
    let name = install.workload.name.clone();
    let world = &mut *install.world;
    let apart = roles.sensor != roles.controller;
    let (of_sensor, of_controller) = (Rc::clone(shared), Rc::clone(shared));
    let law_here = law.clone();
    world.process(roles.sensor, &format!("{name}/sensor"), move |cx| {
        let law = (!apart).then(&law_here);
        control::sensor(cx, Rc::clone(&of_sensor), law)
    });
    if apart {
        let law = law.clone();
        world.process(roles.controller, &format!("{name}/controller"), move |cx| {
            control::controller(cx, Rc::clone(&of_controller), law())
        });
    }
    if let Some(backup) = roles.backup {
        let shared = Rc::clone(shared);
        world.process(backup, &format!("{name}/backup"), move |cx| {
            control::controller(cx, Rc::clone(&shared), law())
        });
    }
    if roles.actuator != roles.controller {
        let shared = Rc::clone(shared);
        world.process(roles.actuator, &format!("{name}/actuator"), move |cx| {
            control::actuator(cx, Rc::clone(&shared))
        });
    }
}

fn names(install: &mut Install<'_>) -> Names {
    Names {
        y: install.name("y"),
        u: install.name("u"),
        cost: install.name("cost"),
        response: install.name("response"),
        lateness: install.name("lateness"),
        actuated: install.name("actuated"),
        missed: install.name("missed"),
        late: install.name("late"),
        diverged: install.name("diverged"),
        recovered: install.name("recovered"),
    }
}

/// Names of what only a loop with a guard or a second controller records.
fn extra(install: &mut Install<'_>, args: &Args) -> Extra {
    let mut name = |slug, there: bool| match there {
        true => install.name(slug),
        false => NameId::NONE,
    };
    let (guard, backup) = (args.given("guard"), args.given("backup"));
    Extra {
        rejected: name("rejected", guard),
        gave_up: name("gave-up", guard),
        took_over: name("took-over", backup),
        superseded: name("superseded", backup),
    }
}

fn knobs(install: &Install<'_>) -> Knobs {
    Knobs {
        delay: install.knob("delay"),
        gain: install.knob("gain"),
        loss: install.knob("loss"),
        load: install.knob("load"),
        lost: install.knob("lost"),
        burst_begin: install.knob("burst_begin"),
        burst_end: install.knob("burst_end"),
        overrun: install.knob("overrun"),
        miss_output: install.knob("miss_output"),
        miss_state: install.knob("miss_state"),
        sensor_scale: install.knob("sensor_scale"),
        sensor_step: install.knob("sensor_step"),
        dead_zone: install.knob("dead_zone"),
        lag: install.knob("lag"),
    }
}

fn plant_of(args: &Args) -> (&'static plant::PlantKind, &Args) {
    let (name, args) = args.variant("plant");
    let kind = PLANTS.iter().find(|kind| kind.name == name);
    (kind.expect("the reader chooses among the plants"), args)
}

fn memory(args: &Args) -> Memory {
    let pages = u32::try_from(args.count("pages"));
    Memory {
        bytes: args.size("set"),
        pages: pages.expect("the table bounds pages"),
        zipf: args.number("zipf"),
        writes: args.number("writes"),
        in_order: args.word("order") == "in-order",
    }
}
