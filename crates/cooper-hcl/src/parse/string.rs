//! The text between quotation marks, as it is meant.

use std::sync::Arc;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use super::parser::Parser;
use crate::diagnostic::{Code, Diagnostic, Reported};
use crate::source::Span;

/// What a quoted string without these characters says is what is written.
pub(super) const MARKS: [char; 3] = ['\\', '$', '%'];

/// A text in normal form C.
pub(super) fn normal(text: &str) -> Arc<str> {
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        return text.into();
    }
    text.nfc().collect::<String>().into()
}

/// A text with `$${` and `%%{` written out.
pub(super) fn without_markers(text: &str) -> String {
    text.replace("$${", "${").replace("%%{", "%{")
}

impl Parser<'_> {
    /// A piece of a quoted string with its escapes resolved, in normal form C.
    pub(super) fn unescape(&self, span: Span) -> Result<Arc<str>, Reported> {
        let text = self.tokens.text(span);
        if !text.contains(MARKS) {
            return Ok(normal(text));
        }
        Ok(normal(&self.unescaped(text, span)?))
    }

    /// The same, not yet in normal form.
    pub(super) fn unescaped(&self, text: &str, span: Span) -> Result<String, Reported> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        let mut wrong = None;
        while let Some(at) = rest.find(MARKS) {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
            let start = span.start() + (text.len() - rest.len()) as u32;
            let taken = if rest.starts_with("$${") || rest.starts_with("%%{") {
                out.push_str(&rest[1..3]);
                3
            } else if let Some(after) = rest.strip_prefix('\\') {
                match escape(after) {
                    Ok((c, length)) => {
                        out.push(c);
                        1 + length
                    }
                    Err(BadEscape { length, is_hex }) => {
                        let place = Span::new(start, start + 1 + length as u32);
                        wrong = Some(self.bad_escape(place, is_hex));
                        1 + length
                    }
                }
            } else {
                out.push_str(&rest[..1]);
                1
            };
            rest = &rest[taken..];
        }
        out.push_str(rest);
        wrong.map_or(Ok(out), Err)
    }

    fn bad_escape(&self, place: Span, is_hex: bool) -> Reported {
        let diagnostic = if is_hex {
            Diagnostic::error(Code::Syntax, "this escape needs hexadecimal digits")
                .help("`\\u` takes four digits and `\\U` eight, of a character that exists")
        } else {
            Diagnostic::error(Code::Syntax, "there is no such escape").help(
                "there are `\\n`, `\\r`, `\\t`, `\\\"`, `\\\\`, `\\uXXXX`; write `\\\\` for a backslash",
            )
        };
        self.diags.error(diagnostic.at(place, ""))
    }
}

/// An escape that does not exist.
struct BadEscape {
    /// How many bytes it has after the backslash.
    length: usize,
    /// Whether it is one of a character's number.
    is_hex: bool,
}

/// The character that an escape stands for, and how many bytes it has after the backslash.
fn escape(after: &str) -> Result<(char, usize), BadEscape> {
    let c = after.chars().next();
    let digits = match c {
        Some('n') => return Ok(('\n', 1)),
        Some('r') => return Ok(('\r', 1)),
        Some('t') => return Ok(('\t', 1)),
        Some('"') => return Ok(('"', 1)),
        Some('\\') => return Ok(('\\', 1)),
        Some('u') => 4,
        Some('U') => 8,
        _ => return Err(BadEscape { length: c.map_or(0, char::len_utf8), is_hex: false }),
    };
    let hex = after[1..].bytes().take(digits).take_while(u8::is_ascii_hexdigit).count();
    let number = u32::from_str_radix(&after[1..1 + hex], 16).ok().filter(|_| hex == digits);
    let length = 1 + hex;
    number.and_then(char::from_u32).map(|c| (c, length)).ok_or(BadEscape { length, is_hex: true })
}
