//! Where the text of a string stands in the literal that it was written as.
//!
//! A value has its text after escapes, indentation and what was filled in; a mistake in that text
//! is to be shown where somebody wrote it. So the literal is read once more, and its characters
//! are laid beside those of the value.

use std::ops::Range;

use crate::source::{SourceFile, SourceMap, Span};
use crate::token::{TokenKind, Tokens};

/// The place of a part of a value in the string literal that it came from. A part that was filled
/// in by `${ }` is at that interpolation. Nothing, when the expression is no such literal, or the
/// value cannot be recognised in it.
pub fn place_in(file: &SourceFile, literal: Span, value: &str, part: Range<usize>) -> Option<Span> {
    let start = literal.start().checked_sub(file.base())? as usize;
    let end = literal.end().checked_sub(file.base())? as usize;
    let written = file.text().get(start..end)?;
    if value.len() > LONGEST || written.len() > LONGEST {
        return None;
    }
    let places = align(&pieces(written)?, value)?;
    let last = part.end.max(part.start + 1) - 1;
    let at = |offset: usize| {
        let index = places.partition_point(|(from, _)| *from <= offset).checked_sub(1)?;
        Some(places[index].1.clone())
    };
    let (first, last) = (at(part.start)?, at(last)?);
    let base = literal.start();
    Some(Span::new(base + first.start as u32, base + last.end.max(first.end) as u32))
}

/// Longer texts are shown as a whole.
const LONGEST: usize = 256 << 10;

/// A piece of a literal.
enum Piece {
    /// A character of the text, and the bytes it is written as.
    Character(char, Range<usize>),
    /// Something that makes text: `${ }` or `%{ }`.
    Filled(Range<usize>),
}

/// The pieces of a literal; nothing when the text is something else.
fn pieces(written: &str) -> Option<Vec<Piece>> {
    let mut sources = SourceMap::new();
    // The end of a heredoc's last line does not belong to it, and shows where it ends.
    let file = sources.add("", format!("{written}\n")).ok()?;
    let tokens = Tokens::of(&file);
    let local = |offset: u32| (offset - file.base()) as usize;
    let is_quoted = match tokens.first()?.kind {
        TokenKind::QuoteOpen => true,
        TokenKind::HeredocOpen => false,
        _ => return None,
    };
    let mut pieces = Vec::new();
    let mut depth = 0_usize;
    let mut open = 0;
    for token in tokens.iter().skip(1) {
        let range = local(token.span.start())..local(token.span.end());
        match token.kind {
            TokenKind::Text if depth == 0 => {
                characters(&written[range.clone()], range.start, is_quoted, &mut pieces);
            }
            TokenKind::InterpolationOpen | TokenKind::DirectiveOpen => {
                if depth == 0 {
                    open = range.start;
                }
                depth += 1;
            }
            TokenKind::TemplateClose => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    pieces.push(Piece::Filled(open..range.end));
                }
            }
            TokenKind::QuoteClose | TokenKind::HeredocClose if depth == 0 => return Some(pieces),
            _ => {}
        }
    }
    None
}

/// The characters that a text of a literal stands for.
fn characters(text: &str, base: usize, is_quoted: bool, pieces: &mut Vec<Piece>) {
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let (character, length) = match first {
            '\\' if is_quoted => escape(rest),
            '$' if rest.starts_with("$${") => ('$', 2),
            '%' if rest.starts_with("%%{") => ('%', 2),
            other => (other, other.len_utf8()),
        };
        pieces.push(Piece::Character(character, base + at..base + at + length));
        at += length;
    }
}

/// The character that an escape of either syntax stands for, and the escape's length.
fn escape(rest: &str) -> (char, usize) {
    let Some(letter) = rest[1..].chars().next() else { return ('\\', 1) };
    let digits = match letter {
        'u' => 4,
        'U' => 8,
        _ => 0,
    };
    if digits > 0 {
        let code = rest.get(2..2 + digits).and_then(|code| u32::from_str_radix(code, 16).ok());
        return match code.and_then(char::from_u32) {
            Some(character) => (character, 2 + digits),
            None => ('\\', 1),
        };
    }
    let character = match letter {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'b' => '\x08',
        'f' => '\x0c',
        other => other,
    };
    (character, 1 + letter.len_utf8())
}

