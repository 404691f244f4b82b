//! Words and quotes as Dockerfiles have them.

/// Splits at white space outside of quotes. Each word has its place in the text.
pub(super) fn split(text: &str) -> Vec<(usize, &str)> {
    let mut words = Vec::new();
    let mut start = None;
    let mut quote = None;
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        if let Some(mark) = quote {
            if letter == mark {
                quote = None;
            } else if letter == '\\' && mark == '"' {
                letters.next();
            }
            continue;
        }
        if letter.is_whitespace() {
            if let Some(start) = start.take() {
                words.push((start, &text[start..at]));
            }
            continue;
        }
        start.get_or_insert(at);
        match letter {
            '"' | '\'' => quote = Some(letter),
            '\\' => {
                letters.next();
            }
            _ => {}
        }
    }
    if let Some(start) = start {
        words.push((start, &text[start..]));
    }
    words
}

/// Finds what Docker could not expand in a word: the place and what is wrong there.
pub(super) fn fault(word: &str) -> Option<(usize, &'static str)> {
    let mut open: Option<(char, usize)> = None;
    let mut letters = word.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        match (letter, open) {
            ('\'', Some(('\'', _))) | ('"', Some(('"', _))) => open = None,
            (_, Some(('\'', _))) => {}
            ('\\', _) => {
                letters.next();
            }
            ('\'' | '"', None) => open = Some((letter, at)),
            ('$', _) if letters.peek().is_some_and(|(_, next)| *next == '{') => {
                let inside = &word[at + 2..];
                let name = inside
                    .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                    .unwrap_or(inside.len());
                if name == 0 {
                    return Some((at, "there is no name after `${`"));
                }
                let Some(end) = inside.find('}') else {
                    return Some((at, "there is no `}` after `${`"));
                };
                let modifier = &inside[name..end];
                if !(modifier.is_empty()
                    || modifier.starts_with(":-")
                    || modifier.starts_with(":+")
                    || modifier.starts_with(":?"))
                {
                    return Some((
                        at,
                        "a variable is `${name}`, `${name:-default}` or `${name:+other}`",
                    ));
                }
            }
            _ => {}
        }
    }
    match open {
        Some(('"', at)) => Some((at, "there is no second `\"`")),
        Some((_, at)) => Some((at, "there is no second `'`")),
        None => None,
    }
}
