//! What developers may want to know: `COOPER_LOG`, or Packer's `PACKER_LOG`.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::Mutex;

use cooper_build::{Secrets, Session};
use tracing::Level;
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use crate::ui::{Ui, clean};

/// Starts logging when the environment asks for it: to the file `PACKER_LOG_PATH`, or to
/// standard error. `COOPER_LOG` says what: `debug`, or `cooper_container=trace`.
pub(crate) fn start(session: &Session, ui: &mut Ui) {
    let env = |name: &str| session.system.env(name).filter(|value| !value.is_empty());
    let path = env("PACKER_LOG_PATH");
    let packer = env("PACKER_LOG").filter(|value| value != "0");
    let Some(filter) = env("COOPER_LOG").or_else(|| {
        (packer.is_some() || path.is_some()).then(|| "info,cooper=debug,cooper_hcl=debug,cooper_build=debug,cooper_container=debug,cooper_builtin=debug".to_owned())
    }) else {
        return;
    };
    let target: Box<dyn Write + Send> = match path {
        // For its owner only: what goes wrong may be told in words that nobody knew were secret.
        Some(path) => {
            match (File::options().write(true).create(true).truncate(true)).mode(0o600).open(&path)
            {
                Ok(file) => Box::new(file),
                Err(error) => {
                    ui.error(&format!("cannot write the log to `{path}`: {error}"));
                    return;
                }
            }
        }
        None => Box::new(io::stderr()),
    };
    let writer = Scrubbed { target: Mutex::new(target), secrets: session.secrets.clone() };
    // Amazon's crates write whole answers, with tokens that nobody has called secret yet, and the
    // one for ssh what goes over the wire.
    let discreet = filter_fn(|entry| {
        let talkative = ["aws", "russh"].iter().any(|name| entry.target().starts_with(name));
        !talkative || *entry.level() <= Level::INFO
    });
    let filter = EnvFilter::builder().parse_lossy(filter).and(discreet);
    let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(writer);
    // A second logger in one process changes nothing, which is right.
    let _ = tracing_subscriber::registry().with(lines.with_filter(filter)).try_init();
}

/// Writes whole entries, without secrets.
struct Scrubbed {
    target: Mutex<Box<dyn Write + Send>>,
    secrets: Secrets,
}

impl<'a> MakeWriter<'a> for Scrubbed {
    type Writer = Entry<'a>;

    fn make_writer(&'a self) -> Entry<'a> {
        Entry { log: self, bytes: Vec::new() }
    }
}

/// An entry that is being written.
struct Entry<'a> {
    log: &'a Scrubbed,
    bytes: Vec<u8>,
}

impl Write for Entry<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        let text = self.log.secrets.scrub(&String::from_utf8_lossy(&self.bytes));
        let text = clean(&text, false);
        let mut target = self.log.target.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // A log that cannot be written is no reason to stop.
        let _ = target.write_all(text.as_bytes());
    }
}
