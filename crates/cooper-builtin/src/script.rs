//! What `shell` and `shell-local` have in common: where scripts come from, and their variables.

use std::collections::BTreeMap;
use std::fmt::Write;

use cooper_build::{Config, Facts, StepCx};
use cooper_hcl::{Code, Reported};

use crate::arguments::{check_file, refuse, refuse_element};

/// Where a step's scripts come from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Scripts {
    /// Lines in the template.
    Inline(Vec<String>),
    /// Local files.
    Files(Vec<String>),
}

impl Scripts {
    /// Checks that exactly one way was chosen, and that all files exist.
    pub(crate) fn choose(
        config: &Config<'_>,
        inline: &[String],
        script: Option<&String>,
        scripts: &[String],
    ) -> Result<Self, Reported> {
        let given = [
            ("inline", !inline.is_empty()),
            ("script", script.is_some_and(|path| !path.is_empty())),
            ("scripts", !scripts.is_empty()),
        ];
        let mut given: Vec<&str> =
            given.iter().filter(|given| given.1).map(|given| given.0).collect();
        // What is not known yet does not hide that two others are too many.
        let sure: Vec<&str> =
            given.iter().copied().filter(|argument| config.knows(argument)).collect();
        if sure.len() > 1 {
            given = sure;
        }
        let one = script.filter(|path| !path.is_empty());
        let mut found = one.map_or(Ok(()), |path| check_file(config, "script", None, path));
        for (index, path) in scripts.iter().enumerate() {
            found = check_file(config, "scripts", Some(index), path).and(found);
        }
        match given.as_slice() {
            ["inline"] => Ok(Self::Inline(inline.to_vec())),
            ["script"] => found.map(|()| Self::Files(one.cloned().into_iter().collect())),
            ["scripts"] => found.map(|()| Self::Files(scripts.to_vec())),
            [] => {
                let message =
                    "there is nothing to run: `inline`, `script` or `scripts` is required";
                Err(refuse(
                    &config.looking_at(&["command", "inline", "script", "scripts"]),
                    Code::MissingArgument,
                    "inline",
                    message,
                    "add `inline = [\"…\"]` with the commands, or `script = \"…\"` with a file",
                ))
            }
            [first, others @ ..] => {
                let message = format!("`{first}` and `{}` exclude each other", others.join("`, `"));
                let last = others.last().unwrap_or(first);
                Err(refuse(
                    config,
                    Code::ConflictingArguments,
                    last,
                    message,
                    "keep one; what shall run differently can be a step of its own",
                ))
            }
        }
    }
}

/// How the variables of a script are given.
pub(crate) const VARIABLES: &str = "write `\"NAME=value\"`, or use `env = { NAME = \"value\" }`";

/// Splits the elements of an argument, each of which is `name=value`; `help` says how one is written.
pub(crate) fn split_variables(
    config: &Config<'_>,
    argument: &str,
    variables: &[String],
    help: &str,
) -> Result<Vec<(String, String)>, Reported> {
    let mut split = Vec::new();
    let mut result = Ok(());
    for (index, variable) in variables.iter().enumerate() {
        match variable.split_once('=') {
            Some((name, value)) if !name.is_empty() => {
                split.push((name.to_owned(), value.to_owned()));
            }
            _ => {
                // The text may be a secret in the wrong place, so it is not repeated.
                let message = format!("element {index} of `{argument}` is not `name=value`");
                result = Err(refuse_element(
                    config,
                    Code::InvalidValue,
                    (argument, index),
                    message,
                    help,
                ));
            }
        }
    }
    result.map(|()| split)
}

/// The variables that a script sees, in the form that `format` gives each, sorted by name.
/// Values are escaped for single quotes.
pub(crate) fn variables(cx: &StepCx, own: &[(String, String)], format: &str) -> String {
    let escaped = |value: String| value.replace('\'', "'\"'\"'");
    let all = environment(cx, own).into_iter();
    all.map(|(name, value)| printf(format, [&name, &escaped(value)])).collect()
}

