//! The functions of templates: Packer's and Go's own.

use std::cmp::Ordering;

use cooper_hcl::go_time::Moment;
use cooper_hcl::{SecretRequest, did_you_mean};

use super::render::{OUTPUT, Renderer};
use super::{Data, print};

type Result<T = Data> = std::result::Result<T, String>;

/// A function of the table.
pub(super) type Function = &'static Entry;

/// What there is to know of a function.
#[derive(Debug)]
pub(super) struct Entry {
    name: &'static str,
    /// How many arguments it takes.
    least: usize,
    most: usize,
    call: fn(&[Data], &Renderer<'_>) -> Result,
}

const MANY: usize = usize::MAX;

const fn entry(
    name: &'static str,
    least: usize,
    most: usize,
    call: fn(&[Data], &Renderer<'_>) -> Result,
) -> Entry {
    Entry { name, least, most, call }
}

/// Every function, by name.
static TABLE: &[Entry] = &[
    entry("and", 1, MANY, |_, _| Ok(Data::Nil)),
    entry("aws_secretsmanager", 1, 2, |args, at| {
        let key = args.get(1).map(|_| text(args, 1)).transpose()?.filter(|key| !key.is_empty());
        let (name, key) = (text(args, 0)?.to_owned(), key.map(str::to_owned));
        secret(at, "AWS Secrets Manager", SecretRequest::Aws { name, key })
    }),
    entry("aws_secretsmanager_raw", 1, 1, |args, at| {
        let name = text(args, 0)?.to_owned();
        secret(at, "AWS Secrets Manager", SecretRequest::AwsRaw { name })
    }),
    entry("build", 1, 1, build),
    entry("build_name", 0, 0, |_, at| available("build_name", at.cx.build_name)),
    entry("build_type", 0, 0, |_, at| available("build_type", at.cx.build_type)),
    entry("consul_key", 1, 1, |args, at| {
        secret(at, "Consul", SecretRequest::Consul { key: text(args, 0)?.to_owned() })
    }),
    entry("env", 1, 1, |args, at| match at.cx.variables {
        Some(_) => Ok(at.cx.system.env(text(args, 0)?).unwrap_or_default().into()),
        None => Err("variables of the environment are not allowed here; declare a `variable` \
                     whose default is `env(…)`"
            .into()),
    }),
    entry("eq", 1, MANY, |args, _| {
        let mut equal = false;
        if args.len() < 2 {
            return Err("there is nothing to compare with".into());
        }
        for other in &args[1..] {
            equal |= compare(&args[0], other, false)? == Some(Ordering::Equal);
        }
        Ok(equal.into())
    }),
    entry("ge", 2, 2, |args, _| ordered(args, Ordering::is_ge)),
    entry("gt", 2, 2, |args, _| ordered(args, Ordering::is_gt)),
    entry("html", 0, MANY, |args, _| escaped(args, html)),
    entry("index", 1, MANY, index),
    entry("isotime", 0, 1, |args, at| {
        let start = start(at)?;
        Ok(match args {
            [] => start.rfc3339(),
            _ => start.layout(text(args, 0)?),
        }
        .into())
    }),
    entry("js", 0, MANY, |args, _| escaped(args, js)),
    entry("le", 2, 2, |args, _| ordered(args, Ordering::is_le)),
    entry("len", 1, 1, |args, _| {
        let length = match &args[0] {
            Data::String(text) => text.len(),
            Data::List(elements) => elements.len(),
            Data::Map(elements) => elements.len(),
            other => return Err(format!("{} has no length", other.what())),
        };
        Ok(Data::Integer(i64::try_from(length).unwrap_or(i64::MAX)))
    }),
    entry("lower", 1, 1, |args, _| Ok(text(args, 0)?.to_lowercase().into())),
    entry("lt", 2, 2, |args, _| ordered(args, Ordering::is_lt)),
    entry("ne", 2, 2, |args, _| {
        Ok((compare(&args[0], &args[1], false)? != Some(Ordering::Equal)).into())
    }),
    entry("not", 1, 1, |args, _| Ok((!args[0].is_true()).into())),
    entry("or", 1, MANY, |_, _| Ok(Data::Nil)),
    entry("packer_version", 0, 0, |_, at| available("packer_version", at.cx.packer_version)),
    entry("print", 0, MANY, |args, _| Ok(print::print(args, OUTPUT)?.into())),
    entry("printf", 1, MANY, |args, _| {
        Ok(print::printf(text(args, 0)?, &args[1..], OUTPUT)?.into())
    }),
    entry("println", 0, MANY, |args, _| Ok(print::println(args, OUTPUT)?.into())),
    entry("pwd", 0, 0, |_, at| {
        Ok(at.cx.system.current_dir().to_string_lossy().into_owned().into())
    }),
    entry("replace", 4, 4, |args, _| {
        let count = integer(args, 2)?;
        replaced(text(args, 3)?, text(args, 0)?, text(args, 1)?, usize::try_from(count).ok())
    }),
    entry("replace_all", 3, 3, |args, _| {
        replaced(text(args, 2)?, text(args, 0)?, text(args, 1)?, None)
    }),
    entry("sed", 2, 2, |_, _| {
        Err("`sed` is no longer there; use `replace` or `replace_all`".into())
    }),
    entry("slice", 1, 4, slice),
    entry("split", 3, 3, |args, _| {
        let (whole, separator, wanted) = (text(args, 0)?, text(args, 1)?, integer(args, 2)?);
        let part =
            usize::try_from(wanted).ok().and_then(|wanted| nth_part(whole, separator, wanted));
        part.map(Data::from).ok_or_else(|| {
            format!("`split` finds no part {wanted} between the separators `{separator}`")
        })
    }),
    entry("strftime", 1, 1, |args, at| Ok(start(at)?.strftime(text(args, 0)?).into())),
    entry("template_dir", 0, 0, |_, at| match at.cx.variables {
        Some(variables) => Ok(variables.template_dir().into()),
        None => Err("template path not available; write `${path.root}` instead".into()),
    }),
    entry("timestamp", 0, 0, |_, at| {
        Ok(at.cx.system.now().div_euclid(1_000_000_000).to_string().into())
    }),
    entry("upper", 1, 1, |args, _| Ok(text(args, 0)?.to_uppercase().into())),
    entry("urlquery", 0, MANY, |args, _| escaped(args, url_query)),
    entry("user", 1, 1, |args, at| match at.cx.variables {
        Some(variables) => Ok(variables.user(text(args, 0)?)?.into()),
        None => Err("there are no user variables here; write `${var.name}`".into()),
    }),
    entry("uuid", 0, 0, |_, at| {
        let mut bytes = [0; 16];
        at.cx.system.random(&mut bytes);
        // As Packer's, the identifiers sort by time.
        let seconds = (at.cx.system.now() / 1_000_000_000) as u32;
        bytes[..4].copy_from_slice(&seconds.to_be_bytes());
        Ok(uuid::Uuid::from_bytes(bytes).to_string().into())
    }),
    entry("vault", 2, 2, |args, at| {
        let (path, key) = (text(args, 0)?.to_owned(), text(args, 1)?.to_owned());
        secret(at, "Vault", SecretRequest::Vault { path, key })
    }),
];

pub(super) fn find(name: &str) -> Option<Function> {
    TABLE.iter().find(|function| function.name == name)
}

/// The message for a function that is not there.
pub(super) fn unknown(name: &str) -> String {
    let near = did_you_mean(name, TABLE.iter().map(|function| function.name));
    let near = near.map(|near| format!("; {near}")).unwrap_or_default();
    format!("there is no function called `{name}` in `{{{{ }}}}`{near}")
}

pub(super) fn call(function: Function, args: &[Data], at: &Renderer<'_>) -> Result {
    (function.call)(args, at)
}

impl Entry {
    /// What it is called.
    pub(super) const fn name(&self) -> &'static str {
        self.name
    }

    /// The truth of an argument that makes the others unnecessary.
    pub(super) fn decides(&self) -> Option<bool> {
        match self.name {
            "and" => Some(false),
            "or" => Some(true),
            _ => None,
        }
    }

    pub(super) fn check_count(&self, count: usize) -> Result<()> {
        let Self { name, least, most, .. } = self;
        if (*least..=*most).contains(&count) {
            return Ok(());
        }
        let wanted = match (least, most) {
            (least, most) if least == most => least.to_string(),
            (least, &MANY) => format!("at least {least}"),
            (least, most) => format!("{least} to {most}"),
        };
        Err(format!("`{name}` takes {wanted} arguments, not {count}"))
    }
}

fn text(args: &[Data], index: usize) -> Result<&str> {
    match args.get(index) {
        Some(Data::String(text)) => Ok(text),
        other => Err(format!(
            "argument {} must be a string, not {}",
            index + 1,
            other.unwrap_or(&Data::Nil).what()
        )),
    }
}

fn integer(args: &[Data], index: usize) -> Result<i64> {
    match args.get(index) {
        Some(Data::Integer(value)) => Ok(*value),
        other => Err(format!(
            "argument {} must be a whole number, not {}",
            index + 1,
            other.unwrap_or(&Data::Nil).what()
        )),
    }
}

fn start(at: &Renderer<'_>) -> Result<Moment> {
    Moment::from_unix_nanoseconds(at.cx.system.now())
        .ok_or_else(|| "the clock's year is out of range".into())
}

fn available(name: &str, value: &str) -> Result {
    if value.is_empty() { Err(format!("{name} not available")) } else { Ok(value.into()) }
}

/// What a place that keeps secrets has; only the variables of legacy templates may ask.
fn secret(at: &Renderer<'_>, place: &str, wanted: SecretRequest) -> Result {
    match at.cx.variables {
        Some(variables) => Ok(variables.secret(&wanted)?.into()),
        None => {
            Err(format!("{place} is not allowed here; it was for the variables of JSON templates"))
        }
    }
}

fn build(args: &[Data], at: &Renderer<'_>) -> Result {
    let name = text(args, 0)?;
    if !at.cx.complete {
        return Err(format!("`build` is not allowed here; write `${{build.{name}}}`"));
    }
    match at.root {
        Data::Map(elements) => elements.get(name).cloned(),
        _ => None,
    }
    .ok_or_else(|| format!("the build has no `{name}`"))
}

fn nth_part<'a>(whole: &'a str, separator: &str, wanted: usize) -> Option<&'a str> {
    if separator.is_empty() {
        let (start, character) = whole.char_indices().nth(wanted)?;
        return Some(&whole[start..start + character.len_utf8()]);
    }
    whole.split(separator).nth(wanted)
}

