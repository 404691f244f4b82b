//! Files into and out of a machine.
//!
//! They go through the machine's shell: `cat` for a file, `tar` for a folder. Unlike scp and sftp
//! this needs nothing of the server, and output of a login shell does no harm.

use std::io;
use std::path::Path;

use bytes::Bytes;
use cooper_build::Failure;
use cooper_build::communicator::{Content, Upload};
use cooper_build::event::Stream;
use futures::stream::{self, BoxStream, StreamExt};
use jiff::Timestamp;
use tokio_util::io::ReaderStream;

use super::command::{Event, Running};
use super::{Ended, SshCommunicator, finish, of_bytes};
use crate::archive::{self, Owner};
use crate::failure::because;
use crate::files::own_name;
use crate::said::Said;

/// How much of a local file is read at once.
const PIECE: usize = 128 * 1024;

/// Says by its exit code what stands at a path, links followed.
const LOOK: &str = "if [ -d \"$1\" ]; then exit 10; elif [ -f \"$1\" ]; then exit 11; \
     elif [ -e \"$1\" ] || [ -h \"$1\" ]; then exit 12; else exit 13; fi";

/// Writes its input to a file: `$1`, or `$2` in it if that is a folder. The file has `$3` bytes, the
/// mode `$4` and the time `$5`. Nobody else can read it before it has its mode. A device, such as
/// `/dev/null`, takes the bytes and nothing else.
const WRITE: &str = "d=$1; if [ -d \"$d\" ]; then [ -n \"$2\" ] || exit 21; d=${d%/}/$2; fi; \
     umask 077; cat > \"$d\" || { [ -d \"$(dirname \"$d\")\" ] || exit 22; exit 23; }; \
     [ -f \"$d\" ] || exit 0; [ \"$(wc -c < \"$d\")\" -eq \"$3\" ] || exit 24; \
     chmod \"$4\" \"$d\" && { [ -z \"$5\" ] || TZ=UTC0 touch -t \"$5\" \"$d\"; }";

/// Unpacks its input into a folder. What it makes belongs to who does it.
const UNPACK: &str = "cd \"$1\" || exit 22; exec tar -x -p -o -f -";

/// What stands at a path of a machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Folder,
    File,
    Other,
    Nothing,
}

impl SshCommunicator {
    async fn look(&self, path: &str) -> Result<Kind, Failure> {
        let ended = finish(self.script(LOOK, &[&word(path)], None).await?).await?;
        Ok(match ended.status.0 {
            10 => Kind::Folder,
            11 => Kind::File,
            12 => Kind::Other,
            13 => Kind::Nothing,
            _ => {
                return Err(Failure::new(format!(
                    "cannot look at `{path}` in the machine: {}",
                    reason(&ended)
                ))
                .help("files go through `/bin/sh`, which the machine must have"));
            }
        })
    }

    pub(super) async fn upload_file(&self, file: Upload) -> Result<(), Failure> {
        let Upload { destination, content, mode, modified } = file;
        let failed = || format!("Failed to upload to '{destination}' in the machine");
        let (name, size, input) = match content {
            Content::Bytes(bytes) => (String::new(), bytes.len() as u64, of_bytes(bytes)),
            Content::File(path) => {
                let unreadable = |error: io::Error| {
                    Failure::new(format!(
                        "`{}` cannot be read: {}",
                        path.display(),
                        cooper_hcl::plainly(&error)
                    ))
                };
                let file = tokio::fs::File::open(&path).await.map_err(unreadable)?;
                let size = file.metadata().await.map_err(unreadable)?.len();
                let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
                let input = ReaderStream::with_capacity(file, PIECE).boxed();
                (name.unwrap_or_default(), size, Some(input))
            }
        };
        let arguments = [
            &*word(&destination),
            &name,
            &size.to_string(),
            &format!("{mode:04o}"),
            &time(modified),
        ];
        let ended = finish(self.script(WRITE, &arguments, input).await?).await?;
        if ended.status.success() {
            return Ok(());
        }
        let reason = reason(&ended);
        Err(match ended.status.0 {
            21 => Failure::new(format!("`{destination}` is a folder in the machine"))
                .help("add the file's name to `destination`"),
            22 => Failure::new(failed()).caused_by(reason).help(format!(
                "is there a folder `{}`? A `shell` provisioner before this one can make it",
                parent(&destination).0
            )),
            24 => Failure::new(failed())
                .caused_by("not all of it arrived")
                .help("is the machine's disk full, or did the file change meanwhile?"),
            _ => self.denied(Failure::new(failed()).caused_by(reason), &ended),
        })
    }

    pub(super) async fn upload_folder(
        &self,
        source: &Path,
        destination: &str,
    ) -> Result<(), Failure> {
        let failed = || format!("Failed to upload to '{destination}' in the machine");
        let contents_only = source.as_os_str().as_encoded_bytes().ends_with(b"/");
        let trimmed = destination.trim_end_matches('/');
        let path = if trimmed.is_empty() { "/" } else { trimmed };
        let (folder, root, itself) = match (self.look(path).await?, contents_only) {
            (Kind::Folder, true) => (path, String::new(), false),
            (Kind::Folder, false) => (path, own_name(source)?, true),
            (Kind::Nothing, _) => {
                let (folder, name) = parent(path);
                (folder, name.to_owned(), true)
            }
            (Kind::File | Kind::Other, _) => {
                return Err(Failure::new(failed())
                    .caused_by(format!("`{path}` is a file, and not a folder")));
            }
        };
        let input = archive::of_folder(source.to_owned(), root, itself, Owner::AsHere);
        let ended = finish(self.script(UNPACK, &[&word(folder)], Some(input)).await?).await?;
        if ended.status.success() {
            return Ok(());
        }
        let failure = Failure::new(failed()).caused_by(reason(&ended));
        Err(match ended.status.0 {
            22 => failure.help(format!(
                "is there a folder `{folder}`? A `shell` provisioner before this one can make it"
            )),
            _ => self.denied(failure, &ended),
        })
    }

