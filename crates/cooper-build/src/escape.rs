//! Control characters and escape sequences: what a terminal obeys instead of showing it.

use std::ops::Range;

/// Whether a character does something to a terminal, or to the order in which a text is read.
pub fn is_harmful(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\t')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

/// The length of the control character or escape sequence that the text begins with.
///
/// As ECMA-48 has it: `ESC [` or CSI up to a final byte, the strings (`ESC ]`, `ESC P`, `ESC X`,
/// `ESC ^`, `ESC _`) up to their terminator, other escapes two bytes or with intermediates. One
/// that does not end in its line ends there.
pub fn sequence(text: &str) -> usize {
    let mut chars = text.char_indices();
    let first = chars.next().map_or('\0', |(_, c)| c);
    let kind = match first {
        '\u{1b}' => chars.next().map(|(_, c)| c),
        '\u{9b}' => Some('['),
        '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => Some(']'),
        other => return other.len_utf8(),
    };
    let mut previous = '\0';
    match kind {
        Some('[') => {
            for (at, c) in chars {
                match c {
                    '\u{40}'..='\u{7e}' => return at + 1,
                    '\u{20}'..='\u{3f}' => {}
                    _ => return at,
                }
            }
        }
        Some(']' | 'P' | 'X' | '^' | '_') => {
            for (at, c) in chars {
                match c {
                    '\u{7}' | '\u{9c}' => return at + c.len_utf8(),
                    '\\' if previous == '\u{1b}' => return at + 1,
                    '\n' => return at,
                    _ => previous = c,
                }
            }
        }
        Some(' '..='/') => {
            for (at, c) in chars {
                match c {
                    ' '..='/' => {}
                    '0'..='~' => return at + 1,
                    _ => return at,
                }
            }
        }
        Some('0'..='~') => return 2,
        _ => return 1,
    }
    text.len()
}

/// A text as a terminal shows it, with the way back to the text.
pub(crate) struct Visible {
    text: String,
    /// Where pieces of it begin, and where these stand in the original.
    pieces: Vec<(usize, usize)>,
}

impl Visible {
    /// What is seen of a text; nothing when that is all of it.
    pub(crate) fn of(text: &str) -> Option<Self> {
        text.contains(is_harmful).then(|| {
            let mut visible = Self { text: String::with_capacity(text.len()), pieces: Vec::new() };
            let mut at = 0;
            while at < text.len() {
                let rest = &text[at..];
                let length = rest.find(is_harmful).unwrap_or(rest.len());
                visible.pieces.push((visible.text.len(), at));
                visible.text.push_str(&rest[..length]);
                at += length;
                if at < text.len() {
                    at += sequence(&text[at..]);
                }
            }
            visible
        })
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// What a range of it was made of, with everything in between.
    pub(crate) fn origin(&self, range: Range<usize>) -> Range<usize> {
        let Range { start, end } = range;
        match end.checked_sub(1) {
            Some(last) if start < end => self.place(start)..self.place(last) + 1,
            _ => 0..0,
        }
    }

    fn place(&self, at: usize) -> usize {
        let piece = self.pieces.partition_point(|(start, _)| *start <= at).saturating_sub(1);
        self.pieces.get(piece).map_or(0, |(start, origin)| origin + (at - start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_seen_leads_back_to_what_was_written() {
        let text = "a\u{1b}[31mbc\u{1b}]0;t\u{7}d\0é\u{8}";
        let visible = Visible::of(text).expect("something is not seen");
        assert_eq!(visible.text(), "abcdé");
        assert_eq!(&text[visible.origin(1..4)], "bc\u{1b}]0;t\u{7}d");
        assert_eq!(&text[visible.origin(4..6)], "é");
        assert!(Visible::of("plain\ttext\n").is_none());
    }
}
