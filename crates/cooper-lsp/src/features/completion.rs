//! `textDocument/completion`: what can be written at the cursor.

use std::collections::BTreeSet;
use std::ops::Range;

use cooper_build::component::{COMMON_FACTS, Role};
use cooper_hcl::function::SPECIAL_FORMS;
use cooper_hcl::schema::DYNAMIC;
use cooper_hcl::{Type, Value};
use gen_lsp_types as lsp;

use super::words;
use crate::context::{Context, Open, Spot, context};
use crate::inside::{Argument, Inside, Nested, elements};
use crate::names::Named;
use crate::outline::{Attribute, Block, Body};
use crate::page::PageKind;
use crate::view::View;

/// So many are told at most; what is typed next makes them fewer.
const MOST: usize = 1000;

/// What can be written at a byte.
pub(super) fn completion(view: &View<'_>, offset: usize) -> Option<lsp::CompletionList> {
    let mut list = List { view, offset, items: Vec::new() };
    match view.page.kind {
        PageKind::Template => list.template(),
        PageKind::Variables => list.variable_file(),
        PageKind::JsonVariables => {}
    }
    let is_incomplete = list.items.len() > MOST;
    list.items.truncate(MOST);
    Some(lsp::CompletionList { is_incomplete, items: list.items, ..lsp::CompletionList::default() })
}

struct List<'v, 'w> {
    view: &'v View<'w>,
    offset: usize,
    items: Vec<lsp::CompletionItem>,
}

/// A text as it is written where there are quotes already, or none yet.
fn written(text: &str, quoted: bool) -> String {
    if quoted { text.to_owned() } else { format!("\"{text}\"") }
}

/// One thing that can be written.
struct Item<'a> {
    label: &'a str,
    kind: lsp::CompletionItemKind,
    /// A few words beside the label.
    detail: String,
    /// Markdown.
    doc: String,
    /// What is written; the label when nothing else is.
    text: Option<String>,
    /// Whether `text` has places to fill in.
    is_snippet: bool,
    /// Those of the first rank are shown first.
    rank: u8,
}

impl<'a> Item<'a> {
    fn new(label: &'a str, kind: lsp::CompletionItemKind) -> Self {
        let (detail, doc) = (String::new(), String::new());
        Self { label, kind, detail, doc, text: None, is_snippet: false, rank: 1 }
    }

    fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..self }
    }

    fn doc(self, doc: impl Into<String>) -> Self {
        Self { doc: doc.into(), ..self }
    }

    fn text(self, text: impl Into<String>) -> Self {
        Self { text: Some(text.into()), ..self }
    }

    fn snippet(self, text: impl Into<String>) -> Self {
        Self { text: Some(text.into()), is_snippet: true, ..self }
    }

    fn rank(self, rank: u8) -> Self {
        Self { rank, ..self }
    }
}

