//! The names that a template gives, and where it uses them.

use std::ops::Range;

use cooper_build::template::SourceRef;
use cooper_hcl::schema::DYNAMIC;
use cooper_hcl::token::TokenKind;

use crate::outline::{Attribute, Block, Body, Word};
use crate::page::{Page, PageKind};

/// Something that a template gives a name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Named {
    /// `var.NAME`
    Variable(String),
    /// `local.NAME`
    Local(String),
    /// `data.TYPE.NAME`
    Data(String, String),
    /// `source.TYPE.NAME`
    Source(String, String),
    /// A plugin, by what the names of its components begin with.
    Plugin(String),
}

/// A place where a name is given or used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Mention {
    /// What is meant.
    pub(crate) named: Named,
    /// The bytes of the name alone.
    pub(crate) place: Range<usize>,
    /// The bytes of all that stands for it: `var.NAME`.
    pub(crate) whole: Range<usize>,
    /// Whether the name is given here.
    pub(crate) is_declaration: bool,
}

impl Named {
    /// How expressions write it.
    pub(crate) fn written(&self) -> String {
        match self {
            Self::Variable(name) => format!("var.{name}"),
            Self::Local(name) => format!("local.{name}"),
            Self::Data(component, name) => format!("data.{component}.{name}"),
            Self::Source(component, name) => format!("source.{component}.{name}"),
            Self::Plugin(name) => name.clone(),
        }
    }

    /// The same thing under another name.
    pub(crate) fn renamed(&self, name: &str) -> Self {
        let name = name.to_owned();
        match self {
            Self::Variable(_) => Self::Variable(name),
            Self::Local(_) => Self::Local(name),
            Self::Data(component, _) => Self::Data(component.clone(), name),
            Self::Source(component, _) => Self::Source(component.clone(), name),
            Self::Plugin(_) => Self::Plugin(name),
        }
    }
}

/// Every name that is given or used in a file, in no order.
pub(crate) fn mentions(page: &Page) -> Vec<Mention> {
    let mut finder = Finder { page, found: Vec::new() };
    match page.kind {
        PageKind::Template => finder.template(),
        PageKind::Variables => {
            for attribute in &page.body.attributes {
                finder.add(Named::Variable(attribute.name.text.clone()), &attribute.name, false);
                finder.value(attribute);
            }
        }
        PageKind::JsonVariables => finder.json(),
    }
    finder.found
}

/// The components whose types belong to a plugin of this name: `docker`, `docker-tag`.
pub(crate) fn belongs_to(component: &str, plugin: &str) -> bool {
    component.strip_prefix(plugin).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

struct Finder<'a> {
    page: &'a Page,
    found: Vec<Mention>,
}

