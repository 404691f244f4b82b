//! `checksum`: writes digests of an artifact's files beside them.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cooper_build::artifact::Artifact;
use cooper_build::component::{
    Choice, Config, Keep, PostProcessor, PostProcessorKind, Processed, StepCx,
};
use cooper_build::{Failure, choices, component_config};
use cooper_hcl::{Reported, plainly};
use futures::future::BoxFuture;
use sha2::digest::DynDigest;
use tokio::sync::Mutex;

use crate::facts;
use crate::files::{Files, write_whole};
use crate::kind::Kind;
use crate::render::Renderer;

component_config! {
    /// Writes digests of the artifact's files into files.
    struct Arguments {
        /// The digests to write; `["md5"]` when absent.
        checksum_types: Vec<ChecksumType>,
        /// The file to write; `packer_{{.BuildName}}_{{.BuilderType}}_{{.ChecksumType}}.checksum` when
        /// absent.
        output: Option<String>,
    }
}

const OUTPUT: &str = "packer_{{.BuildName}}_{{.BuilderType}}_{{.ChecksumType}}.checksum";

choices! {
    /// A kind of digest.
    enum ChecksumType: "checksum" {
        Md5 = "md5",
        Sha1 = "sha1",
        Sha224 = "sha224",
        Sha256 = "sha256",
        Sha384 = "sha384",
        Sha512 = "sha512",
    }
}

/// Builds run side by side and may write one file.
static WRITING: Mutex<()> = Mutex::const_new(());

/// The kind of post-processor called `checksum`.
pub(crate) fn kind() -> impl PostProcessorKind {
    Kind::new(prepare).rendered_later(&[("output", &["BuildName", "BuilderType", "ChecksumType"])])
}

struct Checksum {
    types: Vec<ChecksumType>,
    output: String,
    renderer: Renderer,
}

fn prepare(config: &Config<'_>, arguments: Arguments) -> Result<Checksum, Reported> {
    let mut types = arguments.checksum_types;
    if types.is_empty() {
        types.push(ChecksumType::Md5);
    }
    let output = arguments.output.filter(|output| !output.is_empty());
    Ok(Checksum {
        types,
        output: output.unwrap_or_else(|| OUTPUT.to_owned()),
        renderer: Renderer::new(config),
    })
}

impl ChecksumType {
    fn hasher(self) -> Box<dyn DynDigest> {
        match self {
            Self::Md5 => Box::new(md5::Md5::default()),
            Self::Sha1 => Box::new(sha1::Sha1::default()),
            Self::Sha224 => Box::new(sha2::Sha224::default()),
            Self::Sha256 => Box::new(sha2::Sha256::default()),
            Self::Sha384 => Box::new(sha2::Sha384::default()),
            Self::Sha512 => Box::new(sha2::Sha512::default()),
        }
    }
}

impl PostProcessor for Checksum {
    fn process<'a>(
        &'a self,
        cx: &'a StepCx,
        input: &'a Artifact,
    ) -> BoxFuture<'a, Result<Processed, Failure>> {
        Box::pin(async move {
            if input.files.is_empty() {
                // An image goes on as it is, so that it can still be tagged and pushed.
                return Ok(Processed { artifact: Some(input.clone()), input: Keep::Always });
            }
            let mut files = input.files.clone();
            for &ty in &self.types {
                let data = [
                    ("BuildName", cx.origin().source_label.as_str()),
                    ("BuilderType", cx.origin().source_type.as_str()),
                    ("ChecksumType", ty.word()),
                ];
                let output = self
                    .renderer
                    .until_stable(&self.output, facts::of(input), &data)
                    .map_err(|failure| failure.while_doing("render `output`"))?;
                let output = PathBuf::from(output);
                for file in &input.files {
                    let sum = digest(ty, file).await?;
                    let writing = WRITING.lock().await;
                    let (list, file) = (output.clone(), file.clone());
                    let written =
                        tokio::task::spawn_blocking(move || note(&list, &sum, &file)).await;
                    let written = written.map_err(io::Error::other).flatten();
                    drop(writing);
                    written.map_err(|error| {
                        Failure::new(format!(
                            "cannot write `{}`: {}",
                            output.display(),
                            plainly(&error)
                        ))
                    })?;
                }
                if !files.contains(&output) {
                    files.push(output);
                }
            }
            let artifact = Artifact {
                builder_id: "packer.post-processor.checksum".to_owned(),
                id: String::new(),
                summary: format!(
                    "Created artifact from files: {}",
                    files
                        .iter()
                        .map(|file| file.display().to_string())
                        .collect::<Vec<_>>()
                        .join(", ")
                ),
                tags: Vec::new(),
                digest: None,
                facts: None,
                handle: Arc::new(Files(files.clone())),
                files,
            };
            Ok(Processed { artifact: Some(artifact), input: Keep::Always })
        })
    }
}

/// A file's digest in hexadecimal digits.
async fn digest(ty: ChecksumType, path: &Path) -> Result<String, Failure> {
    let shown = path.display().to_string();
    let path = path.to_owned();
    let sum = tokio::task::spawn_blocking(move || {
        let mut hasher = ty.hasher();
        let mut file = File::open(path)?;
        let mut buffer = vec![0; 128 * 1024];
        loop {
            match file.read(&mut buffer)? {
                0 => break,
                count => hasher.update(&buffer[..count]),
            }
        }
        let sum = hasher.finalize();
        Ok(sum.iter().map(|byte| format!("{byte:02x}")).collect())
    });
    sum.await.map_err(io::Error::other).flatten().map_err(|error: io::Error| {
        Failure::new(format!("unable to open file {shown}: {}", plainly(&error)))
    })
}

/// Puts a file's digest into a list of digests; one that the file had there is replaced.
fn note(output: &Path, sum: &str, file: &Path) -> io::Result<()> {
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if let Some(folder) = output.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    let before = match std::fs::read_to_string(output) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        before => before?,
    };
    let mut lines: Vec<String> = before.lines().map(str::to_owned).collect();
    let line = format!("{sum}\t{name}");
    let known = |line: &String| line.split_once('\t').is_some_and(|(_, other)| other == name);
    match lines.iter_mut().find(|line| known(line)) {
        Some(old) => *old = line,
        None => lines.push(line),
    }
    write_whole(output, 0o644, |file| file.write_all((lines.join("\n") + "\n").as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn digests_are_right_and_noted_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.txt");
        std::fs::write(&file, "abc").unwrap();
        let sum = digest(ChecksumType::Sha256, &file).await.unwrap();
        assert_eq!(sum, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(
            digest(ChecksumType::Md5, &file).await.unwrap(),
            "900150983cd24fb0d6963f7d28e17f72"
        );
        assert!(digest(ChecksumType::Md5, &folder.path().join("none")).await.is_err());

        let output = folder.path().join("sums/list");
        note(&output, "1", Path::new("x/a.txt")).unwrap();
        note(&output, "2", Path::new("b.txt")).unwrap();
        note(&output, "3", Path::new("a.txt")).unwrap();
        assert_eq!(std::fs::read_to_string(&output).unwrap(), "3\ta.txt\n2\tb.txt\n");
    }
}
