#[test]
fn golden_plans_of_nodes_and_links() {
    let m = minute();
    check("node-loss", &[("nodes", text("any 1 of kv")), ("restart_after", text("20s"))], &[("at", text("2m"))], "");
    check("node-pause", &[("nodes", text("minority of kv"))], &m, "");
    check("link-delay", &[("links", text("gateway[0] <-> model[1]"))], &m, "");
    check("link-loss", &[("from", text("gateway[0]")), ("to", text("model")), ("p", number(0.3))], &m, "");
    check("link-cut", &[("from", text("kv[0]")), ("to", text("kv[1]")), ("both", flag(true))], &m, "");
    check("link-flap", &[("links", text("kv[0] -> kv[1]")), ("mode", text("refuse")), ("up", text("7s"))], &m, "");
    check("partition", &[("nodes", text("kv")), ("split", text("isolate-one")), ("symmetric", flag(false))], &m, "");
}

#[test]
fn golden_plans_of_processors_and_memory() {
    let m = minute();
    check("cpu-slow", &[("nodes", text("kv[0]"))], &m, "");
    check("cpu-throttle", &[("nodes", text("kv[0] + kv[1]"))], &m, "");
    check("gc-pause", &[("nodes", text("kv[3]")), ("every", text("9s"))], &m, "");
    check("swap-storm", &[("nodes", text("any 1 of gateway")), ("device", text("800 iops"))], &m, "");
    check("memory-hog", &[("nodes", text("gateway zone b")), ("share", number(0.25))], &m, "");
}

#[test]
fn golden_plans_of_calls_and_knobs() {
    let m = minute();
    let service = ("service", text("shop.checkout"));
    check("call-error", &[service.clone(), ("when", text("after")), ("retry_after", text("2s"))], &m, "");
    check("call-delay", &[service.clone(), ("client", text("host of shop not zone=a"))], &m, "");
    check("call-hang", &[service.clone(), ("p", number(0.5))], &m, "");
    check("lost-reply", &[service.clone()], &m, "");
    check("rate-limit", &[service, ("rate", text("600/m")), ("unit", text("tokens"))], &m, "");
    check("knob-set", &[("name", text("shop.timeout")), ("value", text("250ms"))], &m, "");
    check("load-step", &[("workload", text("shop"))], &m, "");
    let stages = Node { span: 0..0, raw: squall_faults::param::Raw::List(vec![number(0.2), number(1.0)]) };
    check("config-push", &[("name", text("shop.mode")), ("value", text("closed")), ("nodes", text("kv")), ("stages", stages), ("bake", text("10s"))], &m, "");
}
