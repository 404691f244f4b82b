//! What is said of a token that does not belong where it stands.

use super::parser::Parser;
use crate::diagnostic::{Code, Diagnostic, Reported};
use crate::source::Span;
use crate::token::TokenKind as T;

impl Parser<'_> {
    /// Records that something else was expected.
    pub(super) fn unexpected(&mut self, expected: &str) -> Reported {
        match self.misplaced() {
            Some(reported) => reported,
            None => {
                let found = self.describe();
                self.diags.error(
                    Diagnostic::error(Code::Syntax, format!("expected {expected}"))
                        .at(self.here(), format!("found {found}")),
                )
            }
        }
    }

    fn describe(&self) -> String {
        let place = self.here();
        let text = self.tokens.text(place).trim_end();
        match self.tokens.get(self.at).map(|token| token.kind) {
            None => "the end of the text".into(),
            Some(T::LineEnd | T::LineComment) => "the end of the line".into(),
            Some(T::QuoteOpen) => "a string".into(),
            Some(T::Text) => "text".into(),
            Some(_) => format!("`{text}`"),
        }
    }

    /// Records what is wrong with a token that belongs nowhere.
    fn misplaced(&mut self) -> Option<Reported> {
        let here = self.here();
        let text = self.text();
        let diagnostic = match self.peek()? {
            T::WrongQuotes => {
                let mut chars = text.chars();
                chars.next();
                chars.next_back();
                let inside = chars.as_str();
                let help = match inside.is_empty() || inside.contains(['"', '\\']) {
                    true => "write `\"text\"`".to_owned(),
                    false => format!("write `\"{inside}\"`"),
                };
                Diagnostic::error(Code::Syntax, "strings stand in double quotes").help(help)
            }
            T::Invalid if text == "$" && self.peek_second() == Some(T::BraceOpen) => {
                return Some(self.bare_interpolation());
            }
            T::Invalid => invalid(text),
            kind if kind.closes() => return Some(self.already()),
            _ => return None,
        };
        Some(self.diags.error(diagnostic.at(here, "")))
    }

    /// `${…}` outside a string.
    fn bare_interpolation(&mut self) -> Reported {
        let start = self.here();
        self.take();
        let inside = self.inside(super::parser::Lines::Ignored, |parser| {
            parser.skip_to(|_| false);
            Ok(())
        });
        let place = start.to(self.last);
        let message = "`${ }` stands inside a string";
        let diagnostic = Diagnostic::error(Code::Syntax, message).at(place, "");
        let source = self.tokens.text(place);
        let help = match (inside, source.strip_prefix("${").and_then(|s| s.strip_suffix('}'))) {
            (Ok(_), Some(expr)) if !expr.contains('\n') => {
                format!("write `{}`, or `\"{source}\"` in a longer text", expr.trim())
            }
            _ => "write only what stands between the braces".to_owned(),
        };
        self.diags.error(diagnostic.help(help))
    }

    /// A value should come next, and does not.
    pub(super) fn missing_operand(&mut self) -> Reported {
        let before = self.last;
        let last = self.tokens.text(before).trim_end();
        let here = self.here();
        let found = self.text();
        let is_sign = !last.is_empty() && !last.chars().any(|c| c.is_alphanumeric() || c == '"');
        let no_operator = |operator: &str, help: &str| {
            Diagnostic::error(Code::Syntax, format!("there is no operator `{operator}`"))
                .at(before.to(here), "")
                .help(help)
        };
        let diagnostic = match self.peek() {
            None | Some(T::LineEnd) => {
                let goes_on = self.peek().is_some() && self.goes_on();
                if goes_on {
                    // The next line belongs to the same mistake.
                    self.take();
                }
                let help = goes_on
                    .then_some("an expression goes on in the next line only inside brackets");
                match is_sign || matches!(last, "in" | "if") {
                    true => {
                        let message = format!("a value is missing after `{last}`");
                        Diagnostic::error(Code::Syntax, message).at(before, "").help(help)
                    }
                    false => {
                        Diagnostic::error(Code::Syntax, "a value is missing").at(self.behind(), "")
                    }
                }
            }
            Some(T::Assign) if matches!(last, "==" | "!=") => {
                no_operator(&format!("{last}="), &format!("write `{last}`"))
            }
            Some(T::Greater) if last == "<" => no_operator("<>", "write `!=`"),
            Some(T::Star) if last == "*" => no_operator("**", "write `pow(a, b)`"),
            Some(T::Plus) if last == "+" => no_operator("++", "write `+ 1`"),
            Some(T::Less) if self.peek_second() == Some(T::Less) => return self.bad_heredoc(),
            Some(T::Plus) => {
                Diagnostic::error(Code::Syntax, "a number is written without `+`").at(here, "")
            }
            Some(T::Percent) if self.peek_second() == Some(T::BraceOpen) => {
                Diagnostic::error(Code::Syntax, "`%{ }` stands inside a string")
                    .at(here, "")
                    .help("write `condition ? value : value`, or `[for … in … : value]`")
            }
            Some(
                T::Comma
                | T::Colon
                | T::Question
                | T::Arrow
                | T::Ellipsis
                | T::Assign
                | T::Star
                | T::Slash
                | T::Percent
                | T::Equal
                | T::NotEqual
                | T::Less
                | T::LessEqual
                | T::Greater
                | T::GreaterEqual
                | T::And
                | T::Or
                | T::Dot
                | T::DoubleColon,
            ) => {
                let message = format!("a value is missing before `{found}`");
                Diagnostic::error(Code::Syntax, message).at(here, "")
            }
            Some(_) => return self.unexpected("a value"),
        };
        self.diags.error(diagnostic)
    }

    /// Whether the next line looks like more of an expression.
    fn goes_on(&self) -> bool {
        let next = self.tokens[self.at..].iter().position(|token| token.kind != T::LineEnd);
        let Some(next) = next.map(|next| self.at + next) else { return false };
        let follows = self.tokens.get(next + 1).map(|token| token.kind);
        match self.tokens[next].kind {
            T::Word => !matches!(
                follows,
                Some(T::Assign | T::Colon | T::Equal | T::Arrow)
                    | Some(T::BraceOpen | T::QuoteOpen | T::Word)
            ),
            T::Number | T::HeredocOpen | T::ParenOpen | T::BracketOpen | T::Minus | T::Not => true,
            T::QuoteOpen | T::BraceOpen => true,
            _ => false,
        }
    }

    /// `<<` without a word behind it, or with more than that.
    fn bad_heredoc(&mut self) -> Reported {
        let start = self.take().span;
        let place = start.to(self.take().span);
        let is_indented = self.eat(T::Minus).is_some();
        let sign = if is_indented { "<<-" } else { "<<" };
        let rest = self.tokens.source();
        let from = (self.last.end() - self.tokens.span().start()) as usize;
        let line = rest[from..].lines().next().unwrap_or("");
        let ends = from + line.len() == rest.len();
        let quoted = line.trim().strip_prefix('"').and_then(|word| word.strip_suffix('"'));
        let word = line.trim();
        let diagnostic =
            Diagnostic::error(Code::Syntax, "a heredoc begins with `<<` and a word").at(place, "");
        let diagnostic = match quoted {
            Some(word) => diagnostic.help(format!("write `{sign}{word}`, without quotes")),
            None if word.is_empty() => diagnostic.help(format!("write `{sign}EOT`")),
            None if !word.contains(' ') && line.starts_with(' ') => {
                diagnostic.help(format!("write `{sign}{word}`, without a space"))
            }
            None if ends => diagnostic.help("its text begins in the next line"),
            None => diagnostic.help("nothing may follow the word on its line, not even a comment"),
        };
        let reported = self.diags.error(diagnostic);
        self.skip_to(|kind| kind == T::LineEnd);
        reported
    }

    /// Whether a word stands where people write an operator.
    pub(super) fn is_operator_word(&self) -> bool {
        self.peek() == Some(T::Word) && operator_word(self.text()).is_some()
    }

    /// Whether nothing more follows in this line or bracket.
    pub(super) fn is_rest_clear(&self) -> bool {
        matches!(self.peek(), None | Some(T::LineEnd))
    }

    /// A word is written right behind a number.
    fn no_number(&mut self) -> Option<Reported> {
        let digits = self.tokens.text(self.last);
        let is_number = digits.starts_with(|c: char| c.is_ascii_digit());
        let here = self.here();
        if !is_number || self.peek() != Some(T::Word) || here.start() != self.last.end() {
            return None;
        }
        let text = format!("{digits}{}", self.text());
        let help = match decimal(&text) {
            Some(number) => format!("write `{number}`"),
            None => format!("write `\"{text}\"` for a text"),
        };
        let message = format!("`{text}` is no number");
        let diagnostic = Diagnostic::error(Code::Syntax, message).at(self.last.to(here), "");
        Some(self.diags.error(diagnostic.help(help)))
    }

    /// Something follows an expression that is complete.
    pub(super) fn rest_of_expression(&mut self, expected: &str) -> Reported {
        let here = self.here();
        let text = self.text();
        let error = |message: String, help: String| {
            Diagnostic::error(Code::Syntax, message).at(here, "").help(help)
        };
        let no_operator = |operator: &str, instead: &str| {
            error(format!("there is no operator `{operator}`"), format!("write `{instead}`"))
        };
        let second = self.peek_second();
        if let Some(reported) = self.no_number() {
            return reported;
        }
        let diagnostic = match self.peek() {
            Some(T::Invalid) if matches!(text, "&" | "|") => {
                no_operator(text, &format!("{text}{text}"))
            }
            Some(T::Word) if let Some(operator) = operator_word(text) => {
                no_operator(text, operator)
            }
            Some(T::Assign) => error("`=` compares nothing".into(), "write `==` to compare".into()),
            Some(T::Arrow) => no_operator("=>", ">="),
            Some(T::Question) if second == Some(T::Question) => {
                error("there is no operator `??`".into(), "write `coalesce(a, b)`".into())
            }
            Some(T::QuoteOpen) => {
                let behind = self.behind();
                Diagnostic::error(Code::Syntax, format!("expected {expected}"))
                    .at(Span::new(behind.start(), here.end()), "found a string")
                    .help("write `\"${a}${b}\"` to join two texts")
            }
            Some(T::BraceOpen) if expected == "the end of the line" => {
                Diagnostic::error(Code::Syntax, format!("expected {expected}"))
                    .at(here, "found `{`")
                    .help("a block is written without `=`")
            }
            Some(T::Dot) if second == Some(T::Dot) => error(
                "there is no operator `..`".into(),
                "write `...` behind the last argument, or `range(a, b)`".into(),
            ),
            _ => return self.unexpected(expected),
        };
        self.diags.error(diagnostic)
    }
}

