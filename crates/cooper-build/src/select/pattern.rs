//! Patterns for names, as Packer's `-only` and `-except` take them.

/// A pattern: `*` for any letters, `?` for one, `[a-c]`, `[abc]` and `[!abc]` for one of some.
///
/// A backslash takes its special meaning from the letter behind it. Braces only group: where they
/// would list several, the comma between those has ended the pattern before.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Pattern(Vec<Part>);

#[derive(Clone, PartialEq, Eq, Debug)]
enum Part {
    /// Any letters, or none.
    Any,
    /// One letter.
    One(Letters),
}

/// Which letters will do.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Letters {
    All,
    Just(char),
    /// One of these, or none of them.
    Listed {
        letters: Vec<char>,
        inverted: bool,
    },
    /// From one to the other, both included, or all but those.
    Between {
        first: char,
        last: char,
        inverted: bool,
    },
}

/// Why a text is no pattern.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum PatternError {
    #[error("`[` is not closed")]
    Unclosed,
    #[error("`[]` lists no letters")]
    Empty,
    #[error("`{0}-{1}` is the wrong way round")]
    Backwards(char, char),
    #[error("`[{0}-{1}` must end there: brackets hold one range, or single letters")]
    MoreThanARange(char, char),
    #[error("there is nothing behind its last `{{`")]
    OpenEnd,
}

impl Pattern {
    /// Reads a pattern.
    pub(super) fn parse(text: &str) -> Result<Self, PatternError> {
        let mut parts = Vec::new();
        let mut letters = text.chars().peekable();
        let mut depth = 0;
        while let Some(letter) = letters.next() {
            match letter {
                '*' => parts.push(Part::Any),
                '?' => parts.push(Part::One(Letters::All)),
                '[' => parts.push(Part::One(brackets(&mut letters)?)),
                '{' if letters.peek().is_none() => return Err(PatternError::OpenEnd),
                '{' => depth += 1,
                '}' if depth > 0 => depth -= 1,
                // One at the end stands for nothing.
                '\\' => {
                    parts.extend(letters.next().map(|escaped| Part::One(Letters::Just(escaped))))
                }
                letter => parts.push(Part::One(Letters::Just(letter))),
            }
        }
        // `**` is `*`, and should not cost more.
        parts.dedup_by(|next, part| (&*next, &*part) == (&Part::Any, &Part::Any));
        Ok(Self(parts))
    }

    /// Whether it is about the whole of a name.
    ///
    /// Takes as many steps as the two are long, multiplied: when something does not fit, only the
    /// last `*` has to take one letter more.
    pub(super) fn matches(&self, name: &str) -> bool {
        let name: Vec<char> = name.chars().collect();
        let (mut part, mut at) = (0, 0);
        let mut again = None;
        loop {
            match (self.0.get(part), name.get(at)) {
                (Some(Part::Any), _) => {
                    again = Some((part + 1, at));
                    part += 1;
                }
                (Some(Part::One(letters)), Some(&letter)) if letters.contains(letter) => {
                    part += 1;
                    at += 1;
                }
                (None, None) => return true,
                _ => match again {
                    Some((behind, taken)) if taken < name.len() => {
                        (part, at) = (behind, taken + 1);
                        again = Some((behind, taken + 1));
                    }
                    _ => return false,
                },
            }
        }
    }
}

impl Letters {
    fn contains(&self, letter: char) -> bool {
        match self {
            Self::All => true,
            Self::Just(one) => *one == letter,
            Self::Listed { letters, inverted } => letters.contains(&letter) != *inverted,
            Self::Between { first, last, inverted } => {
                (*first..=*last).contains(&letter) != *inverted
            }
        }
    }
}

