//! The data source `http` in the whole program: signals, proxies, certificates, pages without end.

mod certified;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use cooper_testbed::Certificates;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tempfile::TempDir;

const COOPER: &str = env!("CARGO_BIN_EXE_cooper");

/// Nothing here takes longer than this, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(60);

const TEMPLATE: &str = r#"
variable "url" {}
data "http" "page" {
  url             = var.url
  request_headers = { X-Token = "t0ken" }
}
source "null" "a" { communicator = "none" }
build {
  sources = ["source.null.a"]
  provisioner "shell-local" { inline = ["echo got ${data.http.page.body}"] }
}
"#;

fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("t.pkr.hcl"), TEMPLATE).expect("the template is written");
    folder
}

/// Cooper in a folder, with a url for the page and nothing else in the environment.
fn cooper(folder: &Path, line: &[&str], url: &str, environment: &[(&str, &str)]) -> Child {
    Command::new(COOPER)
        .args(line)
        .arg(format!("-var=url={url}"))
        .arg("t.pkr.hcl")
        .current_dir(folder)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("cooper starts")
}

/// What a whole build printed, and whether it succeeded.
fn build(url: &str, environment: &[(&str, &str)]) -> (bool, String) {
    let folder = folder();
    let child = cooper(folder.path(), &["build", "-color=false"], url, environment);
    let Output { status, stdout, stderr } = child.wait_with_output().expect("cooper ends");
    let text = [stdout, stderr].concat();
    (status.success(), String::from_utf8_lossy(&text).into_owned())
}

/// A server that keeps what it is asked.
struct Server {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Every connection has one request, which is answered as `answer` does it.
    fn start(answer: impl Fn(&str, &mut dyn Write) + Send + Sync + 'static) -> Self {
        Self::start_with(None, answer)
    }

    fn start_with(
        tls: Option<Arc<ServerConfig>>,
        answer: impl Fn(&str, &mut dyn Write) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (kept, answer) = (asked.clone(), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (tls, kept, answer) = (tls.clone(), kept.clone(), answer.clone());
                thread::spawn(move || match tls {
                    None => serve(stream, &kept, &*answer),
                    Some(config) => {
                        let connection = ServerConnection::new(config).expect("a connection");
                        serve(StreamOwned::new(connection, stream), &kept, &*answer);
                    }
                });
            }
        });
        Self { port, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("nobody panicked").clone()
    }
}

fn serve(
    mut stream: impl Read + Write,
    asked: &Mutex<Vec<String>>,
    answer: &dyn Fn(&str, &mut dyn Write),
) {
    let (mut request, mut part) = (Vec::new(), [0; 1024]);
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut part) {
            Ok(0) | Err(_) => return,
            Ok(count) => request.extend_from_slice(&part[..count]),
        }
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    asked.lock().expect("nobody panicked").push(request.clone());
    answer(&request, &mut stream);
    let _ = stream.flush();
}

