//! What must not be shown.

mod finder;
mod forms;
mod written;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use cooper_hcl::value::ValueKind;
use cooper_hcl::{SourceFile, Span, Value};

use self::finder::{Finder, Form, join_overlapping};
use self::forms::{encoded, quoted};
use self::written::Written;
use crate::escape;

/// What stands in place of a secret.
const HIDDEN: &str = "<sensitive>";

/// The lines of a secret are secrets too, from this length on: a lone brace is none.
const SHORTEST_LINE: usize = 4;

/// Numbers are secrets from so many letters on: a lone digit is in everything.
const SHORTEST_NUMBER: usize = 4;

/// So many lines of a secret are secrets by themselves.
const LINES: usize = 20_000;

/// So many texts that are made of secrets are secrets too.
const OVERHEARD: usize = 10_000;

/// A secret that is longer than this is looked for as it is, and not quoted or encoded.
const LONGEST_ENCODED: usize = 1 << 20;

/// The strings that no output may contain. Cloning shares them.
#[derive(Clone, Default)]
pub struct Secrets {
    known: Arc<Mutex<Known>>,
}

#[derive(Default)]
struct Known {
    /// What secrets may look like, and whether pieces of it are hidden too.
    forms: BTreeMap<Arc<str>, bool>,
    /// Looks for all of them; made when it is needed.
    finder: Option<Arc<Finder>>,
    /// Where secrets are written in texts that were read, in whatever way.
    places: Vec<Span>,
    /// How many texts were made of secrets.
    overheard: usize,
}

/// Whether pieces of a secret are secrets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pieces {
    Hidden,
    /// Most of it may be no secret at all, as in a command that a password is put in.
    Shown,
}

impl Secrets {
    /// No secret yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a secret: whole, line by line, in pieces, and as it is when it is quoted or encoded: in
    /// JSON, in a URL, in base64. The empty string is none.
    pub fn add(&self, secret: &str) {
        self.lock().add(secret, Pieces::Hidden);
    }

    /// Adds every string in a value, and every number of four letters or more.
    pub fn add_all(&self, value: &Value) {
        self.lock().add_all(value, Pieces::Hidden);
    }

    /// Adds every string in the parts of a value that are marked sensitive, because they were made
    /// of secrets: whole and line by line, but not in pieces.
    pub fn add_marked(&self, value: &Value) {
        let mut known = self.lock();
        let mut left = vec![value];
        while let Some(value) = left.pop() {
            if value.marks().sensitive {
                known.add_all(value, Pieces::Shown);
            } else if value.deep_marks().sensitive {
                left.extend(value.children());
            }
        }
    }

    /// Adds what an expression made of secrets, as [`Secrets::add_marked`] does: strings of four letters
    /// or more, the first 10,000 of them. Shorter ones are in everything.
    pub fn add_overheard(&self, made: &Value) {
        let mut known = self.lock();
        let mut left = vec![made];
        while let Some(value) = left.pop()
            && known.overheard < OVERHEARD
        {
            let text = match value.kind() {
                ValueKind::String(text) => text.clone(),
                ValueKind::Number(number) => number.to_string().into(),
                _ => {
                    left.extend(value.children());
                    continue;
                }
            };
            if text.len() >= SHORTEST_LINE && !known.forms.contains_key(&text) {
                known.add(&text, Pieces::Shown);
                known.overheard += 1;
            }
        }
    }

    /// Adds a place of a text that was read: what is written there is not shown with the text, in
    /// whatever way it is written.
    pub fn add_place(&self, place: Span) {
        self.lock().places.push(place);
    }

    /// Adds a place of a text that could not be read: its words may be in what is said about it, and
    /// are shown nowhere.
    pub fn add_broken_place(&self, file: &SourceFile, place: Span) {
        self.add_words(file, &Written::of(file).within(place));
        self.add_place(place);
    }

    /// Adds the places of a template that could not be read that are for secrets, such as the `default`
    /// of a variable that is `sensitive`. Of one that could be read, [`Secrets::mask`] knows them.
    pub fn add_broken_template(&self, file: &SourceFile) {
        self.add_words(file, &Written::of(file).private());
    }

    fn add_words(&self, file: &SourceFile, places: &[Span]) {
        let mut known = self.lock();
        for word in places.iter().map(|place| file.slice(*place).trim()) {
            if word.len() >= SHORTEST_LINE {
                known.add(word, Pieces::Shown);
            }
        }
    }

