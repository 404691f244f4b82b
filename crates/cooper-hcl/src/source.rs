//! Text and places in it.
//!
//! All files of a run live in one address space, so a [`Span`] is two numbers and
//! knows its file without naming it. [`SourceMap`] turns a span back into a file,
//! a line and a column. Drawing a diagnostic beside its text is left to the program.

use std::sync::Arc;

use unicode_segmentation::UnicodeSegmentation;

/// A range of bytes in the address space of a [`SourceMap`].
///
/// Spans are half open. A span never crosses from one file into another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// A place outside every file, for values that no text stands for.
    pub const NONE: Span = Span { start: 0, end: 0 };

    /// Makes the span from `start` up to but not including `end`.
    pub const fn new(start: u32, end: u32) -> Self {
        Self { start, end }
    }

    /// The offset of the first byte.
    pub const fn start(self) -> u32 {
        self.start
    }

    /// The offset after the last byte.
    pub const fn end(self) -> u32 {
        self.end
    }

    /// The number of bytes.
    pub const fn len(self) -> u32 {
        self.end - self.start
    }

    /// Whether the span covers no byte.
    pub const fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Whether this is a real place in a file, rather than [`Span::NONE`].
    pub const fn is_some(self) -> bool {
        self.start != 0 || self.end != 0
    }

    /// The smallest span that covers both; the other one where one is [`Span::NONE`].
    #[must_use]
    pub fn to(self, other: Span) -> Span {
        match (self.is_some(), other.is_some()) {
            (true, true) => {
                Span { start: self.start.min(other.start), end: self.end.max(other.end) }
            }
            (true, false) => self,
            (false, _) => other,
        }
    }
}

/// One file's text.
#[derive(Clone, Debug)]
pub struct SourceFile {
    name: Arc<str>,
    text: Arc<str>,
    base: u32,
    lines: Arc<[u32]>,
}

impl SourceFile {
    /// The name as a user would type it, or a description such as `<-var region>`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// The offset of the first byte in the shared address space.
    pub fn base(&self) -> u32 {
        self.base
    }

    /// The span of the whole text.
    pub fn span(&self) -> Span {
        Span::new(self.base, self.base + self.text.len() as u32)
    }

    /// The text a span of this file covers, or the empty string for any other span.
    pub fn slice(&self, span: Span) -> &str {
        let local = |offset: u32| offset.checked_sub(self.base).map(|local| local as usize);
        let range = local(span.start).zip(local(span.end));
        range.and_then(|(start, end)| self.text.get(start..end)).unwrap_or("")
    }

    /// Whether a span lies in it.
    pub fn contains(&self, span: Span) -> bool {
        let whole = self.span();
        span.start >= whole.start && span.end <= whole.end
    }

    /// The index of the line that holds a local offset.
    fn line_index(&self, local: u32) -> usize {
        self.lines.partition_point(|&start| start <= local).saturating_sub(1)
    }
}

/// A place as people and editors name it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Location {
    /// The file's name.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, counted in grapheme clusters.
    pub column: usize,
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// The text does not fit: all files of a run may hold 4 GiB together.
#[derive(Debug, thiserror::Error)]
#[error("the files of one run may hold at most 4 GiB together")]
pub struct TooMuchText;

/// All text that was read, in one address space.
///
/// Offset 0 belongs to no file, and one byte is left free after each file, so neighbouring
/// files have no offset in common.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    files: Vec<SourceFile>,
}

