//! A value to a stream: first all definitions, then the value, each a message.

use super::{Type, TypeId, Types, Value};

/// Writes a value of a type, with the definitions of all types. A part of it that is not of the
/// type it should be is left out, or written as zero.
pub fn encode(types: &Types, ty: TypeId, value: &Value) -> Vec<u8> {
    let mut stream = Vec::new();
    for (index, (name, ty)) in types.defined.iter().enumerate() {
        message(&definition(TypeId::FIRST + index as i64, name, ty), &mut stream);
    }
    let mut body = Vec::new();
    int(ty.0, &mut body);
    Encoder { types }.top(ty, value, &mut body);
    message(&body, &mut stream);
    stream
}

fn message(body: &[u8], into: &mut Vec<u8>) {
    uint(body.len() as u64, into);
    into.extend(body);
}

fn uint(number: u64, into: &mut Vec<u8>) {
    if number < 0x80 {
        into.push(number as u8);
        return;
    }
    let bytes = number.to_be_bytes();
    let unused = number.leading_zeros() as usize / 8;
    into.push((256 - (bytes.len() - unused)) as u8);
    into.extend(&bytes[unused..]);
}

fn int(number: i64, into: &mut Vec<u8>) {
    let sign = u64::from(number < 0);
    let half = if number < 0 { !number } else { number } as u64;
    uint(half << 1 | sign, into);
}

fn float(number: f64, into: &mut Vec<u8>) {
    uint(number.to_bits().swap_bytes(), into);
}

fn bytes(bytes: &[u8], into: &mut Vec<u8>) {
    uint(bytes.len() as u64, into);
    into.extend(bytes);
}

/// The struct that defines a type: its form's number, then its name and number and what it is
/// made of.
fn definition(id: i64, name: &str, ty: &Type) -> Vec<u8> {
    let mut body = Vec::new();
    int(-id, &mut body);
    body.push(match ty {
        Type::List(_) => 2,
        Type::Struct(_) => 3,
        Type::Map(..) => 4,
        Type::Opaque => 5,
    });
    body.extend([1, 1]);
    bytes(name.as_bytes(), &mut body);
    body.push(1);
    int(id, &mut body);
    body.push(0);
    match ty {
        Type::List(element) => {
            body.push(1);
            int(element.0, &mut body);
        }
        Type::Struct(members) if members.is_empty() => {}
        Type::Struct(members) => {
            body.push(1);
            uint(members.len() as u64, &mut body);
            for (name, ty) in members {
                body.push(1);
                bytes(name.as_bytes(), &mut body);
                body.push(1);
                int(ty.0, &mut body);
                body.push(0);
            }
        }
        Type::Map(key, element) => {
            body.push(1);
            int(key.0, &mut body);
            body.push(1);
            int(element.0, &mut body);
        }
        Type::Opaque => {}
    }
    body.extend([0, 0]);
    body
}

struct Encoder<'a> {
    types: &'a Types,
}

impl Encoder<'_> {
    fn top(&self, ty: TypeId, value: &Value, into: &mut Vec<u8>) {
        if !matches!(self.types.get(ty), Some(Type::Struct(_))) {
            into.push(0);
        }
        self.value(ty, value, into);
    }

    fn value(&self, ty: TypeId, value: &Value, into: &mut Vec<u8>) {
        match value {
            Value::Bool(value) => uint(u64::from(*value), into),
            Value::Int(number) => int(*number, into),
            Value::Uint(number) => uint(*number, into),
            Value::Float(number) => float(*number, into),
            Value::Complex(real, imaginary) => {
                float(*real, into);
                float(*imaginary, into);
            }
            Value::Bytes(content) | Value::Opaque(content) => bytes(content, into),
            Value::Text(text) => bytes(text.as_bytes(), into),
            Value::List(elements) => {
                uint(elements.len() as u64, into);
                if let Some(Type::List(element)) = self.types.get(ty) {
                    elements.iter().for_each(|value| self.value(*element, value, into));
                }
            }
            Value::Map(elements) => {
                uint(elements.len() as u64, into);
                if let Some(Type::Map(key_type, element)) = self.types.get(ty) {
                    for (key, value) in elements {
                        self.value(*key_type, key, into);
                        self.value(*element, value, into);
                    }
                }
            }
            Value::Struct(_) => {
                if let Some(Type::Struct(members)) = self.types.get(ty) {
                    self.structure(members, value, into);
                }
                into.push(0);
            }
            Value::Interface(held) => self.interface(held.as_ref(), into),
        }
    }

    fn structure(&self, members: &[(String, TypeId)], value: &Value, into: &mut Vec<u8>) {
        let mut last = 0;
        for (index, (name, ty)) in members.iter().enumerate() {
            let Some(field) = value.field(name).filter(|field| !field.is_zero()) else { continue };
            uint((index + 1 - last) as u64, into);
            self.value(*ty, field, into);
            last = index + 1;
        }
    }

    fn interface(&self, held: Option<&(String, Box<Value>)>, into: &mut Vec<u8>) {
        let ty = held.and_then(|(name, value)| {
            let known = self.types.held.iter().find(|(known, _)| known == name);
            known.map(|(_, ty)| (name, *ty, value))
        });
        let Some((name, ty, value)) = ty else {
            into.push(0);
            return;
        };
        bytes(name.as_bytes(), into);
        int(ty.0, into);
        let mut body = Vec::new();
        self.top(ty, value, &mut body);
        message(&body, into);
    }
}
