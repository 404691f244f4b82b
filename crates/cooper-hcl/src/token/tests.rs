//! Kinds of token, what is left open, and that nothing is lost.

use proptest::prelude::*;

use super::{Fault, TokenKind, Tokens};
use crate::source::SourceMap;

/// The tokens of a text, each as its kind and its own text.
fn tokens(text: &str) -> Vec<(TokenKind, String)> {
    with_tokens(text, |tokens| {
        tokens.iter().map(|token| (token.kind, tokens.text(token.span).to_owned())).collect()
    })
}

fn with_tokens<T>(text: &str, look: impl FnOnce(&Tokens<'_>) -> T) -> T {
    let mut sources = SourceMap::new();
    let file = sources.add("x", text).expect("room");
    look(&Tokens::of(&file))
}

/// Only the texts.
fn texts(text: &str) -> Vec<String> {
    tokens(text).into_iter().map(|(_, text)| text).collect()
}

#[test]
fn every_sign_is_told_apart() {
    use TokenKind as T;
    for (text, kinds) in [
        ("= == => =", &[T::Assign, T::Equal, T::Arrow, T::Assign][..]),
        (
            "! != < <= > >=",
            &[T::Not, T::NotEqual, T::Less, T::LessEqual, T::Greater, T::GreaterEqual],
        ),
        (". .. ...", &[T::Dot, T::Dot, T::Dot, T::Ellipsis]),
        (": :: ? ,", &[T::Colon, T::DoubleColon, T::Question, T::Comma]),
        ("&& || & |", &[T::And, T::Or, T::Invalid, T::Invalid]),
        ("+ - * / %", &[T::Plus, T::Minus, T::Star, T::Slash, T::Percent]),
        (
            "()[]{}",
            &[
                T::ParenOpen,
                T::ParenClose,
                T::BracketOpen,
                T::BracketClose,
                T::BraceOpen,
                T::BraceClose,
            ],
        ),
        ("a-b _é x1 1x", &[T::Word, T::Word, T::Word, T::Number, T::Word]),
        (
            "1 1.5 1e9 1.5E-3 1. 1e",
            &[T::Number, T::Number, T::Number, T::Number, T::Number, T::Dot, T::Number, T::Word],
        ),
        (
            "# a\n// b\r\n/* c\n*/",
            &[T::LineComment, T::LineEnd, T::LineComment, T::LineEnd, T::BlockComment],
        ),
        (
            "'a b' `c` “d” ' ;",
            &[T::WrongQuotes, T::WrongQuotes, T::WrongQuotes, T::WrongQuotes, T::Invalid],
        ),
        ("\u{feff}a\u{feff}", &[T::ByteOrderMark, T::Word, T::Invalid]),
        ("<< <<- a", &[T::Less, T::Less, T::Less, T::Less, T::Minus, T::Word]),
    ] {
        let found: Vec<_> = tokens(text).into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(found, kinds, "{text:?}");
    }
}

#[test]
fn strings_are_taken_apart() {
    assert_eq!(
        texts(r#""a\"${ b }$${c}%{~ if x ~}$%" d"#),
        ["\"", "a\\\"", "${", "b", "}", "$${c}", "%{~", "if", "x", "~}", "$%", "\"", "d"]
    );
    assert_eq!(
        texts("\"${ {a = \"}\"} }\""),
        ["\"", "${", "{", "a", "=", "\"", "}", "\"", "}", "}", "\""]
    );
    assert_eq!(texts("\"$$${a}\""), ["\"", "$$${a}", "\""]);
}

#[test]
fn heredocs_end_at_their_word_alone() {
    assert_eq!(
        texts("a = <<-EOT\n  b ${c}\n EOTX\n  EOT \r\nd"),
        ["a", "=", "<<-EOT\n", "  b ", "${", "c", "}", "\n EOTX\n", "  EOT ", "\r\n", "d"]
    );
    assert_eq!(texts("<<A\nA\n"), ["<<A\n", "A", "\n"]);
    assert_eq!(texts("<<A\r\n$\r\nA"), ["<<A\r\n", "$\r\n", "A"]);
}

#[test]
fn what_is_left_open_is_a_fault() {
    for (text, fault, end) in [
        ("a = \"b\nc = 1", "\"", "c = 1"),
        ("a = \"b${c\"\nd = 1", "${", "d = 1"),
        ("a = \"b${\nc = 1", "${", "c = 1"),
        ("a = \"b${c(\nblock \"x\" {\n}", "${", "block \"x\" {\n}"),
        ("a = <<X\nb", "<<X\n", ""),
        ("a = <<X\nb\n X, c\nd", "<<X\n", ", c\nd"),
        ("a = <<X\n${b\nX\nd = 1", "${", "d = 1"),
        ("/* a\nb", "/*", ""),
    ] {
        with_tokens(text, |tokens| {
            let [found] = tokens.faults() else { panic!("{text:?}: {:?}", tokens.faults()) };
            let open = match *found {
                Fault::String { open, .. }
                | Fault::Heredoc { open, .. }
                | Fault::Template { open, .. }
                | Fault::Comment { open } => open,
                Fault::TooManyTokens { at } => at,
            };
            assert_eq!(tokens.text(open), fault, "{text:?}");
            let sound =
                |token: &&super::Token| matches!(token.kind, TokenKind::Word | TokenKind::Comma);
            let rest = tokens.source().find(end).expect("the rest is there");
            let rest = tokens.span().start() + rest as u32;
            let first = tokens.iter().find(|token| token.span.start() >= rest);
            assert!(end.is_empty() || first.as_ref().is_some_and(sound), "{text:?}: {first:?}");
        });
    }
}

#[test]
fn a_cursor_finds_its_token() {
    with_tokens("ab = 1", |tokens| {
        let at = |offset: u32| tokens.index_at(tokens.span().start() + offset);
        assert_eq!([at(0), at(1), at(2), at(3), at(5), at(6)], [0, 0, 1, 1, 2, 3]);
    });
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost(text in "[a\"$%{}<E\\n\\r~' \\-\\[é/*#=]{0,40}") {
        with_tokens(&text, |tokens| {
            let mut end = tokens.span().start();
            for token in tokens.iter() {
                let gap = tokens.text(crate::Span::new(end, token.span.start()));
                prop_assert!(gap.chars().all(|c| matches!(c, ' ' | '\t')), "{gap:?}");
                prop_assert!(!token.span.is_empty());
                end = token.span.end();
            }
            let rest = tokens.text(crate::Span::new(end, tokens.span().end()));
            prop_assert!(rest.chars().all(|c| matches!(c, ' ' | '\t')), "{rest:?}");
            Ok(())
        })?;
    }
}
