//! What may stand where the cursor is.

use cooper_build::{Console, Session};
use cooper_hcl::SourceMap;
use cooper_hcl::token::{Fault, TokenKind, Tokens};

/// Names that an expression may begin with, and commands.
pub(super) struct Names<'a> {
    console: &'a Console,
    functions: Vec<String>,
}

/// What a line may be besides an expression.
const COMMANDS: &[&str] = &["exit", "help", "variables"];
/// Words of expressions.
const WORDS: &[&str] = &["false", "null", "true"];

impl<'a> Names<'a> {
    pub(super) fn new(console: &'a Console, session: &Session) -> Self {
        let forms = session.functions.special_forms().iter().copied();
        let functions = session.functions.names().chain(forms).map(|name| format!("{name}("));
        Self { console, functions: functions.collect() }
    }

    /// Where the word before the cursor begins, and what it may become.
    pub(super) fn complete(&self, line: &str, cursor: usize) -> (usize, Vec<String>) {
        let before = &line[..cursor];
        if is_text(before) {
            return (cursor, Vec::new());
        }
        let path = &before[before
            .rfind(|c| !is_path(c))
            .map_or(0, |at| at + before[at..].chars().next().map_or(0, char::len_utf8))..];
        let mut steps: Vec<&str> = path.split('.').collect();
        let word = steps.pop().unwrap_or_default();
        let mut found: Vec<String> = self.console.names(&steps);
        if steps.is_empty() {
            found.extend(self.functions.iter().cloned());
            found.extend(WORDS.iter().map(|&word| word.to_owned()));
            if before == word {
                found.extend(COMMANDS.iter().map(|&word| word.to_owned()));
            }
        }
        found.retain(|name| name.starts_with(word) && name.chars().all(|c| is_path(c) || c == '('));
        found.sort_unstable();
        found.dedup();
        (cursor - word.len(), found)
    }
}

fn is_path(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '-' | '.')
}

/// Whether a text ends in the middle of a string or comment.
fn is_text(text: &str) -> bool {
    with_tokens(text, |tokens| {
        let open = tokens.iter().rev().find(|token| token.kind != TokenKind::Text);
        match open.map(|token| token.kind) {
            Some(TokenKind::QuoteOpen | TokenKind::HeredocOpen | TokenKind::LineComment) => true,
            Some(TokenKind::TemplateClose) => !tokens.faults().is_empty(),
            _ => tokens.faults().iter().any(|fault| matches!(fault, Fault::Comment { .. })),
        }
    })
}

/// Whether a text goes on in the next line, because a bracket, a heredoc, a template or a comment
/// is open. A string cannot.
pub(super) fn is_unfinished(text: &str) -> bool {
    with_tokens(&format!("{text}\n"), |tokens| {
        let strings = tokens.faults().iter().filter(|f| matches!(f, Fault::String { .. })).count();
        let mut open = 0_i64;
        for token in tokens.iter() {
            match token.kind {
                TokenKind::BraceOpen | TokenKind::BracketOpen | TokenKind::ParenOpen => open += 1,
                TokenKind::BraceClose | TokenKind::BracketClose | TokenKind::ParenClose => {
                    open -= 1;
                }
                _ => {}
            }
        }
        strings == 0 && (open > 0 || !tokens.faults().is_empty())
    })
}

fn with_tokens<T>(text: &str, look: impl FnOnce(&Tokens<'_>) -> T) -> T
where
    T: Default,
{
    let mut sources = SourceMap::new();
    // What does not fit into 4 GiB is not typed.
    sources.add("", text).map_or_else(|_| T::default(), |file| look(&Tokens::of(&file)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open_goes_on() {
        for text in ["[1,", "{", "f(\n1", "<<A\nx", "<<-A", "/* c", "{ a = [\n]", "(\"a\""] {
            assert!(is_unfinished(text), "{text}");
        }
        for text in ["", "1 +", "[1]", "\"a", "[\"a", "<<A\nx\nA", "]", "\"${[1]}\"", "# ("] {
            assert!(!is_unfinished(text), "{text}");
        }
    }

    #[test]
    fn the_inside_of_strings_is_not_completed() {
        for text in ["\"a", "\"${a}b", "<<A\nx", "1 # c", "/* c"] {
            assert!(is_text(text), "{text}");
        }
        for text in ["", "a", "\"${a", "\"a\" + ", "\"${a}\" + b", "<<A\n${a"] {
            assert!(!is_text(text), "{text}");
        }
    }
}
