//! Places in a text, as the protocol counts them and as bytes.
//!
//! A position is a line and a distance from its beginning, counted in what client and server
//! agreed on. Lines end at `\n`, `\r\n` and `\r`, and at nothing else.

use gen_lsp_types::{Position, PositionEncodingKind, Range};

/// What the distance from a line's beginning is counted in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Encoding {
    /// Bytes.
    Utf8,
    /// Code units of UTF-16; what every client knows.
    #[default]
    Utf16,
    /// Characters.
    Utf32,
}

impl Encoding {
    /// The first of the client's encodings that is known; UTF-16 when there is none.
    pub(crate) fn negotiate<'a>(offered: impl IntoIterator<Item = &'a str>) -> Self {
        let known = offered.into_iter().find_map(|name| match name {
            "utf-8" => Some(Self::Utf8),
            "utf-16" => Some(Self::Utf16),
            "utf-32" => Some(Self::Utf32),
            _ => None,
        });
        known.unwrap_or_default()
    }

    /// What the protocol calls it.
    pub(crate) fn kind(self) -> PositionEncodingKind {
        match self {
            Self::Utf8 => PositionEncodingKind::UTF8,
            Self::Utf16 => PositionEncodingKind::UTF16,
            Self::Utf32 => PositionEncodingKind::UTF32,
        }
    }

    fn width(self, letter: char) -> usize {
        match self {
            Self::Utf8 => letter.len_utf8(),
            Self::Utf16 => letter.len_utf16(),
            Self::Utf32 => 1,
        }
    }

    fn length(self, text: &str) -> usize {
        match self {
            Self::Utf8 => text.len(),
            Self::Utf16 | Self::Utf32 => text.chars().map(|letter| self.width(letter)).sum(),
        }
    }
}

/// Where the lines of a text begin.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    /// Looks for the lines of a text.
    pub(crate) fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let ends = bytes.iter().enumerate().filter(|&(at, byte)| match byte {
            b'\n' => true,
            b'\r' => bytes.get(at + 1) != Some(&b'\n'),
            _ => false,
        });
        Self { starts: std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect() }
    }

    /// The byte at a position. What lies behind the end of a line or of the text, or inside a
    /// character, is its end or the character's beginning.
    pub(crate) fn offset(&self, text: &str, position: Position, encoding: Encoding) -> usize {
        let line = position.line as usize;
        let Some(&start) = self.starts.get(line) else { return text.len() };
        let end = self.starts.get(line + 1).copied().unwrap_or(text.len());
        let line = text.get(start..end).unwrap_or("").trim_end_matches(['\n', '\r']);
        let mut left = position.character as usize;
        for (at, letter) in line.char_indices() {
            let width = encoding.width(letter);
            if left < width {
                return start + at;
            }
            left -= width;
        }
        start + line.len()
    }

    /// The position of a byte.
    pub(crate) fn position(&self, text: &str, offset: usize, encoding: Encoding) -> Position {
        let offset = offset.min(text.len());
        let line = self.starts.partition_point(|&start| start <= offset).saturating_sub(1);
        let before = text.get(self.starts[line]..offset).unwrap_or("");
        Position { line: line as u32, character: encoding.length(before) as u32 }
    }

    /// The range of some bytes.
    pub(crate) fn range(
        &self,
        text: &str,
        bytes: std::ops::Range<usize>,
        encoding: Encoding,
    ) -> Range {
        Range {
            start: self.position(text, bytes.start, encoding),
            end: self.position(text, bytes.end, encoding),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ENCODINGS: [Encoding; 3] = [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32];

    fn at(line: u32, character: u32) -> Position {
        Position { line, character }
    }

    #[test]
    fn positions_count_what_was_agreed_on() {
        let text = "a𝔘é\r\nb\rc\n";
        let lines = Lines::of(text);
        // Behind the letter that has two units in UTF-16, four bytes and one character.
        for (encoding, character) in
            [(Encoding::Utf8, 5), (Encoding::Utf16, 3), (Encoding::Utf32, 2)]
        {
            assert_eq!(lines.position(text, 5, encoding), at(0, character));
            assert_eq!(lines.offset(text, at(0, character), encoding), 5);
        }
        for (position, offset) in [
            // Between the halves of a pair of units.
            (at(0, 2), 1),
            // Behind the line, which ends before both bytes of its end.
            (at(0, 99), 7),
            (at(1, 0), 9),
            (at(1, 1), 10),
            (at(1, 2), 10),
            (at(2, 0), 11),
            (at(3, 0), 13),
            (at(3, 1), 13),
            (at(99, 0), 13),
        ] {
            assert_eq!(lines.offset(text, position, Encoding::Utf16), offset, "{position:?}");
        }
    }

    #[test]
    fn the_first_known_encoding_is_taken() {
        assert_eq!(Encoding::negotiate(["utf-7", "utf-32", "utf-8"]), Encoding::Utf32);
        assert_eq!(Encoding::negotiate([]), Encoding::Utf16);
    }

    proptest! {
        #[test]
        fn there_and_back(text in "[a\r\n𝔘é\u{2028}]{0,20}") {
            let lines = Lines::of(&text);
            let within_line_end = |at: usize| {
                text.as_bytes().get(at) == Some(&b'\n')
                    && at > 0 && text.as_bytes()[at - 1] == b'\r'
            };
            for encoding in ENCODINGS {
                for (offset, _) in text.char_indices().chain([(text.len(), ' ')]) {
                    if !within_line_end(offset) {
                        let position = lines.position(&text, offset, encoding);
                        prop_assert_eq!(lines.offset(&text, position, encoding), offset);
                    }
                }
            }
        }
    }
}
