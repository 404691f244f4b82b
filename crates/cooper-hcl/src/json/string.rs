//! Strings: what their escapes stand for, and where each byte came from.

use std::ops::Range;

use crate::source::Span;

/// A string without its escapes.
pub(crate) struct Decoded {
    /// The text that is meant.
    pub(crate) text: String,
    /// Where runs of plain bytes begin: in the text, and in the source. Between two entries both
    /// advance alike.
    runs: Vec<(usize, u32)>,
}

/// Something that a string of JSON may not have.
pub(super) struct Mistake {
    /// Where, in bytes from the first quote's end.
    pub(super) range: Range<usize>,
    pub(super) message: String,
    pub(super) help: &'static str,
}

impl Decoded {
    /// Reads what stands between two quotes, the first byte of which is at `start`. What is
    /// mistaken is told, and the reading goes on.
    pub(super) fn read(source: &str, start: u32, mut mistaken: impl FnMut(Mistake)) -> Self {
        let mut decoded =
            Self { text: String::with_capacity(source.len()), runs: vec![(0, start)] };
        let mut at = 0;
        while let Some(length) = source[at..].find(|c: char| c == '\\' || c < ' ') {
            decoded.text.push_str(&source[at..at + length]);
            at += length;
            let (meant, length) = match source.as_bytes()[at] {
                b'\\' => escape(&source[at..], at, &mut mistaken),
                control => {
                    mistaken(Mistake {
                        range: at..at + 1,
                        message: format!(
                            "a string has no control characters such as {control:#04x}"
                        ),
                        help: "write `\\n` for a line end, `\\t` for a tab, `\\u0000` for others",
                    });
                    (char::from(control), 1)
                }
            };
            // Where an escape begins, and what follows it.
            decoded.runs.push((decoded.text.len(), start + at as u32));
            decoded.text.push(meant);
            at += length;
            decoded.runs.push((decoded.text.len(), start + at as u32));
        }
        decoded.text.push_str(&source[at..]);
        decoded
    }

    /// Reads a string again that [`super::parse`] has read: `source` without its quotes.
    pub(crate) fn again(source: &str, start: u32) -> Self {
        Self::read(source, start, |_| {})
    }

    /// Where the bytes of the text stand in the source.
    pub(crate) fn place(&self, range: Range<usize>) -> Span {
        let place = |offset: usize| {
            let after = self.runs.partition_point(|&(text, _)| text <= offset);
            let (text, source) = self.runs[after.saturating_sub(1)];
            source + (offset - text) as u32
        };
        let start = place(range.start);
        Span::new(start, place(range.end).max(start))
    }
}

/// The character that an escape at the start of `rest` stands for, and the escape's length.
fn escape(rest: &str, at: usize, mistaken: &mut impl FnMut(Mistake)) -> (char, usize) {
    let Some(letter) = rest[1..].chars().next() else { return ('\\', 1) };
    let plain = match letter {
        '"' | '\\' | '/' => letter,
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => return unicode(rest, at, mistaken),
        _ => {
            mistaken(Mistake {
                range: at..at + 1 + letter.len_utf8(),
                message: format!("JSON has no escape `\\{letter}`"),
                help: "there are `\\\"`, `\\\\`, `\\/`, `\\b`, `\\f`, `\\n`, `\\r`, `\\t`, \
                       `\\uXXXX`; write `\\\\` for a backslash",
            });
            letter
        }
    };
    (plain, 1 + letter.len_utf8())
}

/// `\uXXXX`, or two of them for a character beyond the first 65,536.
fn unicode(rest: &str, at: usize, mistaken: &mut impl FnMut(Mistake)) -> (char, usize) {
    let unit = |from: usize| {
        let escape = rest.get(from..from + 6)?;
        let digits = escape.strip_prefix("\\u")?;
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hex.then(|| u16::from_str_radix(digits, 16).ok()).flatten()
    };
    let Some(first) = unit(0) else {
        let digits = rest[2..].bytes().take(4).take_while(u8::is_ascii_hexdigit).count();
        mistaken(Mistake {
            range: at..at + 2 + digits,
            message: "`\\u` needs four hexadecimal digits".to_owned(),
            help: "such as `\\u00e9`",
        });
        return (char::REPLACEMENT_CHARACTER, 2 + digits);
    };
    let units = [first, unit(6).unwrap_or_default()];
    match char::decode_utf16(units).next() {
        Some(Ok(meant)) => (meant, 6 * meant.len_utf16()),
        _ => {
            mistaken(Mistake {
                range: at..at + 6,
                message: format!("`{}` is half a character", &rest[..6]),
                help: "characters beyond `\\uffff` are two escapes, such as `\\ud83d\\ude00`",
            });
            (char::REPLACEMENT_CHARACTER, 6)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_knows_where_it_came_from() {
        let source = r"a\nb\u00e9c\ud83d\ude00d";
        let decoded = Decoded::again(source, 100);
        assert_eq!(decoded.text, "a\nbéc😀d");
        for (part, written) in [
            ("a", "a"),
            ("\n", r"\n"),
            ("b", "b"),
            ("é", r"\u00e9"),
            ("😀", r"\ud83d\ude00"),
            ("d", "d"),
        ] {
            let at = decoded.text.find(part).expect("it is there");
            let place = decoded.place(at..at + part.len());
            let local = place.start() as usize - 100..place.end() as usize - 100;
            assert_eq!(&source[local], written);
        }
    }
}