/// For the beginnings of parts of the value, in order, what they are written as.
type Places = Vec<(usize, Range<usize>)>;

/// Lays a value beside the pieces of its literal.
fn align(pieces: &[Piece], value: &str) -> Option<Places> {
    let mut places = Places::new();
    let mut at = 0;
    let mut filled: Option<Range<usize>> = None;
    let mut segments = pieces.split_inclusive(|piece| matches!(piece, Piece::Filled(_))).peekable();
    while let Some(segment) = segments.next() {
        let (text, next) = match segment.split_last() {
            Some((Piece::Filled(range), text)) => (text, Some(range.clone())),
            _ => (segment, None),
        };
        let is_last = next.is_none() && segments.peek().is_none();
        let (start, end, found) = match filled.take() {
            None => follow(text, value, at).map(|(end, found)| (at, end, found))?,
            Some(range) => {
                let found = value[at..]
                    .char_indices()
                    .map(|(skipped, _)| at + skipped)
                    .chain([value.len()])
                    .find_map(|start| {
                        let (end, found) = follow(text, value, start)?;
                        (!is_last || end == value.len()).then_some((start, end, found))
                    })?;
                if found.0 > at {
                    places.push((at, range));
                }
                found
            }
        };
        debug_assert!(start <= end);
        places.extend(found);
        at = end;
        filled = next;
    }
    match filled {
        Some(range) if at < value.len() => places.push((at, range)),
        None if at < value.len() => return None,
        _ => {}
    }
    Some(places)
}

/// Follows a piece of text through the value from a place on: where it ends, and what each of its
/// characters is written as. White space may be missing in the value: it was indentation, or
/// trimmed.
fn follow(text: &[Piece], value: &str, start: usize) -> Option<(usize, Places)> {
    let mut at = start;
    let mut found = Places::new();
    for piece in text {
        let Piece::Character(character, range) = piece else { return None };
        match value[at..].chars().next() {
            Some(next) if next == *character => {
                found.push((at, range.clone()));
                at += next.len_utf8();
            }
            _ if character.is_whitespace() => {}
            _ => return None,
        }
    }
    Some((at, found))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a part of a value is written as.
    fn written(literal: &str, value: &str, part: &str) -> Option<String> {
        let mut sources = SourceMap::new();
        let file = sources.add("x", format!("a = {literal}\n")).expect("room");
        let start = file.base() + 4;
        let span = Span::new(start, start + literal.len() as u32);
        let at = value.find(part).expect("it is a part");
        let place = place_in(&file, span, value, at..at + part.len())?;
        Some(sources.text(place).to_owned())
    }

    #[test]
    fn parts_are_found_where_they_were_written() {
        for (literal, value, part, place) in [
            (r#""a {{b}} c""#, "a {{b}} c", "{{b", "{{b"),
            (r#""\"\\\u00e9{{b}}""#, "\"\\é{{b}}", "b", "b"),
            (r#""\"\\\u00e9{{b}}""#, "\"\\é{{b}}", "é", r"\u00e9"),
            (r#""$${x} {{b}}""#, "${x} {{b}}", "b", "b"),
            (r#""${v} {{b}} ${w}""#, "one {{b}} two", "b", "b"),
            (r#""${v}{{b}}""#, "one{{b}}", "on", "${v}"),
            (r#""{{${v}}}""#, "{{one}}", "one", "${v}"),
            (r#""${v}""#, "one", "ne", "${v}"),
            ("<<E\none {{b}}\ntwo\nE", "one {{b}}\ntwo\n", "b", "b"),
            ("<<-E\n    one\n      {{b}}\n    E", "one\n  {{b}}\n", "{{b}}", "{{b}}"),
            ("<<-E\n  a ${v ~}\n  {{b}}\nE", "a x{{b}}\n", "b}", "b}"),
            (r#""%{ if true }{{b}}%{ endif }""#, "{{b}}", "b", "b"),
        ] {
            assert_eq!(written(literal, value, part).as_deref(), Some(place), "{literal}");
        }
    }

    #[test]
    fn what_is_not_the_literal_is_not_guessed_at() {
        for (literal, value) in [("var.x", "x"), (r#""a""#, "b"), (r#""a${v}""#, "b"), ("1", "1")] {
            assert_eq!(written(literal, value, value), None, "{literal}");
        }
    }
}