/// A number in another base than ten, or with `_` in it, as HCL writes it.
fn decimal(text: &str) -> Option<String> {
    let plain = text.replace('_', "").to_lowercase();
    let base = match plain.get(..2) {
        Some("0x") => 16,
        Some("0o") => 8,
        Some("0b") => 2,
        _ => return plain.bytes().all(|byte| byte.is_ascii_digit()).then_some(plain),
    };
    u64::from_str_radix(&plain[2..], base).ok().map(|number| number.to_string())
}

/// The sign that people mean with a word.
fn operator_word(word: &str) -> Option<&'static str> {
    Some(match word {
        "and" | "AND" => "&&",
        "or" | "OR" => "||",
        "is" | "eq" => "==",
        "ne" => "!=",
        "mod" => "%",
        _ => return None,
    })
}

/// What is wrong with a character.
fn invalid(text: &str) -> Diagnostic {
    let code = text.chars().next().map_or(0, u32::from);
    let c = text.chars().next().unwrap_or(' ');
    let error = |message: String| Diagnostic::error(Code::Syntax, message);
    match c {
        ';' => {
            error("`;` has no meaning here".into()).help("put each argument on a line of its own")
        }
        '\r' => error("a carriage return without a line feed".into())
            .help("end lines with `\\n` or `\\r\\n`"),
        '\u{feff}' => error("a byte order mark stands in the text".into())
            .help("it may only be the very first character of a file: remove this one"),
        '\\' => error("`\\` has no meaning here".into())
            .help("an expression goes on in the next line inside brackets"),
        '\u{2013}' | '\u{2014}' | '\u{2212}' => {
            error(format!("`{c}` is no minus")).help("write `-`")
        }
        '\u{d7}' => error(format!("`{c}` has no meaning here")).help("write `*`"),
        '\u{2264}' => error(format!("`{c}` has no meaning here")).help("write `<=`"),
        '\u{2265}' => error(format!("`{c}` has no meaning here")).help("write `>=`"),
        '\u{2260}' => error(format!("`{c}` has no meaning here")).help("write `!=`"),
        '\u{2026}' => error(format!("`{c}` has no meaning here")).help("write `...`"),
        c if c.is_whitespace() || is_unseen(c) => {
            error(format!("an invisible character, U+{code:04X}")).help("remove it, or put a space")
        }
        c if c.is_control() => error(format!("the character U+{code:04X} has no meaning here")),
        c => error(format!("`{c}` has no meaning here")),
    }
}

/// Whether a character takes no room.
const fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
}
