//! `.dockerignore`: which files stay behind.

/// The rules of a `.dockerignore`. The last one that fits a path, or a folder it is in, decides.
#[derive(Debug, Default)]
pub(super) struct Ignored {
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    exception: bool,
    pattern: Vec<Token>,
}

/// A part of a pattern.
#[derive(Debug, PartialEq, Eq)]
enum Token {
    /// This character.
    Letter(char),
    /// `?`: one character but `/`.
    One,
    /// `[a-z]`: one of these ranges, or none of them.
    Class(bool, Vec<(char, char)>),
    /// `*`: characters but `/`.
    Star,
    /// `**` before something: nothing, or anything up to a `/`.
    Folders,
    /// `**` at the end: anything.
    All,
}

impl Ignored {
    /// Reads the rules.
    ///
    /// # Errors
    ///
    /// Fails when a pattern has no meaning; says which.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut rules = Vec::new();
        for (number, line) in text.lines().enumerate() {
            if line.starts_with('#') {
                continue;
            }
            let line = line.trim();
            let (exception, pattern) = match line.strip_prefix('!') {
                Some(rest) => (true, rest.trim()),
                None => (false, line),
            };
            if pattern.is_empty() {
                if exception {
                    return Err(format!("line {}: there is nothing after `!`", number + 1));
                }
                continue;
            }
            let pattern = clean(pattern);
            let pattern = tokens(&pattern)
                .ok_or_else(|| format!("line {}: `{line}` is not a pattern", number + 1))?;
            rules.push(Rule { exception, pattern });
        }
        Ok(Self { rules })
    }

    /// Takes a file back that the rules would leave behind.
    pub(super) fn keep(&mut self, path: &str) {
        if self.contains(path) {
            let pattern = path.chars().map(Token::Letter).collect();
            self.rules.push(Rule { exception: true, pattern });
        }
    }

    /// Whether a folder that is left behind may have files that are not.
    pub(super) fn has_exceptions(&self) -> bool {
        self.rules.iter().any(|rule| rule.exception)
    }

    /// Whether the file at this path, relative to the context, is left behind.
    pub(super) fn contains(&self, path: &str) -> bool {
        let mut ignored = false;
        for rule in &self.rules {
            // Only a rule of the other kind can change anything.
            if rule.exception == ignored && matches_or_parent(&rule.pattern, path) {
                ignored = !ignored;
            }
        }
        ignored
    }
}

/// Without empty parts, `.` and `..`, as far as that can be told.
fn clean(pattern: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in pattern.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn tokens(pattern: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut letters = pattern.chars().peekable();
    while let Some(letter) = letters.next() {
        tokens.push(match letter {
            '*' if letters.next_if_eq(&'*').is_some() => {
                let _slash = letters.next_if_eq(&'/');
                match letters.peek() {
                    None => Token::All,
                    Some(_) => Token::Folders,
                }
            }
            '*' => Token::Star,
            '?' => Token::One,
            '\\' => Token::Letter(letters.next()?),
            '[' => {
                let negated = letters.next_if_eq(&'^').is_some();
                let mut ranges = Vec::new();
                loop {
                    let mut member = || match letters.next()? {
                        '\\' => letters.next(),
                        letter => Some(letter),
                    };
                    let first = member()?;
                    if first == ']' && !ranges.is_empty() {
                        break;
                    }
                    let last = match letters.next_if_eq(&'-') {
                        Some(_) => letters.next().filter(|last| *last != ']')?,
                        None => first,
                    };
                    ranges.push((first, last));
                }
                Token::Class(negated, ranges)
            }
            letter => Token::Letter(letter),
        });
    }
    Some(tokens)
}

/// Whether a pattern fits a path or one of the folders it is in. Takes time in proportion to the
/// product of their lengths, whatever they are.
fn matches_or_parent(pattern: &[Token], path: &str) -> bool {
    // `at[i]`: the first i parts have matched; `within[i]`: we are inside of the folders that
    // part i, a `Folders`, stands for.
    let count = pattern.len();
    let mut at = vec![false; count + 1];
    let mut within = vec![false; count + 1];
    at[0] = true;
    skip_empty(pattern, &mut at);
    for letter in path.chars() {
        if letter == '/' && at[count] {
            return true;
        }
        let mut next_at = vec![false; count + 1];
        let mut next_within = vec![false; count + 1];
        for (index, token) in pattern.iter().enumerate() {
            let fits = match token {
                Token::Letter(own) => *own == letter,
                Token::One => letter != '/',
                Token::Class(negated, ranges) => {
                    letter != '/'
                        && *negated
                            != ranges.iter().any(|(first, last)| (*first..=*last).contains(&letter))
                }
                Token::Star => {
                    next_at[index] |= at[index] && letter != '/';
                    continue;
                }
                Token::All => {
                    next_at[index] |= at[index];
                    continue;
                }
                Token::Folders => {
                    let inside = at[index] || within[index];
                    next_within[index] |= inside;
                    next_at[index + 1] |= inside && letter == '/';
                    continue;
                }
            };
            next_at[index + 1] |= fits && at[index];
        }
        (at, within) = (next_at, next_within);
        skip_empty(pattern, &mut at);
    }
    at[count]
}

/// Passes over parts that may stand for nothing.
fn skip_empty(pattern: &[Token], at: &mut [bool]) {
    for (index, token) in pattern.iter().enumerate() {
        if at[index] && matches!(token, Token::Star | Token::All | Token::Folders) {
            at[index + 1] = true;
        }
    }
}
