//! Kinds of pods and what they ask for; quotas, budgets and ranks.

use super::{PodKind, Reader, Source, Traffic, index, mib, milli, place_of, small};
use crate::workloads::cluster::autoscaler;
use crate::workloads::cluster::scheduler::mutant::Mutant;
use crate::workloads::cluster::scheduler::placement::{
    Demand, Domain, GPU_MILLI, Gpu, Machine, Policy, Quota, Rules, Set, Shape,
};
use squall_core::VirtualDuration;
use squall_faults::Issue;
use squall_faults::param::{Arg, Args, Value, suggest};

impl Reader<'_, '_> {
    pub(super) fn kinds(&mut self, mutant: Option<Mutant>) -> (Vec<PodKind>, Rules) {
        let args = self.prepare.args;
        let tables = args.table("pods");
        if tables.entries.is_empty() {
            let issue = self.prepare.issue("pods", "there are no pods");
            self.issues
                .push(issue.help("add a kind, such as pods.web = { replicas = 3 }"));
        }
        let quotas: Vec<Quota> = args
            .table("tenants")
            .entries
            .iter()
            .map(|arg| {
                self.tenants.push(arg.key.clone());
                let Value::Table(table) = &arg.value else {
                    return Quota::NONE;
                };
                let number = |key| {
                    table
                        .number_opt(key)
                        .map_or(u64::MAX, |x| u64::from(milli(x)))
                };
                Quota {
                    cpu_milli: number("cores"),
                    memory_mib: table
                        .size_opt("memory")
                        .map_or(u64::MAX, |bytes| bytes >> 20),
                    gpu_milli: number("gpus"),
                }
            })
            .collect();
        let names: Vec<String> = tables.entries.iter().map(|arg| arg.key.clone()).collect();
        let table = |arg: &Arg| match &arg.value {
            Value::Table(table) => table.clone(),
            _ => Args::default(),
        };
        let tables: Vec<(String, Args)> = tables
            .entries
            .iter()
            .map(|arg| (arg.key.clone(), table(arg)))
            .collect();
        let mut priorities: Vec<i64> = tables
            .iter()
            .map(|(_, table)| table.integer_opt("priority").unwrap_or(0))
            .collect();
        priorities.sort_unstable();
        priorities.dedup();
        let kinds: Vec<PodKind> = (0u32..)
            .zip(&tables)
            .map(|(number, (name, table))| self.kind(name, (number, table), (&names, &priorities)))
            .collect();
        let budget = |(_, table): &(String, Args)| {
            table
                .integer_opt("min_available")
                .map_or(0, |least| u32::try_from(least).unwrap_or(0))
        };
        let policy = match args.word("policy") {
            "spread" => Policy::Spread,
            "balance" => Policy::Balance,
            _ => Policy::BinPack,
        };
        let rules = Rules {
            policy,
            levels: u8::try_from(priorities.len()).unwrap_or(u8::MAX),
            quotas,
            budgets: tables.iter().map(budget).collect(),
            slip: mutant.and_then(Mutant::slip),
        };
        if priorities.len() > 200 {
            let issue = self.prepare.issue("pods", "more than 200 priorities");
            self.issues.push(issue.help("let kinds share some"));
        }
        (kinds, rules)
    }
    fn kind(
        &mut self,
        name: &str,
        (number, args): (u32, &Args),
        (names, priorities): (&[String], &[i64]),
    ) -> PodKind {
        let shape = self.shape((number, args), (names, priorities));
        let source = match args.number_opt("rate") {
            Some(rate) => Source::Jobs {
                rate,
                length: args.law("length"),
                gang: small(args, "gang"),
                until: args.duration_opt("until").unwrap_or(VirtualDuration::MAX),
            },
            None => Source::Service {
                replicas: args
                    .integer_opt("replicas")
                    .map_or(0, |n| u32::try_from(n).unwrap_or(0)),
            },
        };
        let only = |service: bool| matches!(source, Source::Service { .. }) == service;
        let misplaced = [
            ("length", false),
            ("gang", false),
            ("until", false),
            ("min_available", true),
            ("local_volume", true),
            ("needs", true),
            ("traffic", true),
            ("autoscale", true),
        ];
        for (key, service) in misplaced {
            if args.given(key) && !only(service) {
                let place = args.place(key);
                let (what, other) = match service {
                    true => ("a service", "`replicas` instead of `rate`"),
                    false => ("jobs", "`rate` instead of `replicas`"),
                };
                let issue = Issue::new(format!("`{key}` is for {what}"), 0..place.span.len());
                let issue = issue.help(format!("leave it out, or give {other}"));
                self.issues.push(place.locate(issue));
            }
        }
        let traffic = args.table_opt("traffic").map(|table| Traffic {
            rate: table.number("rate"),
            cpu: table
                .duration("cpu")
                .max(VirtualDuration::from_nanos(1000))
                .as_secs_f64(),
            blocked: table.duration("blocked").as_secs_f64(),
            threads: f64::from(small(table, "threads")),
            timeout: table.duration("timeout").as_secs_f64(),
        });
        let scaling = args.table_opt("autoscale").map(|table| {
            if traffic.is_none() {
                let place = args.place("autoscale");
                let issue = Issue::new(
                    "a service without traffic has nothing to go by",
                    0..place.span.len(),
                );
                self.issues
                    .push(place.locate(issue.help("add `traffic = {}`")));
            }
            autoscaler::read(table, self.issues)
        });
        PodKind {
            name: name.to_owned(),
            shape,
            local_volume: args.flag("local_volume"),
            needs: args
                .integer_opt("needs")
                .and_then(|least| u32::try_from(least).ok()),
            source,
            traffic,
            scaling,
        }
    }
    fn shape(
        &mut self,
        (number, args): (u32, &Args),
        (names, priorities): (&[String], &[i64]),
    ) -> Shape {
        let share = u16::try_from(milli(args.number_opt("gpu_share").unwrap_or(0.0))).unwrap_or(0);
        let whole = args
            .integer_opt("gpus")
            .map_or(0, |n| u16::try_from(n).unwrap_or(0));
        if share > 0 && whole > 0 {
            let place = args.place("gpu_share");
            let issue = Issue::new("whole GPUs and a part of one", 0..place.span.len());
            self.issues
                .push(place.locate(issue.help("give `gpus` or `gpu_share`")));
        }
        let gpu = match (share, whole) {
            (0, 0) => Gpu::None,
            (0, count) => Gpu::Whole(count),
            (share, _) => Gpu::Share(share.min(GPU_MILLI - 1)),
        };
        let mut models = None;
        for name in args
            .text_opt("gpu_models")
            .into_iter()
            .flat_map(|text| text.split('|'))
        {
            let one = self.models.number(name.trim());
            if let Some(one) = self.or_issue(one, args, "gpu_models") {
                models = Some(models.unwrap_or(Set::NONE).and(Set::one(one)));
            }
        }
        let list = |key| args.list_opt(key).unwrap_or(&[]);
        for arg in list("labels") {
            if let Value::Text(text) = &arg.value
                && !text.contains('=')
            {
                let issue = Issue::new(format!("`{text}` is no label"), 0..text.len());
                self.issues.push(
                    arg.place
                        .locate(issue.help("write key=value, such as \"zone=a\"")),
                );
            }
        }
        let tenant = args
            .text_opt("tenant")
            .map(|name| place_of(&mut self.tenants, name.to_owned()));
        let priority = args.integer_opt("priority").unwrap_or(0);
        let level = priorities.binary_search(&priority).unwrap_or(0);
        Shape {
            demand: Demand {
                cpu_milli: milli(args.number_opt("cores").unwrap_or(1.0)),
                memory_mib: mib(args.size_opt("memory").unwrap_or(0)),
                gpu,
            },
            models,
            tolerates: self.taints.set(list("tolerates"), self.issues),
            labels: self.labels.set(list("labels"), self.issues),
            tenant,
            group: Some(number),
            level: u8::try_from(level).unwrap_or(0),
            apart: self.wishes(list("apart"), names),
            near: self.wishes(list("near"), names),
            home: None,
        }
    }
    fn wishes(&mut self, list: &[Arg], names: &[String]) -> Vec<(u32, Domain)> {
        let mut wishes = Vec::new();
        for arg in list {
            let Value::Table(table) = &arg.value else {
                continue;
            };
            let (Some(name), Some(within)) = (table.text_opt("pods"), table.word_opt("within"))
            else {
                continue;
            };
            match names.iter().position(|other| other == name) {
                Some(at) => wishes.push((index(at), Domain::named(within))),
                None => {
                    let issue = Issue::new(format!("no pods are called `{name}`"), 0..name.len());
                    let issue = issue.maybe_help(suggest(name, names.iter().map(String::as_str)));
                    self.issues.push(table.place("pods").locate(issue));
                }
            }
        }
        wishes
    }
    /// A kind that no machine could ever take is a mistake in the file.
    pub(super) fn check_possible(&mut self, kind: &PodKind, arg: &Arg, machines: &[Machine]) {
        let admits = |machine: &&Machine| machine.admits(&kind.shape);
        let holds = |machine: &Machine| machine.room().holds(&kind.shape.demand);
        let admitting: Vec<&Machine> = machines.iter().filter(admits).collect();
        let message = match admitting.as_slice() {
            [] => "has its GPU model, labels and taints",
            some if !some.iter().any(|machine| holds(machine)) => "is large enough",
            _ => return,
        };
        let issue = Issue::new(
            format!("no machine {message} for pods `{}`", kind.name),
            arg.key_span.clone(),
        );
        let help = "add one under `machines`, or ask for less: such pods could never be placed";
        self.issues.push(issue.help(help));
    }
}
