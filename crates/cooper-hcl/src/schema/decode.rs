//! Reading a block by its schema.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::dynamic::{BlockLimit, DYNAMIC, DYNAMIC_LABELS, Dynamic, Iteration, Iterations};
use super::loose::check_expressions;
use super::weak::weakly;
use super::{ArgumentSchema, BlockSchema, Decoded, Occurrence, Places, Schema};
use crate::ast::{Attribute, Block, Body, Expr, ExprKind, Name};
use crate::diagnostic::{Code, Diagnostic, Reported, did_you_mean, nearest};
use crate::eval::{Environment, Scope, evaluate};
use crate::source::Span;
use crate::value::convert::{ConvertError, ValueStep};
use crate::value::{Attributes, Type, Value, ValueKind};

/// A body, and what its expressions are evaluated with.
#[derive(Clone, Copy)]
pub struct Part<'a> {
    /// What stands between the braces.
    pub body: &'a Body,
    /// The names it may use.
    pub scope: &'a Scope<'a>,
}

/// Reads bodies by a schema. Several bodies are read as if they were one, which is how a
/// `source` block and its use inside a `build` go together: an argument in both is a mistake.
/// `dynamic` blocks are expanded.
///
/// Every mistake in every argument is recorded before this fails. An argument that is null
/// counts as not given. An unknown value passes as an unknown value of the argument's type; when
/// nobody can tell how many blocks a `dynamic` block makes, one is checked, and the blocks of that
/// type are unknown.
///
/// # Errors
///
/// [`Reported`], when any argument is unknown, missing, given twice, or of the wrong type.
pub fn decode(
    parts: &[Part<'_>],
    header: Span,
    schema: &Schema,
    env: Environment<'_>,
) -> Result<Decoded, Reported> {
    let (decoded, read) = decode_all(parts, header, schema, env);
    read.map(|()| decoded)
}

/// Like [`decode`], for those who go on to look for more mistakes: what could not be read is
/// unknown, and so is an argument that is not given while another one has nearly its name.
pub fn decode_all(
    parts: &[Part<'_>],
    header: Span,
    schema: &Schema,
    env: Environment<'_>,
) -> (Decoded, Result<(), Reported>) {
    let limit = BlockLimit::of("one block");
    let (decoded, failed) = Decoder { schema, env, limit: &limit }.decode(parts, header);
    (decoded, failed.map_or(Ok(()), Err))
}

struct Decoder<'a> {
    schema: &'a Schema,
    env: Environment<'a>,
    /// How many blocks `dynamic` blocks may make.
    limit: &'a BlockLimit,
}

/// What the bodies have of the things that the schema knows.
struct Shape<'b> {
    arguments: BTreeMap<&'b str, (&'b Attribute, &'b Scope<'b>)>,
    blocks: BTreeMap<&'b str, Vec<Given<'b>>>,
    doubt: Doubt,
}

/// Of which arguments and blocks nobody can tell what is meant, because of a mistake.
enum Doubt {
    /// Of these.
    Of(BTreeSet<String>),
    /// Of any of them.
    Everything,
}

impl Doubt {
    fn cast_on(&mut self, name: &str) {
        if let Self::Of(names) = self {
            names.insert(name.to_owned());
        }
    }

    fn is_on(&self, name: &str) -> bool {
        match self {
            Self::Of(names) => names.contains(name),
            Self::Everything => true,
        }
    }
}

/// A nested block: one that is written, or one that a `dynamic` block makes.
struct Given<'b> {
    body: &'b Body,
    header: Span,
    scope: &'b Scope<'b>,
    /// The element it is made for.
    iteration: Option<Iteration>,
    /// Whether nobody can tell how often it stands there.
    is_unknown: bool,
}

/// A body in which the schema says what is a block, with its `dynamic` blocks.
struct DecidedPart<'b> {
    body: Cow<'b, Body>,
    scope: &'b Scope<'b>,
    /// One for each `dynamic` block; nothing for one that cannot be expanded.
    dynamic: Vec<Option<Dynamic>>,
}

