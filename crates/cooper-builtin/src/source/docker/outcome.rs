//! What becomes of a container.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cooper_build::artifact::Artifact;
use cooper_build::{Config, Facts, Failure};
use cooper_container::Container;
use cooper_container::changes::Change;
use cooper_hcl::{Code, Diagnostic, FileKind, Reported};
use futures::StreamExt;
use tokio::io::AsyncWriteExt;

use super::Arguments;
use crate::arguments::{self, no_effect, refuse};
use crate::failure::because;
use crate::files::{self, Files};
use crate::image::EXPORTED;

/// What becomes of the container.
pub(super) enum Outcome {
    Image { author: Option<String>, message: Option<String>, changes: Vec<Change> },
    File(PathBuf),
    Nothing,
}

impl Outcome {
    /// Checks the arguments that choose one.
    pub(super) fn prepare(
        config: &Config<'_>,
        arguments: &mut Arguments,
    ) -> Result<Self, Reported> {
        let changes = arguments::changes(config, &arguments.changes);
        let export = arguments.export_path.take().filter(|path| !path.is_empty());
        let single = one_at_most(config, arguments, export.is_some());
        let file = export.as_ref().map_or(Ok(()), |path| check_export_path(config, path));
        single.and(file)?;
        let outcome = if let Some(path) = export {
            Self::File(path.into())
        } else if arguments.discard {
            Self::Nothing
        } else if arguments.commit {
            return Ok(Self::Image {
                author: arguments.author.take().filter(|text| !text.is_empty()),
                message: arguments.message.take().filter(|text| !text.is_empty()),
                changes: changes?,
            });
        } else {
            return Err(refuse(
                &config.looking_at(&["commit", "discard", "export_path"]),
                Code::MissingArgument,
                "commit",
                "No instructions given for handling the artifact; expected commit, discard, or \
                 export_path",
                "to make an image, say `commit = true`",
            ));
        };
        for (argument, given) in [
            ("changes", !arguments.changes.is_empty()),
            ("author", arguments.author.is_some()),
            ("message", arguments.message.is_some()),
        ] {
            if given {
                no_effect(config, argument, "the container does not become an image");
            }
        }
        changes.map(|_| outcome)
    }
}

/// Refuses two outcomes.
fn one_at_most(config: &Config<'_>, arguments: &Arguments, export: bool) -> Result<(), Reported> {
    let all =
        [("commit", arguments.commit), ("discard", arguments.discard), ("export_path", export)];
    let chosen: Vec<&str> =
        all.into_iter().filter_map(|(name, chosen)| chosen.then_some(name)).collect();
    let [first, second, ..] = chosen.as_slice() else { return Ok(()) };
    Err(config.diags.error(
        Diagnostic::error(
            Code::ConflictingArguments,
            "Cannot specify more than one of commit, discard, and export_path",
        )
        .at(config.place(second), "")
        .label(config.place(first), "the other one")
        .help("a container becomes one thing"),
    ))
}

fn check_export_path(config: &Config<'_>, path: &str) -> Result<(), Reported> {
    if !matches!(config.system.kind(path.as_ref()), Ok(FileKind::Directory)) {
        return Ok(());
    }
    Err(refuse(
        config,
        Code::InvalidValue,
        "export_path",
        "export_path must be a file, not a directory",
        "add the file's name",
    ))
}

/// Writes the container's file system to a file, which appears when it is whole.
pub(super) async fn export(container: &dyn Container, path: &Path) -> Result<(), Failure> {
    let failed =
        |error: io::Error| because(format!("Error exporting to `{}`", path.display()), &error);
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        tokio::fs::create_dir_all(folder).await.map_err(failed)?;
    }
    let mut stream =
        container.export().await.map_err(|error| because("Error exporting container", &error))?;
    let temporary = files::temporary_beside(path, 0o666).map_err(failed)?;
    let mut file = tokio::fs::File::from_std(temporary.reopen().map_err(failed)?);
    while let Some(piece) = stream.next().await {
        let piece = piece.map_err(|error| because("Error exporting container", &error))?;
        file.write_all(&piece).await.map_err(failed)?;
    }
    file.flush().await.map_err(failed)?;
    temporary.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// The artifact of a container that does not become an image.
pub(super) fn exported(files: Vec<PathBuf>, shown: String, facts: Facts) -> Artifact {
    Artifact {
        builder_id: EXPORTED.to_owned(),
        id: "Container".to_owned(),
        files: files.clone(),
        summary: format!("Exported Docker file: {shown}"),
        tags: Vec::new(),
        digest: None,
        facts: Some(facts),
        handle: Arc::new(Files(files)),
    }
}
