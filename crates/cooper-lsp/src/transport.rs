//! Messages over a pair of streams.
//!
//! `lsp-server` reads messages too, and trusts the client: it makes room for as many bytes as a
//! header says, and ends at the first text that is no message. Here both have bounds.

use std::io::{self, BufRead, Read, Write};

use lsp_server::Message;

/// A message may have as many bytes.
pub(crate) const LARGEST_MESSAGE: u64 = 32 << 20;

/// The headers of a message may have as many bytes.
const LARGEST_HEADER: u64 = 8 << 10;

/// What came in.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// A message.
    Message(Message),
    /// Something in the place of a message; the next one can be read.
    Malformed(String),
}

/// Reads the next message; nothing at the end of the stream.
///
/// # Errors
///
/// When the stream fails, or the headers cannot be read so that nobody knows where the next
/// message begins.
pub(crate) fn read(input: &mut impl BufRead) -> io::Result<Option<Incoming>> {
    let Some(length) = read_headers(input)? else { return Ok(None) };
    if length > LARGEST_MESSAGE {
        let skipped = io::copy(&mut input.take(length), &mut io::sink())?;
        if skipped < length {
            return Ok(None);
        }
        let most = LARGEST_MESSAGE >> 20;
        let message = format!("a message of {length} bytes; at most {most} MiB are read");
        return Ok(Some(Incoming::Malformed(message)));
    }
    let mut text = Vec::new();
    input.take(length).read_to_end(&mut text)?;
    if (text.len() as u64) < length {
        return Ok(None);
    }
    Ok(Some(match serde_json::from_slice(&text) {
        Ok(message) => Incoming::Message(message),
        Err(cause) => Incoming::Malformed(format!("a text that is no message: {cause}")),
    }))
}

/// The length of the message that follows; nothing at the end of the stream.
fn read_headers(input: &mut impl BufRead) -> io::Result<Option<u64>> {
    let malformed = |what: String| io::Error::new(io::ErrorKind::InvalidData, what);
    let mut input = input.take(LARGEST_HEADER);
    let mut length = None;
    loop {
        let mut line = Vec::new();
        input.read_until(b'\n', &mut line)?;
        let Some(line) = line.strip_suffix(b"\n") else {
            let at_end = input.limit() > 0;
            return if at_end { Ok(None) } else { Err(malformed("endless headers".to_owned())) };
        };
        let line = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line));
        if line.is_empty() {
            return match length {
                Some(length) => Ok(Some(length)),
                None => Err(malformed("headers without `Content-Length`".to_owned())),
            };
        }
        let Some((name, value)) = line.split_once(':') else {
            return Err(malformed(format!("a header without `:`: `{line}`")));
        };
        if name.trim().eq_ignore_ascii_case("content-length") {
            let value = value.trim().parse();
            length = Some(value.map_err(|_| malformed(format!("not a length: `{line}`")))?);
        }
    }
}

/// Writes a message.
///
/// # Errors
///
/// When the stream fails.
pub(crate) fn write(output: &mut impl Write, message: Message) -> io::Result<()> {
    message.write(output)
}

/// Answers a request whose number could not be read.
///
/// # Errors
///
/// When the stream fails.
pub(crate) fn refuse(output: &mut impl Write, code: i32, message: &str) -> io::Result<()> {
    let error = serde_json::json!({ "code": code, "message": message });
    let text = serde_json::json!({ "jsonrpc": "2.0", "id": null, "error": error }).to_string();
    write!(output, "Content-Length: {}\r\n\r\n{text}", text.len())?;
    output.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &[u8]) -> (Vec<String>, Option<String>) {
        let mut input = text;
        let mut found = Vec::new();
        loop {
            match read(&mut input) {
                Ok(None) => return (found, None),
                Ok(Some(Incoming::Message(Message::Notification(n)))) => found.push(n.method),
                Ok(Some(Incoming::Message(other))) => found.push(format!("{other:?}")),
                Ok(Some(Incoming::Malformed(why))) => found.push(why),
                Err(error) => return (found, Some(error.to_string())),
            }
        }
    }

    #[test]
    fn messages_follow_each_other() {
        let text = b"content-length: 16\r\nX: y\r\n\r\n{\"method\": \"aa\"}\
                     Content-Length:16\n\n{\"method\": \"bb\"}";
        assert_eq!(all(text), (vec!["aa".to_owned(), "bb".to_owned()], None));
    }

    #[test]
    fn what_is_no_message_is_skipped() {
        let (found, error) =
            all(b"Content-Length: 2\r\n\r\n{]Content-Length: 16\r\n\r\n{\"method\": \"aa\"}");
        assert_eq!(error, None);
        assert!(found[0].starts_with("a text that is no message"), "{found:?}");
        assert_eq!(found[1], "aa");
        let deep = "[".repeat(100_000);
        let (found, _) = all(format!("Content-Length: {}\r\n\r\n{deep}", deep.len()).as_bytes());
        assert!(found[0].starts_with("a text that is no message"), "{found:?}");
    }

    #[test]
    fn a_length_makes_no_room() {
        let (found, error) = all(b"Content-Length: 18446744073709551615\r\n\r\n{}");
        assert_eq!((found.len(), error), (0, None));
        let (found, error) = all(b"Content-Length: 1000000000\r\n\r\n{}");
        assert_eq!((found.len(), error), (0, None));
        let large = LARGEST_MESSAGE as usize + 1;
        let mut text = format!("Content-Length: {large}\r\n\r\n").into_bytes();
        text.resize(text.len() + large, b' ');
        text.extend(b"Content-Length: 16\r\n\r\n{\"method\": \"aa\"}");
        let (found, _) = all(&text);
        assert!(found[0].contains("at most 32 MiB"), "{found:?}");
        assert_eq!(found[1], "aa");
    }

    #[test]
    fn broken_headers_end_it() {
        for text in [
            "Content-Length: x\r\n\r\n",
            "Content-Length: -1\r\n\r\n",
            "nonsense\r\n\r\n",
            "X: y\r\n\r\n",
            &"a".repeat(100_000),
            &"X: y\r\n".repeat(100_000),
        ] {
            assert!(all(text.as_bytes()).1.is_some(), "{text:.20}");
        }
        assert_eq!(all(b"Content-Len"), (Vec::new(), None));
    }
}
