//! The last resort: a panic is a bug, and is told as one.

use std::backtrace::Backtrace;
use std::io::Write;
use std::panic::{self, PanicHookInfo, UnwindSafe};
use std::sync::OnceLock;

use cooper_build::Secrets;

use crate::exit::Exit;
use crate::ui::clean;

/// What must not be told with a panic: its message may quote any text.
static SECRETS: OnceLock<Secrets> = OnceLock::new();

/// Keeps these out of what is told of panics.
pub(crate) fn keep(secrets: &Secrets) {
    // There is one session in a process.
    let _ = SECRETS.set(secrets.clone());
}

/// Does something, and ends with a failure when it panics.
pub(crate) fn guard(work: impl FnOnce() -> Exit + UnwindSafe) -> Exit {
    panic::set_hook(Box::new(tell));
    panic::catch_unwind(work).unwrap_or(Exit::Failure)
}

fn tell(info: &PanicHookInfo<'_>) {
    let place = info.location().map_or_else(String::new, |place| format!(" at {place}"));
    let what = info.payload_as_str().unwrap_or("no message");
    if tracing::enabled!(tracing::Level::ERROR) {
        tracing::error!("panic{place}: {what}\n{}", Backtrace::force_capture());
    }
    let what = SECRETS.get().map_or_else(|| what.to_owned(), |secrets| secrets.scrub(what));
    let what = clean(&what, false);
    let text = format!(
        "error: this is a bug in Cooper{place}: {what}\n  \
         help: please report it, with the template if you can; `PACKER_LOG_PATH=FILE` writes down \
         how it came to it\n"
    );
    // When standard error is gone, nobody is left to tell.
    let _ = std::io::stderr().write_all(text.as_bytes());
}
