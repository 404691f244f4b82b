//! As much HTTP as it takes to ask a daemon or a registry on this machine whether it is there.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use crate::error::{Context, Error, Result};

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// `200`
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// As it came.
    pub body: String,
}

impl Answer {
    /// A header's value, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }
}

const PATIENCE: Duration = Duration::from_secs(10);
const LONGEST: u64 = 16 << 20;

/// Asks a server at `host:port`.
pub fn get(address: &str, path: &str, headers: &[(&str, &str)]) -> Result<Answer> {
    let stream = TcpStream::connect(address).context(format!("connect to {address}"))?;
    stream.set_read_timeout(Some(PATIENCE)).context("set a timeout")?;
    stream.set_write_timeout(Some(PATIENCE)).context("set a timeout")?;
    exchange(stream, address, path, headers)
}

/// Asks a server at a unix socket.
pub fn get_unix(socket: &Path, path: &str) -> Result<Answer> {
    let place = socket.display();
    let stream = UnixStream::connect(socket).context(format!("connect to {place}"))?;
    stream.set_read_timeout(Some(PATIENCE)).context("set a timeout")?;
    stream.set_write_timeout(Some(PATIENCE)).context("set a timeout")?;
    exchange(stream, "localhost", path, &[])
}

fn exchange(
    mut stream: impl Read + Write,
    host: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> Result<Answer> {
    // HTTP/1.0: the answer ends when the connection does.
    let mut request = format!("GET {path} HTTP/1.0\r\nHost: {host}\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).context("send a request")?;
    let mut answer = Vec::new();
    stream.take(LONGEST).read_to_end(&mut answer).context("read an answer")?;
    let answer = String::from_utf8_lossy(&answer);
    read(&answer).ok_or_else(|| Error::new(format!("not an HTTP answer: {answer:.80}")))
}

fn read(answer: &str) -> Option<Answer> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    Some(Answer { status, headers, body: body.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn an_answer_is_taken_apart() {
        let answer = read("HTTP/1.1 404 Not Found\r\nX-A:  b \r\n\r\nbody").unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (404, "body"));
        assert_eq!(answer.header("x-a"), Some("b"));
        assert!(read("nonsense").is_none());
    }
}