impl<'v> List<'v, '_> {
    fn add(&mut self, item: Item<'_>, place: &Range<usize>) {
        let Item { label, kind, detail, doc, text, is_snippet, rank } = item;
        let range = self.view.range(&self.view.page, place.clone());
        let edit = lsp::TextEdit { range, new_text: text.unwrap_or_else(|| label.to_owned()) };
        let doc = (!doc.trim().is_empty()).then(|| {
            let value = doc.trim().to_owned();
            lsp::MarkupContent { kind: lsp::MarkupKind::Markdown, value }.into()
        });
        self.items.push(lsp::CompletionItem {
            label: label.to_owned(),
            kind: Some(kind),
            detail: (!detail.is_empty()).then_some(detail),
            documentation: doc,
            sort_text: Some(format!("{rank}{label}")),
            // A client may compare with the text in the range, quotes included.
            filter_text: Some(label.to_owned()),
            insert_text_format: is_snippet.then_some(lsp::InsertTextFormat::Snippet),
            text_edit: Some(lsp::CompletionItemTextEdit::TextEdit(edit)),
            ..lsp::CompletionItem::default()
        });
    }

    fn snippets(&self) -> bool {
        self.view.workspace.options.snippets
    }

    fn template(&mut self) {
        let view = self.view;
        match context(&view.page, self.offset) {
            Context::Nothing => {}
            Context::Item { path, body, word } => self.block_items(&path, body, &word),
            Context::Label { path, block, index, word, quoted } => {
                self.label(&path, block, index, &word, quoted);
            }
            Context::Value { path, attribute, open, spot } => {
                self.value(&path, attribute, &open, &spot);
            }
        }
    }

    /// Names of variables that have no value in the file yet, and values.
    fn variable_file(&mut self) {
        let view = self.view;
        match context(&view.page, self.offset) {
            Context::Item { path, body, word } if path.is_empty() => {
                for named in view.declared() {
                    let Named::Variable(name) = &named else { continue };
                    if self.is_free(body, name) {
                        let item = Item::new(name, lsp::CompletionItemKind::Variable);
                        let item = item.doc(words::named(&named, view));
                        let text = format!("{name} = ");
                        self.add(self.assigned(item, &word, text), &word);
                    }
                }
            }
            Context::Value { attribute, spot: Spot::Name { before, word }, .. }
                if before.is_empty() =>
            {
                let is_bool = words::variable(&attribute.name.text, view)
                    .is_some_and(|value| value.ty() == Type::Bool);
                self.constants(&word, if is_bool { &["true", "false"] } else { &["null"] });
            }
            _ => {}
        }
    }

    /// Whether an argument may be written: it is not there yet, but where the cursor is.
    fn is_free(&self, body: &Body, name: &str) -> bool {
        body.attribute(name).is_none_or(|there| there.name.touches(self.offset))
    }

    /// Writes the name alone where a value follows already.
    fn assigned<'i>(&self, item: Item<'i>, word: &Range<usize>, text: String) -> Item<'i> {
        let behind = self.view.page.text()[word.end..].trim_start_matches([' ', '\t']);
        if behind.starts_with('=') || behind.starts_with('{') { item } else { item.text(text) }
    }

    /// Arguments and blocks of a block.
    fn block_items(&mut self, path: &[&Block], body: &Body, word: &Range<usize>) {
        let inside = self.inside(path);
        for argument in inside.arguments() {
            if self.is_free(body, argument.name) {
                let kind = lsp::CompletionItemKind::Property;
                let rank = if argument.required { 0 } else { 1 };
                let required = if argument.required { ", required" } else { "" };
                let item = Item::new(argument.name, kind).rank(rank);
                let item = item.detail(format!("{}{required}", argument.ty)).doc(argument.doc);
                let item = self.with_value(item, &argument, word);
                self.add(item, word);
            }
        }
        for block in inside.nested() {
            let item = Item::new(block.name, lsp::CompletionItemKind::Struct).rank(2);
            let item = self.with_braces(item.detail("block").doc(block.doc), &block, word);
            self.add(item, word);
        }
    }

    fn with_value<'i>(
        &self,
        item: Item<'i>,
        argument: &Argument<'_>,
        word: &Range<usize>,
    ) -> Item<'i> {
        let name = argument.name;
        if !self.snippets() {
            return self.assigned(item, word, format!("{name} = "));
        }
        let choices = argument.choices.map(|choices| choices.words.join(","));
        let value = match (argument.ty.as_str(), choices) {
            ("string", Some(words)) => &format!("\"${{1|{words}|}}\""),
            ("string" | "duration", None) => "\"$0\"",
            ("bool", _) => "${1|true,false|}",
            (ty, _) if ty.starts_with("list") || ty.starts_with("set") => "[$0]",
            (ty, _) if ty.starts_with("map") || ty.starts_with("object") => "{\n  $0\n}",
            _ => "$0",
        };
        let plain = self.assigned(item, word, format!("{name} = {value}"));
        Item { is_snippet: plain.text.is_some(), ..plain }
    }

    fn with_braces<'i>(&self, item: Item<'i>, block: &Nested<'_>, word: &Range<usize>) -> Item<'i> {
        let behind = self.view.page.text()[word.end..].trim_start_matches([' ', '\t']);
        if !self.snippets() || behind.starts_with(['"', '{', '=']) {
            return item;
        }
        let label = |(at, label): (usize, &&str)| format!(" \"${{{}:{label}}}\"", at + 1);
        let labels: String = block.labels.iter().enumerate().map(label).collect();
        item.snippet(format!("{}{labels} {{\n  $0\n}}", block.name))
    }

    fn label(
        &mut self,
        path: &[&Block],
        block: &Block,
        index: usize,
        word: &Range<usize>,
        quoted: bool,
    ) {
        if index > 0 {
            return;
        }
        let inside = self.inside(path);
        if let Some(role) = inside.role(&block.kind.text) {
            return self.components(role, !path.is_empty(), word, quoted);
        }
        for made in inside.made_by(&block.kind.text) {
            let item = Item::new(made.name, lsp::CompletionItemKind::Struct).doc(made.doc);
            self.add(item.text(written(made.name, quoted)), word);
        }
    }

    /// The components of a role, as a label names them; in a `build` block, a source is one of the
    /// template's.
    fn components(&mut self, role: Role, in_build: bool, word: &Range<usize>, quoted: bool) {
        let view = self.view;
        if role == Role::Source && in_build {
            for (component, name) in self.sources() {
                let label = format!("source.{component}.{name}");
                let item = Item::new(&label, lsp::CompletionItemKind::Reference);
                self.add(item.text(written(&label, quoted)), word);
            }
            return;
        }
        for name in view.catalog.names(role) {
            let doc = view.catalog.schema(role, name).map(|schema| schema.doc.to_string());
            let item = Item::new(name, lsp::CompletionItemKind::Class);
            self.add(item.doc(doc.unwrap_or_default()).text(written(name, quoted)), word);
        }
    }

    /// What the innermost of these blocks may contain.
    fn inside(&self, path: &[&Block]) -> Inside<'v> {
        Inside::blocks(path, &self.view.page, &self.view.catalog)
    }

    fn sources(&self) -> Vec<(String, String)> {
        let source = |named: Named| match named {
            Named::Source(component, name) => Some((component, name)),
            _ => None,
        };
        self.view.declared().into_iter().filter_map(source).collect()
    }

    fn value(&mut self, path: &[&Block], attribute: &Attribute, open: &[Open], spot: &Spot) {
        let kind = path.last().map(|block| block.kind.text.as_str());
        match spot {
            Spot::Other => {}
            // The name that it gives is nobody else's.
            _ if (kind, attribute.name.text.as_str()) == (Some(DYNAMIC), "iterator") => {}
            Spot::Text { word } => self.string(path, attribute, open, word, true),
            Spot::Property { word } => self.properties(path, attribute, open, word),
            Spot::Name { before, word } if before.is_empty() => {
                match (kind, attribute.name.text.as_str()) {
                    (Some("variable"), "type") => self.types(word),
                    (Some("variable"), "default") => self.literals(word, &["env"]),
                    _ => {
                        self.string(path, attribute, open, word, false);
                        self.expression(path, attribute, open, word);
                    }
                }
            }
            Spot::Name { before, word } => {
                let elements = elements(path, &attribute.name.text, &self.view.page);
                match &before[..] {
                    [element] if elements.contains(&element.as_str()) => {
                        self.built_in("element", word);
                    }
                    _ => self.asked_of(path, before, word),
                }
            }
        }
    }

    /// Strings that have a meaning in this argument.
    fn string(
        &mut self,
        path: &[&Block],
        attribute: &Attribute,
        open: &[Open],
        word: &Range<usize>,
        quoted: bool,
    ) {
        let is_element = |open: &&Open| **open != Open::Text;
        let whole = open.iter().find(is_element).is_none_or(|open| *open == Open::List);
        let inside = self.inside(path);
        if let Some(choices) = inside.argument(&attribute.name.text).and_then(|a| a.choices)
            && whole
        {
            for choice in choices.words {
                let item = Item::new(choice, lsp::CompletionItemKind::EnumMember);
                self.add(item.text(written(choice, quoted)).rank(0), word);
            }
        }
        if let ([outer @ .., block], "labels") = (path, attribute.name.text.as_str())
            && block.kind.text == DYNAMIC
            && let Some(made) = block.labels.first()
            && let Some(role) = self.inside(outer).role(&made.text)
        {
            return self.components(role, true, word, quoted);
        }
        let in_build = path.first().is_some_and(|block| block.kind.text == "build");
        let name = attribute.name.text.as_str();
        let kind = path.last().map_or("", |block| block.kind.text.as_str());
        let found: Vec<String> = match name {
            "sources" if in_build && path.len() == 1 => {
                let written = |(component, name)| format!("source.{component}.{name}");
                self.sources().into_iter().map(written).collect()
            }
            "only" | "except" if in_build => {
                let written = |(component, name)| format!("{component}.{name}");
                self.sources().into_iter().map(written).collect()
            }
            _ if kind == "required_plugins" => Vec::new(),
            _ => return,
        };
        for label in found {
            let item = Item::new(&label, lsp::CompletionItemKind::Reference);
            self.add(item.text(written(&label, quoted)).rank(0), word);
        }
    }

    /// Properties of an object that the schema knows.
    fn properties(
        &mut self,
        path: &[&Block],
        attribute: &Attribute,
        open: &[Open],
        word: &Range<usize>,
    ) {
        let depth = open.iter().filter(|open| matches!(open, Open::Object(_))).count();
        let kind = path.last().map(|block| block.kind.text.as_str());
        if kind == Some("required_plugins") && depth == 1 {
            for (name, doc) in [
                ("version", "The versions that will do: `>= 1.0.0`."),
                ("source", "Where the plugin comes from: `github.com/hashicorp/docker`."),
            ] {
                let item = Item::new(name, lsp::CompletionItemKind::Property).doc(doc);
                self.add(self.assigned(item, word, format!("{name} = ")), word);
            }
            return;
        }
        let mut ty = self.inside(path).ty(&attribute.name.text);
        for open in open {
            ty = match (open, ty) {
                (Open::List, Some(Type::List(inner) | Type::Set(inner))) => Some(inner),
                (Open::Object(Some(_)), Some(Type::Map(inner))) => Some(inner),
                (Open::Object(None), ty) => ty,
                _ => None,
            };
        }
        if let Some(Type::Object(attributes)) = ty {
            for name in attributes.keys() {
                let item = Item::new(name, lsp::CompletionItemKind::Property);
                self.add(self.assigned(item, word, format!("{name} = ")), word);
            }
        }
    }

    fn types(&mut self, word: &Range<usize>) {
        for name in ["string", "number", "bool", "any"] {
            self.add(Item::new(name, lsp::CompletionItemKind::TypeParameter).rank(0), word);
        }
        for (name, inside) in [
            ("list", "string"),
            ("set", "string"),
            ("map", "string"),
            ("object", "{}"),
            ("tuple", "[]"),
            ("optional", "string"),
        ] {
            let item = Item::new(name, lsp::CompletionItemKind::TypeParameter);
            let item = match (self.snippets(), inside) {
                (true, "{}") => item.snippet("object({ $0 })"),
                (true, "[]") => item.snippet("tuple([$0])"),
                (true, inside) => item.snippet(format!("{name}(${{1:{inside}}})")),
                (false, _) => item.text(format!("{name}(")),
            };
            self.add(item, word);
        }
    }

    fn literals(&mut self, word: &Range<usize>, functions: &[&str]) {
        self.constants(word, &["true", "false", "null"]);
        for name in functions {
            self.function(name, word);
        }
    }

    fn constants(&mut self, word: &Range<usize>, constants: &[&str]) {
        for name in constants {
            self.add(Item::new(name, lsp::CompletionItemKind::Constant), word);
        }
    }

    fn function(&mut self, name: &str, word: &Range<usize>) {
        let signature = self.view.workspace.functions.get(name).map(words::signature);
        let doc = self.view.workspace.functions.get(name).map(|function| function.doc);
        let item = Item::new(name, lsp::CompletionItemKind::Function).rank(3);
        let item = item.detail(signature.unwrap_or_default()).doc(doc.unwrap_or_default());
        let is_called = self.view.page.text()[word.end..].starts_with('(');
        let item = match (is_called, self.snippets()) {
            (true, _) => item,
            (false, true) => item.snippet(format!("{name}($0)")),
            (false, false) => item.text(format!("{name}(")),
        };
        self.add(item, word);
    }

    /// Whatever an expression can begin with.
    fn expression(
        &mut self,
        path: &[&Block],
        attribute: &Attribute,
        open: &[Open],
        word: &Range<usize>,
    ) {
        let declared = self.view.declared();
        let mut roots: BTreeSet<&str> = BTreeSet::from(["path", "packer"]);
        for named in &declared {
            match named {
                Named::Variable(_) => roots.insert("var"),
                Named::Local(_) => roots.insert("local"),
                Named::Data(..) => roots.insert("data"),
                Named::Source(..) | Named::Plugin(_) => continue,
            };
        }
        if path.len() > 1 && path[0].kind.text == "build" {
            roots.extend(["build", "source"]);
        }
        for root in roots {
            self.add(Item::new(root, lsp::CompletionItemKind::Module), word);
        }
        for named in &declared {
            if matches!(named, Named::Variable(_) | Named::Local(_) | Named::Data(..)) {
                let label = named.written();
                let item = Item::new(&label, lsp::CompletionItemKind::Variable).rank(2);
                self.add(item.doc(words::named(named, self.view)), word);
            }
        }
        for element in elements(path, &attribute.name.text, &self.view.page) {
            let item = Item::new(element, lsp::CompletionItemKind::Variable).rank(0);
            self.add(item.doc(words::ELEMENT), word);
        }
        let argument = self.inside(path).argument(&attribute.name.text);
        if open.is_empty() && argument.is_some_and(|argument| argument.ty == "bool") {
            for name in ["true", "false"] {
                self.add(Item::new(name, lsp::CompletionItemKind::Constant).rank(0), word);
            }
        } else {
            self.constants(word, &["true", "false"]);
        }
        self.constants(word, &["null"]);
        let view = self.view;
        for name in view.workspace.functions.names().chain(SPECIAL_FORMS.iter().copied()) {
            self.function(name, word);
        }
    }

    /// What can be asked of a name: `var.`, `local.image.`.
    fn asked_of(&mut self, path: &[&Block], before: &[String], word: &Range<usize>) {
        let view = self.view;
        let words: Vec<&str> = before.iter().map(String::as_str).collect();
        match words[..] {
            ["var" | "local"] => {
                for named in view.declared() {
                    let name = match &named {
                        Named::Variable(name) if words[0] == "var" => name,
                        Named::Local(name) if words[0] == "local" => name,
                        _ => continue,
                    };
                    let item = Item::new(name, lsp::CompletionItemKind::Variable);
                    self.add(item.doc(words::named(&named, view)), word);
                }
            }
            ["data"] => {
                let component = |named| match named {
                    Named::Data(component, _) => Some(component),
                    _ => None,
                };
                let components: BTreeSet<String> =
                    view.declared().into_iter().filter_map(component).collect();
                for component in components {
                    self.add(Item::new(&component, lsp::CompletionItemKind::Class), word);
                }
            }
            ["data", wanted] => {
                for named in view.declared() {
                    if let Named::Data(component, name) = &named
                        && component == wanted
                    {
                        self.add(Item::new(name, lsp::CompletionItemKind::Variable), word);
                    }
                }
            }
            ["data", component, _] => {
                let kind = view.catalog.get_data_source(component);
                for attribute in kind.into_iter().flat_map(|kind| &kind.result().attributes) {
                    let item = Item::new(&attribute.name, lsp::CompletionItemKind::Field);
                    let item = item.detail(attribute.ty.to_string()).doc(&*attribute.doc);
                    self.add(item, word);
                }
            }
            ["var", name] => self.attributes(words::variable(name, view), word),
            ["local", name] => self.attributes(words::local(name, view), word),
            ["build"] if path.len() > 1 => {
                self.built_in("build", word);
                for fact in COMMON_FACTS {
                    self.add(Item::new(fact, lsp::CompletionItemKind::Field), word);
                }
            }
            [root @ ("path" | "packer" | "source")] => self.built_in(root, word),
            _ => {}
        }
    }

    fn built_in(&mut self, wanted: &str, word: &Range<usize>) {
        for (_, name, doc) in words::BUILT_IN.iter().filter(|(root, _, _)| *root == wanted) {
            self.add(Item::new(name, lsp::CompletionItemKind::Field).doc(*doc), word);
        }
    }

    /// The attributes of a value, if it has any that may be shown.
    fn attributes(&mut self, value: Option<Value>, word: &Range<usize>) {
        let Some(value) = value.filter(|value| !value.marks().sensitive) else { return };
        for (name, value) in value.as_mapping().into_iter().flatten() {
            let item = Item::new(name, lsp::CompletionItemKind::Field);
            self.add(item.detail(value.ty().to_string()), word);
        }
    }
}
