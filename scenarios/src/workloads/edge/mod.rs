//! edge: a sampled control loop. A plant that moves with virtual time, a sensor, a controller and
//! an actuator on nodes, so that whatever disturbs a node or a link disturbs the physics.
//!
//! * [`plant`]: the physical side, and the table of plants: [`servo`], [`integrator`].
//! * [`jobs`]: outcome, processor time and delay of each job, from keyed draws.
//! * [`sampled`]: what the parts of a loop share; [`control`]: its processes.
//! * [`invariants`]: what is promised, with margins.
//!
//! Several nodes in `on` are several loops, each with a plant of its own. The plant moves whether
//! its nodes run or not; what it did while its sensor was down is recorded when that is back.

mod control;
mod integrator;
mod invariants;
mod jobs;
mod params;
mod plant;
mod sampled;
mod segment;
mod servo;

use super::install::{Install, Prepare, Prepared};
use super::{Knob, KnobRange, WorkloadKind, metric, word};
use invariants::{Age, Bounded, Promise, RateFinite, WeaklyHard};
use jobs::{Jobs, Outcome};
use plant::{PLANTS, Physics};
use sampled::{Knobs, Loop, Memory, Names, Overrun, Roles};
use squall_core::{Key, NodeId, VirtualDuration};
use squall_faults::Issue;
use squall_faults::param::Args;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

const fn factor(name: &'static str, doc: &'static str) -> Knob {
    Knob {
        name,
        range: KnobRange::Number(0.0, 1000.0),
        param: "",
        base: 1.0,
        doc,
    }
}

pub(super) const EDGE: WorkloadKind = WorkloadKind {
    name: "edge",
    domain: "edge",
    summary: "a sampled control loop around a plant that does not wait",
    params: params::PARAMS,
    events: &[
        word(
            "actuated",
            "a command reached the plant: job, nanoseconds since its sample",
        ),
        word(
            "missed",
            "a job had not actuated by the next sample: job, nanoseconds since then",
        ),
        word(
            "late",
            "a command reached the plant after its deadline: job, nanoseconds",
        ),
        word("diverged", "the output left its bound: period"),
        word(
            "recovered",
            "the output is back inside half of its bound: period",
        ),
    ],
    invariants: &[
        word(
            "weakly-hard",
            "every `window` consecutive jobs have `hits` hits; margin in hits",
        ),
        word(
            "age",
            "the command in force is younger than `age`; margin in s",
        ),
        word(
            "rate-finite",
            "commands are finite and change by `rate` at most; margin in u",
        ),
        word("bounded", "the output stays inside `bound`; margin in y"),
    ],
    metrics: &[
        metric("y", "1", "output of the plant at each sample"),
        metric("u", "1", "commands as they reach the plant"),
        metric(
            "cost",
            "1",
            "mean cost over each period; its mean is the cost of the loop",
        ),
        metric("response", "s", "time from sample to actuation"),
        metric(
            "lateness",
            "s",
            "time from the deadline to actuation, zero if in time",
        ),
    ],
    knobs: &[
        factor("delay", "factor on the delay"),
        Knob {
            name: "gain",
            range: KnobRange::Number(-1000.0, 1000.0),
            param: "",
            base: 1.0,
            doc: "factor on the commands",
        },
        Knob {
            name: "loss",
            range: KnobRange::Number(0.0, 1.0),
            param: "loss",
            base: 0.0,
            doc: "share of the jobs lost",
        },
        factor("load", "factor on the processor time of a job"),
    ],
    services: &[
        word(
            "samples",
            "the controller's port for samples of a sensor elsewhere",
        ),
        word("commands", "the port of an actuator elsewhere"),
    ],
    roles: &[],
    operations: &[],
    prepare,
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
    let roles = prepare.nodes.iter().zip(sensors).zip(actuators);
    let roles = roles.map(|((controller, sensor), actuator)| Roles {
        sensor,
        controller: *controller,
        actuator,
    });
    Arc::new(roles.collect::<Vec<Roles>>())
}

fn install(install: &mut Install<'_>) {
    let args = install.args().clone();
    let roles = install.prepared::<Vec<Roles>>();
    let names = names(install);
    let knobs = Knobs {
        delay: install.knob("delay"),
        gain: install.knob("gain"),
        loss: install.knob("loss"),
        load: install.knob("load"),
    };
    let period = args.duration("period");
    let promised = args.table("promise");
    let bound = promised.number("bound");
    for (index, roles) in roles.iter().enumerate() {
        let path = format!("{}/{index}", install.workload.name);
        let seed = install.world.seed();
        let key = |purpose: &str| Key::new(seed, &path, purpose);
        let (kind, plant) = plant_of(&args);
        let physics = Physics::new((kind.plant)(plant), period, key("noise"));
        let shared = Rc::new(Loop {
            period,
            roles: *roles,
            names,
            knobs,
            jobs: Jobs::new(&args, key),
            overrun: overrun(&args),
            memory: memory(args.table("memory")),
            bound,
            services: [install.full("samples"), install.full("commands")],
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
        world.process(roles.controller, &format!("{name}/controller"), move |cx| {
            control::controller(cx, Rc::clone(&of_controller), law())
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

fn plant_of(args: &Args) -> (&'static plant::PlantKind, &Args) {
    let (name, args) = args.variant("plant");
    let kind = PLANTS.iter().find(|kind| kind.name == name);
    (kind.expect("the reader chooses among the plants"), args)
}

fn overrun(args: &Args) -> Overrun {
    match args.word("overrun") {
        "kill" => Overrun::Kill,
        "queue" => Overrun::Queue,
        _ => Overrun::Skip,
    }
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
