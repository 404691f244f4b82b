//! A stream to a value.

use std::collections::BTreeMap;

use super::{DEPTH, MOST_TYPES, Malformed, Type, TypeId, Value};

/// Reads the first value of a stream.
///
/// # Errors
///
/// When there is none, or the stream is malformed.
pub fn decode(bytes: &[u8]) -> Result<Value, Malformed> {
    let mut decoder = Decoder { rest: bytes, message: &[], types: BTreeMap::new() };
    loop {
        if decoder.rest.is_empty() {
            return Err(Malformed::NoValue);
        }
        decoder.next_message()?;
        let id = decoder.int()?;
        if id < 0 {
            decoder.definition(id)?;
            continue;
        }
        return decoder.top(TypeId(id), 0);
    }
}

struct Decoder<'a> {
    /// What follows the current message.
    rest: &'a [u8],
    /// What is left of it.
    message: &'a [u8],
    types: BTreeMap<TypeId, Type>,
}

impl<'a> Decoder<'a> {
    /// Goes on with the next message.
    fn next_message(&mut self) -> Result<(), Malformed> {
        self.message = self.rest;
        let length = self.length()?;
        let (message, rest) = self.message.split_at_checked(length).ok_or(Malformed::CutOff)?;
        (self.message, self.rest) = (message, rest);
        Ok(())
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.message.split_at_checked(count).ok_or(Malformed::CutOff)?;
        self.message = rest;
        Ok(taken)
    }

