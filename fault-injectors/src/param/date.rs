//! Calendar dates, UTC, in the proleptic Gregorian calendar: `2038-01-19T03:14:08Z`.

use super::Issue;
use core::fmt;

const DAY: i64 = 86_400;
/// Years that can be named: readings of clocks are 64-bit nanoseconds, 292 years each way.
const YEARS: core::ops::RangeInclusive<i64> = 1900..=2199;

/// An instant of the calendar, in seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(pub i64);

/// Days from 1970-01-01 to the first of March of `year`, counted in years that begin in March, so
/// that the leap day is the last of its year.
const fn days_to_march(year: i64) -> i64 {
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) - 719_468
}

/// Days from the first of March to the first of the `month`-th month after it (0 is March).
const fn days_of_months(month: i64) -> i64 {
    (153 * month + 2) / 5
}

const fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Reads a date, with or without a time of day.
pub fn date(text: &str) -> Result<Date, Issue> {
    let help = "write for instance \"2038-01-19\" or \"2038-01-19T03:14:08Z\", UTC, 1900 to 2199";
    let refuse = || Issue::new(format!("`{text}` is not a date"), 0..text.len()).help(help);
    let (day, time) = match text.split_once('T') {
        Some((day, time)) => (day, time.strip_suffix('Z').ok_or_else(refuse)?),
        None => (text, "00:00:00"),
    };
    let field = |text: &str, width: usize| {
        let digits = text.len() == width && text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| text.parse::<i64>().ok()).flatten()
    };
    let three = |text: &str, by: char, first: usize| {
        let mut parts = text.split(by);
        let all = (
            field(parts.next()?, first)?,
            field(parts.next()?, 2)?,
            field(parts.next()?, 2)?,
        );
        parts.next().is_none().then_some(all)
    };
    let (year, month, day) = three(day, '-', 4).ok_or_else(refuse)?;
    let (hour, minute, second) = three(time, ':', 2).ok_or_else(refuse)?;
    let valid = YEARS.contains(&year)
        && (1..=12).contains(&month)
        && (1..=days_in(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !valid {
        return Err(refuse());
    }
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days = days_to_march(year) + days_of_months(month) + day - 1;
    Ok(Date(days * DAY + hour * 3600 + minute * 60 + second))
}

/// The form that [`date`] reads.
impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, rest) = (self.0.div_euclid(DAY), self.0.rem_euclid(DAY));
        // 400 years are 146,097 days: this guess is at most one year off.
        let guess = (days + 719_468) * 400 / 146_097;
        let fits = |year: &i64| days_to_march(*year) <= days && days < days_to_march(year + 1);
        let year = (guess - 1..=guess + 1).find(fits).unwrap_or(guess);
        let day = days - days_to_march(year);
        let month = (5 * day + 2) / 153;
        let day = day - days_of_months(month) + 1;
        let (year, month) = if month < 10 {
            (year, month + 3)
        } else {
            (year + 1, month - 9)
        };
        let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_seconds_since_1970_and_print_as_they_read() {
        let check = |text: &str, seconds: i64| {
            let read = date(text).unwrap_or_else(|e| panic!("{e:?}"));
            assert_eq!(read.0, seconds, "{text}");
            assert_eq!(date(&read.to_string()), Ok(read));
        };
        check("1970-01-01", 0);
        check("2038-01-19T03:14:08Z", 1 << 31);
        check("2000-02-29", 951_782_400);
        check("1900-03-01T00:00:01Z", -2_203_891_199);
        check("2016-12-31T23:59:59Z", 1_483_228_799);
    }

    #[test]
    fn every_day_of_three_centuries_follows_the_one_before() {
        let mut last = date("1900-01-01").expect("a date").0;
        while last < date("2199-12-31").expect("a date").0 {
            last += DAY;
            let text = Date(last).to_string();
            assert_eq!(date(&text), Ok(Date(last)), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "2038",
            "2038-13-01",
            "2038-02-29",
            "1899-12-31",
            "2038-1-19",
            "2038-01-19T25:00:00Z",
            "2038-01-19T03:14:08",
            "2038-01-19 03:14:08",
        ] {
            assert!(date(text).is_err(), "{text}");
        }
    }
}
