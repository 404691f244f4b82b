//! `{{ }}` in a component's arguments.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::Arc;

use cooper_hcl::literal::place_in;
use cooper_hcl::value::Marks;
use cooper_hcl::value::convert::ValueStep;
use cooper_hcl::{Code, Diagnostic, Reported, Span, Value, ValueKind, did_you_mean};

use super::{Config, Phase};
use crate::PACKER_VERSION;
use crate::gotemplate::{Context, Data, Template, TemplateError, has_actions, without_action};

impl Config<'_> {
    /// Fills in `{{ }}` in every string of the arguments, once and with empty data, as Packer
    /// does while it prepares a component. The `later` arguments are filled in when there is data
    /// for them: the names beside each, and the facts; now they are only checked.
    ///
    /// When any of the strings is no template or asks for data that it will not get, that is
    /// recorded, the argument is unknown, and what is left is a [`Phase::Draft`].
    pub fn render(mut self, later: &[(&str, &[&str])]) -> (Self, Result<(), Reported>) {
        let Some(arguments) = self.value.as_mapping() else { return (self, Ok(())) };
        let mut failed = Ok(());
        let mut rendered = Vec::with_capacity(arguments.len());
        for (name, value) in arguments {
            let known = later.iter().find(|(argument, _)| *argument == &**name);
            let known = known.map(|(_, known)| Known { data: known, facts: self.facts });
            let pass = Pass {
                known,
                cx: &self.template_context(),
                is_draft: matches!(self.phase, Phase::Draft),
                path: RefCell::default(),
                nothing: RefCell::default(),
                mistakes: RefCell::default(),
            };
            rendered.push((name.clone(), pass.part(value, Step::Written)));
            let mistakes = pass.mistakes.take();
            if !mistakes.is_empty() {
                let sensitive = value.deep_marks() != Marks::NONE;
                for mistake in mistakes {
                    failed = Err(self.diags.error(self.mistaken(name, mistake, sensitive)));
                }
                continue;
            }
            if let Some((field, place)) = pass.nothing.take() {
                let message = format!("`{{{{.{field}}}}}` in `{name}` becomes `<no value>`");
                let span = match value.deep_marks() {
                    Marks::NONE => self.inside(name, &place),
                    _ => self.whole(name, &place),
                };
                let warning = Diagnostic::warning(Code::StringTemplate, message).at(span, "");
                self.diags.warn(warning.help(
                    "Packer's components fill in `{{ }}` in strings, and have no data for this \
                     one; only the content of a script file is left as it is",
                ));
            }
        }
        self.value = Value::object(rendered).with_marks(self.value.marks());
        if failed.is_err() {
            self.phase = Phase::Draft;
        }
        (self, failed)
    }

    /// What is said of a string of an argument that cannot be filled in.
    fn mistaken(&self, name: &str, mistake: Mistake, sensitive: bool) -> Diagnostic {
        let Mistake { message, help, place } = mistake;
        let (message, help, span) = if sensitive {
            // What is wrong quotes the text.
            let message = format!("the template in `{name}` cannot be used");
            let help = Some("why is not shown, because its text is sensitive".to_owned());
            (message, help, place.map(|place| self.whole(name, &place)))
        } else {
            let message = format!("the template in `{name}` cannot be used: {message}");
            (message, help, place.map(|place| self.inside(name, &place)))
        };
        let span = span.unwrap_or_else(|| self.place(name));
        Diagnostic::error(Code::StringTemplate, message).at(span, "").help(help)
    }

    /// What `{{ }}` in this component can tell besides its data.
    pub fn template_context(&self) -> Context<'_> {
        Context {
            build_name: &self.origin.source_label,
            build_type: &self.origin.source_type,
            packer_version: PACKER_VERSION,
            system: &**self.system,
            complete: matches!(self.phase, Phase::Run(_)),
            variables: None,
        }
    }
}

