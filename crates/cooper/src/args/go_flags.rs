//! Packer's way of writing flags, turned into clap's.
//!
//! Go's flag package takes `-name value`, `-name=value` and the same with two dashes; a flag
//! that is true or false takes its value only after `=`. Every flag leaves here as
//! `--name=value`, every other word after `--`, so clap never has to guess.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use clap::Command;
use cooper_hcl::did_you_mean;

use super::Stop;
use crate::exit::Exit;

/// Commands of Packer that Cooper does not have.
const NOT_YET: &[&str] = &["verify-attestation", "sbom-generate"];

/// Rewrites a command line, the program's own name first, and finds its command. `root` knows the
/// commands and flags.
///
/// # Errors
///
/// [`Stop`], when help is asked for, a command or a flag does not exist, or a flag has no value.
pub(super) fn rewrite(
    argv: Vec<OsString>,
    root: &mut Command,
) -> Result<(Vec<OsString>, Command), Stop> {
    let mut argv = argv.into_iter();
    let mut before = vec![argv.next().unwrap_or_else(|| "cooper".into())];
    let mut command: Option<Command> = None;
    let mut names = Vec::new();
    let mut flags = Vec::new();
    let mut words = Vec::new();
    let mut help = false;
    while let Some(word) = argv.next() {
        if word == "--" {
            words.extend(argv.by_ref());
            break;
        }
        let Some(flag) = Flag::read(&word) else {
            let found = match &mut command {
                Some(group) if group.has_subcommands() => find_in(&word, group)?,
                Some(_) => {
                    words.push(word);
                    continue;
                }
                None if word == "help" => {
                    help = true;
                    continue;
                }
                None => find(&word, root)?,
            };
            names.push(OsString::from(found.get_name()));
            command = Some(found);
            continue;
        };
        if matches!(flag.name.as_bytes(), b"h" | b"help") {
            help = true;
            continue;
        }
        let scope = command.as_ref().unwrap_or(root);
        match (kind(scope, flag.name), &command) {
            (Some(Kind::Truth), _) => flags.push(flag.truth(scope)?),
            (Some(Kind::Value), _) => flags.push(flag.value(&mut argv, scope)?),
            (None, None) if matches!(flag.name.as_bytes(), b"v" | b"version") => {
                names.push("version".into());
                command = Some(find(OsStr::new("version"), root)?);
            }
            (None, None) => return Err(flag.before_command(root)),
            // Packer's `version` ignores what it does not know.
            (None, Some(command)) if command.get_name() == "version" => {}
            (None, Some(_)) => return Err(flag.unknown(scope)),
        }
    }
    if help {
        let asked = command.unwrap_or_else(|| root.clone());
        return Err(Stop { text: help_text(asked), exit: Exit::Success });
    }
    let Some(command) = command else {
        let text = format!("error: a command is missing\n\n{}", help_text(root.clone()));
        return Err(Stop { text, exit: Exit::UnknownCommand });
    };
    if command.has_subcommands() {
        let text = format!("error: `{}` needs a command\n\n", full_name(&command));
        return Err(Stop { text: text + &help_text(command), exit: Exit::Failure });
    }
    before.append(&mut names);
    if command.get_name() == "version" {
        words.clear();
    }
    before.append(&mut flags);
    if !words.is_empty() {
        before.push("--".into());
    }
    before.append(&mut words);
    Ok((before, command))
}

fn find(name: &OsStr, root: &mut Command) -> Result<Command, Stop> {
    if let Some(command) = known(name, root) {
        return Ok(command.clone());
    }
    let name = name.to_string_lossy();
    let mut text = match NOT_YET.iter().find(|known| **known == name) {
        Some(known) => format!("error: Cooper has no `{known}` yet\n"),
        None => {
            let help = meant(&name, root);
            format!("error: there is no command `{}`\n{help}", name.escape_debug())
        }
    };
    text.push_str(&format!("\n{}", help_text(root.clone())));
    Err(Stop { text, exit: Exit::UnknownCommand })
}

/// Finds a command of a command.
fn find_in(name: &OsStr, group: &mut Command) -> Result<Command, Stop> {
    if let Some(command) = known(name, group) {
        return Ok(command.clone());
    }
    let name = name.to_string_lossy();
    let (what, help) = (full_name(group), meant(&name, group));
    let text = format!("error: `{what}` has no command `{}`\n{help}\n", name.escape_debug());
    Err(Stop { text: text + &help_text(group.clone()), exit: Exit::Failure })
}

fn known<'a>(name: &OsStr, group: &'a Command) -> Option<&'a Command> {
    let is_called = |command: &&Command| {
        name == command.get_name() || command.get_all_aliases().any(|alias| name == alias)
    };
    group.get_subcommands().find(is_called)
}

/// Which command may have been meant, as a line of help.
fn meant(name: &str, group: &Command) -> String {
    let help = did_you_mean(name, group.get_subcommands().map(Command::get_name));
    help.map_or_else(String::new, |help| format!("  help: {help}\n"))
}