/// What follows a `[`.
fn brackets(
    letters: &mut std::iter::Peekable<std::str::Chars<'_>>,
) -> Result<Letters, PatternError> {
    let inverted = letters.next_if_eq(&'!').is_some();
    let first = letters.next().ok_or(PatternError::Unclosed)?;
    if letters.next_if_eq(&'-').is_some() {
        let last = letters.next().ok_or(PatternError::Unclosed)?;
        return match letters.next() {
            Some(']') if last < first => Err(PatternError::Backwards(first, last)),
            Some(']') => Ok(Letters::Between { first, last, inverted }),
            Some(_) => Err(PatternError::MoreThanARange(first, last)),
            None => Err(PatternError::Unclosed),
        };
    }
    let mut listed = Vec::new();
    let mut next = Some(first);
    loop {
        match next {
            Some(']') if listed.is_empty() => return Err(PatternError::Empty),
            Some(']') => return Ok(Letters::Listed { letters: listed, inverted }),
            Some('\\') => listed.push(letters.next().ok_or(PatternError::Unclosed)?),
            Some(letter) => listed.push(letter),
            None => return Err(PatternError::Unclosed),
        }
        next = letters.next();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asked of Packer, one by one.
    #[test]
    fn patterns_match_as_in_packer() {
        let names =
            ["a", "b", "ab", "A", "é", "c.d", "e f", "x/y", "{g", "*", "]", "-", "\\", "!", "^"];
        let table = [
            ("*", "a b ab A é c.d e f x/y {g * ] - \\ ! ^"),
            ("**", "a b ab A é c.d e f x/y {g * ] - \\ ! ^"),
            ("?", "a b A é * ] - \\ ! ^"),
            ("??", "ab {g"),
            ("a*", "a ab"),
            ("*b", "b ab"),
            ("c?d", "c.d"),
            ("x*y", "x/y"),
            ("e*", "e f"),
            ("*?*", "a b ab A é c.d e f x/y {g * ] - \\ ! ^"),
            ("[ab]", "a b"),
            ("[a-c]", "a b"),
            ("[a-a]", "a"),
            ("[A-Z]", "A"),
            ("[a-é]", "a b é"),
            ("[!a]", "b A é * ] - \\ ! ^"),
            ("[!a-b]", "A é * ] - \\ ! ^"),
            ("[!!]", "a b A é * ] - \\ ^"),
            ("[^a]", "a ^"),
            ("[^]", "^"),
            ("[abc-d]", "a b -"),
            ("[a\\-c]", "a -"),
            ("[-a]", "a -"),
            ("[-]", "-"),
            ("[*]", "*"),
            ("[\\]]", "]"),
            ("[\\\\]", "\\"),
            ("{a", "a"),
            ("{a}", "a"),
            ("{{a}}", "a"),
            ("{a{b}}", "ab"),
            ("{[a]}", "a"),
            ("{a*}", "a ab"),
            ("*{b}", "b ab"),
            ("b}", ""),
            ("{a\\", "a"),
            ("\\a", "a"),
            ("\\*", "*"),
            ("\\]", "]"),
            ("\\\\", "\\"),
            ("\\{g", "{g"),
            ("{g", ""),
            ("]", "]"),
            ("(a|b)", ""),
            ("", ""),
            ("{}", ""),
            ("\\", ""),
            (" a", ""),
        ];
        for (text, expected) in table {
            let pattern = Pattern::parse(text).unwrap();
            let matched: Vec<_> = names.into_iter().filter(|name| pattern.matches(name)).collect();
            assert_eq!(matched.join(" "), expected, "{text}");
        }
    }

    #[test]
    fn what_packer_refuses_is_refused_with_its_reason() {
        for (text, expected) in [
            ("[", "`[` is not closed"),
            ("[a", "`[` is not closed"),
            ("[!", "`[` is not closed"),
            ("[a-", "`[` is not closed"),
            ("[a-]", "`[` is not closed"),
            ("[]", "`[]` lists no letters"),
            ("[]a]", "`[]` lists no letters"),
            ("[!]", "`[]` lists no letters"),
            ("[b-a]", "`b-a` is the wrong way round"),
            ("[a-zA-Z]", "`[a-z` must end there: brackets hold one range, or single letters"),
            ("a{", "there is nothing behind its last `{`"),
        ] {
            assert_eq!(Pattern::parse(text).unwrap_err().to_string(), expected, "{text}");
        }
    }

    #[test]
    fn many_stars_take_no_time() {
        let pattern = Pattern::parse(&"*a".repeat(1_000)).unwrap();
        assert!(!pattern.matches(&"a".repeat(999)));
        assert!(pattern.matches(&"a".repeat(1_000)));
    }
}
