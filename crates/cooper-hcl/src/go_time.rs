//! Moments as text: RFC 3339, Go's layouts and a small `strftime`.

use jiff::SignedDuration;
use jiff::civil::{DateTime, Weekday};
use jiff::tz::Offset;

/// A moment, and the offset from UTC it is told in.
///
/// The date is never before the year -9999 or after 9999.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    local: DateTime,
    offset: Offset,
}

/// Where Unix counts from.
const EPOCH: DateTime = jiff::civil::date(1970, 1, 1).at(0, 0, 0, 0);

/// The greatest hours and minutes of an offset.
struct Largest {
    hours: i16,
    minutes: i16,
}

impl Moment {
    /// The moment so many nanoseconds after 1970-01-01, told in UTC; nothing when its year has
    /// more than four digits.
    pub fn from_unix_nanoseconds(nanoseconds: i128) -> Option<Self> {
        let since = SignedDuration::try_from_nanos_i128(nanoseconds)?;
        Some(Self { local: EPOCH.checked_add(since).ok()?, offset: Offset::UTC })
    }

    /// Reads RFC 3339 such as `2020-01-02T03:04:05.5+02:00`.
    ///
    /// # Errors
    ///
    /// What is wrong, for a message.
    pub fn parse(text: &str) -> Result<Self, String> {
        read(text, &Largest { hours: 23, minutes: 59 }).map_err(|what| refused(text, what))
    }

    /// Reads what Go takes for RFC 3339: a space may stand for the `T`, a comma for the point, the
    /// hour may have one digit, and an offset be as large as `+24:60`.
    ///
    /// # Errors
    ///
    /// What is wrong, for a message.
    pub fn parse_as_go(text: &str) -> Result<Self, String> {
        let mut strict = text.to_owned();
        let is = |text: &str, at: usize, wanted: u8| text.as_bytes().get(at) == Some(&wanted);
        if is(&strict, 10, b' ') {
            strict.replace_range(10..11, "T");
        }
        if is(&strict, 12, b':') && is(&strict, 10, b'T') {
            strict.insert(11, '0');
        }
        if is(&strict, 19, b',') {
            strict.replace_range(19..20, ".");
        }
        read(&strict, &Largest { hours: 24, minutes: 60 }).map_err(|what| refused(text, what))
    }

    /// The moment so many nanoseconds later, told in the same offset; nothing when its year has
    /// more than four digits.
    pub fn after(&self, nanoseconds: i64) -> Option<Self> {
        let local = self.local.checked_add(SignedDuration::from_nanos(nanoseconds)).ok()?;
        Some(Self { local, offset: self.offset })
    }

    /// The whole seconds after 1970-01-01, or before it if negative.
    pub fn unix_seconds(&self) -> i64 {
        let since =
            self.local.duration_since(EPOCH) - SignedDuration::from_secs(self.offset().into());
        since.as_secs() - i64::from(since.subsec_nanos() < 0)
    }

    /// As RFC 3339, to the second: `2020-01-02T03:04:05Z`.
    pub fn rfc3339(&self) -> String {
        self.layout("2006-01-02T15:04:05Z07:00")
    }

    /// The date and the time of day.
    pub const fn local(&self) -> DateTime {
        self.local
    }

    /// The offset from UTC in seconds.
    pub fn offset(&self) -> i32 {
        self.offset.seconds()
    }

