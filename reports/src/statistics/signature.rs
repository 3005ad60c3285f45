//! Signatures: the text of a violation without what differs from seed to seed.

/// Units that belong to a number before them.
const UNITS: [&str; 14] = [
    "ns", "us", "ms", "s", "m", "h", "d", "x", "B", "KiB", "MiB", "GiB", "TiB", "ppm",
];

/// The text with every number, time and identifier replaced by `#`: `refund 8812 executed twice, by
/// worker-1` becomes `refund # executed twice, by worker-#`. A list of numbers is one `#`, so that its
/// length does not count. What follows the first line is detail (a history, a list of requests) and left out.
pub fn signature(text: &str) -> String {
    let chars: Vec<char> = headline(text).chars().collect();
    let mut out = String::with_capacity(chars.len());
    let mut at = 0;
    while at < chars.len() {
        let end = number(&chars, at);
        if end > at {
            // A sign belongs to the number unless it joins words, as in `worker-1`.
            let joined = chars[..at]
                .iter()
                .rev()
                .nth(1)
                .is_some_and(|c| !separates(*c));
            if out.ends_with(['-', '+']) && !joined {
                out.pop();
            }
            out.push('#');
            at = end;
        } else if let Some(length) = word_of_number(&chars, at) {
            out.push('#');
            at += length;
        } else {
            out.push(chars[at]);
            at += 1;
        }
    }
    lists(out)
}

/// The first line of a text: what happened, without the details below it.
pub(crate) fn headline(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

fn separates(c: char) -> bool {
    c.is_whitespace() || "([{=<>:,;".contains(c)
}

/// The end of the number that begins at `at`, with its units; `at` if none does.
fn number(chars: &[char], at: usize) -> usize {
    let digit = |i: usize| chars.get(i).is_some_and(char::is_ascii_digit);
    if !digit(at) {
        return at;
    }
    let run = |mut i: usize, keep: &dyn Fn(char) -> bool| {
        while chars.get(i).is_some_and(|c| keep(*c)) {
            i += 1;
        }
        i
    };
    if chars[at] == '0' && chars.get(at + 1) == Some(&'x') {
        let end = run(at + 2, &|c| c.is_ascii_hexdigit());
        if end > at + 2 {
            return end;
        }
    }
    let mut end = at;
    loop {
        end = run(end, &|c| c.is_ascii_digit());
        // `1,204`, `04:02.118`, `1_000` go on; a comma at the end of a clause does not.
        if chars.get(end).is_some_and(|c| ".,:_".contains(*c)) && digit(end + 1) {
            end += 1;
            continue;
        }
        if chars.get(end) == Some(&'e') {
            let sign = usize::from(chars.get(end + 1).is_some_and(|c| "+-".contains(*c)));
            if digit(end + 1 + sign) {
                end += 1 + sign;
                continue;
            }
        }
        let letters = run(end, &|c| c.is_alphabetic() || c == '%');
        let unit: String = chars[end..letters].iter().collect();
        if UNITS.contains(&unit.as_str()) || unit == "%" || unit == "µs" {
            end = letters;
            // `1m30s`.
            if digit(end) {
                continue;
            }
        }
        return end;
    }
}

/// The length of `NaN` or `inf` as a word of its own.
fn word_of_number(chars: &[char], at: usize) -> Option<usize> {
    let bounds = |i: Option<&char>| i.is_none_or(|c| !c.is_alphanumeric() && *c != '_');
    if at > 0 && !bounds(chars.get(at - 1)) {
        return None;
    }
    ["NaN", "inf"].into_iter().find_map(|word| {
        let found = chars.get(at..at + 3)?.iter().copied().eq(word.chars());
        (found && bounds(chars.get(at + 3))).then_some(3)
    })
}

/// `#, #, #` as `#`.
fn lists(mut text: String) -> String {
    for list in ["#, #", "#,#", "# #", "# and #"] {
        while let Some(at) = text.find(list) {
            text.replace_range(at..at + list.len(), "#");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_from_seed_to_seed_is_left_out() {
        for (text, wanted) in [
            (
                "refund 8812 executed twice, by worker-1 and worker-4",
                "refund # executed twice, by worker-# and worker-#",
            ),
            (
                "measured 4.1x baseline (1.9300 against 0.4700) after 05:30.000",
                "measured # baseline (# against #) after #",
            ),
            ("value is -3.2e-5, not +7", "value is #, not #"),
            ("took 470ms", "took #"),
            ("took 1m30s", "took #"),
            ("took 1.93s.", "took #."),
            ("jobs 1, 2 and 17 were late", "jobs # were late"),
            ("jobs 4 were late", "jobs # were late"),
            ("the command is NaN", "the command is #"),
            ("seed 0x1f at n2", "seed # at n#"),
            ("1,204,331 checks", "# checks"),
            ("9 simple things", "# simple things"),
            ("nothing to replace", "nothing to replace"),
            (
                "no order explains operation 7, the last:\n  get 5 -> a\n  put 6",
                "no order explains operation #, the last:",
            ),
            ("", ""),
        ] {
            assert_eq!(signature(text), wanted, "{text}");
        }
    }

    #[test]
    fn a_signature_is_its_own_signature() {
        for text in [
            "a 1 b 2",
            "effect 3 at web-0 took 5us",
            "-1 of -2",
            "µs 5µs",
        ] {
            let once = signature(text);
            assert_eq!(signature(&once), once);
        }
    }
}