impl Finder<'_> {
    fn add(&mut self, named: Named, word: &Word, is_declaration: bool) {
        let (place, whole) = (word.place.clone(), word.place.clone());
        self.found.push(Mention { named, place, whole, is_declaration });
    }

    fn template(&mut self) {
        for block in &self.page.body.blocks {
            let entries = || block.body.iter().flat_map(|body| &body.attributes);
            match (block.kind.text.as_str(), &block.labels[..]) {
                ("variable", [name, ..]) => {
                    self.add(Named::Variable(name.text.clone()), name, true);
                }
                ("local", [name, ..]) => self.add(Named::Local(name.text.clone()), name, true),
                ("variables", _) => {
                    for entry in entries() {
                        self.add(Named::Variable(entry.name.text.clone()), &entry.name, true);
                    }
                }
                ("locals", _) => {
                    for entry in entries() {
                        self.add(Named::Local(entry.name.text.clone()), &entry.name, true);
                    }
                }
                ("data", [component, name, ..]) => {
                    let named = Named::Data(component.text.clone(), name.text.clone());
                    self.add(named, name, true);
                }
                ("source", [component, name, ..]) => {
                    let named = Named::Source(component.text.clone(), name.text.clone());
                    self.add(named, name, true);
                }
                ("packer", _) => {
                    let plugins = block.body.iter().flat_map(|body| &body.blocks);
                    let plugins = plugins.filter(|inner| inner.kind.text == "required_plugins");
                    for entry in
                        plugins.flat_map(|inner| &inner.body).flat_map(|body| &body.attributes)
                    {
                        self.add(Named::Plugin(entry.name.text.clone()), &entry.name, true);
                    }
                }
                _ => {}
            }
            if let Some(body) = &block.body {
                self.body(body, block.kind.text == "build");
            }
        }
    }

    /// The names used in a body and in what is inside it.
    fn body(&mut self, body: &Body, in_build: bool) {
        for attribute in &body.attributes {
            self.value(attribute);
            if in_build && matches!(attribute.name.text.as_str(), "sources" | "only" | "except") {
                self.sources(attribute);
            }
        }
        for Block { kind, labels, body, .. } in &body.blocks {
            match (kind.text.as_str(), &labels[..]) {
                ("source", [label]) if in_build => self.source(&label.text, label.place.clone()),
                (DYNAMIC, [made]) if in_build && made.text == "source" => {
                    let labels = body.as_ref().and_then(|body| body.attribute("labels"));
                    labels.into_iter().for_each(|labels| self.sources(labels));
                }
                _ => {}
            }
            if let Some(body) = body {
                self.body(body, in_build);
            }
        }
    }

    /// The strings of a list that name sources.
    fn sources(&mut self, attribute: &Attribute) {
        let page = self.page;
        for place in page.string_places(Some(attribute)) {
            self.source(&page.text()[place.clone()], place);
        }
    }

    /// A text such as `docker.base` or `source.docker.base`.
    fn source(&mut self, text: &str, whole: Range<usize>) {
        let Some(SourceRef { component, label }) = SourceRef::parse(text) else { return };
        let before = match text.split('.').collect::<Vec<_>>()[..] {
            [component, _] => component.len() + 1,
            [prefix, component, ..] => prefix.len() + component.len() + 2,
            _ => return,
        };
        let start = whole.start + before;
        let place = start..start + label.len();
        let named = Named::Source(component.to_string(), label.to_string());
        self.found.push(Mention { named, place, whole, is_declaration: false });
    }

    /// The names used in a value.
    fn value(&mut self, attribute: &Attribute) {
        let mut at = attribute.value.start;
        while at < attribute.value.end {
            at = self.name(at, attribute.value.end);
        }
    }

    /// The name that begins at a token, if one does; returns where to go on.
    fn name(&mut self, at: usize, end: usize) -> usize {
        let page = self.page;
        let root = &page.tokens[at];
        let is_root = root.kind == TokenKind::Word
            && at.checked_sub(1).is_none_or(|before| page.tokens[before].kind != TokenKind::Dot);
        let parts = match page.word(root) {
            "var" | "local" if is_root => 1,
            "data" if is_root => 2,
            _ => return at + 1,
        };
        let mut words: Vec<(String, Range<usize>)> = Vec::new();
        let mut next = at + 1;
        while words.len() < parts {
            let Some((word, after)) = self.step(next, end) else { return next.max(at + 1) };
            words.push((page.text()[word.clone()].to_owned(), word));
            next = after;
        }
        let whole = page.place(root).start..page.place(&page.tokens[next - 1]).end;
        let named = match (page.word(root), &words[..]) {
            ("var", [(name, _)]) => Named::Variable(name.clone()),
            ("local", [(name, _)]) => Named::Local(name.clone()),
            (_, [(component, _), (name, _)]) => Named::Data(component.clone(), name.clone()),
            _ => return next,
        };
        if let Some((_, place)) = words.pop() {
            self.found.push(Mention { named, place, whole, is_declaration: false });
        }
        next
    }

    /// `.name` or `["name"]` at a token: the bytes of the name, and the token behind.
    fn step(&self, at: usize, end: usize) -> Option<(Range<usize>, usize)> {
        let tokens = self.page.tokens.get(at..end)?;
        let kinds = tokens.iter().map(|token| token.kind).take(5).collect::<Vec<_>>();
        match kinds[..] {
            [TokenKind::Dot, TokenKind::Word, ..] => Some((self.page.place(&tokens[1]), at + 2)),
            [
                TokenKind::BracketOpen,
                TokenKind::QuoteOpen,
                TokenKind::Text,
                TokenKind::QuoteClose,
                TokenKind::BracketClose,
            ] => Some((self.page.place(&tokens[2]), at + 5)),
            _ => None,
        }
    }

    /// The names of the outermost object's properties.
    fn json(&mut self) {
        let page = self.page;
        let mut depth = 0_usize;
        for (at, token) in page.tokens.iter().enumerate() {
            match token.kind {
                TokenKind::BraceOpen | TokenKind::BracketOpen => depth += 1,
                TokenKind::BraceClose | TokenKind::BracketClose => depth = depth.saturating_sub(1),
                TokenKind::QuoteOpen if depth == 1 => {
                    let kinds: Vec<_> =
                        page.tokens[at..].iter().take(4).map(|token| token.kind).collect();
                    if let [_, TokenKind::Text, TokenKind::QuoteClose, TokenKind::Colon] = kinds[..]
                    {
                        let place = page.place(&page.tokens[at + 1]);
                        let named = Named::Variable(page.text()[place.clone()].to_owned());
                        let whole = place.clone();
                        let is_declaration = false;
                        self.found.push(Mention { named, place, whole, is_declaration });
                    }
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mentions of a text in the order of their places, those that declare with a star.
    fn found(name: &str, text: &str) -> Vec<String> {
        let kind = PageKind::of(name).unwrap();
        let page = Page::new(name.into(), kind, text.into()).unwrap();
        let mut mentions = mentions(&page);
        mentions.sort_by_key(|mention| mention.place.start);
        let show = |mention: &Mention| {
            let star = if mention.is_declaration { "*" } else { "" };
            let place = &text[mention.place.clone()];
            format!("{}{star} {place} {}", mention.named.written(), &text[mention.whole.clone()])
        };
        mentions.iter().map(show).collect()
    }

    #[test]
    fn names_are_found_where_they_are_given_and_used() {
        for (text, expected) in [
            ("variable \"a\" {}", &["var.a* a a"][..]),
            ("variables {\n a = 1\n}", &["var.a* a a"]),
            ("local \"a\" { expression = var.b }", &["local.a* a a", "var.b b var.b"]),
            ("locals {\n a = local.b.c\n}", &["local.a* a a", "local.b b local.b"]),
            (
                "locals {\n a = \"${var[\"x\"]}%{ if local.c }%{ endif }\"\n}",
                &["local.a* a a", "var.x x var[\"x\"]", "local.c c local.c"],
            ),
            (
                "data \"http\" \"a\" { url = data.http.b.body }",
                &["data.http.a* a a", "data.http.b b data.http.b"],
            ),
            (
                "source \"docker\" \"a\" {\n x { y = f(var.a, [for k in local.l : k]) }\n}",
                &["source.docker.a* a a", "var.a a var.a", "local.l l local.l"],
            ),
            (
                "build {\n sources = [\"source.docker.a\", \"docker.b\"]\n source \"docker.c\" {}\n}",
                &[
                    "source.docker.a a source.docker.a",
                    "source.docker.b b docker.b",
                    "source.docker.c c docker.c",
                ],
            ),
            (
                "build {\n provisioner \"shell\" {\n only = [\"docker.a\"]\n inline = [\"docker.b\"]\n}\n}",
                &["source.docker.a a docker.a"],
            ),
            (
                "build {\n dynamic \"source\" {\n labels = [\"docker.a\"]\n}\n}",
                &["source.docker.a a docker.a"],
            ),
            // What looks like a name and is none.
            ("locals {\n a = { var = 1, x = y.var.z, local = 2 }\n}", &["local.a* a a"]),
            // What is being written.
            (
                "locals {\n a = var.\n b = local.a + \n}",
                &["local.a* a a", "local.b* b b", "local.a a local.a"],
            ),
            ("packer {\n required_plugins {\n d = {}\n }\n}", &["d* d d"]),
        ] {
            assert_eq!(found("x.pkr.hcl", text), expected, "{text}");
        }
        assert_eq!(found("x.pkrvars.hcl", "a = 1\nb = [\n2]\n"), ["var.a a a", "var.b b b"]);
        let json = "{ \"a\": { \"b\": 1 }, \"c\": [ { \"d\": 2 } ] }";
        assert_eq!(found("x.pkrvars.json", json), ["var.a a a", "var.c c c"]);
    }
}