    /// The name of the month: `January`.
    pub fn month_name(&self) -> &'static str {
        MONTHS[usize::from(self.local.month().unsigned_abs()) % 13]
    }

    /// The name of the day of the week: `Monday`.
    pub fn weekday_name(&self) -> &'static str {
        match self.local.weekday() {
            Weekday::Sunday => "Sunday",
            Weekday::Monday => "Monday",
            Weekday::Tuesday => "Tuesday",
            Weekday::Wednesday => "Wednesday",
            Weekday::Thursday => "Thursday",
            Weekday::Friday => "Friday",
            Weekday::Saturday => "Saturday",
        }
    }

    /// The moment by a layout of Go's, which shows how 2006-01-02 15:04:05 MST would look.
    pub fn layout(&self, layout: &str) -> String {
        let mut output = String::new();
        let mut rest = layout;
        while !rest.is_empty() {
            // A fraction belongs to the seconds before it, also where digits are layout too.
            if let Some(length) = fraction_length(rest) {
                self.fraction(&rest[..length], &mut output);
                rest = &rest[length..];
                continue;
            }
            // An underscore before a year is only an underscore.
            let found = if rest.starts_with("_2006") {
                None
            } else {
                LAYOUT.iter().find(|(text, _)| layout_matches(rest, text))
            };
            match found {
                Some((text, part)) => {
                    self.write(*part, &mut output);
                    rest = &rest[text.len()..];
                }
                None => {
                    let length = rest.chars().next().map_or(0, char::len_utf8);
                    output.push_str(&rest[..length]);
                    rest = &rest[length..];
                }
            }
        }
        output
    }

    /// The moment by `%`-verbs, of which `B b m A a d H I M S Y y p Z z L %` are known; others
    /// are left as they are.
    pub fn strftime(&self, format: &str) -> String {
        let mut output = String::new();
        let mut characters = format.chars();
        while let Some(character) = characters.next() {
            if character != '%' {
                output.push(character);
                continue;
            }
            let layout = match characters.next() {
                Some('B') => "January",
                Some('b') => "Jan",
                Some('m') => "01",
                Some('A') => "Monday",
                Some('a') => "Mon",
                Some('d') => "02",
                Some('H') => "15",
                Some('I') => "03",
                Some('M') => "04",
                Some('S') => "05",
                Some('Y') => "2006",
                Some('y') => "06",
                Some('p') => "PM",
                Some('Z') => "MST",
                Some('z') => "-0700",
                Some('L') => ".000",
                Some('%') | None => "%",
                Some(other) => {
                    output.push('%');
                    output.push(other);
                    continue;
                }
            };
            output.push_str(&self.layout(layout));
        }
        output
    }

    fn fraction(&self, layout: &str, output: &mut String) {
        let digits = format!("{:09}", self.local.subsec_nanosecond());
        let wanted = layout.len() - 1;
        let shown: String = digits.chars().chain(std::iter::repeat('0')).take(wanted).collect();
        let shown = if layout.ends_with('9') { shown.trim_end_matches('0') } else { &shown };
        if !shown.is_empty() {
            output.push_str(&layout[..1]);
            output.push_str(shown);
        }
    }

    fn write(&self, part: Part, output: &mut String) {
        let at = self.local;
        let hour12 = match at.hour() % 12 {
            0 => 12,
            hour => hour,
        };
        let text = match part {
            Part::LongMonth => self.month_name().into(),
            Part::Month => self.month_name().chars().take(3).collect(),
            Part::NumMonth => at.month().to_string(),
            Part::ZeroMonth => format!("{:02}", at.month()),
            Part::LongWeekday => self.weekday_name().into(),
            Part::Weekday => self.weekday_name().chars().take(3).collect(),
            Part::Day => at.day().to_string(),
            Part::UnderDay => format!("{:2}", at.day()),
            Part::ZeroDay => format!("{:02}", at.day()),
            Part::UnderYearDay => format!("{:3}", at.day_of_year()),
            Part::ZeroYearDay => format!("{:03}", at.day_of_year()),
            Part::Hour => format!("{:02}", at.hour()),
            Part::Hour12 => hour12.to_string(),
            Part::ZeroHour12 => format!("{hour12:02}"),
            Part::Minute => at.minute().to_string(),
            Part::ZeroMinute => format!("{:02}", at.minute()),
            Part::Second => at.second().to_string(),
            Part::ZeroSecond => format!("{:02}", at.second()),
            Part::LongYear if at.year() < 0 => format!("{:05}", at.year()),
            Part::LongYear => format!("{:04}", at.year()),
            Part::Year => format!("{:02}", at.year().rem_euclid(100)),
            Part::UpperHalf => if at.hour() < 12 { "AM" } else { "PM" }.into(),
            Part::LowerHalf => if at.hour() < 12 { "am" } else { "pm" }.into(),
            Part::ZoneName => match self.offset() {
                0 => "UTC".into(),
                seconds if seconds % 3600 == 0 => format!("{:+03}", seconds / 3600),
                _ => zone(self.offset(), "", 2),
            },
            Part::Zone { zulu: true, .. } if self.offset() == 0 => "Z".into(),
            Part::Zone { separator, parts, .. } => zone(self.offset(), separator, parts),
        };
        output.push_str(&text);
    }
}

