//! What is wrong with a command line, in Cooper's words instead of clap's.

use std::error::Error as _;

use clap::Command;
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};
use cooper_hcl::did_you_mean;

use super::Stop;
use super::go_flags::{full_name, wrong};

/// What to print for an error that clap has found in a command's line.
pub(super) fn tell(error: &Error, command: &Command) -> Stop {
    let name = &full_name(command);
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.escape_debug().to_string(),
        _ => String::new(),
    };
    let (argument, value) = (text(ContextKind::InvalidArg), text(ContextKind::InvalidValue));
    // clap writes `--on-error <WHAT>`; for a word that is no flag, `<TEMPLATE>`.
    let flag = argument.split(' ').next().unwrap_or_default().trim_start_matches('-');
    let taken = command
        .get_positionals()
        .next()
        .and_then(|positional| positional.get_value_names()?.first().map(|name| name.to_string()));
    match error.kind() {
        ErrorKind::MissingRequiredArgument => {
            let taken = taken.unwrap_or_default();
            let help = match name.as_str() {
                "build" | "validate" | "inspect" | "fmt" | "init" | "plugins required" => {
                    format!("`cooper {name} .` takes the templates of this folder")
                }
                _ => format!("write `cooper {name} {taken}`"),
            };
            wrong(&format!("`{name}` needs a {}", taken.to_lowercase()), Some(help), command)
        }
        ErrorKind::UnknownArgument => {
            let what = match taken {
                Some(taken) => {
                    format!(
                        "`{name}` takes one {}, and `{argument}` is another",
                        taken.to_lowercase()
                    )
                }
                None => format!("`{name}` takes nothing, and `{argument}` is something"),
            };
            wrong(&what, None, command)
        }
        ErrorKind::InvalidValue => {
            let known = match error.get(ContextKind::ValidValue) {
                Some(ContextValue::Strings(known)) => known.as_slice(),
                _ => &[],
            };
            let what = match flag.strip_prefix('<') {
                None => format!("`{value}` is no value for `-{flag}`"),
                Some(_) => format!("`{name}` does not know `{value}`"),
            };
            let help = did_you_mean(&value, known.iter().map(String::as_str))
                .unwrap_or_else(|| format!("there are `{}`", known.join("`, `")));
            wrong(&what, Some(help), command)
        }
        ErrorKind::ValueValidation => {
            let why = error.source().map_or_else(String::new, |why| format!(": {why}"));
            let help = command
                .get_arguments()
                .find(|known| known.get_long() == Some(flag))
                .and_then(|known| known.get_value_names()?.first())
                .map(|form| format!("write `-{flag} {form}`"));
            wrong(&format!("`{value}` is no value for `-{flag}`{why}"), help, command)
        }
        // The rest cannot come of a line that was rewritten.
        _ => {
            let text = error.to_string();
            let what = text.lines().next().unwrap_or_default();
            wrong(what.trim_start_matches("error: "), None, command)
        }
    }
}
