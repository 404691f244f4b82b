//! Text made safe for a terminal.
//!
//! What a container, a registry or a template says may hold anything: sequences that move the
//! cursor, set the window's title, or make the terminal answer. Only colours are let through,
//! and only where colours are wanted.

use std::borrow::Cow;

use cooper_build::escape::{is_harmful, sequence};

/// The text without control characters, except line breaks and tabs, and without escape
/// sequences, except colours when `keep_colors`. Colours that are kept are ended.
pub(crate) fn clean(text: &str, keep_colors: bool) -> Cow<'_, str> {
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

fn is_color(sequence: &str) -> bool {
    sequence
        .strip_prefix("\u{1b}[")
        .and_then(|sequence| sequence.strip_suffix('m'))
        .is_some_and(|inside| inside.bytes().all(|b| b.is_ascii_digit() || b == b';'))
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