    /// Whether there is none yet.
    pub fn is_empty(&self) -> bool {
        self.lock().forms.is_empty()
    }

    /// The text with every secret replaced by `<sensitive>`.
    ///
    /// Pieces of a secret are replaced too, from 16 bytes on, and from 8 where a line begins or
    /// ends with one: a secret may have been broken into lines, or cut off.
    pub fn scrub(&self, text: &str) -> String {
        replaced(text, &self.find(text), |_, shown| shown.push_str(HIDDEN))
    }

    /// A text that was read, with every byte of every secret replaced by `*`, also where the secret
    /// is written as a template would write it: `\"` for a quote. Line ends and every other byte keep
    /// their places.
    pub fn mask(&self, file: &SourceFile) -> String {
        let text = file.text();
        let mut hidden: Vec<Range<usize>> = self.find(text);
        let written = Written::of(file);
        let mut places = written.private();
        for place in self.lock().places.iter().filter(|place| file.contains(**place)) {
            places.extend(written.within(*place));
        }
        let local = |offset: u32| (offset - file.base()) as usize;
        hidden.extend(places.iter().map(|place| local(place.start())..local(place.end())));
        join_overlapping(&mut hidden);
        replaced(text, &hidden, |secret, shown| {
            for c in secret.chars() {
                match c {
                    '\n' => shown.push('\n'),
                    c => (0..c.len_utf8()).for_each(|_| shown.push('*')),
                }
            }
        })
    }

    /// Where a text that goes on can be cut, so that no secret is: the length of its beginning.
    pub fn cut(&self, text: &[u8]) -> usize {
        // What is nothing but the beginning of a secret has to be cut somewhere.
        self.finder().map(|finder| finder.cut(text)).filter(|cut| *cut > 0).unwrap_or(text.len())
    }

    /// Where secrets stand in a text, in order and apart, also those that control characters and
    /// escape sequences stand in the middle of: nobody sees these.
    fn find(&self, text: &str) -> Vec<Range<usize>> {
        let Some(finder) = self.finder() else { return Vec::new() };
        let mut found = finder.find(text);
        if let Some(visible) = escape::Visible::of(text) {
            found
                .extend(finder.find(visible.text()).into_iter().map(|range| visible.origin(range)));
            join_overlapping(&mut found);
        }
        found
    }

    /// What looks for all secrets; nothing when there are none.
    fn finder(&self) -> Option<Arc<Finder>> {
        let mut known = self.lock();
        if known.forms.is_empty() {
            return None;
        }
        if known.finder.is_none() {
            let form = |(text, in_pieces): (&Arc<str>, &bool)| Form {
                text: text.clone(),
                in_pieces: *in_pieces,
            };
            known.finder = Some(Arc::new(Finder::new(known.forms.iter().map(form).collect())));
        }
        known.finder.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A text in which ranges, which are in order and apart, are written anew.
fn replaced(
    text: &str,
    ranges: &[Range<usize>],
    mut write: impl FnMut(&str, &mut String),
) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = 0;
    for range in ranges {
        shown.push_str(&text[rest..range.start]);
        write(&text[range.clone()], &mut shown);
        rest = range.end;
    }
    shown.push_str(&text[rest..]);
    shown
}

impl Known {
    fn add_all(&mut self, value: &Value, pieces: Pieces) {
        let mut left = vec![value];
        while let Some(value) = left.pop() {
            if let Some(text) = value.as_str() {
                self.add(text, pieces);
            }
            if let ValueKind::Number(number) = value.kind()
                && let number = number.to_string()
                && number.len() >= SHORTEST_NUMBER
            {
                self.add(&number, Pieces::Shown);
            }
            left.extend(value.children());
        }
    }

    fn add(&mut self, secret: &str, pieces: Pieces) {
        self.add_form(secret, pieces);
        if secret.len() <= LONGEST_ENCODED {
            encoded(secret).iter().for_each(|form| self.add_form(form, pieces));
        }
        // Programs, and Cooper's own output, leave out what a terminal would obey.
        if let Some(visible) = escape::Visible::of(secret) {
            self.add(visible.text(), pieces);
        }
        // The blanks around it are not always there where it is shown.
        let trimmed = secret.trim();
        if trimmed.len() < secret.len() {
            self.add(trimmed, pieces);
        }
        if secret.contains(['\n', '\r']) {
            let lines = secret.split(['\n', '\r']).map(str::trim);
            for line in lines.filter(|line| line.len() >= SHORTEST_LINE).take(LINES) {
                self.add_form(line, Pieces::Shown);
                quoted(line).iter().for_each(|form| self.add_form(form, Pieces::Shown));
            }
        }
    }

