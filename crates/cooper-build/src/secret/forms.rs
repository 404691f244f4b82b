//! What a secret looks like when it is quoted or encoded.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use cooper_hcl::go_quote;

/// Base64 is looked for from this many letters on: shorter ones are met by chance.
const SHORTEST_BASE64: usize = 8;

/// Hexadecimal digits are looked for from so many bytes on.
const SHORTEST_HEXADECIMAL: usize = 4;

/// How a text is written in a template, between quotes.
pub(super) fn written(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
        .replace('\t', "\\t")
        .replace('\r', "\\r")
        .replace("${", "$${")
        .replace("%{", "%%{")
}

/// A text of a URL with `%2f` for `%2F`.
fn lower_escapes(url: &str) -> String {
    let mut pieces = url.split('%');
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |text, piece| {
        let (escape, rest) = piece.split_at(piece.len().min(2));
        text + "%" + &escape.to_lowercase() + rest
    })
}

/// How a text looks inside the quotes of JSON, also as Go writes it, and of Rust's logs.
pub(super) fn quoted(text: &str) -> [String; 4] {
    let inside = |text: String| {
        let text = text.strip_prefix('"').unwrap_or(&text);
        text.strip_suffix('"').unwrap_or(text).to_owned()
    };
    let json = inside(serde_json::Value::from(text).to_string());
    let go = ['<', '>', '&']
        .iter()
        .fold(json.clone(), |text, c| text.replace(*c, &format!("\\u{:04x}", u32::from(*c))));
    let shown = inside(go_quote::quoted(text, '"'));
    [json, go, shown, inside(format!("{text:?}"))]
}

/// How a text looks quoted, in a URL, and in base64, alone or behind other text.
pub(super) fn encoded(text: &str) -> Vec<String> {
    let mut forms = quoted(text).to_vec();
    // What is in JSON may be a text of JSON.
    forms.extend(quoted(&forms[0]).into_iter().take(1));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let url: String = (text.bytes())
        .map(|byte| match byte {
            byte if plain(byte) => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect();
    forms.push(url.replace("%20", "+"));
    forms.push(lower_escapes(&url));
    forms.push(url);
    // Inside the single quotes of a shell, in a template, and in Packer's records.
    forms.push(text.replace('\'', "'\\''"));
    forms.push(written(text));
    forms.push(text.replace(',', "%!(PACKER_COMMA)").replace('\n', "\\n").replace('\r', "\\r"));
    // As programs that show bytes write them. What is short is met by chance.
    if text.len() >= SHORTEST_HEXADECIMAL {
        let digits: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        forms.push(digits.to_uppercase());
        forms.push(digits);
    }
    // Three bytes make four letters, so there are three ways to stand in a longer text. The
    // letters at the ends that other bytes have a part in are left out.
    for shift in 0..3 {
        let bytes = [&[0; 2][..shift], text.as_bytes()].concat();
        let letters = STANDARD_NO_PAD.encode(&bytes);
        let own = (shift * 8).div_ceil(6)..bytes.len() * 8 / 6;
        if let Some(own) = letters.get(own).filter(|own| own.len() >= SHORTEST_BASE64) {
            forms.push(own.replace('+', "-").replace('/', "_"));
            forms.push(own.to_owned());
        }
    }
    forms
}
