//! CSV, read as Packer reads it: fields between commas, quotes around whole fields only, and every
//! line with as many fields as the first, which names them. Empty lines are left out.

use std::sync::Arc;

use super::{FunctionError, limit};
use crate::value::{Type, Value};

type Result<T> = std::result::Result<T, FunctionError>;

/// A list of objects with the names of this text's first line; only that line is read.
pub(super) fn list_type(text: &str) -> Result<Type> {
    Ok(Type::list(row_type(&header(&mut Records::of(text))?)))
}

/// The lines after the first as objects.
pub(super) fn decode(text: &str) -> Result<Value> {
    let mut records = Records::of(text);
    let names = header(&mut records)?;
    limit::elements(names.len())?;
    let mut rows = Vec::new();
    while let Some(fields) = records.next()? {
        if fields.len() != names.len() {
            return Err(records.refuse(&format!(
                "has {} fields, but the first line has {}",
                fields.len(),
                names.len()
            )));
        }
        // A row takes memory of its own, more than a field does.
        limit::elements((rows.len() + 1).saturating_mul(names.len() + 1))?;
        rows.push(Value::object(names.iter().cloned().zip(fields.into_iter().map(Value::from))));
    }
    Ok(Value::list(row_type(&names), rows))
}

fn row_type(names: &[Arc<str>]) -> Type {
    Type::object(names.iter().map(|name| (name.clone(), Type::String)))
}

fn header(records: &mut Records<'_>) -> Result<Vec<Arc<str>>> {
    let Some(fields) = records.next()? else {
        return Err(FunctionError::argument(0, "the first line must name the columns"));
    };
    // Names are in normal form, as all texts are.
    let names = fields.into_iter().map(|name| Value::from(name).as_str().map(Arc::from));
    let names: Vec<Arc<str>> = names.flatten().collect();
    let mut sorted = names.clone();
    sorted.sort();
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => {
            let message = format!("two columns are called `{}`", pair[0]);
            Err(FunctionError::argument(0, message))
        }
        None => Ok(names),
    }
}

/// A text that is read record by record.
struct Records<'a> {
    rest: &'a str,
    /// How many lines were read.
    lines: usize,
}

impl<'a> Records<'a> {
    fn of(text: &'a str) -> Self {
        Self { rest: text.strip_prefix('\u{feff}').unwrap_or(text), lines: 0 }
    }

    /// The next line, without its end.
    fn line(&mut self) -> Option<&'a str> {
        if self.rest.is_empty() {
            return None;
        }
        let (line, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
        self.rest = rest;
        self.lines += 1;
        Some(line.strip_suffix('\r').unwrap_or(line))
    }

    /// The fields of the next record.
    fn next(&mut self) -> Result<Option<Vec<String>>> {
        let mut rest = loop {
            match self.line() {
                Some("") => {}
                Some(line) => break line,
                None => return Ok(None),
            }
        };
        let mut fields = Vec::new();
        loop {
            let (field, after) = match rest.strip_prefix('"') {
                Some(quoted) => self.quoted(quoted)?,
                None => self.bare(rest)?,
            };
            fields.push(field);
            match after {
                Some(more) => rest = more,
                None => return Ok(Some(fields)),
            }
        }
    }

    /// A field without quotes, and what is behind its comma if there is one.
    fn bare(&self, line: &'a str) -> Result<(String, Option<&'a str>)> {
        let (field, after) = match line.split_once(',') {
            Some((field, after)) => (field, Some(after)),
            None => (line, None),
        };
        if field.contains('"') {
            return Err(self.refuse("has a quote in a field that does not begin with one"));
        }
        Ok((field.into(), after))
    }

    /// A field behind its first quote, and what is behind its comma if there is one.
    fn quoted(&mut self, line: &'a str) -> Result<(String, Option<&'a str>)> {
        let begins = self.lines;
        let mut field = String::new();
        let mut rest = line;
        loop {
            let Some((part, after)) = rest.split_once('"') else {
                field.push_str(rest);
                field.push('\n');
                rest = self
                    .line()
                    .ok_or_else(|| refuse(begins, "begins a quoted field that has no end"))?;
                continue;
            };
            field.push_str(part);
            match after.as_bytes() {
                [] => return Ok((field, None)),
                [b',', ..] => return Ok((field, Some(&after[1..]))),
                [b'"', ..] => field.push('"'),
                _ => return Err(self.refuse("has more than a comma behind a quoted field")),
            }
            rest = &after[1..];
        }
    }

    /// What the line that was read last `has` wrong with it.
    fn refuse(&self, message: &str) -> FunctionError {
        refuse(self.lines, message)
    }
}

fn refuse(line: usize, message: &str) -> FunctionError {
    FunctionError::argument(0, format!("line {line} {message}"))
}
