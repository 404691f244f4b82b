//! Values for variables: flags, files and the environment, in order of precedence.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use cooper_hcl::ast::{Attribute, Expr};
use cooper_hcl::json::{self, Property};
use cooper_hcl::value::Marks;
use cooper_hcl::{
    Code, Diagnostic, Diagnostics, Environment, Functions, Reported, Scope, SourceFile, Span, Type,
    Value, did_you_mean, evaluate, parse_expression,
};

use crate::session::Session;
use crate::template::load::{latest, read, read_text};
use crate::template::shape::check_duplicates;
use crate::template::{Language, Template, Variable, legacy};

/// What the environment's variables begin with.
const ENVIRONMENT: &str = "PKR_VAR_";

/// What the command line says about variables.
#[derive(Clone, Debug, Default)]
pub struct InputOptions {
    /// `-var name=value`, in order; the last of a name wins.
    pub vars: Vec<(String, String)>,
    /// `-var-file`, in order.
    pub var_files: Vec<PathBuf>,
    /// Whether a name in a variable file that is not declared is worth a warning.
    pub warn_undeclared: bool,
}

/// A value of the right type for every variable that has one.
#[derive(Debug)]
pub struct Inputs {
    /// In the order of [`Template::variables`]; nothing where no value was given.
    pub values: Vec<Option<Input>>,
}

/// A variable's value and where it is from.
#[derive(Clone, Debug)]
pub struct Input {
    /// The value, of the variable's type, marked when the variable is sensitive.
    pub value: Value,
    /// Where it is from.
    pub origin: InputOrigin,
    /// Where it stands.
    pub span: Span,
    /// The variable's type: as declared, or that of its default; nothing when any will do.
    pub ty: Option<Type>,
    /// The variable's default, if it has one that can be used; marked like the value.
    pub default: Option<Value>,
}

/// Where a variable's value is from, the weakest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum InputOrigin {
    /// The variable's own default.
    Default,
    /// `PKR_VAR_name`.
    Environment,
    /// A variable file, given or found.
    File,
    /// `-var`.
    Flag,
}

impl Inputs {
    /// Reads every value that is given, and gives it its variable's type.
    ///
    /// # Errors
    ///
    /// [`Reported`], when a file cannot be read, a name is not declared, or a value has the
    /// wrong type. All of them are recorded.
    pub fn collect(
        options: &InputOptions,
        template: &Template,
        session: &mut Session,
    ) -> Result<Self, Reported> {
        let inputs = Self::collect_all(options, template, session);
        session.diags.check()?;
        Ok(inputs)
    }

    /// Like [`Inputs::collect`]; a variable whose value was refused has an unknown one.
    pub(crate) fn collect_all(
        options: &InputOptions,
        template: &Template,
        session: &mut Session,
    ) -> Self {
        let mut given = Given::new(template);
        // Legacy templates ask for the environment themselves.
        if template.language == Language::Hcl {
            given.environment(session);
        }
        for path in auto_files(template, session) {
            given.file(&path, false, session);
        }
        for path in &options.var_files {
            given.file(path, options.warn_undeclared, session);
        }
        given.flags(&options.vars, session);
        let defaults = Functions::for_defaults();
        let value = |(variable, raw): (&Variable, Option<Raw>)| {
            input(variable, raw, &defaults, template, session)
        };
        let mut values: Vec<_> = template.variables.iter().zip(given.values).map(value).collect();
        if template.language == Language::Legacy {
            legacy::render(template, &mut values, session);
        }
        Self { values }
    }
}

/// What is given for each variable, the strongest so far.
struct Given<'a> {
    language: Language,
    index: HashMap<&'a str, usize>,
    sensitive: Vec<bool>,
    values: Vec<Option<Raw>>,
}

/// A value before its type is known to fit.
struct Raw {
    content: Content,
    origin: InputOrigin,
    /// What it is called in messages.
    from: String,
    span: Span,
}

enum Content {
    /// The text of a flag or of the environment. Whether it is an expression depends on the
    /// variable's type.
    Text(SourceFile),
    /// An expression of a variable file.
    Expr(Expr),
    /// A value of a JSON file, where strings mean themselves.
    Value(Value),
}