impl Config<'_> {
    /// The expression of a string in an argument.
    fn whole(&self, argument: &str, place: &Place) -> Span {
        let Place { path, is_key, .. } = place;
        match is_key {
            true => self.places.key(argument, path),
            false => None,
        }
        .unwrap_or_else(|| self.places.part(argument, path))
    }

    /// The place inside a string of an argument; the whole string, where that is not written out.
    fn inside(&self, argument: &str, place: &Place) -> Span {
        let whole = self.whole(argument, place);
        let Place { text, offset, .. } = place;
        let part = *offset..offset + word_length(&text[*offset..]);
        let file = self.sources.file(whole);
        file.and_then(|file| place_in(file, whole, text, part)).unwrap_or(whole)
    }
}

/// How much of a text is to be pointed at: a word with its dots, or a sign.
fn word_length(text: &str) -> usize {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '$');
    match text.find(|c| !is_word(c)).unwrap_or(text.len()) {
        0 if text.starts_with("{{") => 2,
        0 => text.chars().next().map_or(0, char::len_utf8),
        length => length,
    }
}

/// Where in an argument something is.
struct Place {
    path: Vec<ValueStep>,
    /// Whether it is in the key, and not in the value, that the path leads to.
    is_key: bool,
    /// The string.
    text: String,
    /// The place in it.
    offset: usize,
}

/// Why a string cannot be filled in.
struct Mistake {
    message: String,
    help: Option<String>,
    /// Nothing when the whole argument is meant.
    place: Option<Place>,
}

struct Pass<'a> {
    /// The data there will be, when the argument is filled in later.
    known: Option<Known<'a>>,
    cx: &'a Context<'a>,
    is_draft: bool,
    /// The way to what is looked at.
    path: RefCell<Vec<ValueStep>>,
    /// The first field that is filled in with nothing.
    nothing: RefCell<Option<(String, Place)>>,
    /// What was found wrong so far.
    mistakes: RefCell<Vec<Mistake>>,
}

/// The data that there will be for an argument.
struct Known<'a> {
    data: &'a [&'a str],
    facts: &'a [String],
}

/// Whether the parts of a value are where they are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Written,
    /// They are in another order.
    Sorted,
}

/// So many mistakes are told of one string.
const MISTAKES: usize = 20;

/// How deep arguments may be nested.
const DEPTH: usize = 128;

