//! Where secrets are written in a text that was read.
//!
//! It is told from the tokens, so that a text may be as broken as it likes: what is wrong with it
//! is shown beside its lines.

use std::collections::HashSet;

use cooper_hcl::token::{Token, TokenKind, Tokens};
use cooper_hcl::{SourceFile, Span};

/// Arguments that hold secrets, whatever they are arguments of.
const SECRET_ARGUMENTS: [&str; 6] = [
    "aws_secret_key",
    "aws_token",
    "login_password",
    "ssh_bastion_password",
    "ssh_password",
    "ssh_proxy_password",
];

/// What a block that is `sensitive` says beside its secret.
const BESIDE: [&str; 4] = ["description", "sensitive", "type", "validation"];

/// What outermost blocks begin with, at the beginning of a line: what stands before was not closed.
const OUTERMOST: [&str; 10] = [
    "build",
    "communicator",
    "data",
    "hcp_packer_registry",
    "local",
    "locals",
    "packer",
    "source",
    "variable",
    "variables",
];

/// A text as tokens.
pub(super) struct Written<'t> {
    tokens: Tokens<'t>,
}

impl<'t> Written<'t> {
    pub(super) fn of(file: &'t SourceFile) -> Self {
        Self { tokens: Tokens::of(file) }
    }

    /// What holds secrets: the value of a variable or local that is `sensitive`, and that of an
    /// argument that is for a password. In pieces, each of which is text, a number or a lone word.
    pub(super) fn private(&self) -> Vec<Span> {
        let mut places = Vec::new();
        let mut at = 0;
        while at < self.tokens.len() {
            if let Some(end) = self.sensitive_block(at, &mut places) {
                at = end;
                continue;
            }
            match self.word(at) {
                "sensitive" if self.is_key(at) => self.sensitive_object(at, &mut places),
                "sensitive-variables" if self.is_key(at) => self.sensitive_names(at, &mut places),
                name if SECRET_ARGUMENTS.contains(&name) && self.is_key(at) => {
                    self.leaves_between(at + 1, self.end_of_value(at + 1), &mut places);
                }
                _ => {}
            }
            at += 1;
        }
        places
    }

    /// What is written at a place, in the same pieces.
    pub(super) fn within(&self, place: Span) -> Vec<Span> {
        let start = self.tokens.partition_point(|token| token.span.end() <= place.start());
        let end = self.tokens.partition_point(|token| token.span.start() < place.end());
        let mut places = Vec::new();
        self.leaves_between(start, end, &mut places);
        places
    }

