//! `docker run`'s options, understood as Docker's own program understands them.
//!
//! [`parse`] turns a list like `["-dit", "--user", "root", "--", "ubuntu", "bash"]` into a
//! [`ContainerSpec`]. What another place says in options of its own (`volumes`, `cap_add`) can be
//! put in front of the list, as Packer does: the index in an error tells which it was.
//!
//! The container always runs in the background, so `-d` is taken for granted, and options that
//! only matter to somebody who watches it (`--sig-proxy`, `--detach-keys`) have no effect.
//! Docker checks some values in its program and some in its engine; here all that can be checked
//! without an engine is checked, so that a mistake shows before anything is built.

mod device;
mod draft;
mod fields;
mod file;
mod flag;
mod mount;
mod name;
mod network;
pub(crate) mod number;
pub(crate) mod port;
mod security;

use std::path::{Path, PathBuf};

use crate::spec::ContainerSpec;
use draft::Draft;
use flag::Step;

/// What options may refer to on this machine.
pub trait LocalHost {
    /// An environment variable.
    fn variable(&self, name: &str) -> Option<String>;
    /// A regular file's bytes. Fails when it has more than `limit`.
    fn read(&self, path: &Path, limit: u64) -> std::io::Result<Vec<u8>>;
    /// The folder that relative paths start from.
    fn working_dir(&self) -> std::io::Result<PathBuf>;
}

pub use file::ThisHost;

/// Why a list of options is not what `docker run` takes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RunOptionError {
    /// Which item of the list is at fault; the list's length when something is missing there.
    pub index: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// Reads the arguments of `docker run`: options, the image, and the command with its arguments.
///
/// # Errors
///
/// Fails with the mistakes: unknown options, values that Docker would refuse, options that exclude
/// each other, a missing image, options that make no sense for a build. After an unknown option
/// that may or may not take the item behind it for its value, nothing more is told.
pub fn parse(
    arguments: &[String],
    host: &dyn LocalHost,
) -> Result<ContainerSpec, Vec<RunOptionError>> {
    let mut draft = Draft::new(host);
    let mut mistakes = Vec::new();
    let mut position = 0;
    let image = loop {
        match flag::next(arguments, position) {
            Ok(Step::Options { options, next }) => {
                for option in options {
                    match draft.set(option.name, &option.value) {
                        Ok(()) => draft.note(option.name, option.index),
                        Err(wrong) => mistakes.push(RunOptionError {
                            index: option.value_index,
                            message: format!("`{}`: {}", option.spelling, wrong.message),
                            help: wrong.help,
                        }),
                    }
                }
                position = next;
            }
            Ok(Step::Image { index }) => break index,
            Err(mistake) => {
                mistakes.push(mistake);
                match arguments.get(position) {
                    Some(item) if item.starts_with("--") && item.contains('=') => position += 1,
                    _ => return Err(mistakes),
                }
            }
        }
    };
    let Some(name) = arguments.get(image).filter(|name| !name.is_empty()) else {
        mistakes.push(RunOptionError {
            index: image,
            message: "there is no image".to_owned(),
            help: Some("add `{{.Image}}` after the options".to_owned()),
        });
        return Err(mistakes);
    };
    if mistakes.is_empty() {
        draft.finish(name, &arguments[image + 1..]).map_err(|mistake| vec![mistake])
    } else {
        Err(mistakes)
    }
}

/// What is wrong with a value.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

impl Wrong {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

pub(crate) type Read<T> = Result<T, Wrong>;

#[cfg(test)]
mod tests;
