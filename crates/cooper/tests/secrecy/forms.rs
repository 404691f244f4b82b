//! What a secret may look like in an output.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// Base64 of fewer letters is met by chance.
const SHORTEST_BASE64: usize = 8;

/// Hexadecimal digits of fewer bytes are met by chance.
const SHORTEST_HEXADECIMAL: usize = 4;

/// What is shorter may be broken into pieces that are too short to be told from other text.
const LONG: usize = 24;

fn is_unseen(c: char) -> bool {
    c.is_control() && c != '\t'
}

/// The forms of a secret, with their names.
fn forms(secret: &str) -> Vec<(&'static str, String)> {
    let mut forms = vec![
        ("itself", secret.to_owned()),
        ("what is seen of it", secret.chars().filter(|c| !is_unseen(*c)).collect()),
        ("what stands between its blanks", secret.trim().to_owned()),
    ];
    let json = serde_json::Value::from(secret).to_string();
    let inside = json[1..json.len() - 1].to_owned();
    forms.push(("JSON in JSON", {
        let twice = serde_json::Value::from(&*json).to_string();
        twice[3..twice.len() - 3].to_owned()
    }));
    let html = ["<", ">", "&"].iter().zip(["\\u003c", "\\u003e", "\\u0026"]);
    forms.push(("Go's JSON", html.fold(inside.clone(), |text, (c, to)| text.replace(c, to))));
    forms.push(("JSON", inside));
    forms.push(("a string of Rust", {
        let debug = format!("{secret:?}");
        debug[1..debug.len() - 1].to_owned()
    }));
    forms.push(("a shell's word", secret.replace('\'', "'\\''")));
    forms.push(("a shell's other word", secret.replace('\'', "'\"'\"'")));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    for upper in [true, false] {
        let url: String = secret
            .bytes()
            .map(|byte| match (plain(byte), upper) {
                (true, _) => char::from(byte).to_string(),
                (false, true) => format!("%{byte:02X}"),
                (false, false) => format!("%{byte:02x}"),
            })
            .collect();
        forms.push(("a form's URL", url.replace("%20", "+")));
        forms.push(("a URL", url));
    }
    if secret.len() >= SHORTEST_HEXADECIMAL {
        let digits: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        forms.push(("capital hexadecimal", digits.to_uppercase()));
        forms.push(("hexadecimal", digits));
    }
    for shift in 0..3 {
        let bytes = [&[0; 2][..shift], secret.as_bytes()].concat();
        let own = (shift * 8).div_ceil(6)..bytes.len() * 8 / 6;
        for letters in [STANDARD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)] {
            match letters.get(own.clone()) {
                Some(own) if own.len() >= SHORTEST_BASE64 => forms.push(("Base64", own.to_owned())),
                _ => {}
            }
        }
    }
    for line in secret.split(['\n', '\r']).map(str::trim).filter(|line| line.len() >= 4) {
        forms.push(("one of its lines", line.to_owned()));
    }
    forms.retain(|(_, form)| !form.trim().is_empty());
    forms
}

/// Where a secret is found in a text: in which form, and what stands around.
pub(crate) fn found(text: &str, secret: &str) -> Vec<(&'static str, String)> {
    // Lines that were broken, without what stands in front of them.
    let joined: String = text
        .lines()
        .map(|line| {
            line.trim()
                .strip_prefix("==> ")
                .and_then(|l| l.split_once(": "))
                .map_or(line, |(_, l)| l)
        })
        .collect();
    let seen: String = text.chars().filter(|c| !is_unseen(*c) || *c == '\n').collect();
    let mut found = Vec::new();
    for (name, form) in forms(secret) {
        for text in [Some(text), Some(&seen), (form.len() >= LONG).then_some(&*joined)] {
            let Some(text) = text else { continue };
            if let Some(at) = text.find(&form) {
                let start = text[..at].char_indices().rev().nth(80).map_or(0, |(at, _)| at);
                found.push((name, text[start..].chars().take(200).collect()));
                break;
            }
        }
    }
    found
}
