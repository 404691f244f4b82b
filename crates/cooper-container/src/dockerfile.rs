//! Which images a Dockerfile begins with, as far as it can be told without building it.

use std::collections::BTreeMap;
use std::ops::Range;

/// An image that a Dockerfile starts from, or copies from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Base {
    /// Where it is named.
    pub place: Range<usize>,
    /// What is written there.
    pub written: String,
    /// The image, once arguments have their values; nothing, when it is another one in each build.
    pub image: Option<String>,
}

/// Every image that a Dockerfile names in `FROM` and `--from=`, but for its own stages and `scratch`.
/// Values of arguments count before those that `ARG` has. What is no Dockerfile has none, or wrong
/// ones; the engine says so.
pub fn bases(text: &str, arguments: &[(String, String)]) -> Vec<Base> {
    let mut reader = Reader { escape: escape(text), ..Reader::default() };
    let given: BTreeMap<&str, &str> =
        arguments.iter().map(|(name, value)| (&**name, &**value)).collect();
    for line in lines(text, reader.escape) {
        reader.read(&line, &given, text);
    }
    reader.bases
}

/// A text in which images are named otherwise: each at its place, which are in order.
pub fn renamed<'a>(text: &str, names: impl IntoIterator<Item = (Range<usize>, &'a str)>) -> String {
    let mut renamed = String::with_capacity(text.len());
    let mut end = 0;
    for (place, name) in names {
        renamed.push_str(&text[end..place.start]);
        renamed.push_str(name);
        end = place.end;
    }
    renamed.push_str(&text[end..]);
    renamed
}

/// An instruction, in one piece.
struct Line {
    text: String,
    /// Where each byte of it stands.
    places: Vec<usize>,
}

impl Line {
    /// What stands between spaces.
    fn words(&self) -> Vec<Range<usize>> {
        let mut words = Vec::new();
        let mut begun = None;
        for (at, part) in self.text.char_indices() {
            match (part.is_whitespace(), begun) {
                (true, Some(begin)) => {
                    words.push(begin..at);
                    begun = None;
                }
                (false, None) => begun = Some(at),
                (true, None) | (false, Some(_)) => {}
            }
        }
        words.extend(begun.map(|begin| begin..self.text.len()));
        words
    }

    /// Where a part of it stands in the file.
    fn place(&self, part: &Range<usize>) -> Range<usize> {
        match (self.places.get(part.start), self.places.get(part.end.saturating_sub(1))) {
            (Some(begin), Some(last)) if part.start < part.end => *begin..last + 1,
            _ => 0..0,
        }
    }
}

/// What continues a line: `\`, or what a comment at the top says.
fn escape(text: &str) -> char {
    for line in text.lines() {
        let Some((name, value)) =
            line.trim().strip_prefix('#').and_then(|rest| rest.split_once('='))
        else {
            break;
        };
        if name.trim().eq_ignore_ascii_case("escape") && value.trim() == "`" {
            return '`';
        }
    }
    '\\'
}

/// The instructions, without comments and without the texts that follow `<<`.
fn lines(text: &str, escape: char) -> Vec<Line> {
    let mut all = Vec::new();
    let mut line = Line { text: String::new(), places: Vec::new() };
    // Words that end texts which follow the instruction.
    let mut ends: Vec<String> = Vec::new();
    let mut begin = 0;
    for raw in text.split_inclusive('\n') {
        let at = begin;
        begin += raw.len();
        let content = raw.trim_end();
        if let Some(end) = ends.first() {
            if content.trim_start_matches('\t') == end {
                ends.remove(0);
            }
            continue;
        }
        if content.trim_start().is_empty() || content.trim_start().starts_with('#') {
            continue;
        }
        let continued = content.strip_suffix(escape);
        let piece = continued.unwrap_or(content);
        line.text.push_str(piece);
        line.places.extend(at..at + piece.len());
        if continued.is_none() {
            ends = heredocs(&line.text);
            all.push(std::mem::replace(
                &mut line,
                Line { text: String::new(), places: Vec::new() },
            ));
        }
    }
    if !line.text.is_empty() {
        all.push(line);
    }
    all
}

/// The words that end the texts which follow an instruction: `RUN <<EOF`.
fn heredocs(line: &str) -> Vec<String> {
    let instruction = line.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
    if !matches!(instruction.as_str(), "RUN" | "COPY" | "ADD") {
        return Vec::new();
    }
    let openings = line.split("<<").skip(1).filter(|rest| !rest.starts_with('<'));
    let word = |rest: &str| {
        let rest = rest.strip_prefix('-').unwrap_or(rest);
        let rest = rest.trim_start_matches(['"', '\'']);
        let end = rest.find(|part: char| !part.is_alphanumeric() && part != '_');
        let word = &rest[..end.unwrap_or(rest.len())];
        (!word.is_empty() && !word.starts_with(|part: char| part.is_ascii_digit()))
            .then(|| word.to_owned())
    };
    openings.filter_map(word).collect()
}

