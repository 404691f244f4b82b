//! `file`: a local file as an artifact, for trying out post-processors.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cooper_build::artifact::Artifact;
use cooper_build::component::{Config, Provisioning, Source, SourceKind, StepCx};
use cooper_build::{Failure, component_config};
use cooper_hcl::{Code, Diagnostic, Reported, plainly};
use futures::future::BoxFuture;

use crate::arguments::{check_file, refuse};
use crate::communicator::none::NoMachine;
use crate::facts;
use crate::files::{Files, write_whole};
use crate::kind::Kind;

component_config! {
    /// Makes a local file the artifact of a build.
    struct Arguments {
        /// The file to copy. At most one of `source` and `content` is given.
        source: Option<String>,
        /// What the file is to contain, instead of a source.
        content: Option<String>,
        /// The file to make. Required. Folders on its way are made too.
        target: Option<String>,
    }
}

/// The kind of source called `file`.
pub(crate) fn kind() -> impl SourceKind {
    Kind::new(prepare)
}

struct FileSource {
    from: From,
    target: PathBuf,
}

enum From {
    File(String),
    Text(String),
}

fn prepare(config: &Config<'_>, arguments: Arguments) -> Result<FileSource, Reported> {
    let source = arguments.source.filter(|path| !path.is_empty());
    let content = arguments.content.filter(|text| !text.is_empty());
    let mut result = Ok(());
    if source.is_some() && content.is_some() {
        result = Err(config.diags.error(
            Diagnostic::error(
                Code::ConflictingArguments,
                "`source` and `content` exclude each other",
            )
            .at(config.place("content"), "")
            .label(config.place("source"), "the other one")
            .help("keep the one that the target is to contain"),
        ));
    }
    if let Some(source) = &source {
        result = check_file(config, "source", None, source).and(result);
    }
    if source.is_none() && content.is_none() {
        config.looking_at(&["source", "content"]).diags.warn(
            Diagnostic::warning(
                Code::NoEffect,
                "Both source file and contents are blank; target will have no content",
            )
            .at(config.places.header, ""),
        );
    }
    let target = arguments.target.filter(|path| !path.is_empty());
    let Some(target) = target else {
        return Err(refuse(
            config,
            Code::MissingArgument,
            "target",
            "the argument `target` is required",
            "name the file to make",
        ));
    };
    result?;
    let from = source.map_or_else(|| From::Text(content.unwrap_or_default()), From::File);
    Ok(FileSource { from, target: target.into() })
}

impl Source for FileSource {
    fn build<'a>(
        &'a self,
        cx: &'a StepCx,
        inside: Provisioning<'a>,
    ) -> BoxFuture<'a, Result<Option<Artifact>, Failure>> {
        Box::pin(async move {
            let shown = self.target.display();
            if let Some(folder) = self.target.parent().filter(|path| !path.as_os_str().is_empty()) {
                tokio::fs::create_dir_all(folder).await.map_err(|error| {
                    Failure::new(format!(
                        "cannot make folder `{}`: {}",
                        folder.display(),
                        plainly(&error)
                    ))
                })?;
            }
            match &self.from {
                From::File(source) => {
                    cx.say(format!("Copying {source} to {shown}")).await;
                    let count = copy(source.into(), self.target.clone()).await?;
                    cx.say(format!("Copied {count} bytes")).await;
                }
                From::Text(text) => {
                    let (target, text) = (self.target.clone(), text.clone());
                    blocking(move || {
                        write_whole(&target, 0o600, |file| {
                            std::io::Write::write_all(file, text.as_bytes())
                        })
                    })
                    .await
                    .map_err(|error| {
                        Failure::new(format!("cannot write `{shown}`: {}", plainly(&error)))
                    })?;
                }
            }

            let facts = facts::common(cx, "File", "none");
            inside.run_shared(Arc::new(NoMachine::Pretend), facts.clone()).await?;
            Ok(Some(Artifact {
                builder_id: "packer.file".to_owned(),
                id: "File".to_owned(),
                files: vec![self.target.clone()],
                summary: format!("Stored file: {shown}"),
                tags: Vec::new(),
                digest: None,
                facts: Some(facts),
                handle: Arc::new(Files(vec![self.target.clone()])),
            }))
        })
    }
}

async fn copy(source: PathBuf, target: PathBuf) -> Result<u64, Failure> {
    let message = format!("cannot copy `{}` to `{}`", source.display(), target.display());
    blocking(move || copy_whole(&source, &target))
        .await
        .map_err(|error| Failure::new(format!("{message}: {}", plainly(&error))))
}

fn copy_whole(source: &Path, target: &Path) -> std::io::Result<u64> {
    let mut from = std::fs::File::open(source)?;
    let mut count = 0;
    write_whole(target, 0o666, |to| {
        count = std::io::copy(&mut from, to)?;
        Ok(())
    })?;
    Ok(count)
}

/// Runs what waits for a disk on a thread of its own.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> std::io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(std::io::Error::other)?
}
