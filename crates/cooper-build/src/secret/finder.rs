//! Finds secrets in a text, in one pass.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use aho_corasick::AhoCorasick;

/// How many bytes at the start of a form are looked for; the rest is compared.
const HEAD: usize = 32;

/// Pieces are looked for by blocks of so many bytes, and found if they hold one that is aligned.
const BLOCK: usize = 4;

/// So many bytes of a form are looked for in pieces.
const IN_PIECES: usize = 16 << 10;

/// So many forms are looked at for one block; what more have in common is no secret.
const ALIKE: usize = 64;

/// How often the place for a cut is moved, from secret to secret that stand side by side.
const STEPS_BACK: usize = 64;

/// The shortest piece that is hidden where a line begins or ends: what was broken there.
const AT_AN_EDGE: usize = 2 * BLOCK;

/// The shortest piece that is hidden anywhere: what was cut off.
const ANYWHERE: usize = 16;

/// What a secret may look like.
pub(super) struct Form {
    pub(super) text: Arc<str>,
    /// Whether pieces of it are hidden too.
    pub(super) in_pieces: bool,
}

/// Finds forms of secrets.
pub(super) struct Finder {
    forms: Vec<Form>,
    /// The heads and blocks of all forms; nothing when they are too many to be looked for.
    words: Option<AhoCorasick>,
    /// For each word the forms that have it, and its place there.
    places: Vec<Vec<(usize, usize)>>,
}

impl Finder {
    pub(super) fn new(forms: Vec<Form>) -> Self {
        let mut words: BTreeMap<&[u8], Vec<(usize, usize)>> = BTreeMap::new();
        for (index, form) in forms.iter().enumerate() {
            let bytes = form.text.as_bytes();
            words.entry(&bytes[..bytes.len().min(HEAD)]).or_default().push((index, 0));
        }
        for (index, form) in forms.iter().enumerate() {
            let bytes = form.text.as_bytes();
            if !form.in_pieces || bytes.len() <= AT_AN_EDGE {
                continue;
            }
            let blocks = bytes[..bytes.len().min(IN_PIECES)].chunks_exact(BLOCK).enumerate();
            for (block, word) in blocks {
                let places = words.entry(word).or_default();
                // One that comes again would only be met again and again.
                let again = places.last().is_some_and(|(last, _)| *last == index);
                if !again && places.len() < ALIKE {
                    places.push((index, block * BLOCK));
                }
            }
        }
        let (words, places): (Vec<&[u8]>, Vec<_>) = words.into_iter().unzip();
        let words = AhoCorasick::new(words).ok();
        Self { forms, words, places }
    }

    /// Where secrets stand in a text, in order, none inside another: whole characters.
    pub(super) fn find(&self, text: &str) -> Vec<Range<usize>> {
        let whole_text = 0..text.len();
        let Some(words) = &self.words else { return std::iter::once(whole_text).collect() };
        let mut found: Vec<Range<usize>> = Vec::new();
        // What of each form was compared last.
        let mut compared: HashMap<usize, Range<usize>> = HashMap::new();
        for hit in words.find_overlapping_iter(text) {
            for &(index, at) in &self.places[hit.pattern().as_usize()] {
                let last = compared.entry(index).or_default();
                if last.start <= hit.start() && hit.end() <= last.end {
                    continue;
                }
                let Form { text: form, in_pieces } = &self.forms[index];
                let run = run(text.as_bytes(), hit.start(), form.as_bytes(), at);
                let whole = run.len() == form.len();
                let piece = *in_pieces
                    && (run.len() >= ANYWHERE || run.len() >= AT_AN_EDGE && at_an_edge(text, &run));
                if whole || piece {
                    *last = run.clone();
                    found.push(run);
                }
            }
        }
        found.iter_mut().for_each(|run| *run = whole_characters(text, run.clone()));
        join_overlapping(&mut found);
        found
    }

    /// Where a text that goes on can be cut without cutting a secret: before the end that may be
    /// the beginning of one, and in no other that reaches into it.
    pub(super) fn cut(&self, text: &[u8]) -> usize {
        let begun = |form: &Form| {
            let form = form.text.as_bytes();
            let longest = text.len().min(form.len() - 1);
            let begun = |length: &usize| text.ends_with(&form[..*length]);
            (1..=longest).rev().find(begun).unwrap_or_default()
        };
        let mut cut = text.len() - self.forms.iter().map(begun).max().unwrap_or_default();
        for _ in 0..STEPS_BACK {
            let across = |form: &Form| {
                let form = form.text.as_bytes();
                let longest = cut.min(form.len() - 1);
                let across = |before: &usize| text[cut - before..].starts_with(form);
                (1..=longest).rev().find(across).unwrap_or_default()
            };
            match self.forms.iter().map(across).max() {
                Some(before @ 1..) => cut -= before,
                _ => break,
            }
        }
        cut
    }
}

/// Puts ranges in order, and those into one that overlap.
pub(super) fn join_overlapping(ranges: &mut Vec<Range<usize>>) {
    ranges.sort_by_key(|range| range.start);
    ranges.dedup_by(|next, last| {
        let overlap = next.start < last.end;
        if overlap {
            last.end = last.end.max(next.end);
        }
        overlap
    });
}

/// What a text and a form have in common around two places where they are alike.
fn run(text: &[u8], start: usize, form: &[u8], at: usize) -> Range<usize> {
    let before = alike(text[..start].iter().rev(), form[..at].iter().rev());
    let after = alike(text[start..].iter(), form[at..].iter());
    start - before..start + after
}

/// How many elements are the same before the first that differ.
fn alike<'a>(one: impl Iterator<Item = &'a u8>, other: impl Iterator<Item = &'a u8>) -> usize {
    one.zip(other).take_while(|(a, b)| a == b).count()
}

/// Whether nothing but blanks, quotes and signs for more stands before or behind a run in its line.
fn at_an_edge(text: &str, run: &Range<usize>) -> bool {
    let nothing = |text: &str| {
        text.chars().all(|c| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '\\' | '…' | '.'))
    };
    let run = whole_characters(text, run.clone());
    let before = text[..run.start].rsplit('\n').next().unwrap_or_default();
    let behind = text[run.end..].split('\n').next().unwrap_or_default();
    nothing(before) || nothing(behind)
}

fn whole_characters(text: &str, run: Range<usize>) -> Range<usize> {
    let Range { mut start, mut end } = run;
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    while !text.is_char_boundary(end) {
        end += 1;
    }
    start..end
}