/// `whole` with the first `count` of `old` replaced, or with all.
fn replaced(whole: &str, old: &str, new: &str, count: Option<usize>) -> Result {
    let count = count.unwrap_or(usize::MAX);
    let times = whole.matches(old).take(count).count();
    if whole.len().saturating_add(times.saturating_mul(new.len())) > OUTPUT {
        return Err("the result would be longer than 16 MiB".into());
    }
    Ok(whole.replacen(old, new, count).into())
}

/// How two values compare; nothing when they are known to differ without an order.
fn compare(a: &Data, b: &Data, ordered: bool) -> Result<Option<Ordering>> {
    let order = match (a, b) {
        (Data::Integer(a), Data::Integer(b)) => Some(a.cmp(b)),
        (Data::Float(a), Data::Float(b)) => a.partial_cmp(b),
        (Data::String(a), Data::String(b)) => Some(a.cmp(b)),
        (Data::Bool(a), Data::Bool(b)) if !ordered => Some(a.cmp(b)),
        (Data::Nil, Data::Nil) if !ordered => Some(Ordering::Equal),
        (Data::Nil, _) | (_, Data::Nil) if !ordered => None,
        (a, b) => return Err(format!("{} and {} cannot be compared", a.what(), b.what())),
    };
    Ok(order)
}