impl Decoder<'_> {
    fn error(&self, diagnostic: Diagnostic) -> Reported {
        self.env.diags.error(diagnostic)
    }

    fn decode(&self, parts: &[Part<'_>], header: Span) -> (Decoded, Option<Reported>) {
        let (parts, mut failed) = self.decided(parts);
        let doubt = match failed {
            Some(_) => Doubt::Everything,
            None => Doubt::Of(BTreeSet::new()),
        };
        let (shape, collected) = self.collect(&parts, doubt, header);
        failed = failed.or(collected);
        let weak = parts.iter().any(|part| part.body.json.as_ref().is_some_and(|json| json.weak));
        let mut attributes = Attributes::new();
        let mut places = Places { header, ..Places::default() };
        for argument in &self.schema.arguments {
            let name: Arc<str> = argument.name.as_ref().into();
            let unknown = Value::unknown(argument.ty.plain());
            let in_doubt = shape.doubt.is_on(&name);
            let value = match shape.arguments.get(&*name) {
                None if argument.required || in_doubt => unknown,
                None => Value::null(argument.ty.plain()),
                Some(&(given, scope)) => {
                    let place = (given.name.span, given.expr.clone());
                    places.arguments.insert(name.to_string(), place);
                    match self.argument(argument, given, scope, weak) {
                        Ok(value) if !in_doubt => value,
                        Ok(_) => unknown,
                        Err(reported) => {
                            failed = Some(reported);
                            unknown
                        }
                    }
                }
            };
            attributes.insert(name, value);
        }
        for block in &self.schema.blocks {
            let given = shape.blocks.get(&*block.name).map_or(&[][..], Vec::as_slice);
            let (value, nested, unread) = self.nested(block, given);
            failed = failed.or(unread);
            if !nested.is_empty() {
                places.blocks.insert(block.name.to_string(), nested);
            }
            let value = if shape.doubt.is_on(&block.name) { block.unknown() } else { value };
            attributes.insert(block.name.as_ref().into(), value);
        }
        (Decoded { value: Value::object(attributes), places }, failed)
    }

    /// The bodies, in which the schema says what is a block.
    fn decided<'b>(&self, parts: &[Part<'b>]) -> (Vec<DecidedPart<'b>>, Option<Reported>) {
        let labels = |name: &str| match self.schema.block(name) {
            Some(_) => Some(&[][..]),
            None => (name == DYNAMIC).then_some(DYNAMIC_LABELS),
        };
        let mut failed = None;
        let decided = parts.iter().map(|part| {
            let (body, decided) = part.body.decided(labels, self.env.diags);
            failed = failed.or(decided.err());
            let dynamic = body.blocks.iter().filter(|block| self.is_dynamic(block)).map(|block| {
                let read = Dynamic::read(block, self.env.diags);
                read.map_err(|reported| failed = Some(reported)).ok()
            });
            DecidedPart { dynamic: dynamic.collect(), body, scope: part.scope }
        });
        let decided: Vec<_> = decided.collect();
        (decided, failed)
    }

    fn is_dynamic(&self, block: &Block) -> bool {
        &*block.kind.text == DYNAMIC && self.schema.block(DYNAMIC).is_none()
    }

    /// Sorts out what the bodies have, recording what should not be there and what is missing.
    fn collect<'b>(
        &self,
        parts: &'b [DecidedPart<'b>],
        doubt: Doubt,
        header: Span,
    ) -> (Shape<'b>, Option<Reported>) {
        let mut failed = None;
        let mut shape = Shape { arguments: BTreeMap::new(), blocks: BTreeMap::new(), doubt };
        let attributes =
            parts.iter().flat_map(|part| part.body.attributes.iter().map(move |a| (part, a)));
        for (part, attribute) in attributes {
            let name = &*attribute.name.text;
            if self.schema.argument(name).is_none() {
                let is_json = part.body.json.is_some();
                failed = Some(self.unexpected_argument(&attribute.name, is_json));
                // What it was to be may be wrong as well.
                let _ = evaluate(&attribute.expr, part.scope, self.env);
                if let Some(meant) = self.meant(name) {
                    shape.doubt.cast_on(meant);
                }
            } else if let Some((first, _)) = shape.arguments.get(name) {
                failed = Some(
                    self.error(
                        Diagnostic::error(Code::Duplicate, format!("`{name}` is given twice"))
                            .at(attribute.name.span, "")
                            .label(first.name.span, "first given here"),
                    ),
                );
                shape.doubt.cast_on(name);
            } else {
                if part.body.json.as_ref().is_some_and(|json| !json.weak) {
                    attribute.expr.check_keys(self.env.diags);
                }
                shape.arguments.insert(name, (attribute, part.scope));
            }
        }
        for part in parts {
            let mut dynamic = part.dynamic.iter();
            for block in &part.body.blocks {
                let given = if self.is_dynamic(block) {
                    let Some(Some(dynamic)) = dynamic.next() else { continue };
                    (&*dynamic.kind.text, self.made(dynamic, part.scope))
                } else {
                    let given = self.written(block, part.scope);
                    (&*block.kind.text, given.map(|given| vec![given]))
                };
                match given {
                    (name, Ok(given)) => shape.blocks.entry(name).or_default().extend(given),
                    (name, Err(reported)) => {
                        failed = Some(reported);
                        if let Some(meant) = self.meant(name) {
                            shape.doubt.cast_on(meant);
                        }
                    }
                }
            }
        }
        for block in self.schema.blocks.iter().filter(|b| b.occurrence == Occurrence::AtMostOne) {
            let given = shape.blocks.get(&*block.name).map_or(&[][..], Vec::as_slice);
            let [first, others @ ..] = given else { continue };
            for other in others {
                let message = format!("only one `{}` block is allowed", block.name);
                failed = Some(
                    self.error(
                        Diagnostic::error(Code::Duplicate, message)
                            .at(other.header, "")
                            .label(first.header, "the first one is here"),
                    ),
                );
                shape.doubt.cast_on(&block.name);
            }
        }
        for argument in self.schema.arguments.iter().filter(|argument| argument.required) {
            let is_given = shape.arguments.contains_key(&*argument.name);
            if !is_given && !shape.doubt.is_on(&argument.name) {
                let message = format!("the argument `{}` is required", argument.name);
                failed = Some(self.error(
                    Diagnostic::error(Code::MissingArgument, message).at(header, "").help(format!(
                        "add `{} = …`, {}",
                        argument.name,
                        argument.ty.noun()
                    )),
                ));
            }
        }
        (shape, failed)
    }

    /// A block that is written out.
    fn written<'b>(&self, block: &'b Block, scope: &'b Scope<'b>) -> Result<Given<'b>, Reported> {
        let name = &*block.kind.text;
        if self.schema.block(name).is_none() {
            let unexpected = self.unexpected_block(&block.kind, block.header);
            check_expressions(&block.body, scope, self.env);
            return Err(unexpected);
        }
        if let Some(label) = block.labels.first() {
            let message = format!("a `{name}` block takes no labels");
            let error = Diagnostic::error(Code::WrongLabels, message).at(label.span, "");
            return Err(self.error(error.help("remove it")));
        }
        let (body, header) = (&block.body, block.header);
        Ok(Given { body, header, scope, iteration: None, is_unknown: false })
    }

    /// The blocks that a `dynamic` block makes.
    fn made<'b>(
        &self,
        dynamic: &'b Dynamic,
        scope: &'b Scope<'b>,
    ) -> Result<Vec<Given<'b>>, Reported> {
        if self.schema.block(&dynamic.kind.text).is_none() {
            return Err(self.unexpected_block(&dynamic.kind, dynamic.kind.span));
        }
        let (iterations, is_unknown) = match dynamic.iterations(scope, self.env, self.limit)? {
            Iterations::Known(iterations) => (iterations, false),
            Iterations::Unknown(iteration) => (vec![iteration], true),
        };
        let given = |iteration: Iteration| {
            let mut inner = scope.child();
            iteration.bind(&mut inner);
            dynamic.labels(&[], &inner, self.env)?;
            let (body, header, iteration) = (&dynamic.content, dynamic.header, Some(iteration));
            Ok(Given { body, header, scope, iteration, is_unknown })
        };
        iterations.into_iter().map(given).collect()
    }

    /// The argument or block that was meant by one that there is not.
    fn meant<'n>(&'n self, name: &'n str) -> Option<&'n str> {
        let is_known = self.schema.argument(name).is_some() || self.schema.block(name).is_some();
        if is_known { Some(name) } else { nearest(name, self.schema.names()) }
    }

    fn unexpected_argument(&self, name: &Name, is_json: bool) -> Reported {
        let text = &*name.text;
        // A property of JSON may have been meant as either.
        let either = if is_json { "argument or block" } else { "argument" };
        let help = match self.schema.block(text) {
            Some(_) => Some(format!("`{text}` is a block: write `{text} {{ … }}` without `=`")),
            None => did_you_mean(text, self.schema.names()),
        };
        self.error(
            Diagnostic::error(
                Code::UnknownArgument,
                format!("there is no {either} called `{text}` here"),
            )
            .at(name.span, "")
            .help(help),
        )
    }

    fn unexpected_block(&self, kind: &Name, place: Span) -> Reported {
        let text = &*kind.text;
        let help = match self.schema.argument(text) {
            Some(_) => Some(format!("`{text}` is an argument: write `{text} = …`")),
            None => did_you_mean(text, self.schema.names()),
        };
        self.error(
            Diagnostic::error(
                Code::UnknownBlock,
                format!("there is no block called `{text}` here"),
            )
            .at(place, "")
            .help(help),
        )
    }

    fn argument(
        &self,
        schema: &ArgumentSchema,
        given: &Attribute,
        scope: &Scope<'_>,
        weak: bool,
    ) -> Result<Value, Reported> {
        let value = evaluate(&given.expr, scope, self.env)?;
        let value = if weak { weakly(value, &schema.ty) } else { value };
        if value.is_null() {
            if schema.required {
                let message = format!("the argument `{}` must not be null", schema.name);
                return Err(self.error(
                    Diagnostic::error(Code::MissingArgument, message).at(given.expr.span, ""),
                ));
            }
            return Ok(Value::null(schema.ty.plain()).with_marks(value.marks()));
        }
        value.convert(&schema.ty).map_err(|error| {
            let mut reported = self.wrong_type(schema, given, &value, &error);
            for other in value.other_mistakes(&schema.ty, &error) {
                reported = self.wrong_type(schema, given, &value, &other);
            }
            reported
        })
    }

    fn wrong_type(
        &self,
        schema: &ArgumentSchema,
        given: &Attribute,
        value: &Value,
        error: &ConvertError,
    ) -> Reported {
        let place = locate(&given.expr, &error.path.0);
        let text = if place == given.expr.span { error.to_string() } else { error.message.clone() };
        let message = format!("the argument `{}` has the wrong type", schema.name);
        let help = match &schema.ty {
            Type::List(element) | Type::Set(element)
                if value.ty().is_primitive() && element.is_primitive() =>
            {
                Some(as_list(value))
            }
            Type::Map(element) if value.as_sequence().is_some() && element.is_primitive() => {
                Some(as_map(value))
            }
            _ => None,
        };
        self.error(Diagnostic::error(Code::WrongType, message).at(place, text).help(help))
    }

    /// What is read of the blocks of a kind, where they are, and whether any could not be read.
    fn nested(
        &self,
        block: &BlockSchema,
        given: &[Given<'_>],
    ) -> (Value, Vec<Places>, Option<Reported>) {
        let read = |given: &Given<'_>| {
            let Some(iteration) = &given.iteration else {
                let decoder = Decoder { schema: &block.schema, ..*self };
                let part = Part { body: given.body, scope: given.scope };
                return decoder.decode(&[part], given.header);
            };
            let mut scope = given.scope.child();
            iteration.bind(&mut scope);
            self.env.diags.traced(&iteration.frame, |diags| {
                let env = Environment { diags, ..self.env };
                let decoder = Decoder { schema: &block.schema, env, limit: self.limit };
                decoder.decode(&[Part { body: given.body, scope: &scope }], given.header)
            })
        };
        let mut failed = None;
        let (mut values, places): (Vec<Value>, Vec<Places>) = given
            .iter()
            .map(|given| {
                let (decoded, unread) = read(given);
                failed = failed.or(unread);
                (decoded.value, decoded.places)
            })
            .unzip();
        let is_unknown = given.iter().any(|given| given.is_unknown);
        let value = match block.occurrence {
            _ if is_unknown => block.unknown(),
            Occurrence::Many => Value::tuple(values),
            Occurrence::AtMostOne => match values.pop() {
                Some(value) => value,
                None => Value::null(block.schema.ty()),
            },
        };
        (value, places, failed)
    }
}

