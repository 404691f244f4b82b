//! The last resort: a panic is a bug, and is told as one.

use std::backtrace::Backtrace;
use std::io::Write;
use std::panic::{self, PanicHookInfo, UnwindSafe};

use crate::exit::Exit;

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
    let text = format!(
        "error: this is a bug in Cooper{place}: {what}\n  \
         help: please report it, with the template if you can; `PACKER_LOG_PATH=FILE` writes down \
         how it came to it\n"
    );
    // When standard error is gone, nobody is left to tell.
    let _ = std::io::stderr().write_all(text.as_bytes());
}