impl Pass<'_> {
    /// Does something with a part of what is looked at.
    fn within<T>(&self, step: Option<ValueStep>, work: impl FnOnce() -> T) -> T {
        let length = self.path.borrow().len();
        self.path.borrow_mut().extend(step);
        let done = work();
        self.path.borrow_mut().truncate(length);
        done
    }

    /// A value filled in; unknown, when it is wrong, which is noted.
    fn part(&self, value: &Value, step: Step) -> Value {
        self.value(value, step).unwrap_or_else(|mistake| {
            self.mistakes.borrow_mut().push(mistake);
            Value::unknown(value.ty())
        })
    }

    fn value(&self, value: &Value, step: Step) -> Result<Value, Mistake> {
        if self.path.borrow().len() > DEPTH {
            let message = "it is nested too deep".to_owned();
            return Err(Mistake { message, help: None, place: None });
        }
        let sequence = |elements: &[Value], step: Step| -> Arc<[Value]> {
            let element = |(index, element)| {
                let index = (step == Step::Written).then_some(ValueStep::Index(index));
                self.within(index, || self.part(element, step))
            };
            elements.iter().enumerate().map(element).collect()
        };
        let mapping = |elements: &cooper_hcl::value::Attributes| {
            let elements = elements.iter().map(|(name, element)| {
                let key = (step == Step::Written).then(|| ValueStep::Key(name.clone()));
                self.within(key, || {
                    let name = match self.text(name, true) {
                        Ok(text) => text.map_or_else(|| name.clone(), Arc::from),
                        Err(mistake) => {
                            self.mistakes.borrow_mut().push(mistake);
                            name.clone()
                        }
                    };
                    (name, self.part(element, step))
                })
            });
            Arc::new(elements.collect())
        };
        let kind = match value.kind() {
            ValueKind::String(text) if self.is_open(text) => return Ok(Value::unknown(value.ty())),
            ValueKind::String(text) => match self.text(text, false)? {
                Some(rendered) => Value::string(rendered).into_kind(),
                None => return Ok(value.clone()),
            },
            ValueKind::List(ty, elements) => ValueKind::List(ty.clone(), sequence(elements, step)),
            ValueKind::Set(ty, elements) => {
                // What is filled in may be in another order, or the same twice.
                let elements = sequence(elements, Step::Sorted);
                let list = Value::list(ty.clone(), elements.iter().cloned());
                let set = list.convert(&value.ty()).map_err(|error| {
                    let message = error.to_string();
                    Mistake { message, help: None, place: None }
                })?;
                set.into_kind()
            }
            ValueKind::Tuple(elements) => ValueKind::Tuple(sequence(elements, step)),
            ValueKind::Map(ty, elements) => ValueKind::Map(ty.clone(), mapping(elements)),
            ValueKind::Object(elements) => ValueKind::Object(mapping(elements)),
            ValueKind::Null(_)
            | ValueKind::Bool(_)
            | ValueKind::Number(_)
            | ValueKind::Unknown(_) => return Ok(value.clone()),
        };
        Ok(Value::new(kind, value.marks()))
    }

    /// Whether a text asks for the build's name or type, where nobody can tell them.
    fn is_open(&self, text: &str) -> bool {
        let asks = || text.contains("build_name") || text.contains("build_type");
        self.is_draft && self.cx.build_type.is_empty() && has_actions(text) && asks()
    }

    /// The text filled in, when there is anything to fill in. Of several mistakes, all but the last
    /// are kept, as far as one `{{ }}` can be left out without harm to the others.
    fn text(&self, text: &str, is_key: bool) -> Result<Option<String>, Mistake> {
        if !has_actions(text) {
            return Ok(None);
        }
        let place = |offset: usize| Place {
            path: self.path.borrow().clone(),
            is_key,
            text: text.to_owned(),
            offset,
        };
        let mut rest = Cow::Borrowed(text);
        let mut last: Option<Mistake> = None;
        for _ in 0..MISTAKES {
            let mistake = match self.filled(&rest, &place) {
                Ok(filled) => return last.map_or(Ok(filled), Err),
                Err(mistake) => mistake,
            };
            let at = mistake.place.as_ref().map(|place| place.offset);
            self.mistakes.borrow_mut().extend(last.replace(mistake));
            match at.and_then(|at| without_action(&rest, at)) {
                Some(less) => rest = Cow::Owned(less),
                None => break,
            }
        }
        last.map_or(Ok(None), Err)
    }

    /// The text filled in, where that is to be done now.
    fn filled(
        &self,
        text: &str,
        place: &dyn Fn(usize) -> Place,
    ) -> Result<Option<String>, Mistake> {
        let wrong = |TemplateError { message, offset }: TemplateError| {
            // A string that holds braces for another program is the usual reason.
            let own = message.contains("there is no function") || message.contains("`{{`");
            let help =
                "Packer's components read `{{ }}` in strings; `{{\"{{\"}}` stands for the braces";
            Mistake { message, help: own.then(|| help.to_owned()), place: Some(place(offset)) }
        };
        let template = Template::parse(text).map_err(wrong)?;
        let mut fields = template.fields().into_iter();
        let Some(known) = &self.known else {
            let mut first = self.nothing.borrow_mut();
            if first.is_none() {
                *first = fields.next().map(|(field, at)| (field.to_owned(), place(at)));
            }
            return template.render(&Data::Map(Arc::default()), self.cx).map(Some).map_err(wrong);
        };
        let facts = || known.facts.iter().map(String::as_str);
        let names = || known.data.iter().copied().chain(facts());
        match fields.find(|(field, _)| !names().any(|name| name == *field)) {
            None => Ok(None),
            Some((field, at)) => {
                let own: Vec<_> =
                    known.data.iter().map(|name| format!("`{{{{.{name}}}}}`")).collect();
                let help = did_you_mean(field, names()).unwrap_or_else(|| {
                    format!("there are {}, and what `build` has", own.join(", "))
                });
                let message = format!("there is no `{{{{.{field}}}}}` here");
                Err(Mistake { message, help: Some(help), place: Some(place(at)) })
            }
        }
    }
}
