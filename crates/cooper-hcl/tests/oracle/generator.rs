//! Templates that nobody would write: every construct, any white space.

/// Makes sound templates; the same seed makes the same ones.
pub(crate) struct Generator {
    state: u64,
    out: String,
}

const WORDS: &[&str] = &["a", "bc", "image", "x1", "a-b", "région", "in", "if", "for_each", "_u"];
const TEXTS: &[&str] = &[
    "a",
    " two words ",
    "é👩‍👩‍👧",
    "\\n",
    "\\\"",
    "$${x}",
    "%%{y}",
    "$",
    "100%",
    "{",
    "#no",
    "\\u00e9",
];
const COMMENTS: &[&str] = &["# hash", "// slashes  ", "#", "# é = {"];
const OPERATORS: &[&str] =
    &["+", "-", "*", "/ ", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||"];

/// Whether the end of a line may stand somewhere.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lines {
    Ignored,
    Count,
}

impl Generator {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1, out: String::new() }
    }

    /// A file.
    pub(crate) fn file(mut self) -> String {
        let items = 1 + self.below(6);
        self.items(items, 0);
        if self.one_in(4) {
            // Without a line end behind the last line.
            let length = self.out.trim_end_matches('\n').len();
            let is_heredoc = self.out[..length].ends_with("EOT");
            self.out.truncate(if is_heredoc { self.out.len() } else { length });
        }
        match self.one_in(8) {
            true => self.out.replace('\n', "\r\n"),
            false => self.out,
        }
    }

    fn next(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() >> 11) as usize % limit
    }

    fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    fn pick<'t>(&mut self, from: &[&'t str]) -> &'t str {
        from[self.below(from.len())]
    }

    /// White space, or none.
    fn gap(&mut self) {
        let gap = self.pick(&["", "", " ", " ", "  ", "\t", "     "]);
        self.out.push_str(gap);
        if self.one_in(60) {
            self.out.push_str(" /* é */ ");
        }
    }

    /// The same, and perhaps some lines.
    fn wide_gap(&mut self, lines: Lines) {
        self.gap();
        if lines == Lines::Ignored && self.one_in(6) {
            if self.one_in(4) {
                let comment = self.pick(COMMENTS);
                self.out.push(' ');
                self.out.push_str(comment);
            }
            self.out.push('\n');
            if self.one_in(5) {
                self.out.push('\n');
            }
            self.gap();
        }
    }

    fn push(&mut self, text: &str) {
        let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
        if text.starts_with(is_word) && self.out.ends_with(is_word) {
            self.out.push(' ');
        }
        self.out.push_str(text);
    }

    fn word(&mut self) {
        let word = self.pick(WORDS);
        self.push(word);
    }

    fn line_end(&mut self) {
        if self.one_in(4) {
            self.gap();
            let comment = self.pick(COMMENTS);
            self.out.push_str(comment);
        } else {
            let blank = self.pick(&["", "", "", " ", "\t"]);
            self.out.push_str(blank);
        }
        self.out.push('\n');
    }

    fn items(&mut self, count: usize, depth: usize) {
        for n in 0..count {
            self.gap();
            match self.below(9) {
                0 => self.line_end(),
                1..=5 => {
                    // Each name once.
                    let word = self.pick(WORDS);
                    self.push(&format!("{word}{n}"));
                    self.gap();
                    self.push("=");
                    self.gap();
                    self.expr(3, Lines::Count);
                    self.line_end();
                }
                _ => self.block(depth),
            }
        }
    }

    fn block(&mut self, depth: usize) {
        self.word();
        for _ in 0..self.below(3) {
            self.gap();
            match self.one_in(4) {
                true => self.word(),
                false => {
                    let word = self.pick(WORDS);
                    self.push(&format!("\"{word}\""));
                }
            }
        }
        self.gap();
        self.push("{");
        if depth > 3 || self.one_in(5) {
            self.gap();
            if self.one_in(2) {
                self.word();
                self.gap();
                self.push("=");
                self.gap();
                self.expr(2, Lines::Count);
                self.gap();
            }
        } else {
            self.line_end();
            let items = self.below(4);
            self.items(items, depth + 1);
            self.gap();
        }
        // A heredoc must end its line.
        if self.out.ends_with("EOT") {
            self.out.push('\n');
        }
        self.push("}");
        self.line_end();
    }

    fn expr(&mut self, depth: usize, lines: Lines) {
        match (depth, self.below(14)) {
            (0, _) | (_, 0..=3) => self.leaf(lines),
            (_, 4) => {
                self.push("[");
                let elements = self.below(4);
                self.list(depth, elements);
                self.push("]");
            }
            (_, 5) => self.object(depth),
            (_, 6) => {
                self.push("(");
                self.wide_gap(Lines::Ignored);
                self.expr(depth - 1, Lines::Ignored);
                self.wide_gap(Lines::Ignored);
                self.push(")");
            }
            (_, 7) => {
                self.word();
                self.gap();
                if self.one_in(4) {
                    self.push("::");
                    self.gap();
                    self.word();
                }
                self.push("(");
                let arguments = self.below(3);
                self.list(depth, arguments);
                self.push(")");
            }
            (_, 8 | 9) => {
                self.expr(depth - 1, lines);
                self.wide_gap(lines);
                let operator = self.pick(OPERATORS);
                if operator == "-" {
                    self.out.push(' ');
                }
                self.push(operator);
                self.wide_gap(lines);
                self.expr(depth - 1, lines);
            }
            (_, 10) => {
                self.leaf(lines);
                self.wide_gap(lines);
                self.push("?");
                self.wide_gap(lines);
                self.expr(depth - 1, lines);
                self.wide_gap(lines);
                // Not `::`.
                self.push(" : ");
                self.wide_gap(lines);
                self.expr(depth - 1, lines);
            }
            (_, 11) => {
                let sign = self.pick(&["!", "-"]);
                if self.out.ends_with(|c: char| c.is_alphanumeric()) {
                    self.out.push(' ');
                }
                self.push(sign);
                self.gap();
                self.traversal(lines);
            }
            (_, 12) => self.for_expr(depth),
            _ => self.string(depth),
        }
    }

    fn leaf(&mut self, lines: Lines) {
        match self.below(5) {
            0 => {
                let number = self.pick(&["0", "12", "1.5", "2e3"]);
                self.push(number);
            }
            1 => {
                let literal = self.pick(&["true", "false", "null"]);
                self.push(literal);
            }
            2 => self.string(0),
            _ => self.traversal(lines),
        }
    }

    fn traversal(&mut self, lines: Lines) {
        self.word();
        for _ in 0..self.below(4) {
            if lines == Lines::Ignored || self.one_in(3) {
                self.gap();
            }
            match self.below(5) {
                0 => {
                    self.push("[");
                    self.wide_gap(Lines::Ignored);
                    self.leaf(Lines::Ignored);
                    self.wide_gap(Lines::Ignored);
                    self.push("]");
                }
                1 => self.push("[*]"),
                _ => {
                    self.push(".");
                    self.word();
                }
            }
        }
    }

    fn list(&mut self, depth: usize, count: usize) {
        self.wide_gap(Lines::Ignored);
        for index in 0..count {
            self.expr(depth - 1, Lines::Ignored);
            self.wide_gap(Lines::Ignored);
            if index + 1 < count || self.one_in(5) {
                self.push(",");
            }
            self.wide_gap(Lines::Ignored);
        }
    }

    fn object(&mut self, depth: usize) {
        self.push("{");
        self.wide_gap(Lines::Ignored);
        let items = self.below(4);
        for index in 0..items {
            match self.below(4) {
                0 => {
                    self.push("(");
                    self.leaf(Lines::Ignored);
                    self.push(")");
                }
                1 => self.push(&format!("\"k é {index}\"")),
                _ => self.push(&format!("k{index}")),
            }
            self.gap();
            let sign = self.pick(&["=", "=", ":"]);
            self.push(sign);
            self.gap();
            self.expr(depth - 1, Lines::Count);
            self.gap();
            match self.one_in(3) {
                true => self.push(","),
                false => self.line_end(),
            }
            self.wide_gap(Lines::Ignored);
        }
        self.push("}");
    }

    fn for_expr(&mut self, depth: usize) {
        let is_object = self.one_in(2);
        self.push(if is_object { "{" } else { "[" });
        self.wide_gap(Lines::Ignored);
        self.push("for ");
        self.word();
        if self.one_in(2) {
            self.gap();
            self.push(",");
            self.gap();
            self.word();
        }
        self.push(" in ");
        self.gap();
        self.expr(depth - 1, Lines::Ignored);
        self.wide_gap(Lines::Ignored);
        self.push(" : ");
        self.wide_gap(Lines::Ignored);
        self.expr(depth - 1, Lines::Ignored);
        if is_object {
            self.wide_gap(Lines::Ignored);
            self.push("=>");
            self.wide_gap(Lines::Ignored);
            self.expr(depth - 1, Lines::Ignored);
            if self.one_in(4) {
                self.gap();
                self.push("...");
            }
        }
        if self.one_in(3) {
            self.wide_gap(Lines::Ignored);
            self.push("if ");
            self.leaf(Lines::Ignored);
        }
        self.wide_gap(Lines::Ignored);
        self.push(if is_object { "}" } else { "]" });
    }

    fn string(&mut self, depth: usize) {
        self.push("\"");
        for _ in 0..self.below(4) {
            match (depth, self.below(6)) {
                (1.., 0 | 1) => self.interpolation(depth),
                (1.., 2) => {
                    // What stands before it must not escape it.
                    if self.out.ends_with('%') {
                        self.out.push(' ');
                    }
                    let open = self.pick(&["%{", "%{~"]);
                    self.out.push_str(open);
                    self.gap();
                    self.push("if ");
                    self.leaf(Lines::Ignored);
                    self.gap();
                    self.out.push_str("}x%{ else }y%{");
                    self.gap();
                    self.push("endif");
                    self.gap();
                    let close = self.pick(&["}", "~}"]);
                    self.out.push_str(close);
                }
                _ => {
                    let text = self.pick(TEXTS);
                    // A sign before a brace would begin a template.
                    if !(text.starts_with('{') && self.out.ends_with(['$', '%'])) {
                        self.out.push_str(text);
                    }
                }
            }
        }
        self.out.push('"');
    }

    fn interpolation(&mut self, depth: usize) {
        // What stands before it must not escape it.
        if self.out.ends_with('$') {
            self.out.push(' ');
        }
        let open = self.pick(&["${", "${", "${~"]);
        self.out.push_str(open);
        self.wide_gap(Lines::Ignored);
        self.expr(depth - 1, Lines::Ignored);
        self.wide_gap(Lines::Ignored);
        let close = self.pick(&["}", "}", "~}"]);
        self.out.push_str(close);
    }
}
