//! Functions on time.

use super::{Function, FunctionCx, FunctionError, number, returns_string, text};
use crate::duration;
use crate::go_time::Moment;
use crate::value::{Type, Value};

type Result<T = Value> = std::result::Result<T, FunctionError>;

pub(super) fn functions() -> Vec<Function> {
    vec![
        Function::new(
            "formatdate",
            "`formatdate(format, time)`: a time in another form; `formatdate(\"DD MMM YYYY\", \"2020-01-02T03:04:05Z\")` is `\"02 Jan 2020\"`",
            returns_string,
            |_, args| Ok(formatdate(text(args, 0)?, &moment(args, 1, Moment::parse)?)?.into()),
        )
        .takes("format", Type::String)
        .takes("time", Type::String)
        .fails("letters in the format stand for no part of a time, or the time cannot be read"),
        Function::new(
            "legacy_isotime",
            "`legacy_isotime(layout)`: the time of the run's start by a layout of Go's, or as RFC 3339; `legacy_isotime() == timestamp()` is `true`",
            returns_string,
            |cx, args| legacy(cx, args, Moment::layout),
        )
        .takes_rest("layout", Type::String)
        .fails("there is more than one layout"),
        Function::new(
            "legacy_strftime",
            "`legacy_strftime(format)`: the time of the run's start by verbs such as `%Y`, or as RFC 3339; `length(legacy_strftime(\"%Y-%m-%d\"))` is `10`",
            returns_string,
            |cx, args| legacy(cx, args, Moment::strftime),
        )
        .takes_rest("format", Type::String)
        .fails("there is more than one format"),
        Function::new(
            "rfc3339_parse",
            "`rfc3339_parse(time)`: the parts of a time as an object; `rfc3339_parse(\"2020-01-02T03:04:05Z\").year` is `2020`",
            |_| Ok(parts_type("unix", Type::Number)),
            |_, args| {
                let at = moment(args, 0, Moment::parse_as_go)?;
                Ok(parts(&at, "unix", at.unix_seconds().into()))
            },
        )
        .takes("time", Type::String)
        .fails("the time cannot be read"),
        Function::new(
            "timeadd",
            "`timeadd(time, duration)`: the time so much later; `timeadd(\"2020-01-02T03:04:05Z\", \"1h\")` is `\"2020-01-02T04:04:05Z\"`",
            returns_string,
            timeadd,
        )
        .takes("time", Type::String)
        .takes("duration", Type::String)
        .fails("the time or the duration cannot be read, or the year is out of range"),
        Function::new(
            "timestamp",
            "`timestamp()`: the time of the run's start as RFC 3339; `length(timestamp())` is `20`",
            returns_string,
            |cx, _| Ok(start(cx)?.rfc3339().into()),
        ),
        Function::new(
            "unix_timestamp_parse",
            "`unix_timestamp_parse(seconds)`: the parts of the time so many seconds after 1970-01-01; `unix_timestamp_parse(0).year` is `1970`",
            |_| Ok(parts_type("rfc3339", Type::String)),
            |_, args| {
                let seconds = number(args, 0)?.to_i64().ok_or_else(|| {
                    FunctionError::argument(0, "a whole number of seconds is required")
                })?;
                let at = Moment::from_unix_nanoseconds(i128::from(seconds) * SECOND)
                    .ok_or_else(|| FunctionError::argument(0, "the year is out of range"))?;
                let rfc3339 = at.rfc3339().into();
                Ok(parts(&at, "rfc3339", rfc3339))
            },
        )
        .takes("seconds", Type::Number)
        .fails("the number is not whole, or the year is out of range"),
    ]
}

/// Nanoseconds.
const SECOND: i128 = 1_000_000_000;

fn start(cx: &FunctionCx<'_>) -> Result<Moment> {
    Moment::from_unix_nanoseconds(cx.system.now())
        .ok_or_else(|| FunctionError::new("the clock's year is out of range"))
}

fn moment(
    args: &[Value],
    index: usize,
    parse: fn(&str) -> std::result::Result<Moment, String>,
) -> Result<Moment> {
    parse(text(args, index)?).map_err(|message| FunctionError::argument(index, message))
}

fn legacy(cx: &FunctionCx<'_>, args: &[Value], format: fn(&Moment, &str) -> String) -> Result {
    let start = start(cx)?;
    match args.len() {
        0 => Ok(start.rfc3339().into()),
        1 => Ok(format(&start, text(args, 0)?).into()),
        _ => Err(FunctionError::argument(1, "at most one format can be given")),
    }
}

