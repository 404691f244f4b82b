//! Which tokens have a space between them.

use crate::token::TokenKind as T;

/// Whether a space stands between two tokens of a cell; `before` is the one to the left of both.
/// `is_in` tells that the left one is the word `in`.
pub(super) fn is_apart(before: Option<T>, left: T, right: T, is_in: bool) -> bool {
    match (left, right) {
        (_, T::LineEnd)
        // A function and its arguments, its namespace, and what follows a value.
        | (T::Word, T::ParenOpen | T::DoubleColon)
        | (T::DoubleColon, T::Word)
        | (T::Dot, _)
        | (_, T::Dot | T::Comma | T::Ellipsis) => false,
        (T::Comma, _) => true,
        // Nothing is put into a string.
        (T::Text | T::QuoteOpen | T::HeredocOpen, _)
        | (_, T::Text | T::QuoteClose | T::HeredocClose) => false,
        _ if is_in && before == Some(T::Word) => true,
        // An index; a list after a sign or keyword is none.
        (
            T::Word | T::Number | T::BraceClose | T::BracketClose | T::ParenClose | T::TemplateClose,
            T::BracketOpen,
        )
        | (T::Not, _) => false,
        (T::Minus, _) => before.is_some_and(|before| !comes_before_a_value(before)),
        (T::BraceOpen, T::BraceClose) => false,
        (T::BraceOpen, _)
        | (_, T::BraceClose)
        // Braces of an object right inside those of a template.
        | (T::InterpolationOpen | T::DirectiveOpen, T::BraceOpen) => true,
        (T::BraceClose, T::TemplateClose) => true,
        (T::TemplateClose, T::InterpolationOpen | T::DirectiveOpen)
        | (T::BracketOpen | T::ParenOpen | T::InterpolationOpen | T::DirectiveOpen, _)
        | (_, T::BracketClose | T::ParenClose | T::TemplateClose) => false,
        _ => true,
    }
}

/// Whether a minus behind it is the sign of a number.
const fn comes_before_a_value(kind: T) -> bool {
    matches!(
        kind,
        T::ParenOpen
            | T::BraceOpen
            | T::BracketOpen
            | T::Assign
            | T::Colon
            | T::Comma
            | T::Question
            | T::Plus
            | T::Star
            | T::Slash
            | T::Percent
            | T::Minus
            | T::Equal
            | T::NotEqual
            | T::Greater
            | T::GreaterEqual
            | T::Less
            | T::LessEqual
            | T::And
            | T::Or
            | T::Not
    )
}