    /// The text of a token that may be a name: of a word, or of a text, as JSON has it.
    fn word(&self, at: usize) -> &'t str {
        match self.tokens.get(at) {
            Some(Token { kind: TokenKind::Word | TokenKind::Text, span }) => {
                self.tokens.text(*span)
            }
            _ => "",
        }
    }

    fn kind(&self, at: usize) -> Option<TokenKind> {
        self.tokens.get(at).map(|token| token.kind)
    }

    /// Whether a value follows a name.
    fn is_key(&self, at: usize) -> bool {
        matches!(
            (self.kind(at), self.kind(at + 1), self.kind(at + 2)),
            (Some(TokenKind::Word), Some(TokenKind::Assign | TokenKind::Equal), _)
                | (Some(TokenKind::Text), Some(TokenKind::QuoteClose), Some(TokenKind::Colon))
        )
    }

    /// Hides the values of the variables whose names a legacy template lists here.
    fn sensitive_names(&self, at: usize, places: &mut Vec<Span>) {
        let end = self.end_of_value(at + 1);
        let listed: HashSet<&str> = (at + 3..end).map(|at| self.word(at)).collect();
        let of_all =
            (0..self.tokens.len()).filter(|at| self.word(*at) == "variables" && self.is_key(*at));
        for variables in of_all {
            for name in variables + 3..self.end_of_value(variables + 1) {
                if self.is_key(name) && listed.contains(self.word(name)) {
                    self.leaves_between(name + 1, self.end_of_value(name + 1), places);
                }
            }
        }
    }

    /// The end of a `variable` or `local` block that begins here and is sensitive; nothing of it but
    /// what stands beside the secret is shown.
    fn sensitive_block(&self, at: usize, places: &mut Vec<Span>) -> Option<usize> {
        if !matches!(self.word(at), "variable" | "local") || !self.begins_line(at) {
            return None;
        }
        let open = (at + 1..self.tokens.len().min(at + 6))
            .find(|at| self.kind(*at) == Some(TokenKind::BraceOpen))?;
        let end = self.end_of_value(open);
        let is_sensitive = (open..end).any(|at| {
            self.word(at) == "sensitive" && self.is_key(at) && self.word(at + 2) != "false"
        });
        if is_sensitive {
            self.hide_values(open + 1, end, places);
        }
        Some(end)
    }

    /// Hides the value in the JSON object whose key `sensitive` stands here.
    fn sensitive_object(&self, at: usize, places: &mut Vec<Span>) {
        if self.word(at + 3) == "false" || self.kind(at) == Some(TokenKind::Word) {
            return;
        }
        let mut depth = 0_usize;
        let open = (0..at).rev().find(|at| match self.kind(*at) {
            Some(TokenKind::BraceClose | TokenKind::BracketClose) => {
                depth += 1;
                false
            }
            Some(TokenKind::BraceOpen | TokenKind::BracketOpen) if depth > 0 => {
                depth -= 1;
                false
            }
            kind => kind == Some(TokenKind::BraceOpen),
        });
        let open = open.unwrap_or(0);
        self.hide_values(open + 1, self.end_of_value(open), places);
    }

    /// Hides what stands between two tokens, but for what stands beside a secret.
    fn hide_values(&self, start: usize, end: usize, places: &mut Vec<Span>) {
        let mut depth = 0_usize;
        let mut at = start;
        while at < end {
            if depth == 0 && BESIDE.contains(&self.word(at)) {
                at = self.end_of_value(at + 1).max(at + 1);
                continue;
            }
            match self.kind(at) {
                // Names of JSON are strings.
                Some(TokenKind::QuoteOpen | TokenKind::QuoteClose) => {}
                Some(kind) if kind.opens() => depth += 1,
                Some(kind) if kind.closes() => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.leaf(at, places);
            at += 1;
        }
    }

    fn leaves_between(&self, start: usize, end: usize, places: &mut Vec<Span>) {
        (start..end).for_each(|at| self.leaf(at, places));
    }

    /// A token that says something by itself, and is neither a name before a value nor one that leads
    /// to a value.
    fn leaf(&self, at: usize, places: &mut Vec<Span>) {
        let Some(Token { kind, span }) = self.tokens.get(at).copied() else { return };
        let before = at.checked_sub(1).and_then(|before| self.kind(before));
        let is_leaf = match kind {
            TokenKind::Number | TokenKind::WrongQuotes | TokenKind::Invalid => true,
            TokenKind::Text => !self.is_key(at),
            TokenKind::Word => {
                let after = self.kind(at + 1);
                !self.is_key(at)
                    && before != Some(TokenKind::Dot)
                    && !matches!(after, Some(TokenKind::Dot | TokenKind::ParenOpen))
            }
            _ => false,
        };
        if is_leaf {
            places.push(span);
        }
    }

    /// Where what begins here ends: with its line or before a `,`, or what closes what it opened, or
    /// what closes what it stands in; at the latest where an outermost block begins.
    fn end_of_value(&self, start: usize) -> usize {
        let mut open = Vec::new();
        for at in start..self.tokens.len() {
            let Some(kind) = self.kind(at) else { break };
            if kind == TokenKind::LineEnd && open.last() == Some(&TokenKind::QuoteOpen) {
                // The string was not closed, and no string goes on in the next line.
                open.pop();
            }
            let is_outermost = kind == TokenKind::Word
                && OUTERMOST.contains(&self.word(at))
                && self.column(at) == 0;
            let is_end = matches!(kind, TokenKind::LineEnd | TokenKind::Comma) || kind.closes();
            if at > start && (is_outermost || is_end && open.is_empty()) {
                return at;
            }
            if kind.opens() {
                open.push(kind);
            } else if kind.closes() {
                open.pop();
            }
        }
        self.tokens.len()
    }

    fn begins_line(&self, at: usize) -> bool {
        let before = at.checked_sub(1).and_then(|before| self.kind(before));
        matches!(before, None | Some(TokenKind::LineEnd | TokenKind::ByteOrderMark))
            || self.column(at) == 0
    }

    /// How far behind the end of the line before a token stands, in bytes.
    fn column(&self, at: usize) -> usize {
        let Some(token) = self.tokens.get(at) else { return 0 };
        let local = (token.span.start() - self.tokens.span().start()) as usize;
        let before = self.tokens.source().get(..local).unwrap_or_default();
        before.len() - before.rfind('\n').map_or(0, |at| at + 1)
    }
}

