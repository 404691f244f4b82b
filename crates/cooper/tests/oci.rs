//! Plugins from registries that lie: nothing of them is installed, and nobody learns who we are.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;

const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// What a server answers to a path: the status and headers, and the body.
type Answer = fn(&str, &Servers) -> (String, Vec<u8>);

/// Where the servers of a test are.
struct Servers {
    other: String,
}

/// What was asked: paths, with whether somebody said who they are.
type Asked = Arc<Mutex<Vec<(String, bool)>>>;

fn serve(answer: Answer, other: String) -> (String, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let asked = Asked::default();
    let seen = asked.clone();
    thread::spawn(move || {
        let servers = Servers { other };
        for stream in listener.incoming().flatten() {
            let _ = answer_one(stream, answer, &servers, &seen);
        }
    });
    (address, asked)
}

fn answer_one(
    mut stream: TcpStream,
    answer: Answer,
    servers: &Servers,
    asked: &Asked,
) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut told = false;
    for line in lines {
        let line = line?;
        told |= line.to_ascii_lowercase().starts_with("authorization:");
        if line.is_empty() {
            break;
        }
    }
    asked.lock().expect("no panic").push((path.clone(), told));
    let (head, body) = match told || servers.other.is_empty() {
        true => answer(&path, servers),
        false => ("401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"r\"".to_owned(), Vec::new()),
    };
    write!(stream, "HTTP/1.1 {head}\r\nConnection: close\r\n\r\n")?;
    stream.write_all(&body)
}

/// Installs a plugin of a registry as somebody; returns what went wrong.
fn install(address: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let config = format!(r#"{{"auths":{{"{address}":{{"auth":"bWU6aHVudGVyMg=="}}}}}}"#);
    fs::write(folder.path().join("config.json"), config).expect("it can be written");
    let ran = Command::new(env!("CARGO_BIN_EXE_cooper"))
        .args(["plugins", "install", &format!("oci://{address}/team/greet")])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", folder.path())
        .env("DOCKER_CONFIG", folder.path())
        .env("PACKER_PLUGIN_PATH", folder.path().join("plugins"))
        .output()
        .expect("it runs");
    assert_eq!(ran.status.code(), Some(1), "{ran:?}");
    let said = String::from_utf8(ran.stderr).expect("text");
    assert!(!said.contains("hunter2") && !said.contains("panicked"), "{said}");
    let place = folder.path().join("plugins").join(address).join("team/greet");
    let left = fs::read_dir(place).map(Iterator::count).unwrap_or_default();
    assert_eq!(left, 0, "{said}");
    said
}

fn tags(path: &str) -> Option<(String, Vec<u8>)> {
    path.contains("/tags/list").then(|| ("200 OK".to_owned(), br#"{"tags":["1.0.0"]}"#.to_vec()))
}

#[test]
fn another_server_does_not_learn_who_we_are() {
    let (other, asked) = serve(|_, _| ("404 Not Found".to_owned(), Vec::new()), String::new());
    let moved: Answer = |path, servers| {
        tags(path).unwrap_or_else(|| {
            (
                format!("307 Temporary Redirect\r\nLocation: http://{}{path}", servers.other),
                Vec::new(),
            )
        })
    };
    let (address, ours) = serve(moved, other);
    install(&address);
    let asked = asked.lock().expect("no panic");
    assert!(!asked.is_empty() && asked.iter().all(|(_, told)| !told), "{asked:?}");
    assert!(ours.lock().expect("no panic").iter().any(|(_, told)| *told));
}

#[test]
fn what_has_no_end_is_cut() {
    let endless: Answer =
        |path, _| tags(path).unwrap_or_else(|| ("200 OK".to_owned(), vec![b' '; 6 << 20]));
    let (address, _) = serve(endless, "nobody".to_owned());
    let said = install(&address);
    assert!(said.contains("larger than 4 MiB"), "{said}");
}

#[test]
fn a_manifest_that_is_another_is_refused() {
    let other: Answer = |path, _| {
        let platform = |os, architecture| {
            format!(
                r#"{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:{}",
                    "size":2,"platform":{{"os":"{os}","architecture":"{architecture}"}}}}"#,
                "a".repeat(64)
            )
        };
        let all = ["amd64", "arm64"].map(|architecture| platform("linux", architecture)).join(",");
        tags(path).unwrap_or_else(|| match path.contains("sha256:") {
            true => ("200 OK".to_owned(), b"{}".to_vec()),
            false => (
                format!("200 OK\r\nContent-Type: {INDEX}"),
                format!(
                    r#"{{"schemaVersion":2,"mediaType":"{INDEX}",
                        "artifactType":"application/vnd.cooper.plugin.v1","manifests":[{all}]}}"#
                )
                .into_bytes(),
            ),
        })
    };
    let (address, _) = serve(other, "nobody".to_owned());
    let said = install(&address);
    assert!(said.contains("with the digest sha256:44136fa355b3678a"), "{said}");
}

#[test]
fn a_token_is_asked_of_nobody_without_encryption() {
    let wants: Answer = |_, _| {
        let realm = "WWW-Authenticate: Bearer realm=\"http://192.0.2.1/token\"";
        (format!("401 Unauthorized\r\n{realm}"), Vec::new())
    };
    let (address, _) = serve(wants, String::new());
    let said = install(&address);
    assert!(said.contains("`http://192.0.2.1/token`, which is not asked"), "{said}");
}