impl SourceMap {
    /// Makes an empty map.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text and returns it with its place in the address space.
    ///
    /// # Errors
    ///
    /// When the address space is full.
    pub fn add(
        &mut self,
        name: impl Into<Arc<str>>,
        text: impl Into<Arc<str>>,
    ) -> Result<SourceFile, TooMuchText> {
        let text: Arc<str> = text.into();
        let base = self.files.last().map_or(1, |last| last.span().end + 1);
        let length = u32::try_from(text.len()).map_err(|_| TooMuchText)?;
        base.checked_add(length).and_then(|end| end.checked_add(1)).ok_or(TooMuchText)?;
        let lines = std::iter::once(0)
            .chain(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i as u32 + 1))
            .collect();
        let file = SourceFile { name: name.into(), text, base, lines };
        self.files.push(file.clone());
        Ok(file)
    }

    /// Adds a file of another map at the offsets it has there, so that places in it mean the same
    /// in both.
    ///
    /// # Errors
    ///
    /// When a file is there already.
    pub fn adopt(&mut self, file: SourceFile) -> Result<(), TooMuchText> {
        let at = self.files.partition_point(|other| other.base < file.base);
        let free_before = at.checked_sub(1).is_none_or(|b| self.files[b].span().end < file.base);
        let free_after = self.files.get(at).is_none_or(|after| file.span().end < after.base);
        if !free_before || !free_after {
            return Err(TooMuchText);
        }
        self.files.insert(at, file);
        Ok(())
    }

    /// Takes a file out. Its offsets belong to no file until another one gets them.
    pub fn remove(&mut self, file: &SourceFile) {
        self.files.retain(|other| other.base != file.base);
    }

    /// The files in the order of their offsets, which is that in which they were added.
    pub fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// The file a span lies in, or nothing for [`Span::NONE`].
    pub fn file(&self, span: Span) -> Option<&SourceFile> {
        let after = self.files.partition_point(|file| file.base <= span.start);
        let file = self.files.get(after.checked_sub(1)?)?;
        (span.is_some() && file.contains(span)).then_some(file)
    }

    /// The text a span covers, or the empty string for [`Span::NONE`].
    pub fn text(&self, span: Span) -> &str {
        self.file(span)
            .and_then(|file| {
                file.text.get((span.start - file.base) as usize..(span.end - file.base) as usize)
            })
            .unwrap_or("")
    }

    /// Where a span begins, or nothing for [`Span::NONE`].
    pub fn locate(&self, span: Span) -> Option<Location> {
        let file = self.file(span)?;
        let local = span.start - file.base;
        let index = file.line_index(local);
        let start = file.lines[index];
        let before = file.text.get(start as usize..local as usize).unwrap_or("");
        Some(Location {
            file: file.name.clone(),
            line: index + 1,
            column: before.graphemes(true).count() + 1,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_belongs_to_one_file() {
        let mut map = SourceMap::new();
        let first = map.add("first", "ab\ncd").unwrap();
        let second = map.add("second", "ef").unwrap();
        assert_eq!(map.file(first.span()).map(SourceFile::name), Some("first"));
        assert_eq!(map.file(second.span()).map(SourceFile::name), Some("second"));
        let end = Span::new(first.span().end(), first.span().end());
        assert_eq!(map.file(end).map(SourceFile::name), Some("first"));
        let across = first.span().to(second.span());
        assert!(map.file(across).is_none());
        assert_eq!(map.text(across), "");
        assert!(map.locate(across).is_none());
        assert!(map.file(Span::NONE).is_none());
    }

    #[test]
    fn a_file_of_another_map_keeps_its_place() {
        let mut map = SourceMap::new();
        let files = ["a", "bb", "ccc"].map(|name| map.add(name, name).unwrap());
        let mut other = SourceMap::new();
        for index in [2, 0, 1] {
            other.adopt(files[index].clone()).unwrap();
        }
        assert!(other.adopt(files[1].clone()).is_err());
        for file in &files {
            assert_eq!(other.text(file.span()), file.name());
        }
        map.remove(&files[1]);
        assert_eq!(map.text(files[1].span()), "");
        assert_eq!(map.text(files[2].span()), "ccc");
    }

    #[test]
    fn columns_count_what_people_see() {
        let mut map = SourceMap::new();
        map.add("x", "one\n👩‍👩‍👧é = 1").unwrap();
        let file = &map.files()[0];
        let equals = file.base() + file.text().find('=').unwrap() as u32;
        let place = map.locate(Span::new(equals, equals + 1)).unwrap();
        assert_eq!((place.line, place.column), (2, 4));
    }
}