    fn add_form(&mut self, form: &str, pieces: Pieces) {
        let in_pieces = pieces == Pieces::Hidden;
        match self.forms.get_mut(form) {
            _ if form.is_empty() => return,
            Some(known) if *known || !in_pieces => return,
            Some(known) => *known = true,
            None => drop(self.forms.insert(form.into(), in_pieces)),
        }
        self.finder = None;
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use cooper_hcl::go_quote;
    use proptest::prelude::*;

    use super::forms::written;
    use super::*;

    #[test]
    fn a_secret_inside_another_does_not_reveal_the_rest() {
        let secrets = Secrets::new();
        secrets.add("abc");
        secrets.add("abcdef");
        secrets.add("abc");
        assert_eq!(secrets.scrub("abcdef abc"), "<sensitive> <sensitive>");
    }

    #[test]
    fn a_secret_is_hidden_in_what_it_is_encoded_as() {
        let secrets = Secrets::new();
        let secret = "p\"q's\\t <x>?~~\nsecond";
        secrets.add(secret);
        let url = "p%22q%27s%5Ct%20%3Cx%3E%3F~~%0Asecond";
        for text in [
            serde_json::json!({ "Env": [format!("A={secret}")] }).to_string(),
            format!("{secret:?}"),
            "p\\\"q's\\\\t \\u003cx\\u003e?~~\\nsecond".to_owned(),
            url.to_owned(),
            url.replace("%20", "+"),
        ] {
            let scrubbed = secrets.scrub(&text);
            assert!(scrubbed.contains("<sensitive>") && !scrubbed.contains("q'"), "{scrubbed}");
            assert!(!scrubbed.contains("p%22q"), "{scrubbed}");
        }
        let secrets = Secrets::new();
        secrets.add("p~~??>>correct horse");
        for prefix in ["", "a", "ab", "abc", "user:"] {
            for engine in [
                base64::engine::general_purpose::STANDARD,
                base64::engine::general_purpose::URL_SAFE,
            ] {
                let text = engine.encode(format!("{prefix}p~~??>>correct horse!"));
                let scrubbed = secrets.scrub(&text);
                assert!(scrubbed.contains("<sensitive>"), "{text}: {scrubbed}");
                assert!(scrubbed.len() < "<sensitive>".len() + 14, "{text}: {scrubbed}");
            }
        }
        // What is short is met by chance.
        let secrets = Secrets::new();
        secrets.add("abc");
        assert_eq!(secrets.scrub("YWJj"), "YWJj");
    }

    proptest! {
        #[test]
        fn no_encoding_shows_a_secret(
            secret in "[ -~\\n\\té]{12,40}",
            before in "[a-z]{0,4}",
            after in "[a-z]{0,4}",
        ) {
            prop_assume!(secret.trim().len() > 8 && !"<sensitive>".contains(&secret));
            let secrets = Secrets::new();
            secrets.add(&secret);
            let all = format!("{before}{secret}{after}");
            let percent = |plain: fn(u8) -> bool, upper: bool| -> String {
                all.bytes()
                    .map(|byte| match (plain(byte), upper) {
                        (true, _) => char::from(byte).to_string(),
                        (false, true) => format!("%{byte:02X}"),
                        (false, false) => format!("%{byte:02x}"),
                    })
                    .collect()
            };
            let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
            let texts = [
                all.clone(),
                serde_json::Value::from(&*all).to_string(),
                format!("{all:?}"),
                go_quote::quoted(&all, '"'),
                written(&all),
                format!("'{}'", all.replace('\'', "'\\''")),
                percent(unreserved, true),
                percent(unreserved, false),
                percent(unreserved, true).replace("%20", "+"),
                all.replace(',', "%!(PACKER_COMMA)").replace('\n', "\\n"),
                base64::engine::general_purpose::STANDARD.encode(&all),
                base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&all),
            ];
            for text in texts {
                let shown = secrets.scrub(&text);
                prop_assert!(shown.contains(HIDDEN), "{text:?} is shown as {shown:?}");
                // What is left is what stood around it, and at most a letter of Base64 at each end.
                prop_assert!(shown.len() <= HIDDEN.len() + before.len() * 2 + after.len() * 2 + 10);
            }
        }
    }

