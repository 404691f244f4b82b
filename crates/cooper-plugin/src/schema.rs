//! Structs as schemas: their fields are the arguments that a template writes, or what a data source
//! finds.

mod argument;
mod reader;

use std::collections::BTreeMap;
use std::fmt::Debug;

use cooper_wire::cty::{Type, Value};
use cooper_wire::spec::{Object, Spec};

pub use argument::Argument;
pub(crate) use reader::{Mistakes, UNKNOWN, is_unknown};
pub use reader::{Place, Reader, Showing};

/// Values by the name of their field.
pub type Values = BTreeMap<String, Value>;

/// A struct whose fields are arguments: what `#[derive(Schema)]` makes of it.
///
/// A field has one of these types: `String`, `PathBuf`, `bool`, a number, `Duration` (written `1m30s`), a
/// `Vec` or a `BTreeMap` with names for keys of those, another struct that derives `Schema` (a
/// block), a `Vec` of such (a block that may stand there several times), or an `Option` of any. Every
/// field has a doc comment: what the reference page says of it. What else there is to say
/// stands in `#[schema(…)]`:
///
/// - `default`, `default = EXPRESSION`: the value when the template gives none. Without, and if it is no
///   `Option` and no `Vec` of blocks, it must be given.
/// - `sensitive`: the value is not shown, by the `Debug` that the derive makes as well, nor in
///   messages; where it appears in what a component says, `<sensitive>` is shown instead.
/// - `name = "…"`: what it is called in a template, if not like the field.
///
/// ```
/// use cooper_plugin::Schema;
///
/// /// Signs what is in a folder.
/// #[derive(Schema)]
/// struct Sign {
///     /// The folder.
///     path: String,
///     /// How often it is tried.
///     #[schema(default = 3)]
///     attempts: u8,
///     /// What the key is protected by.
///     #[schema(sensitive)]
///     password: Option<String>,
/// }
///
/// let sign = Sign { path: "/srv".into(), attempts: 1, password: Some("open sesame".into()) };
/// let shown = format!("{sign:?}");
/// assert_eq!(shown, "Sign { path: \"/srv\", attempts: 1, password: <sensitive> }");
/// ```
pub trait Schema: Sized + Debug + Send + Sync + 'static {
    /// The doc comment.
    const ABOUT: &'static str;

    /// The fields, in their order.
    fn fields() -> Vec<Field>;

    /// Reads the fields; nothing when one cannot be read, and the reader knows why.
    fn read(values: &mut Reader<'_>) -> Option<Self>;

    /// The values of all fields.
    fn write(&self) -> Values;

    /// Adds the texts in fields that are sensitive.
    fn secrets(&self, found: &mut Vec<String>);
}

/// What a field takes.
#[derive(Clone, PartialEq, Debug)]
pub enum Kind {
    /// A value: `name = "x"`.
    Value(Type),
    /// A block that stands there once at most.
    Block(Vec<Field>),
    /// A block that may stand there several times.
    Blocks(Vec<Field>),
    /// Something that a template cannot write; what that is.
    Impossible(&'static str),
}

/// Whether a field must be given.
#[derive(Clone, PartialEq, Debug)]
pub enum Need {
    /// It must.
    Required,
    /// It need not.
    Optional,
    /// It need not, and then has this value.
    Default(Value),
}

/// A field of a [`Schema`].
#[derive(Clone, PartialEq, Debug)]
pub struct Field {
    /// What it is called in a template.
    pub name: &'static str,
    /// What the reference page says of it.
    pub about: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// Whether it must be given.
    pub need: Need,
    /// Whether its value is kept out of all output.
    pub is_sensitive: bool,
}

impl Field {
    /// A field of a type.
    pub fn new<T: Argument>(name: &'static str, about: &'static str) -> Self {
        let need = if T::absent().is_some() { Need::Optional } else { Need::Required };
        Self { name, about, kind: T::kind(), need, is_sensitive: false }
    }