fn ordered(args: &[Data], holds: fn(Ordering) -> bool) -> Result {
    Ok(compare(&args[0], &args[1], true)?.is_some_and(holds).into())
}

/// An index into something of this length, both ends allowed.
fn position(args: &[Data], index: usize, length: usize) -> Result<usize> {
    let wanted = integer(args, index)?;
    let position = usize::try_from(wanted).ok().filter(|position| *position <= length);
    position.ok_or_else(|| format!("the index {wanted} is out of range"))
}

fn index(args: &[Data], _: &Renderer<'_>) -> Result {
    let mut value = args[0].clone();
    if value == Data::Nil {
        return Err("nothing has no elements".into());
    }
    for at in 1..args.len() {
        value = match &value {
            Data::List(elements) => {
                let position = position(args, at, elements.len())?;
                let element = elements.get(position).cloned();
                element.ok_or_else(|| format!("the index {position} is out of range"))?
            }
            Data::String(text) => {
                let position = position(args, at, text.len())?;
                let byte = text.as_bytes().get(position);
                let byte = byte.ok_or_else(|| format!("the index {position} is out of range"))?;
                Data::Integer(i64::from(*byte))
            }
            Data::Map(elements) => elements.get(text(args, at)?).cloned().unwrap_or_default(),
            other => return Err(format!("{} has no elements", other.what())),
        };
    }
    Ok(value)
}

