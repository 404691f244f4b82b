//! The protobuf form: eight small messages.
//!
//! | message | fields |
//! | --- | --- |
//! | spec | one of 1 object, 2 attribute, 3 block, 4 block list |
//! | object | 1 entries of 1 name and 2 spec |
//! | attribute | 1 name, 2 type, 3 required |
//! | block | 1 name, 2 required, 3 spec |
//! | block list | 1 name, 2 spec |
//! | type | one of 1 primitive (1 name), 2 list (1 type), 3 map (1 type) |

use super::{DEPTH, Malformed, Object, Spec};
use crate::cty::Type;

pub(super) fn decode(bytes: &[u8]) -> Result<Object, Malformed> {
    match spec(bytes, 0)? {
        Spec::Object(object) => Ok(object),
        _ => Err(wrong("it is no object")),
    }
}

const fn wrong(what: &'static str) -> Malformed {
    Malformed::Protobuf(what)
}

/// A field of a message.
enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// The fields of a message, in order.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn number(&mut self) -> Result<u64, Malformed> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.0.split_first().ok_or(wrong("it is cut off"))?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(wrong("a number is too long"))
    }

    fn take(&mut self, count: u64) -> Result<&'a [u8], Malformed> {
        let count = usize::try_from(count).ok();
        let split = count.and_then(|count| self.0.split_at_checked(count));
        let (taken, rest) = split.ok_or(wrong("it is cut off, or lies about a length"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn next(&mut self) -> Result<Option<(u64, Field<'a>)>, Malformed> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let tag = self.number()?;
        let field = match tag & 7 {
            0 => Field::Number(self.number()?),
            1 => Field::Bytes(self.take(8)?),
            2 => {
                let length = self.number()?;
                Field::Bytes(self.take(length)?)
            }
            5 => Field::Bytes(self.take(4)?),
            _ => return Err(wrong("a field has a kind that there is not")),
        };
        Ok(Some((tag >> 3, field)))
    }
}

/// The last field of each number that is text or a message, and the last that is a number: what
/// all these messages consist of.
#[derive(Default)]
struct Message<'a> {
    bytes: [Option<&'a [u8]>; 5],
    numbers: [u64; 5],
}

impl<'a> Message<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut message = Self::default();
        let mut fields = Fields(bytes);
        while let Some((number, field)) = fields.next()? {
            // Fields that a later version may add are passed over.
            let Some(number) = usize::try_from(number).ok().filter(|number| *number < 5) else {
                continue;
            };
            match field {
                Field::Number(value) => message.numbers[number] = value,
                Field::Bytes(bytes) => message.bytes[number] = Some(bytes),
            }
        }
        Ok(message)
    }

    fn text(&self, number: usize) -> Result<String, Malformed> {
        let bytes = self.bytes[number].unwrap_or_default();
        let text = std::str::from_utf8(bytes).map_err(|_| wrong("a name is no text"))?;
        Ok(text.to_owned())
    }

    fn spec(&self, number: usize, depth: usize) -> Result<Box<Spec>, Malformed> {
        let bytes = self.bytes[number].ok_or(wrong("a block has no content"))?;
        spec(bytes, depth + 1).map(Box::new)
    }
}

fn spec(bytes: &[u8], depth: usize) -> Result<Spec, Malformed> {
    if depth > DEPTH {
        return Err(Malformed::Depth);
    }
    let message = Message::read(bytes)?;
    match message.bytes {
        [_, Some(object), ..] => {
            let mut parts = Object::new();
            let mut fields = Fields(object);
            while let Some((number, field)) = fields.next()? {
                if let (1, Field::Bytes(entry)) = (number, field) {
                    let entry = Message::read(entry)?;
                    parts.insert(entry.text(1)?, *entry.spec(2, depth)?);
                }
            }
            Ok(Spec::Object(parts))
        }
        [_, _, Some(attribute), ..] => {
            let message = Message::read(attribute)?;
            let ty = message.bytes[2].ok_or(wrong("an argument has no type"))?;
            let required = message.numbers[3] != 0;
            Ok(Spec::Attribute { name: message.text(1)?, ty: read_type(ty, depth + 1)?, required })
        }
        [_, _, _, Some(block), _] => {
            let message = Message::read(block)?;
            let required = message.numbers[2] != 0;
            let nested = message.spec(3, depth)?;
            Ok(Spec::Block { name: message.text(1)?, required, nested })
        }
        [_, _, _, _, Some(list)] => {
            let message = Message::read(list)?;
            Ok(Spec::BlockList { name: message.text(1)?, nested: message.spec(2, depth)? })
        }
        _ => Err(wrong("a part of it is nothing")),
    }
}