/// A command as it is typed, without the program's name: `plugins install`.
pub(super) fn full_name(command: &Command) -> String {
    let typed = command.get_bin_name().unwrap_or_default();
    typed.strip_prefix("cooper ").unwrap_or(command.get_name()).to_owned()
}

/// The short form of help, which says everything.
fn help_text(command: Command) -> String {
    command.mut_arg("help", |arg| arg.help("Print help")).render_help().to_string()
}

/// What follows a flag's name.
enum Kind {
    /// Nothing, or `=true`.
    Truth,
    /// A value, in the same word or the next one.
    Value,
}

fn kind(command: &Command, name: &OsStr) -> Option<Kind> {
    let arg = command
        .get_arguments()
        .find(|arg| arg.get_long().is_some_and(|long| name == long && long != "help"))?;
    let optional = arg.get_num_args().is_some_and(|range| range.min_values() == 0);
    Some(if optional { Kind::Truth } else { Kind::Value })
}

/// A word that is a flag.
struct Flag<'a> {
    /// As it was typed, without its value.
    typed: &'a OsStr,
    name: &'a OsStr,
    value: Option<&'a OsStr>,
}

impl<'a> Flag<'a> {
    fn read(word: &'a OsStr) -> Option<Self> {
        let bytes = word.as_bytes();
        let dashes = match bytes {
            [b'-', b'-', _, ..] => 2,
            [b'-', _, ..] => 1,
            _ => return None,
        };
        let end = bytes.iter().position(|byte| *byte == b'=').unwrap_or(bytes.len());
        Some(Self {
            typed: OsStr::from_bytes(&bytes[..end]),
            name: OsStr::from_bytes(bytes.get(dashes..end).unwrap_or_default()),
            value: bytes.get(end + 1..).map(OsStr::from_bytes),
        })
    }

    fn with_value(&self, value: &OsStr) -> OsString {
        let mut word = b"--".to_vec();
        word.extend_from_slice(self.name.as_bytes());
        word.push(b'=');
        word.extend_from_slice(value.as_bytes());
        OsString::from_vec(word)
    }

    /// The flag as clap reads it, with what Go takes for true and false.
    fn truth(&self, command: &Command) -> Result<OsString, Stop> {
        let value = match self.value.map(OsStr::as_bytes) {
            None | Some(b"1" | b"t" | b"T" | b"TRUE" | b"true" | b"True") => "true",
            Some(b"0" | b"f" | b"F" | b"FALSE" | b"false" | b"False") => "false",
            Some(other) => {
                let other = String::from_utf8_lossy(other);
                let what = format!(
                    "`{}` is true or false, and `{}` is neither",
                    self.shown(),
                    other.escape_debug()
                );
                return Err(wrong(&what, None, command));
            }
        };
        Ok(self.with_value(OsStr::new(value)))
    }

    /// The flag as clap reads it; its value may be the next word.
    fn value(
        &self,
        rest: &mut impl Iterator<Item = OsString>,
        command: &Command,
    ) -> Result<OsString, Stop> {
        if let Some(value) = self.value {
            return Ok(self.with_value(value));
        }
        match rest.next() {
            Some(next) => Ok(self.with_value(&next)),
            None => Err(wrong(&format!("`{}` needs a value", self.shown()), None, command)),
        }
    }

    fn shown(&self) -> String {
        self.typed.to_string_lossy().escape_debug().to_string()
    }

    fn unknown(&self, command: &Command) -> Stop {
        let known: Vec<String> = command
            .get_arguments()
            .filter(|arg| !arg.is_hide_set())
            .filter_map(|arg| Some(format!("-{}", arg.get_long()?)))
            .collect();
        let name = format!("-{}", self.name.to_string_lossy());
        let help = did_you_mean(&name, known.iter().map(String::as_str));
        let what = format!("`{}` has no flag `{}`", full_name(command), self.shown());
        wrong(&what, help, command)
    }

    fn before_command(&self, root: &mut Command) -> Stop {
        let name = self.name.to_string_lossy();
        let owner = root
            .get_subcommands()
            .find(|command| command.get_arguments().any(|arg| arg.get_long() == Some(&*name)));
        match owner {
            Some(owner) => {
                let what = format!("`{}` stands before the command", self.shown());
                let help = format!("write `cooper {} {} …`", owner.get_name(), self.shown());
                wrong(&what, Some(help), root)
            }
            None => {
                let help = name.starts_with("autocomplete-").then(|| {
                    "`cooper completion` prints a script for your shell, and says where to put it"
                        .to_owned()
                });
                wrong(&format!("there is no flag `{}`", self.shown()), help, root)
            }
        }
    }
}

/// What is wrong with the flags of a command, in one form for all of them.
pub(super) fn wrong(what: &str, help: Option<String>, command: &Command) -> Stop {
    let help = help.map_or_else(String::new, |help| format!("  help: {help}\n"));
    let usage = command.clone().render_usage();
    let name = command.get_bin_name().unwrap_or("cooper");
    let text = format!("error: {what}\n{help}\n{usage}\nAll flags: {name} -help\n");
    Stop { text, exit: Exit::Failure }
}
