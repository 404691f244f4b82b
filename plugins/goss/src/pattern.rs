//! What texts are looked for: a part, `/an expression/`, or with `!` what may not be there.

use regex::Regex;

/// How much of a text is shown that does not have what is looked for.
const SHOWN: usize = 200;

/// What is looked for in a text.
pub(crate) struct Pattern {
    what: What,
    is_wanted: bool,
}

enum What {
    Part(String),
    Expression(Regex),
}

impl Pattern {
    /// Reads one.
    ///
    /// # Errors
    ///
    /// What is wrong with an expression.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let (is_wanted, text) = match text.strip_prefix('!') {
            Some(text) => (false, text),
            None => (true, text),
        };
        let expression = text.strip_prefix('/').and_then(|text| text.strip_suffix('/'));
        let what = match expression {
            Some(expression) if !expression.is_empty() => {
                let expression = Regex::new(&format!("(?m){expression}"));
                let expression = expression.map_err(|_| format!("`{text}` is no expression"))?;
                What::Expression(expression)
            }
            // `\!` and `\/` begin texts that begin so.
            _ => What::Part(text.strip_prefix('\\').unwrap_or(text).to_owned()),
        };
        Ok(Self { what, is_wanted })
    }

    /// Looks for it.
    ///
    /// # Errors
    ///
    /// What is there instead.
    pub(crate) fn look(&self, text: &str) -> Result<(), String> {
        let is_there = match &self.what {
            What::Part(part) => text.contains(part),
            What::Expression(expression) => expression.is_match(text),
        };
        match (is_there, self.is_wanted) {
            (true, true) | (false, false) => Ok(()),
            (true, false) => Err("is there, and should not be".to_owned()),
            (false, true) => Err(format!("is not in {}", shown(text))),
        }
    }
}

/// The beginning of a text, in one line.
pub(crate) fn shown(text: &str) -> String {
    let text = text.trim();
    if text.is_empty() {
        return "nothing".to_owned();
    }
    let start: String = text.chars().take(SHOWN).collect();
    let end = if start.len() < text.len() { "…" } else { "" };
    format!("{:?}", format!("{start}{end}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_and_expressions_are_found() {
        let text = "root:x:0:0\ndaemon:x:1:1\n/path/\n!not\n";
        for (pattern, holds) in [
            ("root:", true),
            ("guest", false),
            ("!guest", true),
            ("!root", false),
            ("/^daemon:x:\\d/", true),
            ("/^x:/", false),
            ("!/^x:/", true),
            ("//", false),
            ("\\/path/", true),
            ("\\!not", true),
            ("", true),
        ] {
            let found = Pattern::read(pattern).expect("it can be read").look(text);
            assert_eq!(found.is_ok(), holds, "{pattern}: {found:?}");
        }
    }

    #[test]
    fn what_is_no_expression_is_said() {
        let mistake = Pattern::read("/(/").err();
        assert_eq!(mistake.as_deref(), Some("`/(/` is no expression"));
    }

    #[test]
    fn a_long_text_is_cut() {
        assert_eq!(shown(" a\nb "), "\"a\\nb\"");
        assert_eq!(shown(&"x".repeat(1000)).chars().count(), SHOWN + 3);
        assert_eq!(shown("\n"), "nothing");
    }
}