impl BlockSchema {
    /// What blocks of this kind are while nobody can tell what they say.
    fn unknown(&self) -> Value {
        match self.occurrence {
            Occurrence::Many => Value::unknown(Type::Any),
            Occurrence::AtMostOne => Value::unknown(self.schema.ty()),
        }
    }
}

impl Schema {
    /// The argument of that name.
    pub fn argument(&self, name: &str) -> Option<&ArgumentSchema> {
        self.arguments.iter().find(|argument| argument.name == name)
    }

    /// The kind of block of that name.
    pub fn block(&self, name: &str) -> Option<&BlockSchema> {
        self.blocks.iter().find(|block| block.name == name)
    }

    /// The names of all arguments and blocks.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let arguments = self.arguments.iter().map(|argument| &*argument.name);
        arguments.chain(self.blocks.iter().map(|block| &*block.name))
    }

    /// The type of the object that a block is decoded as.
    pub fn ty(&self) -> Type {
        let arguments = self.arguments.iter().map(|a| (a.name.as_ref(), a.ty.plain()));
        let blocks = self.blocks.iter().map(|block| match block.occurrence {
            Occurrence::AtMostOne => (block.name.as_ref(), block.schema.ty()),
            // The number of blocks, and so the type of the tuple, differs from case to case.
            Occurrence::Many => (block.name.as_ref(), Type::Any),
        });
        Type::object(arguments.chain(blocks))
    }
}

