//! The Dockerfile instructions that change an image's configuration when it is committed.
//!
//! [`Change::parse`] refuses, before anything is built, what Docker would refuse at the end.
//! [`for_commit`] keeps the source image's `CMD` and `ENTRYPOINT`, which the container that was
//! worked in had to override.

mod instruction;
mod words;

use crate::engine::ImageInfo;
use crate::spec::{ContainerSpec, Entrypoint};

pub use instruction::{Command, Instruction};

/// An item of `changes`: usually one instruction, but it may have lines with several, or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What the item says.
    pub instructions: Vec<Instruction>,
    /// As it was written.
    text: String,
}

/// Why an item of `changes` is not one that Docker takes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ChangeError {
    /// Where in the item, in bytes.
    pub offset: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// The longest line that Docker reads.
const LONGEST_LINE: usize = 65_535;

impl Change {
    /// Reads an item as Docker's `commit --change` does.
    ///
    /// # Errors
    ///
    /// Fails for what Docker would refuse, and for an item that ends in a continued line.
    pub fn parse(text: &str) -> Result<Self, ChangeError> {
        let mut instructions = Vec::new();
        // A logical line and where it begins, while it is being continued.
        let mut pending: Option<(usize, String)> = None;
        let mut offset = 0;
        for raw in text.split_inclusive('\n') {
            let start = offset;
            offset += raw.len();
            if raw.len() > LONGEST_LINE {
                return Err(ChangeError {
                    offset: start,
                    message: format!("a line has at most {LONGEST_LINE} bytes"),
                    help: None,
                });
            }
            let line = raw.trim_end_matches(['\n', '\r']);
            let trimmed = line.trim_start();
            // Comments and empty lines stand also between continued lines.
            if trimmed.is_empty() || trimmed.starts_with('#') {
                continue;
            }
            let part = if pending.is_some() { line } else { trimmed };
            let (_, logical) =
                pending.get_or_insert_with(|| (start + line.len() - trimmed.len(), String::new()));
            match part.trim_end_matches([' ', '\t']).strip_suffix('\\') {
                Some(continued) => logical.push_str(continued),
                None => {
                    logical.push_str(part);
                    if let Some((at, line)) = pending.take() {
                        instructions.push(instruction::read(&line, at)?);
                    }
                }
            }
        }
        match pending {
            Some(_) => Err(ChangeError {
                offset: text.trim_end().len().saturating_sub(1),
                message: "the item ends with a `\\`, which continues it".to_owned(),
                help: Some("put the whole instruction into one item".to_owned()),
            }),
            None => Ok(Self { instructions, text: text.to_owned() }),
        }
    }

    /// The item as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Whether one of them sets `CMD`.
pub fn sets_cmd(changes: &[Change]) -> bool {
    last_cmd(changes).is_some()
}

/// Whether one of them sets `ENTRYPOINT`.
pub fn sets_entrypoint(changes: &[Change]) -> bool {
    last_entrypoint(changes).is_some()
}

fn last_cmd(changes: &[Change]) -> Option<&Command> {
    let all = changes.iter().flat_map(|change| &change.instructions);
    all.filter_map(|instruction| match instruction {
        Instruction::Cmd(command) => Some(command),
        _ => None,
    })
    .next_back()
}

fn last_entrypoint(changes: &[Change]) -> Option<&Command> {
    let all = changes.iter().flat_map(|change| &change.instructions);
    all.filter_map(|instruction| match instruction {
        Instruction::Entrypoint(command) => Some(command),
        _ => None,
    })
    .next_back()
}

/// What a commit is told about the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommitChanges {
    /// Dockerfile instructions, in order.
    pub changes: Vec<String>,
    /// See [`Commit::without_entrypoint`](crate::engine::Commit::without_entrypoint).
    pub without_entrypoint: bool,
}

/// The changes with which an image keeps its source's `CMD` and `ENTRYPOINT`, unless `changes`
/// set them, although the container ran with what `container` says.
///
/// A source without `CMD` or `ENTRYPOINT` makes an image without, and so do `CMD []` and
/// `ENTRYPOINT []`.
pub fn for_commit(
    source: &ImageInfo,
    container: &ContainerSpec,
    changes: &[Change],
) -> CommitChanges {
    let source_cmd = source.cmd.as_deref().unwrap_or_default();
    let source_entrypoint = source.entrypoint.as_deref().unwrap_or_default();
    let has_cmd = match last_cmd(changes) {
        Some(command) => !command.is_empty(),
        None => !source_cmd.is_empty(),
    };
    let entrypoint = last_entrypoint(changes);
    let has_entrypoint = match entrypoint {
        Some(command) => !command.is_empty(),
        None => !source_entrypoint.is_empty(),
    };

    // Ours come first: an `ENTRYPOINT` clears the `CMD` unless one was written before it.
    let mut result = CommitChanges::default();
    if !sets_cmd(changes) && (has_cmd || !container.command.is_empty()) {
        result.changes.push(format!("CMD {}", json(source_cmd)));
    }
    if entrypoint.is_none() && has_entrypoint {
        result.changes.push(format!("ENTRYPOINT {}", json(source_entrypoint)));
    }
    let items = changes.iter().filter(|change| !change.instructions.is_empty());
    result.changes.extend(items.map(|change| change.text.clone()));

    let overridden = match &container.entrypoint {
        Entrypoint::Image => !source_entrypoint.is_empty(),
        Entrypoint::None => false,
        Entrypoint::Program(_) => true,
    };
    if !has_entrypoint && overridden {
        // An item with further instructions beside its `ENTRYPOINT` is left as it is.
        let mixed = changes.iter().any(|change| {
            let count = change.instructions.len();
            count > 1 && sets_entrypoint(std::slice::from_ref(change))
        });
        if !mixed && (has_cmd || container.command.is_empty()) {
            // An `ENTRYPOINT []` among the changes would bring the container's back.
            if entrypoint.is_some() {
                result.changes = without_entrypoints(&result.changes);
            }
            result.without_entrypoint = true;
        } else {
            // Without an entrypoint Docker would put the container's command back. One empty word
            // is an entrypoint for the commit, and none for whoever runs the image.
            result.changes.push("ENTRYPOINT [\"\"]".to_owned());
        }
    }
    result
}

/// The items without their `ENTRYPOINT` lines.
fn without_entrypoints(changes: &[String]) -> Vec<String> {
    let keep = |change: &&String| match Change::parse(change) {
        Ok(change) => !matches!(change.instructions[..], [Instruction::Entrypoint(_)]),
        Err(_) => true,
    };
    changes.iter().filter(keep).cloned().collect()
}

fn json(words: &[String]) -> String {
    serde_json::Value::from(words).to_string()
}

#[cfg(test)]
mod tests;
