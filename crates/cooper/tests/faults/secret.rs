//! Whether a secret stays one.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use cooper_testbed::{Context, Error, Result};

use crate::rig::docker;

/// A secret in all the forms in which it could be found.
#[derive(Clone)]
pub(crate) struct Secret(Vec<Vec<u8>>);

impl Secret {
    pub(crate) fn new(text: &str) -> Self {
        let quoted = |quote: char| text.replace('\\', r"\\").replace(quote, &format!("\\{quote}"));
        let encoded: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let hexadecimal: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        let mut forms = vec![text.to_owned(), quoted('"'), quoted('\''), encoded, hexadecimal];
        // Behind other text, base64 has one of three forms; its ends depend on the neighbours.
        for before in ["", "x", "xx"] {
            for alphabet in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
                let whole = alphabet.encode(format!("{before}{text}"));
                forms.push(whole[4..whole.len() - 4].to_owned());
            }
        }
        Self(forms.into_iter().map(String::into_bytes).collect())
    }

    fn is_in(&self, bytes: &[u8]) -> bool {
        let found = |form: &Vec<u8>| bytes.windows(form.len()).any(|window| window == form);
        // Most of what is looked at is large and has no such beginning.
        self.0.iter().any(found)
    }

    /// Fails when a file in a folder has it.
    pub(crate) fn expect_in_no_file(&self, folder: &Path) -> Result<()> {
        for entry in fs::read_dir(folder).context(format!("list {}", folder.display()))?.flatten() {
            let path = entry.path();
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                self.expect_in_no_file(&path)?;
            } else if self.is_in(&fs::read(&path).context(format!("read {}", path.display()))?) {
                return Err(Error::new(format!("the secret is in {}", path.display())));
            }
        }
        Ok(())
    }

    /// Fails when what the daemon knows of an image has it, or a file of the image.
    pub(crate) fn expect_in_no_image(&self, image: &str) -> Result<()> {
        let save = ["save", image];
        for arguments in [&["inspect", image][..], &["history", "--no-trunc", image], &save] {
            if self.is_in(docker(arguments)?.as_bytes()) {
                return Err(Error::new(format!("`docker {}` has the secret", arguments.join(" "))));
            }
        }
        Ok(())
    }

    /// Looks at the command lines of all processes from now on.
    pub(crate) fn watch(&self) -> Watch {
        let stop = Arc::new(AtomicBool::new(false));
        let (secret, stopped) = (self.clone(), stop.clone());
        let thread = std::thread::spawn(move || {
            let mut seen = Vec::new();
            while !stopped.load(Ordering::Relaxed) {
                for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
                    let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
                    if secret.is_in(&line) {
                        seen.push(String::from_utf8_lossy(&line).replace('\0', " "));
                    }
                }
                std::thread::sleep(Duration::from_millis(5));
            }
            seen
        });
        Watch { stop, thread }
    }
}

/// Looks at processes until it is asked what was seen.
pub(crate) struct Watch {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Vec<String>>,
}

impl Watch {
    pub(crate) fn expect_nothing(self) -> Result<()> {
        self.stop.store(true, Ordering::Relaxed);
        match self.thread.join() {
            Ok(seen) if seen.is_empty() => Ok(()),
            Ok(seen) => Err(Error::new(format!("a process shows the secret: {}", seen.join("\n")))),
            Err(_) => Err(Error::new("the processes could not be looked at")),
        }
    }
}
