//! Text in quotes, as Go writes it.

use std::fmt::Write;

/// A text as Go's `%q` writes it: in quotes of the given kind, on one line, with nothing in it
/// that a reader cannot see.
pub fn quoted(text: &str, quote: char) -> String {
    let mut output = String::with_capacity(text.len() + 2);
    output.push(quote);
    for character in text.chars() {
        escape(character, quote, &mut output);
    }
    output.push(quote);
    output
}

fn escape(character: char, quote: char, output: &mut String) {
    match character {
        '\\' => output.push_str("\\\\"),
        '\n' => output.push_str("\\n"),
        '\r' => output.push_str("\\r"),
        '\t' => output.push_str("\\t"),
        '\x07' => output.push_str("\\a"),
        '\x08' => output.push_str("\\b"),
        '\x0b' => output.push_str("\\v"),
        '\x0c' => output.push_str("\\f"),
        c if c == quote => output.extend(['\\', c]),
        '"' | '\'' => output.push(character),
        c if is_printable(c) => output.push(c),
        // Writing to a string does not fail.
        c => {
            let _ = match u32::from(c) {
                code @ 0..0x80 => write!(output, "\\x{code:02x}"),
                code @ 0x80..0x1_0000 => write!(output, "\\u{code:04x}"),
                code => write!(output, "\\U{code:08x}"),
            };
        }
    }
}

/// Whether Go shows a character as it is: letters, marks, numbers, punctuation, symbols and the
/// common space.
fn is_printable(character: char) -> bool {
    // What can be printed is the same for Rust's debug form, which escapes marks only where they
    // stand first.
    let mut letters = ['x'; 2];
    letters[1] = character;
    let text: String = letters.iter().collect();
    text.escape_debug().eq(letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_escaped_as_in_go() {
        for (text, shown) in [
            ("", r#""""#),
            ("a\"b\\c'", r#""a\"b\\c'""#),
            ("\n\r\t\0\x1b\x7f", r#""\n\r\t\x00\x1b\x7f""#),
            ("é日👩e\u{301}", "\"é日👩e\u{301}\""),
            ("\u{a0}\u{200b}\u{2028}\u{e000}\u{10ffff}", r#""\u00a0\u200b\u2028\ue000\U0010ffff""#),
        ] {
            assert_eq!(quoted(text, '"'), shown);
        }
    }
}
