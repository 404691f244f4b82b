//! What is told of a request that failed.

use std::error::Error;

/// What caused an error, nearest first, without the address, which may hold a password.
pub fn causes(error: reqwest::Error) -> Vec<String> {
    let error = error.without_url();
    let mut cause = error.source();
    let mut told: Vec<String> = Vec::new();
    while let Some(error) = cause {
        // Several layers say the same, or nothing.
        let text = error.to_string();
        let is_new = told.last().is_none_or(|last| !last.contains(&text));
        if is_new && !text.starts_with("client error (") {
            told.push(text);
        }
        cause = error.source();
    }
    told
}