fn refused(text: &str, what: &str) -> String {
    let shown: String = text.chars().take(60).collect();
    format!("`{shown}` is not a time such as `2020-01-02T03:04:05Z`: {what}")
}

/// Reads RFC 3339, or says what is wrong.
fn read(text: &str, largest: &Largest) -> Result<Moment, &'static str> {
    let bytes = text.as_bytes();
    let number = |at: usize, length: usize| -> Option<i16> {
        let digits = bytes.get(at..at + length)?;
        digits.iter().all(u8::is_ascii_digit).then(|| text[at..at + length].parse().ok())?
    };
    let is = |at: usize, wanted: u8| bytes.get(at) == Some(&wanted);
    let date = || Some((number(0, 4)?, number(5, 2)? as i8, number(8, 2)? as i8));
    let (year, month, day) =
        date().filter(|_| is(4, b'-') && is(7, b'-')).ok_or("the date is malformed")?;
    if !is(10, b'T') {
        return Err("there is no `T` after the date");
    }
    let time = || Some((number(11, 2)? as i8, number(14, 2)? as i8, number(17, 2)? as i8));
    let (hour, minute, second) =
        time().filter(|_| is(13, b':') && is(16, b':')).ok_or("the time of day is malformed")?;
    let mut at = 19;
    let mut nanoseconds = 0;
    if is(at, b'.') {
        let digits = bytes[at + 1..].iter().take_while(|b| b.is_ascii_digit()).count();
        if digits == 0 {
            return Err("digits are missing after the point");
        }
        for place in 0..9 {
            let digit = if place < digits { bytes[at + 1 + place] - b'0' } else { 0 };
            nanoseconds = nanoseconds * 10 + i32::from(digit);
        }
        at += 1 + digits;
    }
    let offset = match bytes.get(at..) {
        Some(b"Z") => Some(0),
        Some([sign @ (b'+' | b'-'), _, _, b':', _, _]) => number(at + 1, 2)
            .zip(number(at + 4, 2))
            .filter(|(hours, minutes)| *hours <= largest.hours && *minutes <= largest.minutes)
            .map(|(hours, minutes)| i32::from(hours) * 3600 + i32::from(minutes) * 60)
            .map(|seconds| if *sign == b'-' { -seconds } else { seconds }),
        _ => None,
    };
    let offset = offset.and_then(|seconds| Offset::from_seconds(seconds).ok());
    let offset = offset.ok_or("it must end with `Z` or an offset")?;
    let local = DateTime::new(year, month, day, hour, minute, second, nanoseconds)
        .map_err(|_| "there is no such date or time of day")?;
    Ok(Moment { local, offset })
}

/// An offset in hours, minutes and seconds, as many as wanted.
fn zone(offset: i32, separator: &str, parts: u8) -> String {
    let sign = if offset < 0 { '-' } else { '+' };
    let seconds = offset.unsigned_abs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match parts {
        1 => format!("{sign}{hours:02}"),
        2 => format!("{sign}{hours:02}{separator}{minutes:02}"),
        _ => format!("{sign}{hours:02}{separator}{minutes:02}{separator}{seconds:02}"),
    }
}

