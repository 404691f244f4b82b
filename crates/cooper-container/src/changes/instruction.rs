//! One instruction.

use super::{ChangeError, words};
use crate::run_options::{number, port};

/// An instruction, as far as Cooper needs to understand it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Instruction {
    /// `CMD`: the default arguments.
    Cmd(Command),
    /// `ENTRYPOINT`: the program.
    Entrypoint(Command),
    /// `ENV`, `EXPOSE`, `HEALTHCHECK`, `LABEL`, `ONBUILD`, `USER`, `VOLUME` or `WORKDIR`: the
    /// name in capitals.
    Other(&'static str),
}

/// What a container runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Words, written as a JSON list.
    Exec(Vec<String>),
    /// A line for the shell.
    Shell(String),
}

impl Command {
    /// Whether it takes the command away.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Exec(words) => words.is_empty(),
            Self::Shell(line) => line.is_empty(),
        }
    }
}

/// The instructions that a commit takes.
const TAKEN: [&str; 10] = [
    "CMD",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "HEALTHCHECK",
    "LABEL",
    "ONBUILD",
    "USER",
    "VOLUME",
    "WORKDIR",
];

/// The instructions that only a Dockerfile takes.
const REFUSED: [&str; 8] =
    ["ADD", "ARG", "COPY", "FROM", "MAINTAINER", "RUN", "SHELL", "STOPSIGNAL"];

/// The rest of a line, with its place in the item.
#[derive(Clone, Copy)]
struct Rest<'a> {
    text: &'a str,
    offset: usize,
}

impl<'a> Rest<'a> {
    fn error(self, at: usize, message: impl Into<String>) -> ChangeError {
        ChangeError { offset: self.offset + at, message: message.into(), help: None }
    }

    /// Without the first `bytes` and the white space that follows.
    fn skip(self, bytes: usize) -> Self {
        let text = self.text[bytes..].trim_start();
        Self { text, offset: self.offset + self.text.len() - text.len() }
    }

    /// Splits off the first word.
    fn word(self) -> (&'a str, Self) {
        let end = self.text.find(char::is_whitespace).unwrap_or(self.text.len());
        (&self.text[..end], self.skip(end))
    }
}

/// Reads a line; `offset` is its place in the item.
pub(super) fn read(line: &str, offset: usize) -> Result<Instruction, ChangeError> {
    let line = Rest { text: line.trim(), offset };
    let (word, rest) = line.word();
    let upper = word.to_ascii_uppercase();
    let Some(name) = TAKEN.into_iter().find(|name| *name == upper) else {
        return Err(unknown(line, word, &upper));
    };
    let (flags, rest) = flags(rest)?;
    if name != "HEALTHCHECK"
        && let Some((at, flag)) = flags.first()
    {
        return Err(line.error(at - line.offset, format!("`{name}` has no option `--{flag}`")));
    }
    match name {
        "CMD" => Ok(Instruction::Cmd(command(rest)?)),
        "ENTRYPOINT" => Ok(Instruction::Entrypoint(command(rest)?)),
        _ => {
            match name {
                "ENV" | "LABEL" => names_and_values(name, rest, line)?,
                "EXPOSE" => expose(rest, line)?,
                "HEALTHCHECK" => healthcheck(&flags, rest, line)?,
                "ONBUILD" => onbuild(rest, line)?,
                "VOLUME" => volume(rest, line)?,
                _ => whole(name, rest, line)?,
            }
            Ok(Instruction::Other(name))
        }
    }
}

