//! Reading a block by its schema.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::dynamic::{BlockLimit, DYNAMIC, DYNAMIC_LABELS, Dynamic, Iteration, Iterations};
use super::weak::weakly;
use super::{ArgumentSchema, BlockSchema, Decoded, Occurrence, Places, Schema};
use crate::ast::{Attribute, Block, Body, Expr, ExprKind, Name};
use crate::diagnostic::{Code, Diagnostic, Reported, did_you_mean};
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
    let limit = BlockLimit::of("one block");
    Decoder { schema, env, limit: &limit }.decode(parts, header)
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

    fn decode(&self, parts: &[Part<'_>], header: Span) -> Result<Decoded, Reported> {
        let (parts, mut failed) = self.decided(parts);
        let (shape, collected) = self.collect(&parts, header);
        failed = failed.or(collected);
        let weak = parts.iter().any(|part| part.body.json.as_ref().is_some_and(|json| json.weak));
        let mut attributes = Attributes::new();
        let mut places = Places { header, ..Places::default() };
        for argument in &self.schema.arguments {
            let name: Arc<str> = argument.name.as_ref().into();
            match shape.arguments.get(&*name) {
                None => {
                    attributes.insert(name, Value::null(argument.ty.plain()));
                }
                Some(&(given, scope)) => {
                    let place = (given.name.span, given.expr.clone());
                    places.arguments.insert(name.to_string(), place);
                    match self.argument(argument, given, scope, weak) {
                        Ok(value) => {
                            attributes.insert(name, value);
                        }
                        Err(reported) => failed = Some(reported),
                    }
                }
            }
        }
        for block in &self.schema.blocks {
            let given = shape.blocks.get(&*block.name).map_or(&[][..], Vec::as_slice);
            match self.nested(block, given) {
                Ok((value, nested)) => {
                    if !nested.is_empty() {
                        places.blocks.insert(block.name.to_string(), nested);
                    }
                    attributes.insert(block.name.as_ref().into(), value);
                }
                Err(reported) => failed = Some(reported),
            }
        }
        match failed {
            Some(reported) => Err(reported),
            None => Ok(Decoded { value: Value::object(attributes), places }),
        }
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
        header: Span,
    ) -> (Shape<'b>, Option<Reported>) {
        let mut failed = None;
        let mut shape = Shape { arguments: BTreeMap::new(), blocks: BTreeMap::new() };
        let attributes =
            parts.iter().flat_map(|part| part.body.attributes.iter().map(move |a| (part, a)));
        for (part, attribute) in attributes {
            let name = &*attribute.name.text;
            if self.schema.argument(name).is_none() {
                let is_json = part.body.json.is_some();
                failed = Some(self.unexpected_argument(&attribute.name, is_json));
            } else if let Some((first, _)) = shape.arguments.get(name) {
                failed = Some(
                    self.error(
                        Diagnostic::error(Code::Duplicate, format!("`{name}` is given twice"))
                            .at(attribute.name.span, "")
                            .label(first.name.span, "first given here"),
                    ),
                );
            } else {
                shape.arguments.insert(name, (attribute, part.scope));
            }
        }
        for part in parts {
            let mut dynamic = part.dynamic.iter();
            for block in &part.body.blocks {
                let given = if self.is_dynamic(block) {
                    let Some(Some(dynamic)) = dynamic.next() else { continue };
                    self.made(dynamic, part.scope).map(|made| (&*dynamic.kind.text, made))
                } else {
                    self.written(block, part.scope).map(|given| (&*block.kind.text, vec![given]))
                };
                match given {
                    Ok((name, given)) => shape.blocks.entry(name).or_default().extend(given),
                    Err(reported) => failed = Some(reported),
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
            }
        }
        for argument in self.schema.arguments.iter().filter(|argument| argument.required) {
            if !shape.arguments.contains_key(&*argument.name) {
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
            return Err(self.unexpected_block(&block.kind, block.header));
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
        value.convert(&schema.ty).map_err(|e| self.wrong_type(schema, given, &value, &e))
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
        let wants_list = matches!(&schema.ty, Type::List(element) | Type::Set(element)
            if value.ty().is_primitive() && element.is_primitive());
        let help = wants_list.then(|| match value.kind() {
            ValueKind::String(text) if !value.marks().sensitive && text.len() <= 40 => {
                format!("write `[{:?}]` for a list of one", &**text)
            }
            _ => "write `[…]` around it for a list of one".to_owned(),
        });
        self.error(Diagnostic::error(Code::WrongType, message).at(place, text).help(help))
    }

    fn nested(
        &self,
        block: &BlockSchema,
        given: &[Given<'_>],
    ) -> Result<(Value, Vec<Places>), Reported> {
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
        let decoded: Vec<_> = given.iter().map(read).collect();
        let decoded = decoded.into_iter().collect::<Result<Vec<Decoded>, _>>()?;
        let (mut values, places): (Vec<Value>, Vec<Places>) =
            decoded.into_iter().map(|decoded| (decoded.value, decoded.places)).unzip();
        let is_unknown = given.iter().any(|given| given.is_unknown);
        let value = match block.occurrence {
            Occurrence::Many if is_unknown => Value::unknown(Type::Any),
            Occurrence::AtMostOne if is_unknown => Value::unknown(block.schema.ty()),
            Occurrence::Many => Value::tuple(values),
            Occurrence::AtMostOne => match values.pop() {
                Some(value) => value,
                None => Value::null(block.schema.ty()),
            },
        };
        Ok((value, places))
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
            doc: "".into(),
        };
        Schema {
            arguments: vec![
                argument("image", Type::String),
                argument("tags", Type::list(Type::String)),
            ],
            ..Schema::default()
        }
    }

    /// Decodes the blocks of a text as one, and gives the result or what was recorded.
    fn read(text: &str) -> (Option<Decoded>, Vec<Diagnostic>, SourceMap) {
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
        let decoded = decode(&parts, header, &schema(), env).ok();
        (decoded, diags.take(), sources)
    }

    #[test]
    fn bodies_add_up() {
        let (decoded, _, sources) = read("a {\n image = 1\n}\na {\n tags = [true]\n}\n");
        let decoded = decoded.unwrap();
        assert_eq!(format!("{:?}", decoded.value), r#"{"image": "1", "tags": ["true"]}"#);
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
    fn a_block_is_no_argument() {
        let (_, found, _) = read("a {\n tags {\n }\n}\n");
        let help = "`tags` is an argument: write `tags = …`";
        assert_eq!(found[0].help.as_deref(), Some(help));
    }
}
