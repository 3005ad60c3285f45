//! Files and settings that somebody damaged: errors, and no panic.

use super::*;
use proptest::prelude::*;

/// The example with a piece cut out or put in.
fn damaged() -> impl Strategy<Value = String> {
    let cut = (
        0..EXAMPLE.len(),
        0usize..40,
        "[a-z0-9=\"{}\\[\\]., \n#'<>-]{0,12}",
    );
    cut.prop_map(|(at, len, extra)| {
        let end = (at + len).min(EXAMPLE.len());
        format!("{}{extra}{}", &EXAMPLE[..at], &EXAMPLE[end..])
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn no_text_panics(text in prop_oneof![any::<String>(), damaged()], colour in any::<bool>()) {
        if let Err(report) = parse("x.toml", &text, &Settings::default()) {
            let shown = report.render(colour);
            prop_assert!(shown.ends_with("nothing was run\n"));
            prop_assert!(!report.diagnostics.is_empty());
        }
    }

    #[test]
    fn no_setting_panics(
        key in prop_oneof![
            any::<String>(),
            "(stop|at|fault|0|flaky|workload|support|agents|topology|nodes|with|trace|set|\\.){1,9}",
        ],
        value in any::<String>(),
    ) {
        let mut settings = Settings::default();
        settings.set.push((key, value));
        if let Err(report) = parse("x.toml", EXAMPLE, &settings) {
            prop_assert!(!report.render(false).is_empty());
        }
    }
}