/// How many characters of a value are repeated in a help.
const SHOWN: usize = 40;

/// What to write for a value where a list is wanted.
fn as_list(value: &Value) -> String {
    match value.kind() {
        ValueKind::String(text) if !value.marks().sensitive && text.len() <= SHOWN => {
            format!("write `[{:?}]` for a list of one", &**text)
        }
        _ => "write `[…]` around it for a list of one".to_owned(),
    }
}

/// What to write for a list where a map is wanted: its first element with its key, as other programs
/// write both in one, `KEY=VALUE` or `KEY:VALUE`.
fn as_map(value: &Value) -> String {
    let first = value.as_sequence().and_then(|elements| elements.first());
    let first = first.filter(|_| !value.deep_marks().sensitive).and_then(Value::as_str);
    let pair = first.filter(|text| text.len() <= SHOWN).and_then(|text| {
        text.split_once('=').or_else(|| text.split_once(':')).filter(|(key, _)| !key.is_empty())
    });
    match pair {
        Some((key, element)) => format!("write a map: `{{ {key:?} = {element:?} }}`"),
        None => "write a map: `{ KEY = VALUE, … }`".to_owned(),
    }
}

/// The place of a key inside the expression that made its object; nothing when that is not
/// written out.
pub(super) fn locate_key(expr: &Expr, path: &[ValueStep]) -> Option<Span> {
    let (step, rest) = path.split_first()?;
    match (&*expr.kind, step) {
        (ExprKind::Parenthesis(inner), _) => locate_key(inner, path),
        (ExprKind::Tuple(elements), ValueStep::Index(index)) => {
            locate_key(elements.get(*index)?, rest)
        }
        (ExprKind::Object(items), ValueStep::Key(key)) => {
            let item = items
                .iter()
                .rev()
                .find(|item| matches!(&*item.key.kind, ExprKind::String(text) if text == key))?;
            if rest.is_empty() { Some(item.key.span) } else { locate_key(&item.value, rest) }
        }
        _ => None,
    }
}