fn read_type(bytes: &[u8], depth: usize) -> Result<Type, Malformed> {
    if depth > DEPTH {
        return Err(Malformed::Depth);
    }
    let inner = |bytes| {
        let element = Message::read(bytes)?.bytes[1].ok_or(wrong("a type has no element"))?;
        read_type(element, depth + 1).map(Box::new)
    };
    match Message::read(bytes)?.bytes {
        [_, Some(primitive), ..] => match &*Message::read(primitive)?.text(1)? {
            "cty.String" => Ok(Type::String),
            "cty.Number" => Ok(Type::Number),
            "cty.Bool" => Ok(Type::Bool),
            other => Err(Malformed::Unknown(format!("the type `{other}`"))),
        },
        [_, _, Some(list), ..] => Ok(Type::List(inner(list)?)),
        [_, _, _, Some(map), _] => Ok(Type::Map(inner(map)?)),
        _ => Err(wrong("a type is nothing")),
    }
}

pub(super) fn encode(object: &Object) -> Result<Vec<u8>, Malformed> {
    let mut bytes = Vec::new();
    write_object(object, &mut bytes)?;
    Ok(bytes)
}

fn number(mut number: u64, into: &mut Vec<u8>) {
    while number >= 0x80 {
        into.push(number as u8 | 0x80);
        number >>= 7;
    }
    into.push(number as u8);
}

/// A text or a message as a field.
fn field(id: u8, content: &[u8], into: &mut Vec<u8>) {
    into.push(id << 3 | 2);
    number(content.len() as u64, into);
    into.extend(content);
}

/// A boolean, which is left out when it is false.
fn flag(id: u8, value: bool, into: &mut Vec<u8>) {
    if value {
        into.extend([id << 3, 1]);
    }
}

fn write_object(object: &Object, into: &mut Vec<u8>) -> Result<(), Malformed> {
    let mut entries = Vec::new();
    for (name, spec) in object {
        let mut entry = Vec::new();
        field(1, name.as_bytes(), &mut entry);
        field(2, &write_spec(spec)?, &mut entry);
        field(1, &entry, &mut entries);
    }
    field(1, &entries, into);
    Ok(())
}

fn write_spec(spec: &Spec) -> Result<Vec<u8>, Malformed> {
    let mut content = Vec::new();
    let mut bytes = Vec::new();
    match spec {
        Spec::Object(object) => write_object(object, &mut bytes)?,
        Spec::Attribute { name, ty, required } => {
            field(1, name.as_bytes(), &mut content);
            field(2, &write_type(ty)?, &mut content);
            flag(3, *required, &mut content);
            field(2, &content, &mut bytes);
        }
        Spec::Block { name, required, nested } => {
            field(1, name.as_bytes(), &mut content);
            flag(2, *required, &mut content);
            field(3, &write_spec(nested)?, &mut content);
            field(3, &content, &mut bytes);
        }
        Spec::BlockList { name, nested } => {
            field(1, name.as_bytes(), &mut content);
            field(2, &write_spec(nested)?, &mut content);
            field(4, &content, &mut bytes);
        }
    }
    Ok(bytes)
}

fn write_type(ty: &Type) -> Result<Vec<u8>, Malformed> {
    let mut content = Vec::new();
    let mut bytes = Vec::new();
    let primitive = |name: &str, content: &mut Vec<u8>| field(1, name.as_bytes(), content);
    let form = match ty {
        Type::String => {
            primitive("cty.String", &mut content);
            1
        }
        Type::Number => {
            primitive("cty.Number", &mut content);
            1
        }
        Type::Bool => {
            primitive("cty.Bool", &mut content);
            1
        }
        Type::List(element) => {
            field(1, &write_type(element)?, &mut content);
            2
        }
        Type::Map(element) => {
            field(1, &write_type(element)?, &mut content);
            3
        }
        other => return Err(Malformed::Unknown(format!("the type {other}"))),
    };
    field(form, &content, &mut bytes);
    Ok(bytes)
}