#[derive(Default)]
struct Reader {
    escape: char,
    bases: Vec<Base>,
    /// Names of stages, in lower case.
    stages: Vec<String>,
    /// How many stages there were.
    count: usize,
    /// What `ARG` says before the first stage.
    values: BTreeMap<String, Option<String>>,
}

impl Reader {
    fn read(&mut self, line: &Line, given: &BTreeMap<&str, &str>, text: &str) {
        let words = line.words();
        let Some((instruction, words)) = words.split_first() else { return };
        match line.text[instruction.clone()].to_ascii_uppercase().as_str() {
            "ARG" if self.count == 0 => {
                for word in words {
                    self.argument(&line.text[word.clone()], given);
                }
            }
            "FROM" => {
                let mut words =
                    words.iter().skip_while(|word| line.text[(*word).clone()].starts_with("--"));
                if let Some(word) = words.next() {
                    let image = self.expanded(&line.text[word.clone()]);
                    self.base(line, word, image, text);
                }
                let named = words
                    .next()
                    .is_some_and(|word| line.text[word.clone()].eq_ignore_ascii_case("as"));
                if let Some(name) = words.next().filter(|_| named) {
                    self.stages.push(line.text[name.clone()].to_lowercase());
                }
                self.count += 1;
            }
            "COPY" | "ADD" | "RUN" => {
                let flags =
                    words.iter().take_while(|word| line.text[(*word).clone()].starts_with("--"));
                for flag in flags {
                    for part in from(&line.text, flag) {
                        let name = &line.text[part.clone()];
                        let is_number = name.parse::<usize>().is_ok();
                        if !is_number {
                            let image = (!name.contains('$')).then(|| name.to_owned());
                            self.base(line, &part, image, text);
                        }
                    }
                }
            }
            _ => {}
        }
    }

    fn argument(&mut self, word: &str, given: &BTreeMap<&str, &str>) {
        let (name, default) = match word.split_once('=') {
            Some((name, value)) => (name, self.expanded(value)),
            None => (word, None),
        };
        let value = given.get(name).map(|value| (*value).to_owned()).or(default);
        self.values.insert(name.to_owned(), value);
    }

    fn base(&mut self, line: &Line, part: &Range<usize>, image: Option<String>, text: &str) {
        let is_own = image
            .as_ref()
            .is_some_and(|image| image == "scratch" || self.stages.contains(&image.to_lowercase()));
        if is_own || part.is_empty() {
            return;
        }
        let place = line.place(part);
        let written = text.get(place.clone()).unwrap_or_default().to_owned();
        self.bases.push(Base { place, written, image });
    }

    /// A word with the values of arguments; nothing, when one of them is not known.
    fn expanded(&self, word: &str) -> Option<String> {
        let mut expanded = String::new();
        let mut rest = word;
        while let Some(part) = rest.chars().next() {
            rest = &rest[part.len_utf8()..];
            match part {
                '"' | '\'' => {}
                part if part == self.escape => {
                    let kept = rest.chars().next()?;
                    expanded.push(kept);
                    rest = &rest[kept.len_utf8()..];
                }
                '$' => {
                    let (value, after) = self.variable(rest)?;
                    expanded.push_str(&value);
                    rest = after;
                }
                part => expanded.push(part),
            }
        }
        Some(expanded).filter(|expanded| !expanded.is_empty())
    }

    /// What `NAME`, `{NAME}`, `{NAME:-OTHER}` or `{NAME:+OTHER}` stands for, and what follows it.
    fn variable<'a>(&self, rest: &'a str) -> Option<(String, &'a str)> {
        let is_part = |part: char| part.is_ascii_alphanumeric() || part == '_';
        let value =
            |name: &str| self.values.get(name).cloned().flatten().filter(|value| !value.is_empty());
        let Some(inside) = rest.strip_prefix('{') else {
            let end = rest.find(|part| !is_part(part)).unwrap_or(rest.len());
            return Some((value(&rest[..end])?, &rest[end..]));
        };
        let (inside, after) = inside.split_once('}')?;
        let end = inside.find(|part| !is_part(part)).unwrap_or(inside.len());
        let (name, other) = inside.split_at(end);
        let plain =
            |other: &str| (!other.contains(['$', '\\', '"', '\''])).then(|| other.to_owned());
        let value = match other {
            "" => value(name)?,
            other => match (other.strip_prefix(":-"), other.strip_prefix(":+")) {
                (Some(other), _) => value(name).or_else(|| plain(other))?,
                (None, Some(other)) => match value(name) {
                    Some(_) => plain(other)?,
                    None => String::new(),
                },
                (None, None) => return None,
            },
        };
        Some((value, after))
    }
}