    /// The same with a value when none is given.
    #[must_use]
    pub fn or<T: Argument>(mut self, default: T) -> Self {
        self.need = Need::Default(default.write());
        self
    }

    /// The same, sensitive.
    #[must_use]
    pub const fn sensitive(mut self) -> Self {
        self.is_sensitive = true;
        self
    }
}

impl Field {
    /// How a template gives it, in lines that begin so.
    pub(crate) fn example(&self, indent: &str) -> String {
        let Self { name, kind, .. } = self;
        let fields = match kind {
            Kind::Value(ty) => return format!("{indent}{name} = {}\n", placeholder(ty)),
            Kind::Impossible(_) => return String::new(),
            Kind::Block(fields) | Kind::Blocks(fields) => fields,
        };
        let inside = format!("{indent}  ");
        let required = fields.iter().filter(|field| field.need == Need::Required);
        let lines: String = required.map(|field| field.example(&inside)).collect();
        format!("{indent}{name} {{\n{lines}{indent}}}\n")
    }
}

/// What stands in an example for a value.
const fn placeholder(ty: &Type) -> &'static str {
    match ty {
        Type::String | Type::Dynamic => "\"…\"",
        Type::Number => "1",
        Type::Bool => "true",
        Type::List(_) | Type::Set(_) | Type::Tuple(_) => "[…]",
        Type::Map(_) | Type::Object(_) => "{ … }",
    }
}

/// The fields as a host reads them.
pub(crate) fn spec(fields: &[Field]) -> Object {
    fields.iter().map(|field| (field.name.to_owned(), field_spec(field))).collect()
}

fn field_spec(field: &Field) -> Spec {
    let (name, required) = (field.name.to_owned(), field.need == Need::Required);
    match &field.kind {
        Kind::Value(ty) => Spec::Attribute { name, ty: ty.clone(), required },
        Kind::Block(fields) => {
            Spec::Block { name, required, nested: Box::new(Spec::Object(spec(fields))) }
        }
        Kind::Blocks(fields) => {
            Spec::BlockList { name, nested: Box::new(Spec::Object(spec(fields))) }
        }
        // Such a plugin does not start.
        Kind::Impossible(_) => Spec::Object(Object::new()),
    }
}

/// The type of an object with these fields.
pub(crate) fn object_type(fields: &[Field]) -> Type {
    let attribute = |field: &Field| {
        let ty = match &field.kind {
            Kind::Value(ty) => ty.clone(),
            Kind::Block(fields) => object_type(fields),
            Kind::Blocks(fields) => Type::List(Box::new(object_type(fields))),
            Kind::Impossible(_) => Type::Dynamic,
        };
        (field.name.to_owned(), ty)
    };
    Type::Object(fields.iter().map(attribute).collect())
}

/// The first field that a template cannot write: where it is, and what is wrong with it.
pub(crate) fn impossible(fields: &[Field]) -> Option<String> {
    fields.iter().find_map(|field| match &field.kind {
        Kind::Value(_) => None,
        Kind::Block(fields) | Kind::Blocks(fields) => {
            impossible(fields).map(|inside| format!("`{}`: {inside}", field.name))
        }
        Kind::Impossible(what) => {
            Some(format!("`{}` is {what}, which a template cannot write", field.name))
        }
    })
}

/// Adds all texts in a value of a field that is sensitive.
pub fn hide(argument: &impl Argument, found: &mut Vec<String>) {
    texts(argument.write(), found);
}

fn texts(value: Value, found: &mut Vec<String>) {
    match value {
        Value::Text(text) => found.push(text),
        Value::Number(number) => found.push(number.to_string()),
        Value::Sequence(elements) => elements.into_iter().for_each(|each| texts(each, found)),
        Value::Mapping(elements) => elements.into_values().for_each(|each| texts(each, found)),
        Value::Dynamic(own) => texts(own.1, found),
        Value::Null | Value::Unknown | Value::Bool(_) => {}
    }
}
