//! A plugin's spec as the schema of a block.

use cooper_build::component::{ResultAttribute, ResultSchema};
use cooper_hcl::Type;
use cooper_hcl::schema::{ArgumentSchema, BlockSchema, Occurrence, Schema};
use cooper_wire::cty;
use cooper_wire::spec::{Object, Spec};

/// The schema that a component's arguments are checked by. Plugins do not document theirs.
pub(crate) fn schema(spec: &Object) -> Schema {
    let mut schema = Schema::default();
    for part in spec.values() {
        match part {
            Spec::Attribute { name, ty, required } => schema.arguments.push(ArgumentSchema {
                name: name.clone().into(),
                ty: hcl_type(ty),
                required: *required,
                choices: None,
                doc: "".into(),
            }),
            Spec::Block { name, required: _, nested } => {
                schema.blocks.push(block(name, Occurrence::AtMostOne, nested));
            }
            Spec::BlockList { name, nested } => {
                schema.blocks.push(block(name, Occurrence::Many, nested));
            }
            // An object inside an object has no name to be written by.
            Spec::Object(_) => {}
        }
    }
    schema
}

fn block(name: &str, occurrence: Occurrence, nested: &Spec) -> BlockSchema {
    let schema = match nested {
        Spec::Object(object) => schema(object),
        _ => Schema::default(),
    };
    BlockSchema { name: name.to_owned().into(), occurrence, schema }
}

/// What a data source finds.
pub(crate) fn result_schema(spec: &Object) -> ResultSchema {
    let attribute = |(name, spec): (&String, &Spec)| ResultAttribute {
        name: name.clone().into(),
        ty: hcl_type(&spec_type(spec)),
        doc: "".into(),
    };
    ResultSchema { attributes: spec.iter().map(attribute).collect() }
}

/// A type, as the language has it.
pub(crate) fn hcl_type(ty: &cty::Type) -> Type {
    match ty {
        cty::Type::Dynamic => Type::Any,
        cty::Type::Bool => Type::Bool,
        cty::Type::Number => Type::Number,
        cty::Type::String => Type::String,
        cty::Type::List(element) => Type::list(hcl_type(element)),
        cty::Type::Set(element) => Type::set(hcl_type(element)),
        cty::Type::Map(element) => Type::map(hcl_type(element)),
        cty::Type::Tuple(elements) => Type::Tuple(elements.iter().map(hcl_type).collect()),
        cty::Type::Object(attributes) => {
            Type::object(attributes.iter().map(|(name, ty)| (&**name, hcl_type(ty))))
        }
    }
}

/// The type that a spec is read as.
pub(crate) fn spec_type(spec: &Spec) -> cty::Type {
    match spec {
        Spec::Object(object) => object_type(object),
        Spec::Attribute { ty, .. } => ty.clone(),
        Spec::Block { nested, .. } => spec_type(nested),
        Spec::BlockList { nested, .. } => cty::Type::List(Box::new(spec_type(nested))),
    }
}

/// The type of the object that a spec is read as.
pub(crate) fn object_type(object: &Object) -> cty::Type {
    cty::Type::Object(object.iter().map(|(name, spec)| (name.clone(), spec_type(spec))).collect())
}
