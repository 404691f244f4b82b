//! What a registry says went wrong.

use serde::Deserialize;

/// So many complaints are told.
const MOST: usize = 3;

/// So much of each.
const LONGEST: usize = 300;

/// The sentences of an answer that tells of mistakes, as people may see them.
pub(super) fn complaints(text: &[u8]) -> Vec<String> {
    #[derive(Deserialize)]
    struct Complaints {
        errors: Vec<Complaint>,
    }
    #[derive(Deserialize)]
    struct Complaint {
        #[serde(default)]
        message: String,
    }
    let all = serde_json::from_slice::<Complaints>(text).map(|all| all.errors).unwrap_or_default();
    let messages = all.iter().map(|complaint| brief(&complaint.message));
    messages.filter(|message| !message.is_empty()).take(MOST).collect()
}

/// The beginning of what somebody else wrote, in one line.
pub(super) fn brief(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text[..end].escape_debug()),
        None => text.escape_debug().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_are_told_in_short_lines() {
        let read = |text: &str| complaints(text.as_bytes());
        let unknown = r#"{"errors":[{"code":"X","message":" manifest unknown "},{"code":"Y"}]}"#;
        assert_eq!(read(unknown), ["manifest unknown"]);
        assert_eq!(read(r#"{"errors":[{"message":"\u001b[2Ja\nb"}]}"#), ["\\u{1b}[2Ja\\nb"]);
        let long = format!(r#"{{"errors":[{{"message":"{}"}}]}}"#, "é".repeat(9_000));
        assert_eq!(read(&long), [format!("{}…", "é".repeat(LONGEST))]);
        let many = format!(r#"{{"errors":[{}]}}"#, vec![r#"{"message":"a"}"#; 50].join(","));
        assert_eq!(read(&many).len(), MOST);
        for text in ["", "<html>", "{}", r#"{"errors":{}}"#, "[[[["] {
            assert_eq!(read(text), [""; 0], "{text}");
        }
    }
}
