//! Whose a container is: the process that it was made for.
//!
//! A run that is killed outright leaves its containers behind. Their names say which process
//! they belong to, so that a later one can tell whether somebody still needs them. Names,
//! because a container's labels would end up in the images that are made of it. One that has to
//! have another name is told of by a companion.

use std::sync::atomic::{AtomicU64, Ordering};

use cooper_owner::{current, is_gone};

/// What the names of our containers look like, for the engine's filter.
pub const CONTAINER_NAME_PATTERN: &str = "^/?cooper-[0-9a-f]{12}-[0-9a-f]{12}-";

/// The label of a container that only tells whose another one is: the other one's id.
pub const COMPANION_LABEL: &str = "dev.cooper.companion-of";

const PREFIX: &str = "cooper-";

/// A name for a container of this process, never given twice.
pub fn container_name() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{PREFIX}{}-{count}", current())
}

/// What ends the name of a companion. A name, because an image may bring any label.
const COMPANION: &str = ".companion";

/// A name for a companion of a container of this process, never given twice.
pub fn companion_name() -> String {
    container_name() + COMPANION
}

/// Whether a container's name says that it is a companion.
pub fn is_companion(container_name: &str) -> bool {
    container_name.ends_with(COMPANION)
}

/// Whether a text is the whole id of a container, and so neither a name nor part of an URL.
pub fn is_container_id(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether a container's name says that it belongs to a process that is gone.
pub fn is_left_behind(container_name: &str) -> bool {
    let container_name = container_name.strip_suffix(COMPANION).unwrap_or(container_name);
    let owner = container_name.strip_prefix(PREFIX);
    // What follows is a number: `cooper-…-7/db` is the name that container 7 has for a stranger
    // that it is linked to.
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    owner
        .and_then(|owner| owner.rsplit_once('-'))
        .is_some_and(|(owner, count)| number(count) && is_gone(owner))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_names_are_ours_and_never_the_same() {
        assert!(!is_left_behind(&container_name()));
        assert_ne!(container_name(), container_name());
        assert!(is_companion(&companion_name()) && !is_companion(&container_name()));
        assert!(!is_left_behind("web"));
    }

    #[test]
    fn names_of_a_process_that_ended_are_left_behind() {
        // Our own number, started at another time.
        let (owner, _) = current().rsplit_once('-').unwrap();
        let owner = format!("{owner}-1");
        assert!(is_left_behind(&format!("cooper-{owner}-7")));
        assert!(is_left_behind(&format!("cooper-{owner}-7.companion")));
        for stranger in ["7/db", "7x", "", "db"] {
            assert!(!is_left_behind(&format!("cooper-{owner}-{stranger}")), "{stranger}");
        }
    }

    #[test]
    fn an_id_is_nothing_else() {
        assert!(is_container_id(&"0a".repeat(32)));
        for text in ["db", "", "../images/x", &"0A".repeat(32), &"0a".repeat(33)] {
            assert!(!is_container_id(text), "{text}");
        }
    }
}
