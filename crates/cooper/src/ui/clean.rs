//! Text made safe for a terminal.
//!
//! What a container, a registry or a template says may hold anything: sequences that move the
//! cursor, set the window's title, or make the terminal answer. Only colours are let through,
//! and only where colours are wanted.

use std::borrow::Cow;

/// The text without control characters, except line breaks and tabs, and without escape
/// sequences, except colours when `keep_colors`. Colours that are kept are ended.
pub(super) fn clean(text: &str, keep_colors: bool) -> Cow<'_, str> {
    if !text.chars().any(is_harmful) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut colored = false;
    let mut rest = text;
    while let Some(at) = rest.find(is_harmful) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = sequence(rest);
        let (found, after) = rest.split_at(length);
        if keep_colors && is_color(found) {
            out.push_str(found);
            colored = !matches!(found, "\u{1b}[m" | "\u{1b}[0m");
        }
        rest = after;
    }
    out.push_str(rest);
    if colored {
        out.push_str("\u{1b}[0m");
    }
    Cow::Owned(out)
}

/// One line of a command's output as it would look on a terminal in the end: what was
/// overwritten after a carriage return is gone, and so are trailing blanks.
pub(super) fn last_state(line: &str) -> &str {
    let line = line.trim_end();
    line.rsplit('\r').next().unwrap_or(line)
}

pub(super) fn is_harmful(c: char) -> bool {
    // Also what makes text read in another order than it is written in.
    c.is_control() && !matches!(c, '\n' | '\t')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

fn is_color(sequence: &str) -> bool {
    sequence
        .strip_prefix("\u{1b}[")
        .and_then(|sequence| sequence.strip_suffix('m'))
        .is_some_and(|inside| inside.bytes().all(|b| b.is_ascii_digit() || b == b';'))
}

/// The length of the control character or escape sequence that the text begins with.
///
/// As ECMA-48 has it: `ESC [` or CSI up to a final byte, the strings (`ESC ]`, `ESC P`, `ESC X`,
/// `ESC ^`, `ESC _`) up to their terminator, other escapes two bytes or with intermediates. One
/// that does not end in its line ends there.
fn sequence(text: &str) -> usize {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_is_left_alone() {
        assert!(matches!(clean("ünï\t✓\nb", false), Cow::Borrowed(_)));
    }

    #[test]
    fn only_colours_get_through() {
        for (text, plain, colored) in [
            ("a\u{1b}[31mred\u{1b}[0m b", "ared b", "a\u{1b}[31mred\u{1b}[0m b"),
            ("\u{1b}[31mred", "red", "\u{1b}[31mred\u{1b}[0m"),
            ("\u{1b}[2J\u{1b}[Hgone", "gone", "gone"),
            ("\u{1b}]0;title\u{7}x", "x", "x"),
            ("\u{1b}]8;;http://evil\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link", "link"),
            ("\u{1b}]0;unfinished\nnext", "\nnext", "\nnext"),
            ("\u{1b}P1$r\u{1b}\\x", "x", "x"),
            ("\u{9b}31mx\u{9d}0;t\u{9c}y", "xy", "xy"),
            ("bell\u{7}back\u{8}del\u{7f}nul\0", "bellbackdelnul", "bellbackdelnul"),
            ("\u{1b}c\u{1b}(Bx", "x", "x"),
            ("\u{1b}[31;\u{1b}[0mx", "x", "\u{1b}[0mx"),
            ("\u{1b}", "", ""),
            ("\u{1b}[", "", ""),
            ("\u{1b}[?25lx", "x", "x"),
            ("a\rb", "ab", "ab"),
            ("a\u{202e}b\u{2066}c\u{2028}d", "abcd", "abcd"),
        ] {
            assert_eq!(clean(text, false), plain, "{text:?}");
            assert_eq!(clean(text, true), colored, "{text:?}");
        }
    }

    #[test]
    fn what_was_overwritten_is_gone() {
        assert_eq!(last_state("10%\r50%\r100%  \r"), "100%");
        assert_eq!(last_state("plain"), "plain");
        assert_eq!(last_state(""), "");
    }
}
