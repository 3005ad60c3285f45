//! Faults of the model's endpoint and of what the model answers.

use super::super::FaultKind;
use super::super::call::{STATUS, retry_after, status};
use super::{ON, P, WORKLOAD, call, knob, set};
use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Issue, Kind, Param};
use squall_core::plan::{Arithmetic, CallRule, CallScope, Family, LimitUnit, Malformed};
use squall_core::{Law, VirtualDuration};

const FACTOR: Kind = Kind::Number {
    min: 0.001,
    max: 1000.0,
};

pub(in super::super) const MODEL_SLOW: FaultKind = FaultKind {
    name: "model-slow",
    family: Family::Call,
    summary: "model calls take longer",
    doc: "The time between a prompt's arrival and the end of its answer is multiplied. Calls under way \
          go on as they began.",
    params: &[
        WORKLOAD,
        Param::new("factor", FACTOR, "factor on the time of a call").default("3"),
    ],
    lowers_to: &["call-delay"],
    needed: &["call-delay"],
    source: "agents M1",
    own_length: None,
    lower: |args, lowering| {
        let delay = CallRule::Delay {
            delay: Law::Constant(args.number("factor")),
            mode: Arithmetic::Scale,
            share: 1.0,
        };
        call(args, lowering, "model", (CallScope::ALL, delay))
    },
};

fn stream(args: &Args, lowering: &mut Lowering<'_>, rule: CallRule) -> Result<(), Refusal> {
    call(args, lowering, "model", (CallScope::ALL, rule))
}

pub(in super::super) const SLOW_TOKENS: FaultKind = FaultKind {
    name: "slow-tokens",
    family: Family::Call,
    summary: "answers of the model drip",
    doc: "The time between two tokens is multiplied; the first one comes as always. Something always \
          comes, so that a time-out on silence never ends the call.",
    params: &[
        WORKLOAD,
        Param::new("factor", FACTOR, "factor on the time between two tokens").default("10"),
        P.default("1"),
    ],
    lowers_to: &["stream"],
    needed: &["stream"],
    source: "agents M6",
    own_length: None,
    lower: |args, lowering| {
        let rule = CallRule::Stream {
            cut: None,
            factor: args.number("factor"),
            stall: VirtualDuration::ZERO,
            share: args.number("p"),
        };
        stream(args, lowering, rule)
    },
};

pub(in super::super) const FIRST_TOKEN_STALL: FaultKind = FaultKind {
    name: "first-token-stall",
    family: Family::Call,
    summary: "prompts are accepted, and nothing comes",
    doc: "The caller hears nothing until it gives up, and pays for its prompt.",
    params: &[WORKLOAD, P.default("0.05")],
    lowers_to: &["hang"],
    needed: &["hang"],
    source: "agents M4",
    own_length: None,
    lower: |args, lowering| {
        let share = args.number("p");
        stream(args, lowering, CallRule::Hang { share })
    },
};

pub(in super::super) const ANSWER_CUT: FaultKind = FaultKind {
    name: "answer-cut",
    family: Family::Call,
    summary: "answers of the model break off after some tokens",
    doc: "The tokens that came are billed all the same, with the whole prompt. Answers that are shorter \
          are whole.",
    params: &[
        WORKLOAD,
        Param::new(
            "after",
            Kind::Integer {
                min: 0,
                max: 1_000_000,
            },
            "tokens that come",
        )
        .default("200"),
        P.default("0.05"),
    ],
    lowers_to: &["stream"],
    needed: &["stream"],
    source: "agents M5",
    own_length: None,
    lower: |args, lowering| {
        let rule = CallRule::Stream {
            cut: Some(u32::try_from(args.count("after")).expect("the table bounds it")),
            factor: 1.0,
            stall: VirtualDuration::ZERO,
            share: args.number("p"),
        };
        stream(args, lowering, rule)
    },
};

pub(in super::super) const MODEL_RATE_LIMIT: FaultKind = FaultKind {
    name: "model-rate-limit",
    family: Family::Call,
    summary: "the model's provider lets less through",
    doc: "A token bucket with continuous refill in front of the model, of `scale` of what the contract \
          says. It counts requests, tokens of prompts that no cache \
          has, or tokens of answers, charged when a call is admitted. A refusal has status 429.",
    params: &[
        WORKLOAD,
        Param::new("rate", Kind::Rate, "what the contract allows, of the unit").required(),
        Param::new(
            "scale",
            Kind::Number {
                min: 0.001,
                max: 1000.0,
            },
            "share of it that is left",
        )
        .default("0.5"),
        Param::new(
            "unit",
            Kind::Choice(&["requests", "input-tokens", "output-tokens"]),
            "what is counted",
        )
        .default("input-tokens"),
        Param::new(
            "burst",
            Kind::Number {
                min: 1.0,
                max: 1e12,
            },
            "size of the bucket; a minute of what is left if missing",
        ),
        Param::new(
            "retry_after",
            Kind::Choice(&["exact", "none", "wrong"]),
            "what the refusal says about when to come again",
        )
        .default("exact"),
    ],
    lowers_to: &["rate-limit"],
    needed: &["rate-limit"],
    source: "agents M2",
    own_length: None,
    lower: model_rate_limit,
};

fn model_rate_limit(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let rate = args.number("rate") * args.number("scale");
    if rate <= 0.0 {
        let issue = Issue::new("a bucket that never fills", 0..0);
        let help = "use model-error with p = 1 to refuse everything";
        return Err(Refusal::arg("rate", issue.help(help)));
    }
    let limit = CallRule::RateLimit {
        rate,
        burst: args.number_opt("burst").unwrap_or((rate * 60.0).max(1.0)),
        unit: match args.word("unit") {
            "requests" => LimitUnit::Calls,
            "output-tokens" => LimitUnit::Answer,
            _ => LimitUnit::Cost,
        },
        status: 429,
        retry_after: retry_after(args),
    };
    stream(args, lowering, limit)
}