/// The variables that a script sees, as they are.
pub(crate) fn environment(cx: &StepCx, own: &[(String, String)]) -> BTreeMap<String, String> {
    let origin = cx.origin();
    let mut all = BTreeMap::from([
        ("PACKER_BUILD_NAME".to_owned(), origin.source_label.clone()),
        ("PACKER_BUILDER_TYPE".to_owned(), origin.source_type.clone()),
    ]);
    for (fact, variable) in [
        ("PackerHTTPAddr", "PACKER_HTTP_ADDR"),
        ("PackerHTTPIP", "PACKER_HTTP_IP"),
        ("PackerHTTPPort", "PACKER_HTTP_PORT"),
    ] {
        if let Some(value) = real(cx.facts(), fact) {
            all.insert(variable.to_owned(), value);
        }
    }
    all.extend(own.iter().cloned());
    all
}

/// A fact, unless it is a placeholder for something that is not there.
pub(crate) fn real(facts: &Facts, name: &str) -> Option<String> {
    let value = facts.get(name)?.as_str()?;
    (!value.is_empty() && !value.starts_with("ERR_")).then(|| value.to_owned())
}

/// The part of Go's `printf` that formats of environment variables use: `%s`, `%v`, `%q`, `%%`,
/// and `%[1]s`.
fn printf(format: &str, arguments: [&str; 2]) -> String {
    let mut out = String::new();
    let mut next = 0;
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('[')
            && let Some((index, after)) = after.split_once(']')
            && let Ok(index @ 1..=2) = index.parse::<usize>()
        {
            next = index - 1;
            rest = after;
        }
        let argument = arguments.get(next).copied();
        let mut characters = rest.chars();
        match (characters.next(), argument) {
            (Some('%'), _) => out.push('%'),
            (Some('s' | 'v'), Some(argument)) => {
                out.push_str(argument);
                next += 1;
            }
            (Some('q'), Some(argument)) => {
                // Writing to a string cannot fail.
                let _ = write!(out, "{argument:?}");
                next += 1;
            }
            (Some(verb), None) => {
                let _ = write!(out, "%!{verb}(MISSING)");
            }
            (Some(verb), Some(_)) => {
                let _ = write!(out, "%{verb}");
            }
            (None, _) => out.push('%'),
        }
        rest = characters.as_str();
    }
    out.push_str(rest);
    out
}

/// A word that a shell reads as exactly this text.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// The text as it is when a shell reads it as one plain word, else quoted.
pub(crate) fn quoted_if_needed(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+:@%,".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) { text.to_owned() } else { quoted(text) }
}

/// What Packer says of an exit code that is not among the allowed ones.
pub(crate) fn exit_message(code: i64, allowed: &[i64]) -> String {
    let allowed: Vec<String> = allowed.iter().map(i64::to_string).collect();
    format!(
        "Script exited with non-zero exit status: {code}. Allowed exit codes are: [{}]",
        allowed.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_filled_as_go_does() {
        for (format, expected) in [
            ("%s='%s' ", "K='V' "),
            ("export %s='%s'\n", "export K='V'\n"),
            ("set \"%s=%s\" && ", "set \"K=V\" && "),
            ("%[2]s:%[1]s", "V:K"),
            ("100%% %v", "100% K"),
            ("%s=%q", "K=\"V\""),
            ("%s %s %s", "K V %!s(MISSING)"),
            ("none", "none"),
            ("%", "%"),
        ] {
            assert_eq!(printf(format, ["K", "V"]), expected, "{format}");
        }
    }

    #[test]
    fn quoting_keeps_every_text() {
        assert_eq!(quoted("it's"), "'it'\\''s'");
        assert_eq!(quoted_if_needed("/tmp/script_1.sh"), "/tmp/script_1.sh");
        assert_eq!(quoted_if_needed("/tmp/a b"), "'/tmp/a b'");
        assert_eq!(quoted_if_needed(""), "''");
    }

    #[test]
    fn exit_codes_are_told_in_packers_words() {
        assert_eq!(
            exit_message(3, &[0, 2]),
            "Script exited with non-zero exit status: 3. Allowed exit codes are: [0 2]"
        );
    }
}
