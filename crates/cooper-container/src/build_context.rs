//! The folder that a Dockerfile is built in, as the tar stream that an engine takes.
//!
//! It is made as it is sent: however large the folder, little memory is needed. As with Docker's
//! own program, everything belongs to root, links stay links, `.dockerignore` is followed, and
//! the Dockerfile may lie elsewhere.

mod ignore;

use std::fs::{File, Metadata};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use bytes::{Bytes, BytesMut};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::stream::BoxStream;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use crate::engine::ImageBuild;
use crate::error::{Error, Result};
use ignore::Ignored;

/// How much is sent at once.
const CHUNK: usize = 256 << 10;

/// The most that a Dockerfile outside of its context, or a `.dockerignore`, may have.
const LONGEST_TEXT: u64 = 8 << 20;

/// A build context on its way to an engine.
pub struct BuildContext {
    /// A tar archive, compressed with gzip if that was asked for. Fails at a file that cannot be
    /// read; the error names it.
    pub archive: BoxStream<'static, io::Result<Bytes>>,
    /// Where in it the Dockerfile is.
    pub dockerfile: String,
}

/// Begins to send a build's context. Must be called within a tokio runtime; dropping the stream
/// ends the work.
///
/// # Errors
///
/// Fails when the folder, the Dockerfile or `.dockerignore` cannot be read.
pub fn stream(build: &ImageBuild) -> Result<BuildContext> {
    let plan = Plan::new(build)?;
    let dockerfile = plan.dockerfile.clone();
    let compress = build.compress;
    let (sender, receiver) = mpsc::channel(4);
    tokio::task::spawn_blocking(move || {
        let mut chunks = Chunks { buffer: BytesMut::with_capacity(CHUNK), sender };
        let result = if compress {
            let encoder = GzEncoder::new(&mut chunks, Compression::fast());
            plan.write(encoder).and_then(|encoder| encoder.finish().map(|_| ()))
        } else {
            plan.write(&mut chunks).map(|_| ())
        };
        let result = result.and_then(|()| chunks.send());
        if let Err(error) = result {
            // Nobody listens any more: then nobody wants to know.
            let _gone = chunks.sender.blocking_send(Err(error));
        }
    });
    let archive = futures::stream::unfold(receiver, |mut receiver| async {
        receiver.recv().await.map(|chunk| (chunk, receiver))
    });
    Ok(BuildContext { archive: Box::pin(archive), dockerfile })
}

/// What is sent.
struct Plan {
    context: PathBuf,
    ignored: Ignored,
    dockerfile: String,
    /// Files that are not in the folder, or not like this.
    added: Vec<(String, Vec<u8>)>,
}

impl Plan {
    fn new(build: &ImageBuild) -> Result<Self> {
        let context = canonical("build folder", &build.context)?;
        if !context.is_dir() {
            return Err(Error::Invalid(format!(
                "the build folder `{}` is not a folder",
                build.context.display()
            )));
        }
        let dockerfile = canonical("Dockerfile", &build.dockerfile)?;
        if !dockerfile.is_file() {
            return Err(Error::Invalid(format!(
                "the Dockerfile `{}` is not a regular file",
                build.dockerfile.display()
            )));
        }

        let ignore_path = context.join(".dockerignore");
        let rules = match std::fs::symlink_metadata(&ignore_path) {
            Ok(_) => Some(read_text(&ignore_path)?),
            Err(_) => None,
        };
        let mut ignored = Ignored::parse(rules.as_deref().unwrap_or_default())
            .map_err(|reason| Error::Invalid(format!("`{}`: {reason}", ignore_path.display())))?;

        let mut added = Vec::new();
        let name = match (dockerfile.strip_prefix(&context), &build.text) {
            (Ok(inside), None) => inside.to_string_lossy().into_owned(),
            (_, text) => {
                let text = match text {
                    Some(text) => text.clone(),
                    None => read_text(&dockerfile)?,
                };
                let digest = Sha256::digest(text.as_bytes());
                let digits: String = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect();
                let name = format!(".dockerfile.{digits}");
                // The engine follows `.dockerignore` too: so what we add stays out of the image.
                let rules = rules.unwrap_or_else(|| ".dockerignore".to_owned());
                added.push((".dockerignore".to_owned(), format!("{rules}\n{name}\n").into()));
                added.push((name.clone(), text.into()));
                name
            }
        };
        // The engine needs both, whatever the rules say; it leaves them out of the image itself.
        ignored.keep(".dockerignore");
        ignored.keep(&name);
        Ok(Self { context, ignored, dockerfile: name, added })
    }

