//! A registry in memory, which does what the protocol says, unless a test says otherwise.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use sha2::{Digest, Sha256};

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// With its query.
    pub(crate) path: String,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Who asks, as they say it.
    pub(crate) fn who(&self) -> Option<&str> {
        self.header("authorization")
    }

    /// A method and a part of a path.
    pub(crate) fn is(&self, method: &str, part: &str) -> bool {
        self.method == method && self.path.contains(part)
    }
}

/// What is answered.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// `200 OK`, and headers in further lines.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn new(head: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Self { head: head.into(), body: body.into() }
    }

    /// No more than its first line.
    pub(crate) fn bare(head: impl Into<String>) -> Self {
        Self::new(head, "")
    }

    /// A complaint, as registries write it.
    pub(crate) fn complaint(head: &str, code: &str, message: &str) -> Self {
        let body = format!(r#"{{"errors":[{{"code":"{code}","message":"{message}"}}]}}"#);
        Self::new(format!("{head}\r\nContent-Type: application/json"), body)
    }
}

/// What happens to a request.
pub(crate) enum Act {
    /// As the protocol says.
    Usual,
    /// This is answered.
    Say(Answer),
    /// This is answered, and the connection ends after so many bytes of the body.
    Cut(Answer, usize),
    /// A body of this length is promised, and does not come.
    Promise(u64),
    /// The connection ends.
    Leave,
}

/// What a server does otherwise.
type Otherwise = dyn Fn(&Request) -> Act + Send + Sync;

/// A server on loopback. It ends with the test.
pub(crate) struct Server {
    pub(crate) address: String,
    state: Arc<State>,
}

struct State {
    otherwise: Box<Otherwise>,
    asked: Mutex<Vec<Request>>,
    /// By digests.
    blobs: Mutex<BTreeMap<String, Vec<u8>>>,
    /// By tags and digests, with their types.
    manifests: Mutex<BTreeMap<String, (String, Vec<u8>)>>,
}

impl Server {
    /// Starts one.
    pub(crate) fn start(otherwise: impl Fn(&Request) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let state = Arc::new(State {
            otherwise: Box::new(otherwise),
            asked: Mutex::default(),
            blobs: Mutex::default(),
            manifests: Mutex::default(),
        });
        let served = state.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let served = served.clone();
                thread::spawn(move || served.serve(stream));
            }
        });
        Self { address, state }
    }

    /// What it was asked.
    pub(crate) fn asked(&self) -> Vec<Request> {
        held(&self.state.asked).clone()
    }

    /// Puts something under a tag, as it is.
    pub(crate) fn put_manifest(&self, tag: &str, kind: &str, text: &[u8]) {
        self.state.keep_manifest(tag, kind, text.to_vec());
    }

    /// Changes what is there under a digest, which stays the same.
    pub(crate) fn spoil_blob(&self, digest: &str) {
        let mut blobs = held(&self.state.blobs);
        blobs.get_mut(digest).expect("it was sent").push(b'#');
    }

    /// The text under a tag or a digest.
    pub(crate) fn manifest(&self, name: &str) -> Option<Vec<u8>> {
        held(&self.state.manifests).get(name).map(|(_, text)| text.clone())
    }

    /// Where everything is that a version consists of: digests of blobs.
    pub(crate) fn blobs(&self) -> BTreeMap<String, Vec<u8>> {
        held(&self.state.blobs).clone()
    }
}

impl State {
    fn serve(&self, stream: TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        let mut stream = stream;
        let request = read(&mut reader)?;
        held(&self.asked).push(request.clone());
        let (answer, most) = match (self.otherwise)(&request) {
            Act::Usual => (self.usual(&request), usize::MAX),
            Act::Say(answer) => (answer, usize::MAX),
            Act::Cut(answer, most) => (answer, most),
            Act::Promise(length) => {
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
                return stream.write_all(head.as_bytes()).ok();
            }
            Act::Leave => return None,
        };
        let Answer { head, body } = answer;
        let length = body.len();
        let head = format!("HTTP/1.1 {head}\r\nContent-Length: {length}\r\nConnection: close");
        stream.write_all(format!("{head}\r\n\r\n").as_bytes()).ok()?;
        let sent = if request.method == "HEAD" { 0 } else { length.min(most) };
        stream.write_all(&body[..sent]).ok()
    }

    fn usual(&self, request: &Request) -> Answer {
        let path = request.path.split('?').next().unwrap_or_default();
        let name = path.rsplit('/').next().unwrap_or_default();
        let absent = || Answer::complaint("404 Not Found", "NAME_UNKNOWN", "it is not here");
        match request.method.as_str() {
            "GET" if path.ends_with("/tags/list") => {
                let manifests = held(&self.manifests);
                let tags: Vec<String> = manifests
                    .keys()
                    .filter(|name| !name.contains(':'))
                    .map(|tag| format!("{tag:?}"))
                    .collect();
                match tags.is_empty() {
                    true => absent(),
                    false => Answer::new("200 OK", format!(r#"{{"tags":[{}]}}"#, tags.join(","))),
                }
            }
            "GET" | "HEAD" if path.contains("/manifests/") => {
                match held(&self.manifests).get(name) {
                    Some((kind, text)) => {
                        Answer::new(format!("200 OK\r\nContent-Type: {kind}"), text.clone())
                    }
                    None => absent(),
                }
            }
            "GET" | "HEAD" if path.contains("/blobs/") => match held(&self.blobs).get(name) {
                Some(blob) => Answer::new("200 OK", blob.clone()),
                None => absent(),
            },
            "POST" => Answer::bare(format!("202 Accepted\r\nLocation: {path}1?state=a%2Fb")),
            "PUT" if path.contains("/uploads/") => {
                let (_, digest) = request.path.split_once("digest=").expect("a digest");
                let digest = digest.replace("%3A", ":");
                match digest == digest_of(&request.body) {
                    true => {
                        held(&self.blobs).insert(digest, request.body.clone());
                        Answer::bare("201 Created")
                    }
                    false => Answer::complaint("400 Bad Request", "DIGEST_INVALID", "another one"),
                }
            }
            "PUT" => {
                let kind = request.header("content-type").expect("a type");
                self.keep_manifest(name, kind, request.body.clone());
                Answer::bare("201 Created")
            }
            _ => Answer::bare("400 Bad Request"),
        }
    }

    fn keep_manifest(&self, name: &str, kind: &str, text: Vec<u8>) {
        let mut manifests = held(&self.manifests);
        manifests.insert(digest_of(&text), (kind.to_owned(), text.clone()));
        manifests.insert(name.to_owned(), (kind.to_owned(), text));
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    let mut next = |reader: &mut BufReader<TcpStream>| {
        line.clear();
        reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
        Some(line.trim_end().to_owned())
    };
    let first = next(reader)?;
    let mut words = first.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let header = next(reader)?;
        let Some((name, value)) = header.split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.and_then(|(_, value)| value.parse().ok()).unwrap_or_default();
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request { method, path, headers, body })
}

pub(crate) fn digest_of(bytes: &[u8]) -> String {
    let digits: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{digits}")
}

pub(crate) fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
