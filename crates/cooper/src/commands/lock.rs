//! Bringing the lock file up to date.

use cooper_build::Session;
use cooper_build::lock::{Entry, Update, UpdateError, update};

use super::put::put;
use crate::ui::Ui;

/// Writes into the lock file what was found, if anything of it is new, and says so; the file is made
/// where there is none. That it cannot be written is told, and no more: what is not in it, `-locked`
/// refuses.
pub(super) fn note(entries: &[Entry], session: &Session, ui: &mut Ui) {
    let path = session.lock.path();
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