    /// Whether a text has eight bytes in a row of another.
    fn shows(text: &str, of: &str) -> bool {
        of.as_bytes().windows(8).any(|piece| text.as_bytes().windows(8).any(|own| own == piece))
    }

    proptest! {
        #[test]
        fn no_piece_of_a_broken_secret_shows(
            secret in "[!-~]{20,60}",
            before in "[a-z]{0,4}",
            width in 10_usize..50,
            indent in 0_usize..4,
        ) {
            let secrets = Secrets::new();
            secrets.add(&secret);
            let all = format!("{before}{secret}");
            let base64 = STANDARD.encode(&all);
            let own = (before.len() * 8).div_ceil(6)..all.len() * 8 / 6;
            let json = |text: &str| serde_json::Value::from(text).to_string();
            for (text, own) in [
                (all.clone(), secret.clone()),
                (json(&all), json(&secret).trim_matches('"').to_owned()),
                (base64.clone(), base64[own].to_owned()),
            ] {
                // As one text, as one line after the other, and cut off.
                let lines: Vec<String> = text
                    .as_bytes()
                    .chunks(width)
                    .map(|line| " ".repeat(indent) + &String::from_utf8_lossy(line))
                    .collect();
                for shown in [
                    secrets.scrub(&lines.join("\n")),
                    lines.iter().map(|line| secrets.scrub(line) + "\n").collect(),
                    secrets.scrub(&format!("`{}…`", &text[..text.len().min(width)])),
                ] {
                    prop_assert!(!shows(&shown, &own), "{text:?} is shown as {shown:?}");
                }
            }
        }

        #[test]
        fn a_text_is_cut_where_no_secret_is(
            secret in "[ -~]{1,40}",
            before in "[a-z]{0,30}",
            after in "[a-z]{0,30}",
            at in 1_usize..100,
        ) {
            let secrets = Secrets::new();
            secrets.add(&secret);
            let text = format!("{before}{secret}{after}");
            let cut = secrets.cut(&text.as_bytes()[..at.min(text.len())]);
            let inside = before.len() + 1..before.len() + secret.len();
            prop_assert!(!inside.contains(&cut) || before.is_empty(), "{text:?} at {cut}");
        }
    }

    #[test]
    fn what_is_made_of_a_secret_is_hidden_whole_and_the_secret_in_pieces() {
        use cooper_hcl::value::Marks;
        let secrets = Secrets::new();
        let command = "apt-get install the-package && echo correct-horse-battery-staple";
        secrets.add("correct-horse-battery-staple");
        secrets.add_marked(&Value::from(command).with_marks(Marks::SENSITIVE));
        assert_eq!(secrets.scrub(&format!("sh: {command}")), "sh: <sensitive>");
        assert_eq!(secrets.scrub("+ apt-get install the-package"), "+ apt-get install the-package");
        assert_eq!(secrets.scrub("+ echo correct-horse-ba"), "+ echo <sensitive>");
        assert_eq!(secrets.scrub("the horse-battery is"), "the horse-battery is");
        assert_eq!(secrets.scrub("the correct-horse-battery is"), "the <sensitive> is");
    }

    #[test]
    fn secrets_that_overlap_leave_nothing() {
        let secrets = Secrets::new();
        secrets.add("abcdef");
        secrets.add("efgh");
        assert_eq!(secrets.scrub("xabcdefghy"), "x<sensitive>y");
        assert_eq!(secrets.scrub("abcdefabcdef"), "<sensitive><sensitive>");
        let mut sources = cooper_hcl::SourceMap::new();
        let file = sources.add("t", "xabcdefghy").expect("room");
        assert_eq!(secrets.mask(&file), "x********y");
    }

    #[test]
    fn many_and_monotonous_secrets_take_no_long_time() {
        let secrets = Secrets::new();
        for index in 0..500 {
            secrets.add(&format!("secret number {index} of many"));
        }
        secrets.add(&"a".repeat(20_000));
        secrets.add(&"line of a key\n".repeat(20_000));
        let text = "a".repeat(100_000) + "\nsecret number 499 of many";
        let start = std::time::Instant::now();
        assert_eq!(secrets.scrub(&text), "<sensitive>\n<sensitive>");
        assert!(start.elapsed() < std::time::Duration::from_secs(60), "{:?}", start.elapsed());
    }

    #[test]
    fn each_line_of_a_secret_is_secret() {
        let secrets = Secrets::new();
        secrets.add("{\nsecond line\r\n}");
        assert_eq!(secrets.scrub("the second line {}"), "the <sensitive> {}");
    }
}