impl<'a> Given<'a> {
    fn new(template: &'a Template) -> Self {
        let name = |(index, variable): (usize, &'a Variable)| (&*variable.name.text, index);
        Self {
            language: template.language,
            index: template.variables.iter().enumerate().map(name).collect(),
            sensitive: template.variables.iter().map(|variable| variable.sensitive).collect(),
            values: template.variables.iter().map(|_| None).collect(),
        }
    }

    fn names(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.index.keys().copied()
    }

    fn environment(&mut self, session: &mut Session) {
        for (name, text) in session.system.env_with_prefix(ENVIRONMENT) {
            let Some(variable) = name.strip_prefix(ENVIRONMENT) else { continue };
            let Some(&index) = self.index.get(variable) else { continue };
            self.text(index, &name, text, InputOrigin::Environment, session);
        }
    }

    fn flags(&mut self, flags: &[(String, String)], session: &mut Session) {
        for (name, text) in flags {
            let from = format!("-var {name}");
            if let Some(&index) = self.index.get(&**name) {
                self.text(index, &from, text.clone(), InputOrigin::Flag, session);
                continue;
            }
            // A legacy template declares what it likes to.
            if self.language == Language::Legacy {
                continue;
            }
            let message = format!("`-var {name}=…` gives a variable that is not declared");
            let declare = format!("declare it: `variable \"{name}\" {{}}`");
            let help = did_you_mean(name, self.names()).unwrap_or(declare);
            session.diags.error(Diagnostic::error(Code::UndeclaredVariable, message).help(help));
        }
    }

    /// Remembers a text, which gets a place of its own so that mistakes in it have one too.
    fn text(
        &mut self,
        index: usize,
        from: &str,
        text: String,
        origin: InputOrigin,
        session: &mut Session,
    ) {
        if self.sensitive[index] {
            session.secrets.add(&text);
        }
        if let Ok(file) = session.add(&format!("<{from}>"), text) {
            let span = file.span();
            if self.sensitive[index] {
                session.secrets.add_place(span);
            }
            let content = Content::Text(file);
            self.values[index] = Some(Raw { content, origin, from: from.to_owned(), span });
        }
    }

    fn file(&mut self, path: &Path, warn_undeclared: bool, session: &mut Session) {
        let undeclared = match path.extension().and_then(|extension| extension.to_str()) {
            Some("hcl") => self.hcl_file(path, session),
            Some("json") => self.json_file(path, session),
            _ if self.language == Language::Legacy => self.json_file(path, session),
            _ => {
                let message = format!("`{}` is not a variable file", path.display());
                let help = "its name must end in `.hcl` or `.json`, as in `.pkrvars.hcl`";
                let error = Diagnostic::error(Code::UnreadableFile, message);
                session.diags.error(error.help(help));
                return;
            }
        };
        if !warn_undeclared || self.language == Language::Legacy {
            return;
        }
        for (name, span) in undeclared {
            let message = format!("the variable `{name}` is not declared");
            let declare = format!("declare it, `variable \"{name}\" {{}}`, or remove it here");
            let help = did_you_mean(&name, self.names()).unwrap_or(declare);
            let warning = Diagnostic::warning(Code::UndeclaredVariable, message);
            session.diags.warn(warning.at(span, "").help(help));
        }
    }

    /// Sees to it that a file that could not be parsed tells no value, when any may be sensitive.
    fn keep_secrets(&self, path: &Path, session: &Session) {
        if self.sensitive.contains(&true)
            && let Some(file) = latest(path, session)
        {
            session.secrets.add_broken_place(file, file.span());
        }
    }

    /// Returns the names that are not declared.
    fn hcl_file(&mut self, path: &Path, session: &mut Session) -> Vec<(String, Span)> {
        let Ok(file) = read(path, session) else {
            self.keep_secrets(path, session);
            return Vec::new();
        };
        for block in &file.body.blocks {
            let kind = &block.kind.text;
            let message = format!("a variable file has no block `{kind}`");
            let help = if &**kind == "variable" {
                "variables are declared in the template; write `NAME = VALUE` here"
            } else {
                "a variable file has lines `NAME = VALUE` only"
            };
            let error = Diagnostic::error(Code::UnknownBlock, message);
            session.diags.error(error.at(block.header, "").help(help));
        }
        check_duplicates(&file.body, &session.diags);
        let mut undeclared = Vec::new();
        for Attribute { name, expr, span: _ } in file.body.attributes {
            let Some(&index) = self.index.get(&*name.text) else {
                undeclared.push((name.text.to_string(), name.span));
                continue;
            };
            let (span, from) = (expr.span, format!("`{}`", path.display()));
            // Whether it is this value that counts or another.
            if self.sensitive[index] {
                session.secrets.add_place(span);
            }
            let (content, origin) = (Content::Expr(expr), InputOrigin::File);
            self.values[index] = Some(Raw { content, origin, from, span });
        }
        undeclared
    }

    /// Returns the names that are not declared.
    fn json_file(&mut self, path: &Path, session: &mut Session) -> Vec<(String, Span)> {
        let mut undeclared = Vec::new();
        let Ok(text) = read_text(path, session) else { return undeclared };
        let Ok(file) = session.add(&path.to_string_lossy(), text) else { return undeclared };
        let Ok(node) = json::parse(&file, &session.diags) else {
            self.keep_secrets(path, session);
            return undeclared;
        };
        if self.language == Language::Legacy {
            node.check_keys(&session.diags);
        }
        let json::NodeKind::Object(properties) = node.kind else {
            let message = format!("`{}` is not a JSON object", path.display());
            let error = Diagnostic::error(Code::Syntax, message).at(node.span, "");
            session.diags.error(error.help("write `{ \"NAME\": VALUE }`"));
            return undeclared;
        };
        if self.language == Language::Hcl {
            check_variables(&properties, &session.diags);
        }
        for Property { name, name_span, value } in properties {
            if &*name == "//" {
                continue;
            }
            let Some(&index) = self.index.get(&*name) else {
                if &*name == "variable" && self.language == Language::Hcl {
                    let message = "a variable file has no block `variable`";
                    let help =
                        "variables are declared in the template; write `\"NAME\": VALUE` here";
                    let error = Diagnostic::error(Code::UnknownBlock, message);
                    session.diags.error(error.at(name_span, "").help(help));
                    continue;
                }
                undeclared.push((name.to_string(), name_span));
                continue;
            };
            let (span, from) = (value.span, format!("`{}`", path.display()));
            if self.sensitive[index] {
                session.secrets.add_place(span);
            }
            let (content, origin) = (Content::Value(value.to_value()), InputOrigin::File);
            self.values[index] = Some(Raw { content, origin, from, span });
        }
        undeclared
    }
}

/// Records variables that a file has twice, and warns of keys that are twice in a value.
fn check_variables(properties: &[Property], diags: &Diagnostics) {
    let mut first: HashMap<&str, Span> = HashMap::new();
    for Property { name, name_span, value } in properties {
        value.check_keys(diags);
        if &**name != "//"
            && let Some(first) = first.insert(name, *name_span)
        {
            let message = format!("the variable `{name}` is given twice");
            let error = Diagnostic::error(Code::Duplicate, message).at(*name_span, "again here");
            diags.error(error.label(first, "first given here"));
        }
    }
}

/// `*.auto.pkrvars.hcl`, then `*.auto.pkrvars.json`, beside a template that is a folder.
fn auto_files(template: &Template, session: &Session) -> Vec<PathBuf> {
    if !template.is_folder {
        return Vec::new();
    }
    let Ok(names) = session.system.list(&template.root) else { return Vec::new() };
    let of = |suffix: &str| {
        let in_root = |name: &String| match template.root.as_os_str() == "." {
            true => PathBuf::from(name),
            false => template.root.join(name),
        };
        names.iter().filter(|name| name.ends_with(suffix)).map(in_root).collect::<Vec<_>>()
    };
    [of(".auto.pkrvars.hcl"), of(".auto.pkrvars.json")].concat()
}

/// The value of one variable, from what was given or its default.
fn input(
    variable: &Variable,
    raw: Option<Raw>,
    defaults: &Functions,
    template: &Template,
    session: &Session,
) -> Option<Input> {
    let marks = if variable.sensitive { Marks::SENSITIVE } else { Marks::NONE };
    let name = &variable.name.text;
    let diags = &session.diags;
    let environment = |functions| Environment {
        functions,
        system: &*session.system,
        root: &template.root,
        diags,
    };
    // What cannot be used was recorded; an unknown value keeps everything else quiet.
    let refused = |ty: &Option<Type>| Value::unknown(ty.clone().unwrap_or(Type::Any));
    let convert = |value: Value, ty: &Option<Type>, span, from: &str| {
        if variable.sensitive {
            session.secrets.add_all(&value);
        }
        let Some(ty) = ty else { return Ok(value) };
        value.convert(ty).map_err(|cause| {
            let message = format!("the {from} of the variable `{name}` cannot be used: {cause}");
            let error = Diagnostic::error(Code::InvalidValue, message).at(span, "");
            diags.error(error.label(variable.name.span, "declared here"))
        })
    };

    let default = variable.default.as_ref().map(|expr| {
        let value = constant(expr, "a default", environment(defaults), Some("`env`"))
            .and_then(|value| convert(value, &variable.ty, expr.span, "default"));
        if variable.sensitive && value.is_err() {
            // Its text is shown with what went wrong.
            keep_broken(expr.span, session);
        }
        (value, expr.span)
    });
    let ty = variable.ty.clone().or_else(|| {
        let value = default.as_ref()?.0.as_ref().ok()?;
        // An empty collection says nothing of what goes in.
        let empty = value.as_sequence().is_some_and(<[Value]>::is_empty)
            || value.as_mapping().is_some_and(|attributes| attributes.is_empty());
        (!empty && !value.is_null() && value.is_known()).then(|| value.ty())
    });

    let usable = default.as_ref().and_then(|(value, _)| value.clone().ok());
    let (value, origin, span) = match raw {
        None => {
            let (value, span) = default?;
            (value.unwrap_or_else(|_| refused(&ty)), InputOrigin::Default, span)
        }
        Some(Raw { content, origin, from, span }) => {
            let none = Functions::none();
            let value = match content {
                Content::Value(value) => Ok(value),
                Content::Expr(expr) => {
                    let what = "a value in a variable file";
                    let value = constant(&expr, what, environment(&none), None);
                    if variable.sensitive && value.is_err() {
                        keep_broken(span, session);
                    }
                    value
                }
                Content::Text(file) => match &ty {
                    None | Some(Type::String | Type::Number | Type::Any) => {
                        Ok(Value::string(&**file.text()))
                    }
                    Some(_) => {
                        let value = parse_expression(&file, diags).and_then(|expr| {
                            let what = format!("the value of `{from}`");
                            constant(&expr, &what, environment(&none), None)
                        });
                        if variable.sensitive && value.is_err() {
                            keep_broken(span, session);
                        }
                        value
                    }
                },
            };
            let value = value.and_then(|value| convert(value, &ty, span, "value"));
            (value.unwrap_or_else(|_| refused(&ty)), origin, span)
        }
    };
    if variable.sensitive {
        // Once more: what was converted may read differently.
        session.secrets.add_all(&value);
    }
    let default = usable.map(|default| default.with_marks(marks));
    Some(Input { value: value.with_marks(marks), origin, span, ty, default })
}

/// Keeps what is written at a place a secret, although it is no value: its text is shown with what went
/// wrong, and may be all that is known of it.
pub(crate) fn keep_broken(span: Span, session: &Session) {
    session.secrets.add(session.sources.text(span));
    if let Some(file) = session.sources.file(span) {
        session.secrets.add_broken_place(file, span);
    }
}

/// The value of an expression that may mention nothing.
fn constant(
    expr: &Expr,
    what: &str,
    env: Environment<'_>,
    callable: Option<&str>,
) -> Result<Value, Reported> {
    let mut refused = None;
    for reference in expr.references() {
        let message = format!("{what} may not mention `{}`", reference.root.text);
        let help = match callable {
            Some(callable) => format!("it may call {callable} and mention nothing; use a local"),
            None => format!("write a string as `\"{}\"`", reference.root.text),
        };
        let error = Diagnostic::error(Code::NotAllowedHere, message).at(reference.span, "");
        refused = Some(env.diags.error(error.help(help)));
    }
    match refused {
        Some(reported) => Err(reported),
        None => evaluate(expr, &Scope::new(), env),
    }
}