fn unknown(line: Rest<'_>, word: &str, upper: &str) -> ChangeError {
    let mut error = line.error(0, format!("there is no instruction `{word}`"));
    if REFUSED.contains(&upper) {
        error.message = format!("`{upper}` cannot be used in `changes`");
        error.help = Some(match upper {
            "RUN" => "use a `shell` provisioner".to_owned(),
            "ADD" | "COPY" => "use a `file` provisioner".to_owned(),
            "MAINTAINER" => "use the source's `author`, or a `LABEL`".to_owned(),
            _ => format!("Docker's commit takes {}", TAKEN.join(", ")),
        });
    } else if upper.len() <= 20 {
        error.help = TAKEN
            .into_iter()
            .map(|name| (strsim::damerau_levenshtein(name, upper), name))
            .filter(|(distance, name)| *distance <= name.len() / 3)
            .min()
            .map(|(_, name)| format!("did you mean `{name}`?"))
            .or_else(|| Some(format!("Docker's commit takes {}", TAKEN.join(", "))));
    }
    error
}

type Flags<'a> = Vec<(usize, &'a str)>;

/// Splits off the options in front: their place and text without dashes.
fn flags(mut rest: Rest<'_>) -> Result<(Flags<'_>, Rest<'_>), ChangeError> {
    let mut flags = Vec::new();
    loop {
        let (word, after) = rest.word();
        match word.strip_prefix("--") {
            None => return Ok((flags, rest)),
            Some("") => return Ok((flags, after)),
            Some(flag) => flags.push((rest.offset, flag)),
        }
        rest = after;
    }
}

/// A JSON list of words, or nothing when it is something else.
fn list(rest: Rest<'_>) -> Result<Option<Vec<String>>, ChangeError> {
    if !rest.text.starts_with('[') {
        return Ok(None);
    }
    // What follows the list is ignored by Docker.
    let mut values = serde_json::Deserializer::from_str(rest.text).into_iter();
    let Some(Ok(serde_json::Value::Array(items))) = values.next() else {
        return Ok(None);
    };
    let words = items.into_iter().map(|item| match item {
        serde_json::Value::String(word) => Some(word),
        _ => None,
    });
    match words.collect() {
        Some(words) => Ok(Some(words)),
        None => Err(rest.error(0, "every item of the list must be a string")),
    }
}

fn command(rest: Rest<'_>) -> Result<Command, ChangeError> {
    Ok(match list(rest)? {
        Some(words) => Command::Exec(words),
        None => Command::Shell(rest.text.to_owned()),
    })
}

fn missing(name: &str, line: Rest<'_>) -> ChangeError {
    line.error(0, format!("`{name}` needs an argument"))
}

/// `USER` and `WORKDIR`: one argument, which may have spaces.
fn whole(name: &str, rest: Rest<'_>, line: Rest<'_>) -> Result<(), ChangeError> {
    if rest.text.is_empty() {
        return Err(missing(name, line));
    }
    expandable(rest, 0, rest.text)
}

fn expandable(rest: Rest<'_>, at: usize, word: &str) -> Result<(), ChangeError> {
    match words::fault(word) {
        Some((inside, message)) => Err(rest.error(at + inside, message)),
        None => Ok(()),
    }
}

/// `ENV` and `LABEL`: `name=value …`, or `name value`.
fn names_and_values(name: &str, rest: Rest<'_>, line: Rest<'_>) -> Result<(), ChangeError> {
    let words = words::split(rest.text);
    let Some((_, first)) = words.first() else {
        return Err(missing(name, line));
    };
    if !first.contains('=') {
        let (_, value) = rest.word();
        if value.text.is_empty() {
            let mut error = rest.error(0, format!("`{name}` needs a name and a value"));
            error.help = Some(format!("write `{name} {first}=value`"));
            return Err(error);
        }
        return expandable(value, 0, value.text);
    }
    for (at, word) in words {
        match word.find('=') {
            None => {
                let mut error = rest.error(at, format!("there is no `=` in `{word}`"));
                error.help = Some("put a value with spaces into quotes".to_owned());
                return Err(error);
            }
            Some(0) => return Err(rest.error(at, "there is no name before `=`")),
            Some(_) => expandable(rest, at, word)?,
        }
    }
    Ok(())
}