/// Where a flag names an image: `--from=IMAGE`, `--mount=type=bind,from=IMAGE`.
fn from(line: &str, flag: &Range<usize>) -> Vec<Range<usize>> {
    let text = &line[flag.clone()];
    if let Some(name) = text.strip_prefix("--from=") {
        let place = flag.end - name.len()..flag.end;
        return vec![place];
    }
    let Some(options) = text.strip_prefix("--mount=") else { return Vec::new() };
    let mut begin = flag.end - options.len();
    let mut found = Vec::new();
    for option in options.split(',') {
        if let Some(name) = option.strip_prefix("from=") {
            let end = begin + option.len();
            found.push(end - name.len()..end);
        }
        begin += option.len() + 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn images(text: &str, arguments: &[(&str, &str)]) -> Vec<String> {
        let arguments: Vec<(String, String)> =
            arguments.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let image = |base: Base| match base.image {
            Some(image) => image,
            None => format!("? {}", base.written),
        };
        bases(text, &arguments).into_iter().map(image).collect()
    }

    #[test]
    fn images_are_found() {
        let table: &[(&str, &[&str])] = &[
            ("FROM debian:12", &["debian:12"]),
            ("from debian:12\nfrom  alpine", &["debian:12", "alpine"]),
            ("FROM --platform=linux/arm64 debian AS base\nFROM base\nFROM Base AS x", &["debian"]),
            ("FROM scratch\nCOPY --from=busybox:1 /bin/sh /", &["busybox:1"]),
            ("FROM a AS b\nFROM c\nCOPY --from=b . .\nCOPY --from=0 --chown=1 . .", &["a", "c"]),
            ("# FROM no\nFROM \\\n# FROM no\n\n  yes \\\n  AS x\nFROM x", &["yes"]),
            ("# escape=`\nFROM `\n yes", &["yes"]),
            ("FROM \"quoted\"", &["quoted"]),
            ("FROM a\nRUN <<EOF\nFROM no\nEOF\nFROM b", &["a", "b"]),
            ("FROM a\nRUN <<-'E_1' cat && <<X\n\tFROM no\n\tE_1\nFROM no\nX\nFROM b", &["a", "b"]),
            ("FROM a\nRUN cat <<< FROM; echo $((1 << 2))\nFROM b", &["a", "b"]),
            ("FROM a\nRUN echo \\\nFROM no\nFROM b", &["a", "b"]),
            ("FROM a\nRUN --mount=type=bind,from=tools:1,source=/x cc", &["a", "tools:1"]),
            ("FROM a\nRUN --mount=type=cache,target=/x cc --from=no", &["a"]),
            ("ARG V=12\nFROM debian:$V\nFROM debian:${V}-slim", &["debian:12", "debian:12-slim"]),
            ("ARG V=1\nARG W=a:$V\nFROM $W", &["a:1"]),
            ("ARG V\nFROM a:$V", &["? a:$V"]),
            ("FROM a:$NONE", &["? a:$NONE"]),
            ("ARG V\nFROM ${V:-b}", &["b"]),
            ("ARG V=x\nFROM a${V:+:1}", &["a:1"]),
            ("ARG V\nFROM a${V:+:1}", &["a"]),
            ("ARG V=x\nFROM a:${V%y}", &["? a:${V%y}"]),
            ("FROM a\nARG V=x\nFROM b:$V", &["a", "? b:$V"]),
            ("FROM a\nCOPY --from=$V . .", &["a", "? $V"]),
            ("FROM", &[]),
            ("FROM --platform=x", &[]),
            ("COPY --from= . .", &[]),
            ("", &[]),
        ];
        for (text, expected) in table {
            assert_eq!(images(text, &[]), *expected, "{text}");
            let other = text.replace('\n', "\r\n");
            assert_eq!(images(&other, &[]), *expected, "{other}");
        }
        let text = "ARG V=12\nARG W\nFROM debian:$V\nFROM $W\n";
        assert_eq!(images(text, &[("V", "13"), ("W", "x"), ("U", "y")]), ["debian:13", "x"]);
    }

    #[test]
    fn images_are_renamed_and_nothing_else() {
        let text = "ARG V=1\nFROM --platform=a/b py:$V AS py # py:$V\nFROM al\\\npine\nCOPY --from=b . b\n";
        let bases = bases(text, &[]);
        let names = bases.iter().map(|base| (base.place.clone(), "X"));
        let expected = "ARG V=1\nFROM --platform=a/b X AS py # py:$V\nFROM X\nCOPY --from=X . b\n";
        assert_eq!(renamed(text, names), expected);
    }

    proptest! {
        /// Whatever a file says, it is read, and what is found stands where it is said to stand.
        #[test]
        fn every_text_is_read(text in "((FROM|ARG|COPY|RUN|ä|--from=|a=|\\$\\{|\\$a|\\}|:-|<<|\\\\|`|\"|#|as| |\n|\r\n){0,3}){0,20}") {
            let found = bases(&text, &[]);
            for base in &found {
                prop_assert_eq!(&text[base.place.clone()], &base.written);
            }
            renamed(&text, found.iter().map(|base| (base.place.clone(), "x")));
        }
    }
}
