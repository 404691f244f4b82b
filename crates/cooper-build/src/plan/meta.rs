//! The arguments that every step has: `name`, `only`, `timeout`…

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use cooper_hcl::ast::{Attribute, Body, Expr};
use cooper_hcl::schema::locate;
use cooper_hcl::value::convert::ValueStep;
use cooper_hcl::{
    Code, Diagnostic, Environment, Reported, Scope, Span, Type, Value, did_you_mean, duration,
    evaluate,
};

use super::Policy;

/// Reads arguments that must be known while planning.
#[derive(Clone, Copy)]
pub(super) struct Meta<'a> {
    pub(super) scope: &'a Scope<'a>,
    pub(super) env: Environment<'a>,
    /// Whether what data sources find is not known, and so may not be either what needs it.
    pub(super) unread: bool,
}

/// What the sources of a build are called.
pub(super) struct Names {
    /// As `only` and `except` name them: `docker.ubuntu`.
    pub(super) full: Vec<String>,
    /// As `override` names them: `ubuntu`.
    pub(super) short: Vec<String>,
    /// Whether there may be others, because of a mistake that was told.
    pub(super) nameless: bool,
}

/// For which sources a step runs: those listed, or those not listed.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    only: Vec<String>,
    except: Vec<String>,
}

impl Filter {
    /// Whether the step runs for a source, named `docker.ubuntu`.
    pub(super) fn keeps(&self, source: &str) -> bool {
        let is_source = |name: &String| name == source;
        (self.only.is_empty() || self.only.iter().any(is_source))
            && !self.except.iter().any(is_source)
    }
}

/// What `override` says: an object of arguments for each source.
pub(super) struct Override {
    value: Value,
    expr: Expr,
}

/// What `override` says for one source.
#[derive(Clone)]
pub(super) struct SourceOverride {
    /// The arguments it gives.
    pub(super) arguments: Arc<BTreeMap<Arc<str>, Value>>,
    /// Which one.
    pub(super) source: Arc<str>,
    expr: Expr,
}

impl Override {
    /// What it says, source by source.
    pub(super) fn all(&self) -> impl Iterator<Item = SourceOverride> {
        let sources = self.value.as_mapping().into_iter().flat_map(|objects| objects.keys());
        sources.filter_map(|source| self.of(source))
    }

    /// What it says for the source of that name.
    pub(super) fn of(&self, source: &str) -> Option<SourceOverride> {
        let arguments = self.value.as_mapping()?.get(source)?.as_mapping()?.clone();
        let (expr, source) = (self.expr.clone(), source.into());
        Some(SourceOverride { arguments: Arc::new(arguments), expr, source })
    }
}

impl SourceOverride {
    /// Where it says what an argument is.
    pub(super) fn place(&self, argument: &Arc<str>) -> Span {
        let path = [self.source.clone(), argument.clone()].map(ValueStep::Key);
        locate(&self.expr, &path)
    }
}