fn expose(rest: Rest<'_>, line: Rest<'_>) -> Result<(), ChangeError> {
    if rest.text.is_empty() {
        return Err(missing("EXPOSE", line));
    }
    let mut at = rest;
    while !at.text.is_empty() {
        let (word, after) = at.word();
        expandable(at, 0, word)?;
        let literal = !word.contains(['$', '"', '\'', '\\', '=']);
        if literal && let Err(wrong) = port::publish(word) {
            return Err(ChangeError { help: wrong.help, ..at.error(0, wrong.message) });
        }
        if word.contains('=') {
            return Err(at.error(0, format!("`{word}` is not a port")));
        }
        at = after;
    }
    Ok(())
}

fn volume(rest: Rest<'_>, line: Rest<'_>) -> Result<(), ChangeError> {
    if rest.text.is_empty() {
        return Err(missing("VOLUME", line));
    }
    match list(rest)? {
        Some(paths) if paths.is_empty() => Err(missing("VOLUME", line)),
        Some(paths) if paths.iter().any(|path| path.trim().is_empty()) => {
            Err(rest.error(0, "a volume's path is empty"))
        }
        Some(_) => Ok(()),
        None => expandable(rest, 0, rest.text),
    }
}

fn healthcheck(flags: &Flags<'_>, rest: Rest<'_>, line: Rest<'_>) -> Result<(), ChangeError> {
    for (at, flag) in flags {
        let wrong = |message: String| line.error(at - line.offset, message);
        let (name, value) = flag.split_once('=').unwrap_or((flag, ""));
        match name {
            "interval" | "timeout" | "start-period" | "retries" if value.is_empty() => {
                return Err(wrong(format!("`--{name}` needs a value")));
            }
            "interval" | "timeout" | "start-period" => {
                let time = number::duration(value)
                    .map_err(|error| ChangeError { help: error.help, ..wrong(error.message) })?;
                if time < 1_000_000 {
                    return Err(wrong(format!("`--{name}` is at least a millisecond")));
                }
            }
            "retries" if value.parse::<i32>().is_ok_and(|count| count >= 1) => {}
            "retries" => return Err(wrong("`--retries` is at least 1".to_owned())),
            _ => {
                let mut error = wrong(format!("`HEALTHCHECK` has no option `--{name}`"));
                error.help = Some(
                    "it has `--interval`, `--timeout`, `--start-period` and `--retries`".to_owned(),
                );
                return Err(error);
            }
        }
    }
    let (kind, arguments) = rest.word();
    match kind.to_ascii_uppercase().as_str() {
        "" => Err(missing("HEALTHCHECK", line)),
        "NONE" if arguments.text.is_empty() => Ok(()),
        "NONE" => Err(arguments.error(0, "`HEALTHCHECK NONE` takes no arguments")),
        "CMD" if command(arguments)?.is_empty() => {
            Err(rest.error(0, "there is no command after `HEALTHCHECK CMD`"))
        }
        "CMD" => Ok(()),
        _ => {
            let mut error = rest.error(0, format!("`{kind}` is neither `CMD` nor `NONE`"));
            error.help = Some("write `HEALTHCHECK CMD command`".to_owned());
            Err(error)
        }
    }
}

/// `ONBUILD`: an instruction for a later build. Docker looks at its form only.
fn onbuild(rest: Rest<'_>, line: Rest<'_>) -> Result<(), ChangeError> {
    let (word, arguments) = rest.word();
    let upper = word.to_ascii_uppercase();
    match upper.as_str() {
        "" => Err(missing("ONBUILD", line)),
        "ONBUILD" | "FROM" | "MAINTAINER" => {
            Err(rest.error(0, format!("`ONBUILD` cannot be followed by `{upper}`")))
        }
        "ENV" | "LABEL" => names_and_values(&upper, arguments, rest),
        "CMD" | "ENTRYPOINT" | "RUN" | "SHELL" | "VOLUME" => list(arguments).map(|_| ()),
        _ => Ok(()),
    }
}
