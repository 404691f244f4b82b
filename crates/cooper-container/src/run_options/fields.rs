//! Comma-separated fields, as `--mount` and `--gpus` take them.

use super::{Read, Wrong};

/// Splits at commas. A field in double quotes may contain commas, and quotes written twice.
pub(super) fn split(text: &str) -> Read<Vec<String>> {
    let wrong = || Wrong::new(format!("`{text}` has a double quote in the wrong place"));
    let mut fields = Vec::new();
    let mut rest = text;
    loop {
        let field;
        (field, rest) = if let Some(quoted) = rest.strip_prefix('"') {
            let mut field = String::new();
            let mut inside = quoted;
            loop {
                let end = inside.find('"').ok_or_else(wrong)?;
                field.push_str(&inside[..end]);
                inside = &inside[end + 1..];
                match inside.strip_prefix('"') {
                    Some(after) => {
                        field.push('"');
                        inside = after;
                    }
                    None => break (field, inside),
                }
            }
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            if rest[..end].contains('"') {
                return Err(wrong());
            }
            (rest[..end].to_owned(), &rest[end..])
        };
        fields.push(field);
        match rest.strip_prefix(',') {
            Some(after) => rest = after,
            None if rest.is_empty() => return Ok(fields),
            None => return Err(wrong()),
        }
    }
}

/// Splits `key=value`, which must have both.
pub(super) fn pair(field: &str) -> Read<(&str, &str)> {
    field
        .split_once('=')
        .filter(|(key, _)| !key.is_empty())
        .ok_or_else(|| Wrong::new(format!("`{field}` is not of the form `key=value`")))
}
