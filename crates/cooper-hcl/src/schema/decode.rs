//! Reading a block by its schema.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::weak::weakly;
use super::{ArgumentSchema, BlockSchema, Decoded, Occurrence, Places, Schema};
use crate::ast::{Attribute, Block, Body, Expr, ExprKind, Name};
use crate::diagnostic::{Code, Diagnostic, Reported, did_you_mean};
use crate::eval::{Environment, Scope, evaluate};
use crate::source::Span;
use crate::value::convert::{ConvertError, ValueStep};
use crate::value::{Attributes, Type, Value, ValueKind};

/// Reads bodies by a schema. Several bodies are read as if they were one, which is how a
/// `source` block and its use inside a `build` go together: an argument in both is a mistake.
///
/// Every mistake in every argument is recorded before this fails. An argument that is null
/// counts as not given. An unknown value passes as an unknown value of the argument's type.
///
/// # Errors
///
/// [`Reported`], when any argument is unknown, missing, given twice, or of the wrong type.
pub fn decode(
    bodies: &[&Body],
    header: Span,
    schema: &Schema,
    scope: &Scope<'_>,
    env: Environment<'_>,
) -> Result<Decoded, Reported> {
    Decoder { schema, scope, env }.decode(bodies, header)
}

/// Checks which arguments and blocks bodies have, without evaluating anything: unknown names,
/// missing ones, and what was given twice.
///
/// # Errors
///
/// [`Reported`], when there is such a mistake.
pub fn check_shape(
    bodies: &[&Body],
    header: Span,
    schema: &Schema,
    env: Environment<'_>,
) -> Result<(), Reported> {
    let scope = Scope::new();
    Decoder { schema, scope: &scope, env }.shape(bodies, header)
}

struct Decoder<'a> {
    schema: &'a Schema,
    scope: &'a Scope<'a>,
    env: Environment<'a>,
}

/// What the bodies have of the things that the schema knows.
struct Shape<'b> {
    arguments: BTreeMap<&'b str, &'b Attribute>,
    blocks: BTreeMap<&'b str, Vec<&'b Block>>,
}

impl<'a> Decoder<'a> {
    fn error(&self, diagnostic: Diagnostic) -> Reported {
        self.env.diags.error(diagnostic)
    }

    fn decode(&self, bodies: &[&Body], header: Span) -> Result<Decoded, Reported> {
        let (bodies, decided) = self.decided(bodies);
        let (shape, mut failed) = self.collect(&bodies, header);
        failed = failed.or(decided.err());
        let weak = bodies.iter().any(|body| body.json.as_ref().is_some_and(|json| json.weak));
        let mut attributes = Attributes::new();
        let mut places = Places { header, ..Places::default() };
        for argument in &self.schema.arguments {
            let name: Arc<str> = argument.name.as_ref().into();
            match shape.arguments.get(&*name) {
                None => {
                    attributes.insert(name, Value::null(argument.ty.plain()));
                }
                Some(given) => {
                    places.arguments.insert(name.to_string(), (given.name.span, given.expr.span));
                    if let Some(elements) = elements(&given.expr) {
                        places.elements.insert(name.to_string(), elements);
                    }
                    match self.argument(argument, given, weak) {
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

    fn shape(&self, bodies: &[&Body], header: Span) -> Result<(), Reported> {
        let (bodies, decided) = self.decided(bodies);
        let (shape, mut failed) = self.collect(&bodies, header);
        failed = failed.or(decided.err());
        for block in &self.schema.blocks {
            for given in shape.blocks.get(&*block.name).into_iter().flatten() {
                let nested = Decoder { schema: &block.schema, scope: self.scope, env: self.env };
                if let Err(reported) = nested.shape(&[&given.body], given.header) {
                    failed = Some(reported);
                }
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// The bodies, in which the schema says what is a block.
    fn decided<'b>(&self, bodies: &[&'b Body]) -> (Vec<Cow<'b, Body>>, Result<(), Reported>) {
        let labels = |name: &str| self.schema.block(name).map(|_| &[][..]);
        let mut result = Ok(());
        let decided = bodies.iter().map(|body| {
            let (body, decided) = body.decided(labels, self.env.diags);
            result = result.and(decided);
            body
        });
        (decided.collect(), result)
    }

    /// Sorts out what the bodies have, recording what should not be there and what is missing.
    fn collect<'b>(
        &self,
        bodies: &'b [Cow<'b, Body>],
        header: Span,
    ) -> (Shape<'b>, Option<Reported>) {
        let mut failed = None;
        let mut shape = Shape { arguments: BTreeMap::new(), blocks: BTreeMap::new() };
        let attributes =
            bodies.iter().flat_map(|body| body.attributes.iter().map(move |a| (body, a)));
        for (body, attribute) in attributes {
            let name = &*attribute.name.text;
            if self.schema.argument(name).is_none() {
                failed = Some(self.unexpected_argument(&attribute.name, body.json.is_some()));
            } else if let Some(first) = shape.arguments.get(name) {
                failed = Some(
                    self.error(
                        Diagnostic::error(Code::Duplicate, format!("`{name}` is given twice"))
                            .at(attribute.name.span, "")
                            .label(first.name.span, "first given here"),
                    ),
                );
            } else {
                shape.arguments.insert(name, attribute);
            }
        }
        for block in bodies.iter().flat_map(|body| &body.blocks) {
            let name = &*block.kind.text;
            if self.schema.block(name).is_none() {
                failed = Some(self.unexpected_block(block));
            } else {
                if let Some(label) = block.labels.first() {
                    failed = Some(
                        self.error(
                            Diagnostic::error(
                                Code::WrongLabels,
                                format!("a `{name}` block takes no labels"),
                            )
                            .at(label.span, "")
                            .help("remove it"),
                        ),
                    );
                }
                shape.blocks.entry(name).or_default().push(block);
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

    fn unexpected_block(&self, block: &Block) -> Reported {
        let text = &*block.kind.text;
        let help = match self.schema.argument(text) {
            Some(_) => Some(format!("`{text}` is an argument: write `{text} = …`")),
            None => did_you_mean(text, self.schema.names()),
        };
        self.error(
            Diagnostic::error(
                Code::UnknownBlock,
                format!("there is no block called `{text}` here"),
            )
            .at(block.header, "")
            .help(help),
        )
    }

    fn argument(
        &self,
        schema: &ArgumentSchema,
        given: &Attribute,
        weak: bool,
    ) -> Result<Value, Reported> {
        let value = evaluate(&given.expr, self.scope, self.env)?;
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
        given: &[&Block],
    ) -> Result<(Value, Vec<Places>), Reported> {
        let decoder = Decoder { schema: &block.schema, scope: self.scope, env: self.env };
        let decoded: Vec<_> =
            given.iter().map(|block| decoder.decode(&[&block.body], block.header)).collect();
        let decoded = decoded.into_iter().collect::<Result<Vec<Decoded>, _>>()?;
        let (mut values, places): (Vec<Value>, Vec<Places>) =
            decoded.into_iter().map(|decoded| (decoded.value, decoded.places)).unzip();
        let value = match block.occurrence {
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

/// The places of a list's elements, when it is written out.
fn elements(expr: &Expr) -> Option<Vec<Span>> {
    match &*expr.kind {
        ExprKind::Parenthesis(inner) => elements(inner),
        ExprKind::Tuple(elements) => Some(elements.iter().map(|element| element.span).collect()),
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
        let decoded = decode(&bodies, header, &schema(), &Scope::new(), env).ok();
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
