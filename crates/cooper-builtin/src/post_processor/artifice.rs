//! `artifice`: makes local files the artifact.

use std::path::PathBuf;
use std::sync::Arc;

use cooper_build::artifact::Artifact;
use cooper_build::component::{Config, Keep, PostProcessor, PostProcessorKind, Processed, StepCx};
use cooper_build::{Failure, component_config};
use cooper_hcl::{Code, Reported};
use futures::future::BoxFuture;
use globset::{GlobBuilder, GlobMatcher};

use crate::arguments::{refuse, refuse_element};
use crate::files::Files;
use crate::image::ARTIFICE;
use crate::kind::Kind;

component_config! {
    /// Makes local files the artifact, whatever it was before.
    struct Arguments {
        /// The files, as patterns; `*` and `?` stay within a folder. Required.
        files: Vec<String>,
    }
}

/// More files than this are a mistake in a pattern.
const MOST: usize = 100_000;

/// The kind of post-processor called `artifice`.
pub(crate) fn kind() -> impl PostProcessorKind {
    Kind::new(prepare)
}

struct Artifice {
    patterns: Vec<Pattern>,
}

fn prepare(config: &Config<'_>, arguments: Arguments) -> Result<Artifice, Reported> {
    if arguments.files.is_empty() {
        return Err(refuse(
            config,
            Code::MissingArgument,
            "files",
            "the argument `files` is required",
            "name the files: `files = [\"output/*.img\"]`",
        ));
    }
    let patterns = arguments.files.iter().enumerate().map(|(index, text)| {
        Pattern::parse(text).map_err(|message| {
            refuse_element(config, Code::InvalidValue, ("files", index), message, "")
        })
    });
    // All of them are checked before the first one ends this.
    let patterns: Vec<_> = patterns.collect();
    Ok(Artifice { patterns: patterns.into_iter().collect::<Result<_, _>>()? })
}

impl PostProcessor for Artifice {
    fn process<'a>(
        &'a self,
        cx: &'a StepCx,
        input: &'a Artifact,
    ) -> BoxFuture<'a, Result<Processed, Failure>> {
        Box::pin(async move {
            let shown = |files: &[PathBuf]| {
                files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ")
            };
            if !input.files.is_empty() {
                let files = shown(&input.files);
                cx.say(format!("Discarding files from artifact: {files}")).await;
            }
            let patterns = self.patterns.clone();
            let found = tokio::task::spawn_blocking(move || {
                let found: Result<Vec<_>, _> = patterns.iter().map(Pattern::find).collect();
                found.map(|found| found.concat())
            });
            let files = found.await.map_err(|error| Failure::new(error.to_string()))??;
            cx.say(format!("Using these artifact files: {}", shown(&files))).await;
            let artifact = Artifact {
                builder_id: ARTIFICE.to_owned(),
                id: String::new(),
                summary: format!("Created artifact from files: {}", shown(&files)),
                tags: Vec::new(),
                digest: None,
                facts: None,
                handle: Arc::new(Files(files.clone())),
                files,
            };
            Ok(Processed { artifact: Some(artifact), input: Keep::ByDefault })
        })
    }
}

/// A path in which each part may have wildcards.
#[derive(Clone)]
struct Pattern {
    absolute: bool,
    parts: Vec<Part>,
}

#[derive(Clone)]
enum Part {
    Name(String),
    Wild(GlobMatcher),
}

impl Pattern {
    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("an element is empty, and each must be a path or a pattern".to_owned());
        }
        let parts = text.split('/').filter(|part| !part.is_empty()).map(|part| {
            if !part.contains(['*', '?', '[', '\\']) {
                return Ok(Part::Name(part.to_owned()));
            }
            // Only the wildcards of Go's `filepath.Glob`: no alternatives, no `**`.
            let part = part.replace('{', "[{]").replace('}', "[}]");
            let glob = GlobBuilder::new(&part).backslash_escape(true).build();
            glob.map(|glob| Part::Wild(glob.compile_matcher()))
                .map_err(|error| format!("`{text}` is no pattern: {}", error.kind()))
        });
        Ok(Self { absolute: text.starts_with('/'), parts: parts.collect::<Result<_, _>>()? })
    }

    /// The files there are, sorted.
    fn find(&self) -> Result<Vec<PathBuf>, Failure> {
        let mut found = vec![PathBuf::from(if self.absolute { "/" } else { "" })];
        for part in &self.parts {
            let mut next = Vec::new();
            for folder in found {
                match part {
                    Part::Name(name) => {
                        let path = folder.join(name);
                        if path.symlink_metadata().is_ok() {
                            next.push(path);
                        }
                    }
                    Part::Wild(glob) => {
                        let place =
                            if folder.as_os_str().is_empty() { ".".as_ref() } else { &*folder };
                        let Ok(entries) = std::fs::read_dir(place) else { continue };
                        let names = entries.flatten().map(|entry| entry.file_name());
                        let names = names.filter(|name| glob.is_match(name));
                        next.extend(names.map(|name| folder.join(name)));
                    }
                }
                if next.len() > MOST {
                    return Err(Failure::new(format!("a pattern matches more than {MOST} files")));
                }
            }
            found = next;
        }
        found.sort();
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_find_files_as_go_does() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.img", "b.img", "{x}.txt", "sub/c.img", "sub/deep/d.img"] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let find = |pattern: &str| {
            let whole = format!("{}/{pattern}", folder.path().display());
            let found = Pattern::parse(&whole).unwrap().find().unwrap();
            let names = found.iter().map(|path| path.strip_prefix(folder.path()).unwrap());
            names.map(|name| name.display().to_string()).collect::<Vec<_>>()
        };
        assert_eq!(find("*.img"), ["a.img", "b.img"]);
        assert_eq!(find("?.img"), ["a.img", "b.img"]);
        assert_eq!(find("[b-z].img"), ["b.img"]);
        assert_eq!(find("*/*.img"), ["sub/c.img"]);
        assert_eq!(find("{x}*"), ["{x}.txt"]);
        assert_eq!(find("sub/c.img"), ["sub/c.img"]);
        assert_eq!(find("none*"), Vec::<String>::new());
        assert!(Pattern::parse("a[").is_err());
    }
}