    fn uint(&mut self) -> Result<u64, Malformed> {
        let first = self.take(1)?[0];
        if first < 0x80 {
            return Ok(u64::from(first));
        }
        let width = 256 - usize::from(first);
        if width > 8 {
            return Err(Malformed::Number(width));
        }
        Ok(self.take(width)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn int(&mut self) -> Result<i64, Malformed> {
        let number = self.uint()?;
        let half = (number >> 1) as i64;
        Ok(if number & 1 == 1 { !half } else { half })
    }

    fn float(&mut self) -> Result<f64, Malformed> {
        Ok(f64::from_bits(self.uint()?.swap_bytes()))
    }

    fn length(&mut self) -> Result<usize, Malformed> {
        usize::try_from(self.uint()?).map_err(|_| Malformed::CutOff)
    }

    /// How many elements follow, in this message and those after it: a definition between two
    /// elements ends a message. Each has a byte at least, so a lie takes no memory.
    fn count(&mut self) -> Result<usize, Malformed> {
        let count = self.length()?;
        let most = self.message.len() + self.rest.len();
        if count > most { Err(Malformed::CutOff) } else { Ok(count) }
    }

    fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.length()?;
        self.take(length)
    }

    fn text(&mut self) -> Result<String, Malformed> {
        Ok(String::from_utf8_lossy(self.bytes()?).into_owned())
    }

    /// The fields of one of gob's own structs: `read` gets the number of each.
    fn fields(
        &mut self,
        mut read: impl FnMut(&mut Self, u64) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        let mut field = 0_u64;
        loop {
            match self.uint()? {
                0 => return Ok(()),
                delta => field = field.checked_add(delta).ok_or(Malformed::Definition)?,
            }
            read(self, field)?;
        }
    }

    /// The definition of the type whose number is `-id`.
    fn definition(&mut self, id: i64) -> Result<(), Malformed> {
        if self.types.len() == MOST_TYPES {
            return Err(Malformed::Types(MOST_TYPES));
        }
        let mut ty = None;
        self.fields(|decoder, form| {
            ty = Some(decoder.form(form)?);
            Ok(())
        })?;
        let ty = ty.ok_or(Malformed::Definition)?;
        self.types.insert(TypeId(id.checked_neg().ok_or(Malformed::Definition)?), ty);
        Ok(())
    }

    /// One of the forms of types: array, slice, struct, map, and three with encodings of their own.
    fn form(&mut self, form: u64) -> Result<Type, Malformed> {
        let mut ids = [TypeId(0); 2];
        let mut members = Vec::new();
        self.fields(|decoder, field| {
            match (form, field) {
                (_, 1) => decoder.fields(|decoder, field| {
                    match field {
                        1 => drop(decoder.bytes()?),
                        2 => drop(decoder.int()?),
                        _ => return Err(Malformed::Definition),
                    }
                    Ok(())
                })?,
                (3, 2) => {
                    let count = decoder.count()?;
                    for _ in 0..count {
                        members.push(decoder.member()?);
                    }
                }
                // The second number of an array is its length, which every value repeats.
                (1 | 4, 2 | 3) => ids[field as usize - 2] = TypeId(decoder.int()?),
                (2, 2) => ids[0] = TypeId(decoder.int()?),
                _ => return Err(Malformed::Definition),
            }
            Ok(())
        })?;
        match form {
            1 | 2 => Ok(Type::List(ids[0])),
            3 => Ok(Type::Struct(members)),
            4 => Ok(Type::Map(ids[0], ids[1])),
            5..=7 => Ok(Type::Opaque),
            _ => Err(Malformed::Definition),
        }
    }

    /// A field that a struct is defined to have.
    fn member(&mut self) -> Result<(String, TypeId), Malformed> {
        let (mut name, mut ty) = (String::new(), TypeId(0));
        self.fields(|decoder, field| {
            match field {
                1 => name = decoder.text()?,
                2 => ty = TypeId(decoder.int()?),
                _ => return Err(Malformed::Definition),
            }
            Ok(())
        })?;
        Ok((name, ty))
    }

    /// A value by itself: all but structs have a zero in front.
    fn top(&mut self, id: TypeId, depth: usize) -> Result<Value, Malformed> {
        if !matches!(self.types.get(&id), Some(Type::Struct(_))) {
            self.uint()?;
        }
        self.value(id, depth)
    }

    fn value(&mut self, id: TypeId, depth: usize) -> Result<Value, Malformed> {
        if depth > DEPTH {
            return Err(Malformed::Depth(DEPTH));
        }
        match id {
            TypeId::BOOL => Ok(Value::Bool(self.uint()? != 0)),
            TypeId::INT => Ok(Value::Int(self.int()?)),
            TypeId::UINT => Ok(Value::Uint(self.uint()?)),
            TypeId::FLOAT => Ok(Value::Float(self.float()?)),
            TypeId::BYTES => Ok(Value::Bytes(self.bytes()?.to_vec())),
            TypeId::TEXT => Ok(Value::Text(self.text()?)),
            TypeId::COMPLEX => Ok(Value::Complex(self.float()?, self.float()?)),
            TypeId::INTERFACE => self.interface(depth),
            id => match self.types.get(&id).cloned() {
                None => Err(Malformed::UnknownType(id.0)),
                Some(Type::List(element)) => {
                    let count = self.count()?;
                    let elements = (0..count).map(|_| self.value(element, depth + 1));
                    Ok(Value::List(elements.collect::<Result<_, _>>()?))
                }
                Some(Type::Map(key, element)) => {
                    let count = self.count()?;
                    let mut elements = Vec::new();
                    for _ in 0..count {
                        let key = self.value(key, depth + 1)?;
                        elements.push((key, self.value(element, depth + 1)?));
                    }
                    Ok(Value::Map(elements))
                }
                Some(Type::Struct(members)) => self.structure(&members, depth),
                Some(Type::Opaque) => Ok(Value::Opaque(self.bytes()?.to_vec())),
            },
        }
    }

    fn structure(
        &mut self,
        members: &[(String, TypeId)],
        depth: usize,
    ) -> Result<Value, Malformed> {
        let mut fields = Vec::new();
        self.fields(|decoder, field| {
            let index = usize::try_from(field - 1).map_err(|_| Malformed::Field)?;
            let (name, ty) = members.get(index).ok_or(Malformed::Field)?;
            fields.push((name.clone(), decoder.value(*ty, depth + 1)?));
            Ok(())
        })?;
        Ok(Value::Struct(fields))
    }

    fn interface(&mut self, depth: usize) -> Result<Value, Malformed> {
        let name = self.text()?;
        if name.is_empty() {
            return Ok(Value::Interface(None));
        }
        // The type may be defined right here. Go ends the message behind a definition, or, where
        // the value is part of another, writes one more length.
        let id = loop {
            if self.message.is_empty() {
                self.next_message()?;
            }
            let id = self.int()?;
            if id >= 0 {
                break TypeId(id);
            }
            self.definition(id)?;
            if !self.message.is_empty() {
                self.uint()?;
            }
        };
        self.uint()?;
        let value = self.top(id, depth + 1)?;
        Ok(Value::Interface(Some((name, Box::new(value)))))
    }
}