    /// Says who may not write, or what is missing, where that is the reason.
    fn denied(&self, failure: Failure, ended: &Ended) -> Failure {
        let user = &self.way.settings.login.user;
        if ended.status.0 == 127 {
            failure.help("folders go through `tar`, which the machine must have")
        } else if ended.said.contains("ermission denied") {
            failure.help(format!(
                "`{user}` may not write there: upload to `/tmp`, and move it with `sudo` in a `shell` \
                 provisioner"
            ))
        } else {
            failure
        }
    }

    pub(super) async fn download_file(
        &self,
        source: &str,
        destination: &Path,
    ) -> Result<(), Failure> {
        match self.look(source).await? {
            Kind::File => {}
            Kind::Folder => return self.download_folder(source, destination).await,
            Kind::Other => {
                return Err(Failure::new(format!(
                    "`{source}` is neither a file nor a folder of the machine"
                )));
            }
            Kind::Nothing => {
                return Err(Failure::new(format!("there is no `{source}` in the machine")));
            }
        }
        let running = self.script("exec cat \"$1\"", &[&word(source)], None).await?;
        archive::write_file(output(running), destination.to_owned())
            .await
            .map_err(|error| because(downloading(source, destination), &error))
    }

    pub(super) async fn download_folder(
        &self,
        source: &str,
        destination: &Path,
    ) -> Result<(), Failure> {
        let contents_only = source.ends_with('/');
        let path = source.trim_end_matches('/');
        let path = if path.is_empty() { "/" } else { path };
        match self.look(path).await? {
            Kind::Folder => {}
            Kind::Nothing => {
                return Err(Failure::new(format!("there is no folder `{path}` in the machine")));
            }
            Kind::File | Kind::Other => {
                return Err(Failure::new(format!("`{path}` is no folder of the machine")));
            }
        }
        let name = parent(path).1;
        let target =
            if !contents_only && !name.is_empty() && tokio::fs::metadata(destination).await.is_ok()
            {
                destination.join(name)
            } else {
                destination.to_owned()
            };
        let script = "cd \"$1\" && exec tar -c -f - .";
        let running = self.script(script, &[&word(path)], None).await?;
        archive::extract_folder(output(running), target)
            .await
            .map_err(|error| because(downloading(source, destination), &error))
    }
}

fn downloading(source: &str, destination: &Path) -> String {
    format!("download `{source}` to `{}`", destination.display())
}

/// What a script prints; an error at the end when the script failed.
fn output(running: Running) -> BoxStream<'static, io::Result<Bytes>> {
    let next = |state: Option<(Running, Said, bool)>| async move {
        let (mut running, mut said, mut begun) = state?;
        loop {
            let error = match running.next().await {
                Event::Began => {
                    (said, begun) = (Said::default(), true);
                    continue;
                }
                Event::Output(Stream::Stdout, bytes) => {
                    return Some((Ok(bytes), Some((running, said, begun))));
                }
                Event::Greeting(bytes) | Event::Output(_, bytes) => {
                    said.keep(&bytes);
                    continue;
                }
                Event::Ended(_) if !begun => io::Error::other(running.shell(&said)),
                Event::Ended(status) if status.success() => return None,
                Event::Ended(status) => {
                    io::Error::other(reason(&Ended { status, said: said.text() }))
                }
                Event::Failed(trouble) => io::Error::other(trouble),
                Event::NoInput(error) => error,
            };
            return Some((Err(error), None));
        }
    };
    stream::unfold(Some((running, Said::default(), false)), next).boxed()
}

/// Why a script failed, in its own words.
fn reason(ended: &Ended) -> String {
    if ended.said.is_empty() {
        format!("it ended with exit code {}", ended.status.0)
    } else {
        ended.said.clone()
    }
}

/// A path that no program takes for an option.
fn word(path: &str) -> String {
    if path.starts_with('-') { format!("./{path}") } else { path.to_owned() }
}

/// The folder a path is in, and its name there; relative paths count from the user's home.
fn parent(path: &str) -> (&str, &str) {
    match path.trim_end_matches('/').rsplit_once('/') {
        Some(("", name)) => ("/", name),
        Some((folder, name)) => (folder, name),
        None => (".", path.trim_end_matches('/')),
    }
}

/// A time as `touch -t` takes it; nothing for now.
fn time(modified: Option<u64>) -> String {
    let time = modified
        .and_then(|seconds| i64::try_from(seconds).ok())
        .and_then(|seconds| Timestamp::from_second(seconds).ok());
    time.map_or_else(String::new, |time| time.strftime("%Y%m%d%H%M.%S").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_a_folder_and_a_name() {
        for (path, expected) in [
            ("/usr/src/app.py", ("/usr/src", "app.py")),
            ("/app.py", ("/", "app.py")),
            ("app.py", (".", "app.py")),
            ("a/b/", ("a", "b")),
            ("/", (".", "")),
        ] {
            assert_eq!(parent(path), expected, "{path}");
        }
    }

    #[test]
    fn times_are_those_of_touch() {
        assert_eq!(time(Some(951_782_400)), "200002290000.00");
        assert_eq!(time(Some(u64::MAX)), "");
        assert_eq!(time(None), "");
    }
}