/// The place of a part of a value inside the expression that made it: as far in as lists and
/// objects are written out.
pub fn locate(expr: &Expr, path: &[ValueStep]) -> Span {
    let Some((step, rest)) = path.split_first() else { return expr.span };
    match (&*expr.kind, step) {
        (ExprKind::Parenthesis(inner), _) => locate(inner, path),
        (ExprKind::Tuple(elements), ValueStep::Index(index)) => {
            elements.get(*index).map_or(expr.span, |element| locate(element, rest))
        }
        (ExprKind::Object(items), ValueStep::Key(key)) => {
            let item = items
                .iter()
                .rev()
                .find(|item| matches!(&*item.key.kind, ExprKind::String(text) if text == key));
            item.map_or(expr.span, |item| locate(&item.value, rest))
        }
        _ => expr.span,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::function::Functions;
    use crate::{Diagnostics, SourceMap, parse};

    fn schema() -> Schema {
        let argument = |name: &'static str, ty| ArgumentSchema {
            name: name.into(),
            ty,
            required: false,
            choices: None,
            doc: "".into(),
        };
        Schema {
            arguments: vec![
                argument("image", Type::String),
                argument("tags", Type::list(Type::String)),
                argument("volumes", Type::map(Type::String)),
            ],
            ..Schema::default()
        }
    }

    /// Decodes the blocks of a text as one, and gives the result or what was recorded.
    fn read(text: &str) -> (Option<Decoded>, Vec<Diagnostic>, SourceMap) {
        let (decoded, found, sources) = read_all(text);
        (found.is_empty().then_some(decoded), found, sources)
    }

    /// Decodes the blocks of a text as one, as far as they can be read.
    fn read_all(text: &str) -> (Decoded, Vec<Diagnostic>, SourceMap) {
        let mut sources = SourceMap::new();
        let file = sources.add("x", text).unwrap();
        let diags = Diagnostics::new();
        let functions = Functions::none();
        let env = Environment {
            functions: &functions,
            system: &crate::system::Nowhere,
            root: Path::new("/"),
            diags: &diags,
        };
        let file = parse(&file, &diags).unwrap();
        let bodies: Vec<&Body> = file.body.blocks.iter().map(|block| &block.body).collect();
        let header = file.body.blocks[0].header;
        let scope = Scope::new();
        let parts: Vec<Part<'_>> =
            bodies.into_iter().map(|body| Part { body, scope: &scope }).collect();
        let (decoded, read) = decode_all(&parts, header, &schema(), env);
        assert_eq!(read.is_err(), diags.has_errors());
        (decoded, diags.take(), sources)
    }

    #[test]
    fn bodies_add_up() {
        let (decoded, _, sources) = read("a {\n image = 1\n}\na {\n tags = [true]\n}\n");
        let decoded = decoded.unwrap();
        assert_eq!(
            format!("{:?}", decoded.value),
            r#"{"image": "1", "tags": ["true"], "volumes": null}"#
        );
        assert_eq!(sources.text(decoded.places.value("tags")), "[true]");
        assert_eq!(sources.text(decoded.places.value("other")), "a");
    }

    #[test]
    fn an_argument_in_two_bodies_is_a_mistake() {
        let (decoded, found, sources) = read("a {\n image = 1\n}\na {\n image = 2\n}\n");
        assert!(decoded.is_none());
        assert_eq!(found[0].code, Code::Duplicate);
        assert_eq!(sources.locate(found[0].primary.as_ref().unwrap().span).unwrap().line, 5);
        assert_eq!(sources.locate(found[0].labels[0].span).unwrap().line, 2);
    }

    #[test]
    fn a_bare_string_is_no_list() {
        let (_, found, _) = read("a {\n tags = \"x\"\n}\n");
        assert_eq!(found[0].help.as_deref(), Some("write `[\"x\"]` for a list of one"));
    }

    #[test]
    fn a_list_is_no_map() {
        let table = [
            ("[\"/a:/b:ro\"]", "write a map: `{ \"/a\" = \"/b:ro\" }`"),
            ("[\"A=b:c\", 1]", "write a map: `{ \"A\" = \"b:c\" }`"),
            ("[\"a\"]", "write a map: `{ KEY = VALUE, … }`"),
            ("[]", "write a map: `{ KEY = VALUE, … }`"),
        ];
        for (list, help) in table {
            let (_, found, _) = read(&format!("a {{\n volumes = {list}\n}}\n"));
            assert_eq!(found[0].help.as_deref(), Some(help), "{list}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_unknown() {
        let table = [
            ("image = [1]", r#"{"image": <unknown string>, "tags": null, "volumes": null}"#),
            ("imag = 1", r#"{"image": <unknown string>, "tags": null, "volumes": null}"#),
            ("other = 1", r#"{"image": null, "tags": null, "volumes": null}"#),
            ("image {\n }", r#"{"image": <unknown string>, "tags": null, "volumes": null}"#),
        ];
        for (text, value) in table {
            let (decoded, found, _) = read_all(&format!("a {{\n {text}\n}}\n"));
            assert_eq!(found.len(), 1, "{text}: {found:?}");
            assert_eq!(format!("{:?}", decoded.value), value, "{text}");
        }
    }

    #[test]
    fn a_block_is_no_argument() {
        let (_, found, _) = read("a {\n tags {\n }\n}\n");
        let help = "`tags` is an argument: write `tags = …`";
        assert_eq!(found[0].help.as_deref(), Some(help));
    }
}