pub(in super::super) const MODEL_ERROR: FaultKind = FaultKind {
    name: "model-error",
    family: Family::Call,
    summary: "the model's endpoint answers with errors",
    doc: "529 is a provider that is overloaded, 500 and 503 are its own trouble. Failed requests cost no \
          tokens.",
    params: &[WORKLOAD, STATUS.default("529"), P.default("0.3")],
    lowers_to: &["error"],
    needed: &["error"],
    source: "agents M3",
    own_length: None,
    lower: |args, lowering| {
        let error = error(status(args), args.number("p"));
        stream(args, lowering, error)
    },
};

fn error(status: u16, share: f64) -> CallRule {
    CallRule::Error {
        status,
        share,
        after_effect: false,
        retry_after: None,
        work: VirtualDuration::ZERO,
    }
}

pub(in super::super) const MALFORMED_TOOL_CALL: FaultKind = FaultKind {
    name: "malformed-tool-call",
    family: Family::Call,
    summary: "the model asks for a tool in a way that cannot be read",
    doc: "The answer ends too early, or lacks fields. An agent that reads strictly asks again and pays \
          again; one that is lenient guesses, and calls the tool with other arguments. Vendors report 0 \
          to 71 % by model and schema, a weak figure; 0.001 to 0.05 is usual.",
    params: &[
        WORKLOAD,
        P.default("0.02"),
        Param::new(
            "mode",
            Kind::Choice(&["partial-json", "fields-removed"]),
            "what is wrong with the answer",
        )
        .default("partial-json"),
    ],
    lowers_to: &["malformed"],
    needed: &["malformed"],
    source: "agents M7",
    own_length: None,
    lower: |args, lowering| {
        let mode = match args.word("mode") {
            "fields-removed" => Malformed::FieldsRemoved,
            _ => Malformed::PartialJson,
        };
        let share = args.number("p");
        stream(args, lowering, CallRule::Malformed { mode, share })
    },
};

pub(in super::super) const REFUSAL: FaultKind = FaultKind {
    name: "refusal",
    family: Family::Call,
    summary: "the model answers with nothing that can be done",
    doc: "The answer is empty: the tokens are billed, and the agent asks again.",
    params: &[WORKLOAD, P.default("0.02")],
    lowers_to: &["malformed"],
    needed: &["malformed"],
    source: "agents M8",
    own_length: None,
    lower: |args, lowering| {
        let (mode, share) = (Malformed::Empty, args.number("p"));
        stream(args, lowering, CallRule::Malformed { mode, share })
    },
};

pub(in super::super) const WRONG_ARGUMENTS: FaultKind = FaultKind {
    name: "wrong-arguments",
    family: Family::Knob,
    summary: "the model asks for a tool with valid arguments about something else",
    doc: "The schema holds, the entity is another one. Only a look at the task finds it out. The \
          workload needs a control layer.",
    params: &[WORKLOAD, P.default("0.01"), ON],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "agents M10",
    own_length: None,
    lower: |args, lowering| set(args, lowering, "wrong-arguments", args.number("p")),
};

pub(in super::super) const MODEL_DRIFT: FaultKind = FaultKind {
    name: "model-drift",
    family: Family::Knob,
    summary: "another version of the model answers at greater length",
    doc: "The tokens of an answer are multiplied, and so is the time in which they come. Of what a \
          version changes only this is simulated.",
    params: &[
        WORKLOAD,
        Param::new("factor", FACTOR, "factor on the tokens of an answer").default("3"),
        ON,
    ],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "agents M11",
    own_length: None,
    lower: |args, lowering| set(args, lowering, "model-out", args.number("factor")),
};

pub(in super::super) const PREFIX_CACHE_FLUSH: FaultKind = FaultKind {
    name: "prefix-cache-flush",
    family: Family::Knob,
    summary: "the provider's cache of prompts is lost",
    doc: "Of what a cache had of a prompt a share is gone: it is computed anew, slower, and counts in \
          limits of uncached tokens. In 44,758 recorded calls 3.76 % of the blocks of a prompt are new, so \
          that the whole cache is worth up to 26.6 times the work. As long as the fault lasts nothing is \
          kept; afterwards the cache is as before.",
    params: &[
        WORKLOAD,
        Param::new(
            "share",
            Kind::Share,
            "share of the cached part that is gone",
        )
        .default("1"),
        ON,
    ],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "agents M12",
    own_length: None,
    lower: |args, lowering| set(args, lowering, "prefix-cache-loss", args.number("share")),
};

pub(in super::super) const PROVIDER_OUTAGE: FaultKind = FaultKind {
    name: "provider-outage",
    family: Family::Call,
    summary: "the model's provider has an incident",
    doc: "A share of the calls fails with 529 as long as it lasts. Of 231 incidents of one provider half \
          lasted 72 minutes, a tenth more than 299: write for instance `for = \"lognormal median 72m p90 \
          299m\"`.",
    params: &[
        WORKLOAD,
        Param::new("p_error", Kind::Share, "share of the calls that fail").default("0.3"),
    ],
    lowers_to: &["error"],
    needed: &["error"],
    source: "agents M14; atlarge-research/llm-service-analysis",
    own_length: None,
    lower: |args, lowering| {
        // That the workload is one of agents is said first.
        knob(args, lowering, "model-out")?;
        let error = error(529, args.number("p_error"));
        stream(args, lowering, error)
    },
};