const MONTHS: [&str; 13] = [
    "",
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

#[derive(Clone, Copy)]
enum Part {
    LongMonth,
    Month,
    NumMonth,
    ZeroMonth,
    LongWeekday,
    Weekday,
    Day,
    UnderDay,
    ZeroDay,
    UnderYearDay,
    ZeroYearDay,
    Hour,
    Hour12,
    ZeroHour12,
    Minute,
    ZeroMinute,
    Second,
    ZeroSecond,
    LongYear,
    Year,
    UpperHalf,
    LowerHalf,
    ZoneName,
    Zone { zulu: bool, separator: &'static str, parts: u8 },
}

const fn numeric_zone(zulu: bool, separator: &'static str, parts: u8) -> Part {
    Part::Zone { zulu, separator, parts }
}

/// What stands for what in a layout; the first that fits counts.
const LAYOUT: &[(&str, Part)] = &[
    ("January", Part::LongMonth),
    ("Jan", Part::Month),
    ("Monday", Part::LongWeekday),
    ("Mon", Part::Weekday),
    ("MST", Part::ZoneName),
    ("002", Part::ZeroYearDay),
    ("01", Part::ZeroMonth),
    ("02", Part::ZeroDay),
    ("03", Part::ZeroHour12),
    ("04", Part::ZeroMinute),
    ("05", Part::ZeroSecond),
    ("06", Part::Year),
    ("15", Part::Hour),
    ("1", Part::NumMonth),
    ("2006", Part::LongYear),
    ("2", Part::Day),
    ("__2", Part::UnderYearDay),
    ("_2", Part::UnderDay),
    ("3", Part::Hour12),
    ("4", Part::Minute),
    ("5", Part::Second),
    ("PM", Part::UpperHalf),
    ("pm", Part::LowerHalf),
    ("-070000", numeric_zone(false, "", 3)),
    ("-07:00:00", numeric_zone(false, ":", 3)),
    ("-0700", numeric_zone(false, "", 2)),
    ("-07:00", numeric_zone(false, ":", 2)),
    ("-07", numeric_zone(false, "", 1)),
    ("Z070000", numeric_zone(true, "", 3)),
    ("Z07:00:00", numeric_zone(true, ":", 3)),
    ("Z0700", numeric_zone(true, "", 2)),
    ("Z07:00", numeric_zone(true, ":", 2)),
    ("Z07", numeric_zone(true, "", 1)),
];

fn layout_matches(rest: &str, text: &str) -> bool {
    rest.strip_prefix(text).is_some_and(|after| {
        // `Janet` and `Month` are words, not a month and a day.
        !matches!(text, "Jan" | "Mon") || !after.starts_with(|c: char| c.is_ascii_lowercase())
    })
}

/// How long a fraction such as `.000` or `,999` at the start of a layout is.
fn fraction_length(layout: &str) -> Option<usize> {
    let bytes = layout.as_bytes();
    let digit = *bytes.get(1).filter(|b| matches!(b, b'0' | b'9'))?;
    if !matches!(bytes.first(), Some(b'.' | b',')) {
        return None;
    }
    let length = 1 + bytes[1..].iter().take_while(|b| **b == digit).count();
    let digit_follows = bytes.get(length).is_some_and(u8::is_ascii_digit);
    (!digit_follows).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Moment {
        Moment::parse_as_go(text).unwrap()
    }

    #[test]
    fn layouts_are_gos() {
        let at = moment("2009-02-04T21:00:57.0123456+05:30");
        for (layout, text) in [
            ("Mon Jan _2 15:04:05 2006", "Wed Feb  4 21:00:57 2009"),
            ("Monday, 02-Jan-06 15:04:05 MST", "Wednesday, 04-Feb-09 21:00:57 +0530"),
            ("2006-01-02T15:04:05.999999999Z07:00", "2009-02-04T21:00:57.0123456+05:30"),
            ("3:04PM 3 03 pm 1/2", "9:00PM 9 09 pm 2/4"),
            (".000 ,000000 .00 .99 .9", ".012 ,012345 .01 .01 "),
            ("002 __2 _2006 Z0700 -07 Z07", "035  35 _2009 +0530 +05 +05"),
            ("Janet Month January", "Janet Month February"),
            ("é 4 5", "é 0 57"),
            ("", ""),
        ] {
            assert_eq!(at.layout(layout), text, "{layout}");
        }
        assert_eq!(
            moment("2020-01-02 00:04:05Z").layout("Z07:00 MST 3PM -0700"),
            "Z UTC 12AM +0000"
        );
    }

    #[test]
    fn strftime_knows_a_few_verbs() {
        let at = moment("2009-02-04T21:00:57.0123Z");
        let all = "%B %b %m %A %a %d %H %I %M %S %Y %y %p %Z %z %L %% %q %";
        let shown = "February Feb 02 Wednesday Wed 04 21 09 00 57 2009 09 PM UTC +0000 .012 % %q %";
        assert_eq!(at.strftime(all), shown);
    }

    #[test]
    fn only_rfc_3339_is_read() {
        for text in [
            "2020-01-02T03:04:05Z",
            "2020-01-02T03:04:05.123456789123Z",
            "2020-02-29T23:59:59-23:59",
            "0000-01-01T00:00:00Z",
            "9999-12-31T23:59:59-23:59",
        ] {
            assert!(Moment::parse(text).is_ok(), "{text}");
        }
        for text in [
            "",
            "2020",
            "2020-01-02 03:04:05Z",
            "2020-13-02T03:04:05Z",
            "2019-02-29T03:04:05Z",
            "2020-01-02T24:04:05Z",
            "2020-01-02T03:04:05",
            "2020-01-02T03:04:05.Z",
            "2020-01-02T03:04:05+0200",
            "2020-01-02T03:04:05+24:00",
            "2020-01-02T03:04:05Zé",
            "é020-01-02T03:04:05Z",
        ] {
            assert!(Moment::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn go_reads_a_little_more_than_rfc_3339() {
        for (text, unix) in [
            ("2020-01-02 03:04:05Z", 1_577_934_245),
            ("2020-01-02T3:04:05Z", 1_577_934_245),
            ("2020-01-02T03:04:05,5Z", 1_577_934_245),
            ("2020-01-02T03:04:05+24:60", 1_577_844_245),
            ("2020-01-02T03:04:05-24:00", 1_578_020_645),
            ("1969-12-31T23:59:59.5Z", -1),
            ("9999-12-31T23:59:59-23:59", 253_402_387_139),
        ] {
            assert_eq!(Moment::parse_as_go(text).map(|at| at.unix_seconds()), Ok(unix), "{text}");
        }
        for text in
            ["2020-01-02t03:04:05Z", "2020-01-02T03:04:05+25:00", "2020-01-02T03:4:05Z", "é"]
        {
            assert!(Moment::parse_as_go(text).is_err(), "{text}");
        }
    }

    #[test]
    fn moments_end_with_the_year_9999() {
        let last = Moment::from_unix_nanoseconds(253_402_300_799_000_000_000).unwrap();
        assert_eq!(last.rfc3339(), "9999-12-31T23:59:59Z");
        assert_eq!(last.after(1_000_000_000), None);
        assert_eq!(Moment::from_unix_nanoseconds(253_402_300_800_000_000_000), None);
        assert_eq!(Moment::from_unix_nanoseconds(i128::MIN), None);
        let before = moment("0000-01-01T00:00:00Z").after(-1_000_000_000).unwrap();
        assert_eq!(before.rfc3339(), "-0001-12-31T23:59:59Z");
    }
}