    fn write<W: Write>(&self, writer: W) -> io::Result<W> {
        let mut archive = tar::Builder::new(writer);
        let mut folders = vec![PathBuf::new()];
        while let Some(folder) = folders.pop() {
            let mut names = Vec::new();
            let path = self.context.join(&folder);
            for entry in path.read_dir().map_err(|error| at(&path, &error))? {
                names.push(entry.map_err(|error| at(&path, &error))?.file_name());
            }
            names.sort();
            for name in names {
                let relative = folder.join(name);
                let path = self.context.join(&relative);
                let ignored = self.ignored.contains(&relative.to_string_lossy());
                if ignored && !self.ignored.has_exceptions() {
                    continue;
                }
                let metadata = path.symlink_metadata().map_err(|error| at(&path, &error))?;
                let replaced = self.added.iter().any(|(name, _)| Path::new(name) == relative);
                if !ignored && !replaced {
                    append(&mut archive, &relative, &path, &metadata)?;
                }
                if metadata.is_dir() {
                    folders.push(relative);
                }
            }
        }
        for (name, bytes) in &self.added {
            let mut header = tar::Header::new_gnu();
            header.set_mode(0o600);
            header.set_uid(0);
            header.set_gid(0);
            header.set_mtime(0);
            header.set_size(bytes.len() as u64);
            archive.append_data(&mut header, name, bytes.as_slice())?;
        }
        archive.into_inner()
    }
}

fn append<W: Write>(
    archive: &mut tar::Builder<W>,
    relative: &Path,
    path: &Path,
    metadata: &Metadata,
) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_metadata_in_mode(metadata, tar::HeaderMode::Complete);
    header.set_uid(0);
    header.set_gid(0);
    let kind = metadata.file_type();
    let result = if kind.is_symlink() {
        let target = path.read_link().map_err(|error| at(path, &error))?;
        header.set_size(0);
        archive.append_link(&mut header, relative, target)
    } else if kind.is_file() {
        let file = File::open(path).map_err(|error| at(path, &error))?;
        let mut file = Whole { file, left: metadata.len() };
        archive.append_data(&mut header, relative, &mut file)
    } else if kind.is_dir() {
        header.set_size(0);
        archive.append_data(&mut header, relative, io::empty())
    } else {
        // Sockets have no place in an archive; pipes and devices none in a build.
        return Ok(());
    };
    result.map_err(|error| at(path, &error))
}

/// A file that has as many bytes as it had when it was looked at.
struct Whole {
    file: File,
    left: u64,
}

impl Read for Whole {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 || buffer.is_empty() {
            return Ok(0);
        }
        let most = usize::try_from(self.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let count = self.file.read(&mut buffer[..most])?;
        if count == 0 {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "it became shorter while it was read",
            ));
        }
        self.left -= count as u64;
        Ok(count)
    }
}

/// A writer whose bytes come out of a channel.
struct Chunks {
    buffer: BytesMut,
    sender: mpsc::Sender<io::Result<Bytes>>,
}

impl Chunks {
    fn send(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let chunk = self.buffer.split().freeze();
        self.buffer.reserve(CHUNK);
        self.sender.blocking_send(Ok(chunk)).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))
    }
}

impl Write for Chunks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= CHUNK {
            self.send()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn at(path: &Path, error: &io::Error) -> io::Error {
    let text = error.to_string();
    let path = path.display().to_string();
    if text.contains(&path) {
        return io::Error::new(error.kind(), text);
    }
    io::Error::new(error.kind(), format!("`{path}`: {text}"))
}

fn canonical(what: &str, path: &Path) -> Result<PathBuf> {
    path.canonicalize().map_err(|source| Error::Io {
        what: format!("find the {what} `{}`", path.display()),
        source,
    })
}

fn read_text(path: &Path) -> Result<String> {
    let failed = |source| Error::Io { what: format!("read `{}`", path.display()), source };
    if !path.metadata().map_err(failed)?.is_file() {
        return Err(Error::Invalid(format!("`{}` is not a regular file", path.display())));
    }
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(LONGEST_TEXT + 1).read_to_string(&mut text))
        .map_err(failed)?;
    if text.len() as u64 > LONGEST_TEXT {
        return Err(Error::Invalid(format!(
            "`{}` has more than {LONGEST_TEXT} bytes",
            path.display()
        )));
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