impl Meta<'_> {
    /// An argument's value of a type, known and perhaps null; nothing when data sources have to be
    /// asked for it.
    pub(super) fn value(
        &self,
        attribute: &Attribute,
        ty: &Type,
    ) -> Result<Option<Value>, Reported> {
        let diags = self.env.diags;
        let name = &attribute.name.text;
        let value = evaluate(&attribute.expr, self.scope, self.env)?;
        let value = value.convert(ty).map_err(|cause| {
            let message = format!("`{name}` cannot be used: {cause}");
            let span = locate(&attribute.expr, &cause.path.0);
            diags.error(Diagnostic::error(Code::WrongType, message).at(span, ""))
        })?;
        if !value.is_wholly_known() {
            if self.unread && !mentions_build(&attribute.expr) {
                return Ok(None);
            }
            // Either it came from something that failed, or it asks for what is not known here.
            diags.check()?;
            let message = format!("`{name}` must be known before the build runs");
            let help = "`source.*` and the facts of `build.*` cannot be used here";
            let error = Diagnostic::error(Code::NotAllowedHere, message);
            return Err(diags.error(error.at(attribute.expr.span, "").help(help)));
        }
        Ok(Some(value))
    }

    /// An argument that may be left out but not be null.
    fn given(&self, body: &Body, name: &str, ty: &Type) -> Result<Option<(Value, Span)>, Reported> {
        match body.attribute(name) {
            Some(attribute) => self.required(attribute, ty),
            None => Ok(None),
        }
    }

    fn required(
        &self,
        attribute: &Attribute,
        ty: &Type,
    ) -> Result<Option<(Value, Span)>, Reported> {
        let Some(value) = self.value(attribute, ty)? else { return Ok(None) };
        if value.is_null() {
            let message = format!("`{}` must not be null", attribute.name.text);
            let error = Diagnostic::error(Code::InvalidValue, message);
            let error = error.at(attribute.expr.span, "").help("leave the argument out");
            return Err(self.env.diags.error(error));
        }
        Ok(Some((value, attribute.expr.span)))
    }

    /// A string that must not be null; nothing when data sources have to be asked for it.
    pub(super) fn string(&self, attribute: &Attribute) -> Result<Option<String>, Reported> {
        let value = self.required(attribute, &Type::String)?;
        Ok(value.map(|(value, _)| value.as_str().unwrap_or_default().to_owned()))
    }

    /// A list of strings, each with its place; empty when null, nothing when data sources have to
    /// be asked for it.
    pub(super) fn strings(
        &self,
        attribute: &Attribute,
    ) -> Result<Option<Vec<(String, Span)>>, Reported> {
        let Some(value) = self.value(attribute, &Type::list(Type::String))? else {
            return Ok(None);
        };
        let mut strings = Vec::new();
        for (index, element) in value.as_sequence().unwrap_or_default().iter().enumerate() {
            let step = ValueStep::Index(index);
            let span = locate(&attribute.expr, &[step]);
            let Some(text) = element.as_str() else {
                let message = format!("an element of `{}` is null", attribute.name.text);
                let error = Diagnostic::error(Code::InvalidValue, message);
                return Err(self.env.diags.error(error.at(span, "")));
            };
            strings.push((text.to_owned(), span));
        }
        Ok(Some(strings))
    }

    /// `name`
    pub(super) fn name(&self, body: &Body) -> Result<Option<String>, Reported> {
        body.attribute("name").map_or(Ok(None), |attribute| self.string(attribute))
    }

    /// `only` and `except`; warns of names that no source of the build has.
    pub(super) fn filter(&self, body: &Body, sources: &Names) -> Result<Filter, Reported> {
        let read = |name| match body.attribute(name) {
            Some(attribute) => Ok(self.strings(attribute)?.unwrap_or_default()),
            None => Ok(Vec::new()),
        };
        let (only, except) = (read("only"), read("except"));
        let (only, except) = (only?, except?);
        if let ([(_, only), ..], [(_, except), ..]) = (&only[..], &except[..]) {
            let message = "`only` and `except` cannot be used together";
            let error = Diagnostic::error(Code::ConflictingArguments, message);
            let error = error.at(*except, "").label(*only, "`only` is given here");
            return Err(self.env.diags.error(error.help("leave one of them out")));
        }
        for (name, span) in only.iter().chain(&except) {
            let Names { full, nameless, .. } = sources;
            if full.contains(name) {
                continue;
            }
            let message = format!("no source of this build is called `{name}`");
            let help = did_you_mean(name, full.iter().map(String::as_str)).or_else(|| {
                let by_label =
                    |source: &&String| source.split_once('.').is_some_and(|s| s.1 == name);
                let whole = full.iter().find(by_label)?;
                Some(format!("write it with its type: `{whole}`"))
            });
            if *nameless && help.is_none() {
                continue;
            }
            let warning = Diagnostic::warning(Code::NoMatch, message);
            self.env.diags.warn(warning.at(*span, "").help(help));
        }
        let texts = |list: Vec<(String, Span)>| list.into_iter().map(|(text, _)| text).collect();
        Ok(Filter { only: texts(only), except: texts(except) })
    }

    /// `keep_input_artifact`
    pub(super) fn keep_input(&self, body: &Body) -> Result<Option<bool>, Reported> {
        match body.attribute("keep_input_artifact") {
            Some(attribute) => {
                Ok(self.value(attribute, &Type::Bool)?.and_then(|value| value.as_bool()))
            }
            None => Ok(None),
        }
    }

    /// `pause_before`, `timeout`, `max_retries` and `continue_on_error`
    pub(super) fn policy(&self, body: &Body) -> Result<Policy, Reported> {
        let pause_before = self.duration(body, "pause_before");
        let timeout = self.duration(body, "timeout");
        let retries = self.retries(body);
        let forgiving = self.given(body, "continue_on_error", &Type::Bool);
        Ok(Policy {
            pause_before: pause_before?.unwrap_or_default(),
            timeout: timeout?.filter(|timeout| !timeout.is_zero()),
            retries: retries?,
            continue_on_error: forgiving?.and_then(|(value, _)| value.as_bool()).unwrap_or(false),
        })
    }

    fn duration(&self, body: &Body, name: &str) -> Result<Option<Duration>, Reported> {
        let Some((value, span)) = self.given(body, name, &Type::String)? else { return Ok(None) };
        let text = value.as_str().unwrap_or_default();
        // As in Packer: nothing was given.
        if text.is_empty() {
            return Ok(None);
        }
        let wrong = |message: String| {
            let error = Diagnostic::error(Code::InvalidValue, message).at(span, "");
            self.env
                .diags
                .error(error.help("write it with a unit, such as `\"30s\"` or `\"1h30m\"`"))
        };
        let nanoseconds = duration::parse(text)
            .map_err(|cause| wrong(format!("`{name}` is not a length of time: {cause}")))?;
        let nanoseconds = u64::try_from(nanoseconds)
            .map_err(|_| wrong(format!("`{name}` must not be negative")))?;
        Ok(Some(Duration::from_nanos(nanoseconds)))
    }

    fn retries(&self, body: &Body) -> Result<u32, Reported> {
        let Some((value, span)) = self.given(body, "max_retries", &Type::Number)? else {
            return Ok(0);
        };
        let whole = match value.kind() {
            cooper_hcl::ValueKind::Number(number) => number.to_i64(),
            _ => None,
        };
        // Packer takes a negative number for none.
        let retries = whole.map(|whole| u32::try_from(whole.max(0)));
        retries.and_then(Result::ok).ok_or_else(|| {
            let message = "`max_retries` must be a whole number below 4294967296";
            self.env.diags.error(Diagnostic::error(Code::InvalidValue, message).at(span, ""))
        })
    }

    /// `override`: an object with an object of arguments for each source it names, without type.
    /// Warns of names that no source of the build has.
    pub(super) fn overrides(
        &self,
        body: &Body,
        sources: &Names,
    ) -> Result<Option<Override>, Reported> {
        let Some(attribute) = body.attribute("override") else { return Ok(None) };
        let Some(value) = self.value(attribute, &Type::Any)? else { return Ok(None) };
        if value.is_null() {
            return Ok(None);
        }
        let wrong = |place: Span| {
            let message = "`override` must be an object of objects";
            let error = Diagnostic::error(Code::WrongType, message).at(place, "");
            let help = "write `override = { SOURCE_NAME = { ARGUMENT = VALUE } }`";
            self.env.diags.error(error.help(help))
        };
        let objects = value.as_mapping().ok_or_else(|| wrong(attribute.expr.span))?;
        if let Some((name, _)) = objects.iter().find(|(_, object)| object.as_mapping().is_none()) {
            return Err(wrong(locate(&attribute.expr, &[ValueStep::Key(name.clone())])));
        }
        let names = || sources.short.iter().map(String::as_str);
        for name in objects.keys() {
            if !names().any(|known| known == &**name) {
                let help = did_you_mean(name, names());
                if sources.nameless && help.is_none() {
                    continue;
                }
                let message =
                    format!("`override` names `{name}`, which is no source of this build");
                let warning = Diagnostic::warning(Code::NoMatch, message);
                self.env.diags.warn(warning.at(attribute.name.span, "").help(help));
            }
        }
        Ok(Some(Override { value, expr: attribute.expr.clone() }))
    }
}

/// Whether an expression asks for what is known only of a single build, or once it runs.
fn mentions_build(expr: &Expr) -> bool {
    expr.references().iter().any(|reference| matches!(&*reference.root.text, "source" | "build"))
}