fn slice(args: &[Data], _: &Renderer<'_>) -> Result {
    let length = match &args[0] {
        Data::List(elements) => elements.len(),
        Data::String(text) => text.len(),
        other => return Err(format!("{} cannot be sliced", other.what())),
    };
    let start = if args.len() > 1 { position(args, 1, length)? } else { 0 };
    let end = if args.len() > 2 { position(args, 2, length)? } else { length };
    if start > end {
        return Err(format!("the slice begins at {start}, behind its end {end}"));
    }
    match &args[0] {
        Data::String(_) if args.len() > 3 => {
            Err("a string cannot be sliced with three indexes".into())
        }
        Data::String(text) => text
            .get(start..end)
            .map(Data::from)
            .ok_or_else(|| "the slice would cut a character in two".into()),
        Data::List(elements) => Ok(elements[start..end].iter().cloned().collect()),
        _ => Ok(Data::Nil),
    }
}

/// The arguments as one string, with some characters written another way.
fn escaped(args: &[Data], escape: fn(char, &mut String)) -> Result {
    let whole = match args {
        [Data::String(text)] => text.to_string(),
        args => {
            let shown = args.iter().map(|arg| match arg {
                Data::Nil => "<no value>".into(),
                arg => arg.clone(),
            });
            print::print(&shown.collect::<Vec<_>>(), OUTPUT)?
        }
    };
    let mut output = String::with_capacity(whole.len());
    for character in whole.chars() {
        escape(character, &mut output);
        if output.len() > OUTPUT {
            return Err("the result would be longer than 16 MiB".into());
        }
    }
    Ok(output.into())
}

fn html(character: char, output: &mut String) {
    match character {
        '\0' => output.push('\u{fffd}'),
        '"' => output.push_str("&#34;"),
        '\'' => output.push_str("&#39;"),
        '&' => output.push_str("&amp;"),
        '<' => output.push_str("&lt;"),
        '>' => output.push_str("&gt;"),
        other => output.push(other),
    }
}

fn js(character: char, output: &mut String) {
    match character {
        '\\' => output.push_str("\\\\"),
        '\'' => output.push_str("\\'"),
        '"' => output.push_str("\\\""),
        '<' | '>' | '&' | '=' | '\0'..='\x1f' => {
            output.push_str(&format!("\\u{:04X}", u32::from(character)));
        }
        other => output.push(other),
    }
}

fn url_query(character: char, output: &mut String) {
    match character {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' | '.' | '~' => output.push(character),
        ' ' => output.push('+'),
        other => {
            for byte in other.encode_utf8(&mut [0; 4]).bytes() {
                output.push_str(&format!("%{byte:02X}"));
            }
        }
    }
}
