//! The gob form: the structs of HCL's own decoder.

use super::{DEPTH, Malformed, Object, Spec};
use crate::cty;
use crate::gob::{self, TypeId, Types, Value};

const OBJECT: &str = "github.com/hashicorp/hcl/v2/hcldec.ObjectSpec";
const ATTRIBUTE: &str = "*hcldec.AttrSpec";
const BLOCK: &str = "*hcldec.BlockSpec";
const BLOCK_LIST: &str = "*hcldec.BlockListSpec";

pub(super) fn decode(bytes: &[u8]) -> Result<Object, Malformed> {
    object(&gob::decode(bytes)?, 0)
}

fn object(value: &Value, depth: usize) -> Result<Object, Malformed> {
    if depth > DEPTH {
        return Err(Malformed::Depth);
    }
    let Value::Map(parts) = value else {
        return Err(Malformed::Unknown("something that is no object".to_owned()));
    };
    let part = |(name, spec_value): &(Value, Value)| {
        let name = name.as_text().unwrap_or_default();
        Ok((name.to_owned(), spec(spec_value, depth + 1)?))
    };
    parts.iter().map(part).collect()
}

fn spec(value: &Value, depth: usize) -> Result<Spec, Malformed> {
    let Value::Interface(Some((kind, value))) = value else {
        return Err(Malformed::Unknown("a part that is nothing".to_owned()));
    };
    let text = |field| value.field(field).and_then(Value::as_text).unwrap_or_default().to_owned();
    let flag = |field| value.field(field) == Some(&Value::Bool(true));
    let nested = || match value.field("Nested") {
        Some(nested) if depth < DEPTH => spec(nested, depth + 1).map(Box::new),
        Some(_) => Err(Malformed::Depth),
        None => Ok(Box::new(Spec::Object(Object::new()))),
    };
    // The path in front differs: programs carry copies of HCL's library in folders of their own.
    match kind.rsplit('.').next().unwrap_or_default() {
        "ObjectSpec" => object(value, depth).map(Spec::Object),
        "AttrSpec" => {
            let bytes = value.field("Type").and_then(Value::as_opaque).unwrap_or_default();
            let ty = cty::gob::decode_type(bytes)?;
            Ok(Spec::Attribute { name: text("Name"), ty, required: flag("Required") })
        }
        "BlockSpec" => Ok(Spec::Block {
            name: text("TypeName"),
            required: flag("Required"),
            nested: nested()?,
        }),
        "BlockListSpec" => Ok(Spec::BlockList { name: text("TypeName"), nested: nested()? }),
        _ => Err(Malformed::Unknown(format!("a part of type `{kind}`"))),
    }
}

pub(super) fn encode(object: &Object) -> Vec<u8> {
    let mut types = Types::new();
    let top = types.map("ObjectSpec", TypeId::TEXT, TypeId::INTERFACE);
    let ty = types.opaque("Type");
    let attribute = types
        .structure("AttrSpec", &[("Name", TypeId::TEXT), ("Type", ty), ("Required", TypeId::BOOL)]);
    let block = types.structure(
        "BlockSpec",
        &[("TypeName", TypeId::TEXT), ("Nested", TypeId::INTERFACE), ("Required", TypeId::BOOL)],
    );
    let list = types.structure(
        "BlockListSpec",
        &[
            ("TypeName", TypeId::TEXT),
            ("Nested", TypeId::INTERFACE),
            ("MinItems", TypeId::INT),
            ("MaxItems", TypeId::INT),
        ],
    );
    types.hold(OBJECT, top);
    types.hold(ATTRIBUTE, attribute);
    types.hold(BLOCK, block);
    types.hold(BLOCK_LIST, list);
    gob::encode(&types, top, &map(object))
}

fn map(object: &Object) -> Value {
    let part = |(name, spec): (&String, &Spec)| (Value::Text(name.clone()), held(spec));
    Value::Map(object.iter().map(part).collect())
}

fn held(spec: &Spec) -> Value {
    let (name, value) = match spec {
        Spec::Object(object) => (OBJECT, map(object)),
        Spec::Attribute { name, ty, required } => {
            let fields = [
                ("Name", Value::Text(name.clone())),
                ("Type", Value::Opaque(cty::gob::encode_type(ty))),
                ("Required", Value::Bool(*required)),
            ];
            (ATTRIBUTE, structure(fields))
        }
        Spec::Block { name, required, nested } => {
            let fields = [
                ("TypeName", Value::Text(name.clone())),
                ("Nested", held(nested)),
                ("Required", Value::Bool(*required)),
            ];
            (BLOCK, structure(fields))
        }
        Spec::BlockList { name, nested } => {
            let fields = [("TypeName", Value::Text(name.clone())), ("Nested", held(nested))];
            (BLOCK_LIST, structure(fields))
        }
    };
    Value::Interface(Some((name.to_owned(), Box::new(value))))
}

fn structure<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Struct(fields.map(|(name, value)| (name.to_owned(), value)).to_vec())
}
