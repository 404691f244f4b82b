//! Errors, and what a user reads of them.

use std::any::Any;
use std::cell::RefCell;
use std::panic::AssertUnwindSafe;

use futures::FutureExt;

/// Why a component did not do its work: anything that is an error, or a text: `Err("no such user".into())`,
/// `Err(format!("there is no `{name}`").into())`. The user reads it with its causes.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// What components return.
pub type Result<T = (), E = Error> = std::result::Result<T, E>;

/// An error with its causes, each said once.
pub(crate) fn told(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = error.source();
    }
    text
}

thread_local! {
    /// Where this thread panicked last.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// From now on, notes where panics were.
pub(crate) fn note_panics() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map(|place| format!("{}:{}", place.file(), place.line()));
        PLACE.with_borrow_mut(|last| *last = place);
        before(panic);
    }));
}

/// Does something; a panic is an error.
pub(crate) async fn guarded<T>(work: impl Future<Output = Result<T>>) -> Result<T, String> {
    match AssertUnwindSafe(work).catch_unwind().await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(told(&error)),
        Err(panic) => Err(panicked(&*panic)),
    }
}

/// What a user reads of a panic.
fn panicked(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let text = text.unwrap_or("it does not say why");
    match PLACE.with_borrow_mut(Option::take) {
        Some(place) => format!("the plugin panicked at {place}: {text}"),
        None => format!("the plugin panicked: {text}"),
    }
}
