//! Secrets in `--extra-vars`: everybody on this machine can see the arguments of a program, so
//! those that hold a secret go into a file that only its owner can read.

use std::io;
use std::path::Path;

use serde_json::{Map, Value};

/// Arguments, in which the variables with a secret are named by a file.
pub(super) struct Hidden {
    /// What Ansible is started with.
    pub(super) arguments: Vec<String>,
    /// Whether an argument still shows a secret.
    pub(super) shows_secret: bool,
}

/// Moves variables with a secret, which `is_secret` knows, into files in this folder.
pub(super) fn hide(
    arguments: &[String],
    is_secret: impl Fn(&str) -> bool,
    folder: &Path,
) -> io::Result<Hidden> {
    let mut hidden = Hidden { arguments: Vec::new(), shows_secret: false };
    let mut follows_option = false;
    for argument in arguments {
        let (option, variables) = match argument.strip_prefix("--extra-vars=") {
            Some(variables) => ("--extra-vars=", Some(variables)),
            None if follows_option => ("", Some(argument.as_str())),
            None => ("", None),
        };
        follows_option = argument == "-e" || argument == "--extra-vars";
        let is_secret = is_secret(argument);
        match variables.and_then(as_file) {
            Some(text) if is_secret => {
                let name = format!("variables-{}.json", hidden.arguments.len());
                let path = folder.join(name);
                std::fs::write(&path, text)?;
                hidden.arguments.push(format!("{option}@{}", path.display()));
            }
            _ => {
                hidden.shows_secret |= is_secret;
                hidden.arguments.push(argument.clone());
            }
        }
    }
    Ok(hidden)
}

/// What a file with these variables contains; nothing when Ansible reads more into them than
/// `name=value` and JSON.
fn as_file(variables: &str) -> Option<String> {
    if variables.starts_with(['{', '[']) {
        return Some(variables.to_owned());
    }
    if variables.starts_with(['@', '/', '.']) || variables.contains(['"', '\'', '\\', '{', '#']) {
        return None;
    }
    let pairs = variables.split_whitespace().map(|word| {
        let (name, value) = word.split_once('=')?;
        Some((name.to_owned(), Value::from(value)))
    });
    pairs.collect::<Option<Map<_, _>>>().map(|pairs| Value::from(pairs).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_variables_with_a_secret_go_into_a_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let is_secret = |text: &str| text.contains("s3cret!");
        let arguments = [
            "-e",
            "a=1 b=2",
            "-e",
            "password=s3cret! user=me",
            "--extra-vars={\"p\": \"s3cret!\"}",
            "--tags",
            "web",
            "-e",
            "p='s3cret!'",
        ]
        .map(str::to_owned);
        let hidden = hide(&arguments, is_secret, folder.path()).expect("files are written");
        let file = |index: usize| {
            let path = hidden.arguments[index].rsplit('@').next().unwrap_or_default();
            std::fs::read_to_string(path).expect("a file")
        };
        assert_eq!(file(3), "{\"password\":\"s3cret!\",\"user\":\"me\"}");
        assert_eq!(file(4), "{\"p\": \"s3cret!\"}");
        assert!(hidden.arguments[4].starts_with("--extra-vars=@"));
        for index in [0, 1, 2, 5, 6, 7, 8] {
            assert_eq!(hidden.arguments[index], arguments[index]);
        }
        assert!(hidden.shows_secret, "quotes are Ansible's to read");
    }
}