fn timeadd(_: &FunctionCx<'_>, args: &[Value]) -> Result {
    let at = moment(args, 0, Moment::parse)?;
    let length = duration::parse(text(args, 1)?)
        .map_err(|error| FunctionError::argument(1, error.to_string()))?;
    let later = at.after(length).ok_or_else(|| FunctionError::new("the year is out of range"))?;
    Ok(later.rfc3339().into())
}

/// The numbers of a time, besides `month_name` and `weekday_name`.
const NUMBERS: [&str; 10] = [
    "year", "year_day", "day", "month", "weekday", "hour", "minute", "second", "iso_year",
    "iso_week",
];

fn parts_type(extra: &'static str, ty: Type) -> Type {
    let numbers = NUMBERS.iter().map(|&name| (name, Type::Number));
    let names = [("month_name", Type::String), ("weekday_name", Type::String), (extra, ty)];
    Type::object(numbers.chain(names))
}

fn parts(at: &Moment, extra: &'static str, value: Value) -> Value {
    let local = at.local();
    let week = local.date().iso_week_date();
    let numbers = [
        i64::from(local.year()),
        i64::from(local.day_of_year()),
        i64::from(local.day()),
        i64::from(local.month()),
        i64::from(local.weekday().to_sunday_zero_offset()),
        i64::from(local.hour()),
        i64::from(local.minute()),
        i64::from(local.second()),
        i64::from(week.year()),
        i64::from(week.week()),
    ];
    let numbers = NUMBERS.into_iter().zip(numbers.map(Value::from));
    let names = [
        ("month_name", Value::from(at.month_name())),
        ("weekday_name", Value::from(at.weekday_name())),
        (extra, value),
    ];
    Value::object(numbers.chain(names))
}

/// A time by HCL's date format: runs of letters stand for parts, text in quotes for itself.
fn formatdate(format: &str, at: &Moment) -> Result<String> {
    let refuse = |message: String| FunctionError::argument(0, message);
    let mut output = String::new();
    let mut rest = format;
    while let Some(first) = rest.chars().next() {
        if first == '\'' {
            rest = quoted(rest, &mut output).ok_or_else(|| refuse("a quote has no end".into()))?;
            continue;
        }
        let length = if first.is_ascii_alphabetic() {
            rest.len() - rest.trim_start_matches(first).len()
        } else {
            first.len_utf8()
        };
        let (verb, after) = rest.split_at(length);
        rest = after;
        if !first.is_ascii_alphabetic() {
            output.push(first);
            continue;
        }
        let layout = match verb {
            "YYYY" => "2006",
            "YY" => "06",
            "M" => "1",
            "MM" => "01",
            "MMM" => "Jan",
            "MMMM" => "January",
            "D" => "2",
            "DD" => "02",
            "EEE" => "Mon",
            "EEEE" => "Monday",
            "h" => {
                output.push_str(&at.local().hour().to_string());
                continue;
            }
            "hh" => "15",
            "H" => "3",
            "HH" => "03",
            "m" => "4",
            "mm" => "04",
            "s" => "5",
            "ss" => "05",
            "AA" => "PM",
            "aa" => "pm",
            "Z" => "Z07:00",
            "ZZZ" if at.offset() == 0 => {
                output.push_str("UTC");
                continue;
            }
            "ZZZ" | "ZZZZ" => "-0700",
            "ZZZZZ" => "-07:00",
            verb => {
                let message = format!("`{verb}` stands for no part of a time; put text in quotes");
                return Err(refuse(message));
            }
        };
        output.push_str(&at.layout(layout));
    }
    Ok(output)
}

/// Text in single quotes at the start of a format, two of them standing for one; gives what is
/// behind it.
fn quoted<'a>(format: &'a str, output: &mut String) -> Option<&'a str> {
    // Two quotes alone are one, and not an empty text.
    if let Some(after) = format.strip_prefix("''") {
        output.push('\'');
        return Some(after);
    }
    let mut rest = format.strip_prefix('\'')?;
    loop {
        let (part, after) = rest.split_once('\'')?;
        output.push_str(part);
        match after.strip_prefix('\'') {
            // The last quote of a format ends the text, and one before it stands for itself.
            Some(more) => {
                output.push('\'');
                if more.is_empty() {
                    return Some(more);
                }
                rest = more;
            }
            None => return Some(after),
        }
    }
}