#[cfg(test)]
mod tests {
    use cooper_hcl::SourceMap;

    use super::*;

    /// A text with stars in place of what is private.
    fn masked(text: &str) -> String {
        let mut sources = SourceMap::new();
        let file = sources.add("t", text).expect("room");
        let mut shown = text.as_bytes().to_vec();
        for span in Written::of(&file).private() {
            shown[(span.start() - file.base()) as usize..(span.end() - file.base()) as usize]
                .fill(b'*');
        }
        String::from_utf8(shown).expect("ASCII")
    }

    #[test]
    fn values_of_what_is_sensitive_are_private_however_broken_they_are() {
        for (text, shown) in [
            (
                "variable \"a\" {\n  type = string\n  sensitive = true\n  default = \"hun\\u0074\"\n}\nlocals { b = 12 }",
                "variable \"a\" {\n  type = string\n  sensitive = true\n  default = \"*********\"\n}\nlocals { b = 12 }",
            ),
            (
                "variable \"a\" {\n  default = [\"x\", {a = 12} b, zz\n  sensitive = true\n}\nlocal \"b\" { expression = 1 }",
                "variable \"a\" {\n  default = [\"*\", {a = **} *, **\n  sensitive = ****\n}\nlocal \"b\" { expression = 1 }",
            ),
            (
                "variable \"a\" {\n  sensitive = true\n  default = \"x\nsource \"null\" \"x\" { a = 1 }",
                "variable \"a\" {\n  sensitive = true\n  default = \"*\nsource \"null\" \"x\" { a = 1 }",
            ),
            (
                "local \"a\" {\n  sensitive = true\n  expression = \"ab-${var.x.y}\" + f(zz)\n  x y\n}",
                "local \"a\" {\n  sensitive = true\n  expression = \"***${var.x.y}\" + f(**)\n  * *\n}",
            ),
            ("variable \"a\" { default = \"x\" }", "variable \"a\" { default = \"x\" }"),
            (
                "variable \"a\" {\n sensitive = false\n default = \"x\" }",
                "variable \"a\" {\n sensitive = false\n default = \"x\" }",
            ),
            (
                "source \"docker\" \"a\" {\n  login_password = \"abc\n  image = \"x\"\n  ssh_password == 'y'\n}",
                "source \"docker\" \"a\" {\n  login_password = \"***\n  image = \"x\"\n  ssh_password == ***\n}",
            ),
            (
                r#"{"variable": {"a": {"sensitive": true, "type": "string", "default": ["x", {"k": 12}]}, "b": {"default": "y"}}}"#,
                r#"{"variable": {"a": {"sensitive": true, "type": "string", "default": ["*", {"k": **}]}, "b": {"default": "y"}}}"#,
            ),
            (
                r#"{"variables": {"a": "x", "b": 12 "c"}, "sensitive-variables": ["a"], "builders": ["y"]}"#,
                r#"{"variables": {"a": "*", "b": 12 "c"}, "sensitive-variables": ["a"], "builders": ["y"]}"#,
            ),
        ] {
            assert_eq!(masked(text), shown, "{text}");
        }
    }
}
