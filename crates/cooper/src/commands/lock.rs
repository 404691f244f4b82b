//! Bringing the lock file up to date.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use cooper_build::Session;
use cooper_build::lock::{Entry, Update, UpdateError, update};

use super::put::put;
use crate::ui::Ui;

/// Who reads a file and writes it again takes no longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often to look whether another command is done.
const POLL: Duration = Duration::from_millis(10);

/// Writes into the lock file what was found, if anything of it is new, and says so; the file is made
/// where there is none. That it cannot be written is told, and no more: what is not in it, `-locked`
/// refuses.
pub(super) fn note(entries: &[Entry], session: &Session, ui: &mut Ui) {
    let path = session.lock.path();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let _alone = alone(folder.unwrap_or(Path::new(".")));
    let written = update(path, entries, &*session.system).and_then(|new| {
        if let Some(Update { text, .. }) = &new {
            put(path, text).map_err(UpdateError::from)?;
        }
        Ok(new)
    });
    let shown = path.display();
    match written {
        Ok(None) => {}
        Ok(Some(Update { entries, .. })) if entries.is_empty() => {
            ui.say(&format!("Made {shown}, in which `cooper build` notes base images"));
        }
        Ok(Some(Update { entries, .. })) => {
            for entry in entries {
                ui.say(&format!("Noted in {shown}: {entry}"));
            }
        }
        Err(error) => ui.error(&format!("warning: `{shown}` is not brought up to date: {error}")),
    }
}

/// Makes this the only command that changes the lock file in a folder, for as long as what it returns
/// lives: so nobody writes over what another one has just written. The file itself is replaced, so its
/// folder is what is locked. Where that cannot be, as on some network drives, or takes too long,
/// the file is still whole.
fn alone(folder: &Path) -> Option<File> {
    let folder = File::open(folder).ok()?;
    let begun = Instant::now();
    loop {
        match folder.try_lock() {
            Ok(()) => return Some(folder),
            Err(TryLockError::WouldBlock) if begun.elapsed() < PATIENCE => thread::sleep(POLL),
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => return None,
        }
    }
}
