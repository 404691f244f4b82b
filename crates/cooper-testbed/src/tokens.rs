//! A server that gives tokens for a registry, as Docker Hub's does for its own.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::error::{Context, Error, Result};
use crate::process;
use crate::registry::{PASSWORD, USERS};

/// What the registry is called in tokens.
pub(crate) const SERVICE: &str = "the registry";

/// What the server is called in tokens.
pub(crate) const ISSUER: &str = "who gives tokens";

/// Makes a key, and the certificate by which a registry knows what was signed with it.
const SCRIPT: &str = "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out key.crt \
    -subj /CN=tokens -days 2 && openssl x509 -in key.crt -outform der -out key.der";

/// A server of tokens on loopback. The first of [`USERS`] may pull and push, with [`PASSWORD`]; nobody
/// in particular may pull what is called `public/…`.
pub struct TokenServer {
    address: String,
    folder: PathBuf,
    given: Arc<Mutex<Vec<String>>>,
}

impl TokenServer {
    /// Starts one, with its key in a folder. It ends with the process.
    pub fn start(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder).context(format!("make folder {}", folder.display()))?;
        let mut shell = Command::new("sh");
        shell.args(["-ec", SCRIPT]).current_dir(folder);
        process::run(&mut shell, Duration::from_secs(60)).context("make a key")?;
        let listener = TcpListener::bind("127.0.0.1:0").context("listen on loopback")?;
        let address = listener.local_addr().context("listen on loopback")?.to_string();
        let given: Arc<Mutex<Vec<String>>> = Arc::default();
        std::thread::spawn({
            let (folder, given) = (folder.to_owned(), given.clone());
            move || {
                for stream in listener.incoming().flatten() {
                    // Who asked may be gone.
                    let _ = answer(stream, &folder, &given);
                }
            }
        });
        Ok(Self { address, folder: folder.to_owned(), given })
    }

    /// Where tokens are given.
    pub(crate) fn realm(&self) -> String {
        format!("http://{}/token", self.address)
    }

    /// The certificate of its key.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.join("key.crt")
    }

    /// What tokens were given for, with who asked: `somebody repository:team/greet:pull`.
    pub fn given(&self) -> Vec<String> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn answer(mut stream: TcpStream, folder: &Path, given: &Mutex<Vec<String>>) -> Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10))).context("set a timeout")?;
    let mut lines = BufReader::new(stream.try_clone().context("share a connection")?).lines();
    let first = lines.next().transpose().context("read a request")?.unwrap_or_default();
    let headers = lines.map_while(|line| line.ok().filter(|line| !line.is_empty()));
    let basic = headers
        .filter_map(|line| {
            let (name, value) = line.split_once(": ")?;
            let is_basic = name.eq_ignore_ascii_case("authorization");
            is_basic.then(|| value.strip_prefix("Basic ").map(str::to_owned)).flatten()
        })
        .last();
    let path = first.split(' ').nth(1).unwrap_or_default();
    let query = path.split_once('?').map_or("", |(_, query)| query);
    let query: BTreeMap<String, String> = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), decoded(value)))
        .collect();
    let scope = query.get("scope").cloned().unwrap_or_default();
    let known = STANDARD.encode(format!("{}:{PASSWORD}", USERS[0]));
    let user = match basic {
        None => "nobody",
        Some(basic) if basic == known => USERS[0],
        Some(_) => "",
    };
    let (status, body) = match user {
        "" => ("401 Unauthorized", "{}".to_owned()),
        user => {
            let token = token(folder, user, &scope)?;
            let mut given = given.lock().unwrap_or_else(PoisonError::into_inner);
            given.push(format!("{user} {scope}"));
            ("200 OK", format!(r#"{{"access_token":"{token}","expires_in":300}}"#))
        }
    };
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).context("answer")?;
    stream.write_all(body.as_bytes()).context("answer")
}

/// A text as it was before it went into an address.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let digits = |rest: &mut std::str::Bytes<'_>| {
            let digits = [rest.next()?, rest.next()?];
            u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()
        };
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => digits(&mut rest).unwrap_or(b'?'),
            byte => byte,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A token that lets somebody do what they may of `repository:NAME:ACTIONS`.
fn token(folder: &Path, user: &str, scope: &str) -> Result<String> {
    let mut parts = scope.split(':');
    let (kind, name, actions) = (parts.next(), parts.next(), parts.next());
    let (name, actions) = (name.unwrap_or_default(), actions.unwrap_or_default());
    let may = |action: &&str| match *action {
        "pull" => user == USERS[0] || name.starts_with("public/"),
        _ => user == USERS[0],
    };
    let actions: Vec<String> =
        actions.split(',').filter(may).map(|action| format!("{action:?}")).collect();
    let access = format!(
        r#"[{{"type":{:?},"name":{name:?},"actions":[{}]}}]"#,
        kind.unwrap_or_default(),
        actions.join(",")
    );
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let (from, until) = (now.as_secs().saturating_sub(5), now.as_secs() + 300);
    let claims = format!(
        r#"{{"iss":"{ISSUER}","sub":"{user}","aud":"{SERVICE}","exp":{until},"nbf":{from},"iat":{from},"jti":"{from}","access":{access}}}"#
    );
    let certificate = std::fs::read(folder.join("key.der")).context("read a certificate")?;
    let certificate = STANDARD.encode(certificate);
    let header = format!(r#"{{"typ":"JWT","alg":"RS256","x5c":["{certificate}"]}}"#);
    let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    Ok(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature(folder, &text)?)))
}

fn signature(folder: &Path, text: &str) -> Result<Vec<u8>> {
    let (plain, signed) = (folder.join("plain"), folder.join("signed"));
    std::fs::write(&plain, text).context("write what is signed")?;
    let mut openssl = Command::new("openssl");
    openssl.args(["dgst", "-sha256", "-sign", "key.pem", "-out", "signed", "plain"]);
    process::run(openssl.current_dir(folder), Duration::from_secs(30)).context("sign a token")?;
    let signature = std::fs::read(signed).context("read a signature")?;
    match signature.is_empty() {
        true => Err(Error::new("the signature is empty")),
        false => Ok(signature),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn addresses_are_decoded() {
        assert_eq!(super::decoded("a+b%3Ac%2Fd%"), "a b:c/d?");
    }
}
