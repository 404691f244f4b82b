//! Arguments of special types, and checks that several components make.

use std::time::Duration;

use cooper_build::Config;
use cooper_build::component::ArgumentType;
use cooper_container::changes::Change;
use cooper_hcl::{Code, Diagnostic, FileKind, Reported, Span, Type, Value, duration, plainly};

/// A duration as Go writes it: `1h2m3.5s`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct GoDuration(pub(crate) Duration);

impl ArgumentType for GoDuration {
    fn ty() -> Type {
        Type::String
    }

    fn read(value: &Value) -> Result<Self, String> {
        let text = value.as_str().ok_or_else(|| "a string is required".to_owned())?;
        let nanoseconds = duration::parse(text).map_err(|error| error.to_string())?;
        let nanoseconds =
            u64::try_from(nanoseconds).map_err(|_| format!("`{text}` is negative"))?;
        Ok(Self(Duration::from_nanos(nanoseconds)))
    }
}

/// An argument that says something: the empty string stands for none, as with Packer.
pub(crate) fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// A duration as Go prints it: `1m30s`.
pub(crate) fn shown(time: Duration) -> String {
    duration::format(i64::try_from(time.as_nanos()).unwrap_or(i64::MAX))
}

/// Records an error in an argument, with a next step.
pub(crate) fn refuse(
    config: &Config<'_>,
    code: Code,
    argument: &str,
    message: impl Into<String>,
    help: &str,
) -> Reported {
    refuse_at(&config.looking_at(&[argument]), code, config.place(argument), message, help)
}

/// Records an error in an element of an argument, with a next step.
pub(crate) fn refuse_element(
    config: &Config<'_>,
    code: Code,
    (argument, index): (&str, usize),
    message: impl Into<String>,
    help: &str,
) -> Reported {
    let place = config.element_place(argument, index);
    match config.knows_element(argument, index) {
        true => refuse_at(config, code, place, message, help),
        false => refuse_at(&config.looking_at(&[argument]), code, place, message, help),
    }
}

/// Reads the Dockerfile instructions of `changes`; each that Docker would refuse is an error.
pub(crate) fn changes(config: &Config<'_>, changes: &[String]) -> Result<Vec<Change>, Reported> {
    let mut parsed = Vec::new();
    let mut refused = None;
    for (index, text) in changes.iter().enumerate() {
        match Change::parse(text) {
            Ok(change) => parsed.push(change),
            Err(error) => {
                let (place, help) = (("changes", index), error.help.unwrap_or_default());
                let code = Code::InvalidChange;
                refused = Some(refuse_element(config, code, place, error.message, &help));
            }
        }
    }
    refused.map_or(Ok(parsed), Err)
}

fn refuse_at(
    config: &Config<'_>,
    code: Code,
    place: Span,
    message: impl Into<String>,
    help: &str,
) -> Reported {
    let error = Diagnostic::error(code, message).at(place, "");
    config.diags.error(if help.is_empty() { error } else { error.help(help) })
}

/// Warns that no program is started for the engine, and says how to reach one that another program
/// than `docker` is for.
pub(crate) fn no_docker_path(config: &Config<'_>, program: Option<&str>) {
    let Some(program) = program.filter(|&program| program != "docker") else { return };
    let why = "Cooper talks to the engine's API, and starts no program for it";
    let help = match program.rsplit('/').next() {
        Some("podman") => {
            "for Podman, run `podman system service --time=0 unix:///run/podman.sock`, and set \
             `DOCKER_HOST=unix:///run/podman.sock`"
        }
        Some("docker" | "") => REMOVE,
        _ => "an engine that has the API of Docker's is reached by its address in `DOCKER_HOST`",
    };
    warn_no_effect(config, "docker_path", why, help);
}

const REMOVE: &str = "it can be removed";

/// Records that an argument was accepted and changes nothing.
pub(crate) fn no_effect(config: &Config<'_>, argument: &str, why: &str) {
    warn_no_effect(config, argument, why, REMOVE);
}

fn warn_no_effect(config: &Config<'_>, argument: &str, why: &str, help: &str) {
    let message = format!("`{argument}` has no effect: {why}");
    config.looking_at(&[argument]).diags.warn(
        Diagnostic::warning(Code::NoEffect, message).at(config.place(argument), "").help(help),
    );
}

/// Records it when something other than a regular file, or nothing, stands at `path`, which is
/// an argument or an element of one.
pub(crate) fn check_file(
    config: &Config<'_>,
    argument: &str,
    index: Option<usize>,
    path: &str,
) -> Result<(), Reported> {
    match check_exists(config, argument, index, path)? {
        FileKind::File | FileKind::Other => Ok(()),
        FileKind::Directory => {
            let message = format!("`{path}` is a folder, and a file is needed");
            Err(refuse_file(config, argument, index, message))
        }
    }
}

/// Records it when something other than a folder, or nothing, stands at `path`, which is an argument.
pub(crate) fn check_folder(
    config: &Config<'_>,
    argument: &str,
    path: &str,
) -> Result<(), Reported> {
    match check_exists(config, argument, None, path)? {
        FileKind::Directory => Ok(()),
        FileKind::File | FileKind::Other => {
            let message = format!("`{path}` is a file, and a folder is needed");
            Err(refuse(config, Code::UnreadableFile, argument, message, "name the folder it is in"))
        }
    }
}

/// Records it when nothing stands at `path`, which is an argument or an element of one.
pub(crate) fn check_exists(
    config: &Config<'_>,
    argument: &str,
    index: Option<usize>,
    path: &str,
) -> Result<FileKind, Reported> {
    config.system.kind(path.as_ref()).map_err(|error| {
        let message = format!("`{path}` cannot be read: {}", plainly(&error));
        refuse_file(config, argument, index, message)
    })
}

fn refuse_file(
    config: &Config<'_>,
    argument: &str,
    index: Option<usize>,
    message: String,
) -> Reported {
    let help = from_here(config);
    match index {
        Some(index) => {
            refuse_element(config, Code::UnreadableFile, (argument, index), message, &help)
        }
        None => refuse(config, Code::UnreadableFile, argument, message, &help),
    }
}

/// A relative path counts from somewhere; people want to know where.
fn from_here(config: &Config<'_>) -> String {
    let here = config.system.current_dir();
    format!("paths count from the folder Cooper is started in, `{}`", here.display())
}
