//! Output, line by line.

/// How long a line may be; a longer one is shown in pieces.
const LONGEST: usize = 64 << 10;

/// Cuts bytes into lines of text.
#[derive(Default)]
pub(super) struct Lines {
    rest: Vec<u8>,
}

impl Lines {
    /// The lines that end in these bytes.
    pub(super) fn add(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.rest.extend_from_slice(piece);
            if piece.ends_with(b"\n") || self.rest.len() >= LONGEST {
                lines.extend(self.end());
            }
        }
        lines
    }

    /// The line that has no end.
    pub(super) fn end(&mut self) -> Option<String> {
        if self.rest.is_empty() {
            return None;
        }
        let line = std::mem::take(&mut self.rest);
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end_matches(['\r', '\n']);
        // A progress bar writes over its own line again and again: its last state is what counts.
        Some(line.rsplit('\r').next().unwrap_or(line).to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_whole() {
        let mut lines = Lines::default();
        assert_eq!(lines.add(b"a\nb\r\nhalf"), ["a", "b"]);
        assert_eq!(lines.add(b" full\n\n10%\r100%\n\xff"), ["half full", "", "100%"]);
        assert_eq!(lines.end().as_deref(), Some("\u{fffd}"));
        assert_eq!(lines.end(), None);
    }

    #[test]
    fn a_line_without_an_end_comes_in_pieces() {
        let mut lines = Lines::default();
        let pieces: usize = (0..100).map(|_| lines.add(&[b'x'; 4096]).len()).sum();
        assert_eq!(pieces, 100 * 4096 / LONGEST);
    }
}