/// Sends a page; whoever asked may be gone.
fn page(head: &str, body: &str, stream: &mut dyn Write) {
    let length = body.len();
    let text =
        format!("HTTP/1.1 {head}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
    let _ = stream.write_all(text.as_bytes());
}

#[test]
fn a_signal_ends_the_asking() {
    for (line, signal, said) in [
        (&["build"][..], Signal::SIGINT, "Cancelled before anything was built."),
        (&["build"], Signal::SIGTERM, "Cancelled before anything was built."),
        (&["validate", "-evaluate-datasources"], Signal::SIGINT, "Cancelled before the end."),
        (&["console"], Signal::SIGTERM, "Cancelled before the end."),
    ] {
        let server = Server::start(|_, _| thread::sleep(PATIENCE));
        let folder = folder();
        let url = format!("http://127.0.0.1:{}/", server.port);
        let child = cooper(folder.path(), line, &url, &[]);
        let started = Instant::now();
        while server.asked().is_empty() {
            assert!(started.elapsed() < PATIENCE, "{line:?} asks nobody");
            thread::sleep(Duration::from_millis(10));
        }
        kill(Pid::from_raw(child.id().cast_signed()), signal).expect("it is running");
        let told = Instant::now();
        let Output { status, stdout, stderr } = child.wait_with_output().expect("it ends");
        let text = String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned();
        assert_eq!(status.code(), Some(1), "{line:?}: {text}");
        assert!(text.contains(said), "{line:?}: {text}");
        assert!(told.elapsed() < PATIENCE / 2, "{line:?}: {:?}", told.elapsed());
    }
}

#[test]
fn a_proxy_is_asked_except_for_what_needs_none() {
    let proxy = Server::start(|_, stream| page("200 OK", "by proxy", stream));
    let server = Server::start(|_, stream| page("200 OK", "directly", stream));
    let address = format!("http://user:s3cret@127.0.0.1:{}", proxy.port);
    let url = format!("http://127.0.0.1:{}/x", server.port);
    // No name server knows a name that ends in `.test`.
    let (succeeded, text) = build("http://page.test/x", &[("HTTP_PROXY", &address)]);
    assert!(succeeded && text.contains("got by proxy"), "{text}");
    let asked = proxy.asked();
    assert!(asked[0].starts_with("GET http://page.test/x HTTP/1.1\r\n"), "{asked:?}");
    assert!(asked[0].contains("proxy-authorization: Basic dXNlcjpzM2NyZXQ="), "{asked:?}");
    for exceptions in ["127.0.0.1", "page.test,127.0.0.0/8", "*"] {
        let environment = [("HTTP_PROXY", &*address), ("NO_PROXY", exceptions)];
        let (succeeded, text) = build(&url, &environment);
        assert!(succeeded && text.contains("got directly"), "{exceptions}: {text}");
    }
    let (_, text) = build(&url, &[("HTTP_PROXY", &address), ("NO_PROXY", "page.test")]);
    assert!(text.contains("got by proxy"), "{text}");
    assert_eq!((proxy.asked().len(), server.asked().len()), (2, 3));
}

#[test]
fn a_proxy_gets_a_tunnel_and_no_page_of_https() {
    let proxy = Server::start(|_, stream| page("403 Forbidden", "no", stream));
    let address = format!("http://user:s3cret@127.0.0.1:{}", proxy.port);
    let (succeeded, text) =
        build("https://page.test/private", &[("HTTPS_PROXY", &address), ("HTTP_PROXY", "x")]);
    assert!(!succeeded && text.contains("cannot reach `page.test`"), "{text}");
    assert!(text.contains("HTTPS_PROXY"), "{text}");
    assert!(!text.contains("s3cret"), "{text}");
    let asked = proxy.asked();
    assert!(asked[0].starts_with("CONNECT page.test:443 HTTP/1.1\r\n"), "{asked:?}");
    assert!(!asked[0].contains("private") && !asked[0].contains("t0ken"), "{asked:?}");
}

#[test]
fn only_certificates_of_known_authorities_are_believed() {
    if Command::new("openssl").arg("version").output().is_err() {
        println!("ignored: there is no openssl to make certificates");
        return;
    }
    let made = tempfile::tempdir().expect("a folder");
    let certificates = Certificates::make(made.path()).expect("certificates");
    let config = certified::server(&certificates);
    let plain = Server::start(|_, stream| page("200 OK", "in the open", stream));
    let open = format!("http://127.0.0.1:{}/", plain.port);
    let server = Server::start_with(Some(config), move |request, stream| {
        if request.starts_with("GET /open ") {
            page(&format!("302 Found\r\nlocation: {open}"), "", stream);
        } else {
            page("200 OK", "in private", stream);
        }
    });
    let url = |host: &str, path: &str| format!("https://{host}:{}{path}", server.port);
    let file = |name: &str| certificates.certificate(name).display().to_string();
    let (ours, other) = (file("ca"), file("other"));

    let (succeeded, text) = build(&url("127.0.0.1", "/"), &[]);
    assert!(!succeeded && text.contains("invalid peer certificate"), "{text}");
    let (succeeded, text) = build(&url("127.0.0.1", "/"), &[("SSL_CERT_FILE", &other)]);
    assert!(!succeeded && text.contains("invalid peer certificate"), "{text}");
    let (succeeded, text) = build(&url("localhost", "/"), &[("SSL_CERT_FILE", &ours)]);
    assert!(!succeeded && text.contains("not valid for name"), "{text}");
    assert!(server.asked().is_empty(), "nobody is asked who is not believed");

    let (succeeded, text) = build(&url("127.0.0.1", "/"), &[("SSL_CERT_FILE", &ours)]);
    assert!(succeeded && text.contains("got in private"), "{text}");
    // What was said in private is not said in the open.
    let (succeeded, text) = build(&url("127.0.0.1", "/open"), &[("SSL_CERT_FILE", &ours)]);
    assert!(succeeded && text.contains("got in the open"), "{text}");
    assert!(server.asked().iter().all(|request| request.contains("t0ken")));
    assert!(!plain.asked()[0].contains("t0ken"), "{:?}", plain.asked());
}

#[test]
fn a_page_without_end_is_given_up() {
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = sent.clone();
    let server = Server::start(move |_, stream| {
        let piece = [b'x'; 1 << 16];
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n");
        while stream.write_all(&piece).is_ok() {
            counted.fetch_add(piece.len(), Ordering::Relaxed);
        }
    });
    let (succeeded, text) = build(&format!("http://127.0.0.1:{}/", server.port), &[]);
    assert!(!succeeded && text.contains("the page is larger than 16 MiB"), "{text}");
    // The two sides of a connection keep some megabytes.
    assert!(sent.load(Ordering::Relaxed) < 48 << 20);
    // Nobody is asked twice.
    assert_eq!(server.asked().len(), 1);
}

/// A connection that is refused by a server that is not there is told at once.
#[test]
fn a_proxy_that_is_not_there_is_told_without_its_password() {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
    let port = port.expect("a free port").port();
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "nobody listens");
    let address = format!("http://user:s3cret@127.0.0.1:{port}");
    let (succeeded, text) = build("http://page.test/", &[("HTTP_PROXY", &address)]);
    assert!(!succeeded && text.contains("cannot reach `page.test`"), "{text}");
    assert!(text.contains("proxy"), "{text}");
    assert!(!text.contains("s3cret"), "{text}");
}
