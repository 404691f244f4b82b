//! `manifest`: notes what was built in a JSON file.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use cooper_build::artifact::Artifact;
use cooper_build::component::{Config, Keep, PostProcessor, PostProcessorKind, Processed, StepCx};
use cooper_build::{Failure, component_config};
use cooper_hcl::Reported;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use crate::facts;
use crate::files::write_whole;
use crate::kind::Kind;
use crate::render::Renderer;

component_config! {
    /// Notes what was built in a JSON file.
    struct Arguments {
        /// The file to write; `packer-manifest.json` when absent.
        output: Option<String>,
        /// Whether files are noted without their folders.
        strip_path: bool,
        /// Whether the time of the build is left out.
        strip_time: bool,
        /// More to note: `{ commit = "4f2a" }`.
        custom_data: BTreeMap<String, String>,
    }
}

/// A manifest is longer than this by mistake only.
const LONGEST: u64 = 64 * 1024 * 1024;

/// Builds run side by side and write one file.
static WRITING: Mutex<()> = Mutex::const_new(());

/// The kind of post-processor called `manifest`.
pub(crate) fn kind() -> impl PostProcessorKind {
    Kind::new(prepare)
}

struct Manifest {
    output: PathBuf,
    strip_path: bool,
    strip_time: bool,
    custom_data: BTreeMap<String, String>,
    renderer: Renderer,
}

fn prepare(config: &Config<'_>, arguments: Arguments) -> Result<Manifest, Reported> {
    let output = arguments.output.filter(|path| !path.is_empty());
    Ok(Manifest {
        output: output.unwrap_or_else(|| "packer-manifest.json".to_owned()).into(),
        strip_path: arguments.strip_path,
        strip_time: arguments.strip_time,
        custom_data: arguments.custom_data,
        renderer: Renderer::new(config),
    })
}

/// The file, in Packer's form.
#[derive(Default, Serialize, Deserialize)]
struct Document {
    builds: Vec<Entry>,
    last_run_uuid: String,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    name: String,
    builder_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    build_time: Option<i64>,
    files: Option<Vec<File>>,
    artifact_id: String,
    packer_run_uuid: String,
    custom_data: Option<BTreeMap<String, String>>,
}

#[derive(Serialize, Deserialize)]
struct File {
    name: String,
    size: u64,
}

impl PostProcessor for Manifest {
    fn process<'a>(
        &'a self,
        cx: &'a StepCx,
        input: &'a Artifact,
    ) -> BoxFuture<'a, Result<Processed, Failure>> {
        Box::pin(async move {
            let entry = self.entry(cx, input).await?;
            let failed = |error: io::Error| {
                Failure::new(format!(
                    "cannot write `{}`: {}",
                    self.output.display(),
                    cooper_hcl::plainly(&error)
                ))
            };
            let writing = WRITING.lock().await;
            let (output, force) = (self.output.clone(), cx.origin().force);
            let written = tokio::task::spawn_blocking(move || add(&output, entry, force)).await;
            drop(writing);
            written.map_err(io::Error::other).flatten().map_err(failed)?;
            Ok(Processed { artifact: Some(input.clone()), input: Keep::Always })
        })
    }
}

impl Manifest {
    async fn entry(&self, cx: &StepCx, input: &Artifact) -> Result<Entry, Failure> {
        let mut files = Vec::new();
        for path in &input.files {
            let size = tokio::fs::metadata(path).await.map_or(0, |found| found.len());
            let name = match path.file_name() {
                Some(name) if self.strip_path => Path::new(name).display().to_string(),
                _ => path.display().to_string(),
            };
            files.push(File { name, size });
        }
        let known = facts::of(input);
        let mut custom_data = BTreeMap::new();
        for (name, text) in &self.custom_data {
            let text = self.renderer.until_stable(text, known, &[]).map_err(|failure| {
                failure.while_doing(format!("render `{name}` of custom_data"))
            })?;
            custom_data.insert(name.clone(), text);
        }
        let seconds =
            || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        Ok(Entry {
            name: cx.origin().source_label.clone(),
            builder_type: cx.origin().source_type.clone(),
            build_time: (!self.strip_time).then(|| i64::try_from(seconds()).unwrap_or(i64::MAX)),
            files: (!files.is_empty()).then_some(files),
            artifact_id: input.id.clone(),
            packer_run_uuid: cx.run_id().to_owned(),
            custom_data: (!custom_data.is_empty()).then_some(custom_data),
        })
    }
}

/// Adds an entry to the file.
fn add(output: &Path, entry: Entry, force: bool) -> io::Result<()> {
    let mut document = load(output)?;
    if force && document.last_run_uuid != entry.packer_run_uuid {
        document.builds.clear();
    }
    document.last_run_uuid.clone_from(&entry.packer_run_uuid);
    document.builds.push(entry);
    let text = serde_json::to_vec_pretty(&document)?;
    write_whole(output, 0o664, |file| file.write_all(&text))
}

fn load(output: &Path) -> io::Result<Document> {
    match std::fs::metadata(output) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Document::default()),
        Err(error) => return Err(error),
        Ok(found) if found.len() > LONGEST => return Err(io::ErrorKind::FileTooLarge.into()),
        Ok(_) => {}
    }
    let text = std::fs::read(output)?;
    if text.is_empty() {
        return Ok(Document::default());
    }
    serde_json::from_slice(&text).map_err(|error| {
        io::Error::other(format!("what is there is no manifest ({error}); move it away"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(run: &str, name: &str) -> Entry {
        Entry {
            name: name.to_owned(),
            builder_type: "docker".to_owned(),
            build_time: Some(1),
            files: None,
            artifact_id: "sha256:0".to_owned(),
            packer_run_uuid: run.to_owned(),
            custom_data: None,
        }
    }

    #[test]
    fn entries_are_added_and_force_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("m.json");
        add(&output, entry("r1", "a"), false).unwrap();
        assert_eq!(
            std::fs::read_to_string(&output).unwrap(),
            "{\n  \"builds\": [\n    {\n      \"name\": \"a\",\n      \"builder_type\": \"docker\",\n      \
             \"build_time\": 1,\n      \"files\": null,\n      \"artifact_id\": \"sha256:0\",\n      \
             \"packer_run_uuid\": \"r1\",\n      \"custom_data\": null\n    }\n  ],\n  \
             \"last_run_uuid\": \"r1\"\n}"
        );
        add(&output, entry("r2", "b"), false).unwrap();
        assert_eq!(load(&output).unwrap().builds.len(), 2);
        add(&output, entry("r3", "c"), true).unwrap();
        add(&output, entry("r3", "d"), true).unwrap();
        let names: Vec<_> =
            load(&output).unwrap().builds.into_iter().map(|entry| entry.name).collect();
        assert_eq!(names, ["c", "d"]);
        std::fs::write(&output, "nonsense").unwrap();
        assert!(add(&output, entry("r4", "e"), true).is_err());
    }
}
