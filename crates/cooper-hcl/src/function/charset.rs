//! Text in other encodings than UTF-8, by their IANA names.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use encoding_rs::{EncoderResult, Encoding};

use super::{Function, FunctionCx, FunctionError, encoding, returns_string, text};
use crate::value::{Type, Value};

type Result<T = Value> = std::result::Result<T, FunctionError>;

pub(super) fn functions() -> Vec<Function> {
    vec![
        Function::new(
            "textdecodebase64",
            "`textdecodebase64(text, charset)`: the text that was encoded with a charset, by its IANA name, and Base64; `textdecodebase64(\"6Q==\", \"ISO-8859-1\")` is `\"é\"`",
            returns_string,
            decode,
        )
        .takes("text", Type::String)
        .takes("charset", Type::String)
        .fails("the charset is not known, or bytes stand for nothing in it"),
        Function::new(
            "textencodebase64",
            "`textencodebase64(text, charset)`: the text in a charset, by its IANA name, in Base64; `textencodebase64(\"é\", \"ISO-8859-1\")` is `\"6Q==\"`",
            returns_string,
            encode,
        )
        .takes("text", Type::String)
        .takes("charset", Type::String)
        .fails("the charset is not known, or lacks a character"),
    ]
}

/// An encoding of text.
#[derive(Clone, Copy)]
enum Charset {
    Ascii,
    /// Two bytes a unit, and whether the high one comes first. With a mark, the encoder writes
    /// one and the decoder reads one.
    Utf16 {
        big_endian: bool,
        mark: bool,
    },
    Standard(&'static Encoding),
    /// One of browsers' encodings, but 0x80 to 0x9f are the control characters that IANA's name
    /// stands for.
    WithControls(&'static Encoding),
}

impl Charset {
    fn of(args: &[Value]) -> Result<Self> {
        let name = text(args, 1)?;
        let utf16 = |big_endian, mark| Self::Utf16 { big_endian, mark };
        let found = match &*name.to_ascii_lowercase() {
            "us-ascii" | "ascii" | "iso-ir-6" | "ansi_x3.4-1968" | "ansi_x3.4-1986"
            | "iso646-us" | "us" | "ibm367" | "cp367" | "csascii" => Some(Self::Ascii),
            "utf-16" | "csutf16" => Some(utf16(true, true)),
            "utf-16be" | "csutf16be" => Some(utf16(true, false)),
            "utf-16le" | "csutf16le" => Some(utf16(false, false)),
            lower => Encoding::for_label(lower.as_bytes()).and_then(|known| {
                let is = |other| std::ptr::eq(known, other);
                let browsers_only = is(encoding_rs::REPLACEMENT)
                    || is(encoding_rs::X_USER_DEFINED)
                    || is(encoding_rs::UTF_16BE)
                    || is(encoding_rs::UTF_16LE);
                // Browsers read these as their larger cousins of Windows.
                let larger = is(encoding_rs::WINDOWS_1252)
                    || is(encoding_rs::WINDOWS_1254)
                    || is(encoding_rs::WINDOWS_874);
                let of_windows = ["windows", "cp1", "x-cp"].iter().any(|w| lower.starts_with(w));
                match (browsers_only, larger && !of_windows) {
                    (true, _) => None,
                    (false, true) => Some(Self::WithControls(known)),
                    (false, false) => Some(Self::Standard(known)),
                }
            }),
        };
        found.ok_or_else(|| {
            FunctionError::argument(1, format!("`{name}` is not the IANA name of a known charset"))
        })
    }
}

fn encode(_: &FunctionCx<'_>, args: &[Value]) -> Result {
    let text = text(args, 0)?;
    let refuse = |character: char| {
        let code = u32::from(character);
        let message = format!("the charset has no `{}` (U+{code:04X})", character.escape_debug());
        FunctionError::argument(0, message)
    };
    let bytes = match Charset::of(args)? {
        Charset::Ascii => match text.chars().find(|c| !c.is_ascii()) {
            Some(character) => return Err(refuse(character)),
            None => text.as_bytes().to_vec(),
        },
        Charset::Utf16 { big_endian, mark } => {
            let units = mark.then_some(0xfeff).into_iter().chain(text.encode_utf16());
            let bytes = units.flat_map(|unit| match big_endian {
                true => unit.to_be_bytes(),
                false => unit.to_le_bytes(),
            });
            bytes.collect()
        }
        Charset::Standard(charset) => match text.chars().find(|c| is_made_up(charset, *c)) {
            Some(character) => return Err(refuse(character)),
            None => encode_with(charset, text).map_err(refuse)?,
        },
        Charset::WithControls(charset) => {
            let mut bytes = Vec::with_capacity(text.len());
            for character in text.chars() {
                match u8::try_from(u32::from(character)) {
                    Ok(byte @ (..=0x7f | 0x80..=0x9f)) => bytes.push(byte),
                    _ => {
                        let own = encode_with(charset, character.encode_utf8(&mut [0; 4]));
                        let own = own.ok().filter(|own| !matches!(**own, [0x80..=0x9f]));
                        bytes.extend(own.ok_or_else(|| refuse(character))?);
                    }
                }
            }
            bytes
        }
    };
    Ok(STANDARD.encode(bytes).into())
}

/// Whether a character is there for browsers only: they give every byte of Windows' charsets one.
fn is_made_up(charset: &'static Encoding, character: char) -> bool {
    charset.name().starts_with("windows-") && matches!(character, '\u{80}'..='\u{9f}')
}

/// The bytes of a text, or the first character that there are none for.
fn encode_with(charset: &'static Encoding, text: &str) -> std::result::Result<Vec<u8>, char> {
    let mut encoder = charset.new_encoder();
    let mut bytes = Vec::new();
    let mut rest = text;
    loop {
        let room = encoder.max_buffer_length_from_utf8_without_replacement(rest.len());
        bytes.reserve(room.unwrap_or(rest.len()));
        let (result, read) =
            encoder.encode_from_utf8_to_vec_without_replacement(rest, &mut bytes, true);
        rest = &rest[read..];
        match result {
            EncoderResult::InputEmpty => return Ok(bytes),
            EncoderResult::OutputFull => {}
            EncoderResult::Unmappable(character) => return Err(character),
        }
    }
}

fn decode(_: &FunctionCx<'_>, args: &[Value]) -> Result {
    let bytes = encoding::from_base64(args)?;
    let decoded = match Charset::of(args)? {
        Charset::Ascii => String::from_utf8(bytes).ok().filter(|text| text.is_ascii()),
        Charset::Utf16 { big_endian, mark } => decode_utf16(&bytes, big_endian, mark),
        Charset::Standard(charset) => charset
            .decode_without_bom_handling_and_without_replacement(&bytes)
            .filter(|decoded| !decoded.chars().any(|c| is_made_up(charset, c)))
            .map(std::borrow::Cow::into_owned),
        Charset::WithControls(charset) => {
            let one = |byte: &u8| match byte {
                ..=0x9f => Some(char::from(*byte)),
                _ => charset
                    .decode_without_bom_handling_and_without_replacement(&[*byte])
                    .and_then(|decoded| decoded.chars().next()),
            };
            bytes.iter().map(one).collect()
        }
    };
    // As in Packer, the sign that stands for what could not be read is no text.
    let decoded = decoded.filter(|decoded| !decoded.contains('\u{fffd}')).ok_or_else(|| {
        FunctionError::argument(0, "some of its bytes stand for nothing in this charset")
    })?;
    Ok(decoded.into())
}

fn decode_utf16(bytes: &[u8], big_endian: bool, mark: bool) -> Option<String> {
    let (big_endian, bytes) = match bytes {
        [0xfe, 0xff, rest @ ..] if mark => (true, rest),
        [0xff, 0xfe, rest @ ..] if mark => (false, rest),
        bytes => (big_endian, bytes),
    };
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units: Vec<u16> = pairs
        .iter()
        .map(|pair| if big_endian { u16::from_be_bytes(*pair) } else { u16::from_le_bytes(*pair) })
        .collect();
    rest.is_empty().then(|| String::from_utf16(&units).ok()).flatten()
}
