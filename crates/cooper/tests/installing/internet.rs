//! The hosts that everybody knows, behind a proxy: what is asked of them, and who is told the token.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, SystemTime};

use cooper_testbed::releases::{archive, sums};
use cooper_testbed::{Certificates, platform};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tempfile::TempDir;

use crate::{Bench, Ran, certified, program};

/// Who there is.
const HOSTS: [&str; 4] =
    ["github.com", "api.github.com", "objects.githubusercontent.com", "releases.hashicorp.com"];

const TOKEN: &str = "ghp_verysecret";

/// The status with headers, and the body.
type Page = (String, Vec<u8>);

/// A proxy, behind which is all that there is.
struct Internet {
    address: String,
    pages: Arc<Mutex<BTreeMap<String, Page>>>,
    asked: Arc<Mutex<Vec<String>>>,
    certificates: TempDir,
}

impl Internet {
    /// Nothing, where nobody can make certificates.
    fn start() -> Option<Self> {
        Command::new("openssl").arg("version").output().ok()?;
        let folder = tempfile::tempdir().expect("a folder");
        let names = HOSTS.map(|host| format!("DNS:{host}"));
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let made = Certificates::make_for(folder.path(), &names).expect("certificates");
        let config = certified::server(&made);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let internet =
            Self { address, pages: Arc::default(), asked: Arc::default(), certificates: folder };
        let (pages, asked) = (internet.pages.clone(), internet.asked.clone());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (config, pages, asked) = (config.clone(), pages.clone(), asked.clone());
                thread::spawn(move || serve(stream, &config, &pages, &asked));
            }
        });
        Some(internet)
    }

    /// Lets an address be answered: `https://github.com/…`.
    fn put(&self, url: &str, status: impl Into<String>, body: impl Into<Vec<u8>>) {
        let page = (status.into(), body.into());
        self.pages.lock().expect("no panic").insert(url.to_owned(), page);
    }

    /// Addresses that were asked for since the last time, with the headers that came.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().expect("no panic"))
    }

    /// A release of `acme/box` on GitHub.
    fn release(&self) {
        let name = format!("packer-plugin-box_v1.0.0_x5.0_{}", platform());
        let zip = archive(&name, &program("1.0.0", "5.0"));
        let folder = "https://github.com/acme/packer-plugin-box/releases/download/v1.0.0";
        let list = sums(&[
            (&format!("{name}.zip"), &zip),
            ("packer-plugin-box_v1.0.0_x5.0_plan9_mips.zip", b"x"),
        ]);
        let store = "https://objects.githubusercontent.com/store";
        self.put(TAGS, "200 OK", r#"[{"ref":"refs/tags/v1.0.0","object":{"type":"commit"}},{"ref":"refs/tags/nightly"}]"#);
        self.put(&format!("{folder}/packer-plugin-box_v1.0.0_SHA256SUMS"), "200 OK", list);
        let moved = format!("302 Found\r\nLocation: {store}/zip?X-Amz-Signature=hidden");
        self.put(&format!("{folder}/{name}.zip"), moved, "");
        self.put(&format!("{store}/zip?X-Amz-Signature=hidden"), "200 OK", zip);
    }

    /// Cooper, with nothing but this in the world.
    fn run(&self, bench: &Bench, line: &[&str], token: Option<&str>) -> Ran {
        let mut command = bench.command(line);
        command
            .env_remove("COOPER_PLUGIN_MIRRORS")
            .env("HTTPS_PROXY", format!("http://{}", self.address))
            .env("HTTP_PROXY", format!("http://{}", self.address))
            .env("SSL_CERT_FILE", self.certificates.path().join("ca.pem"))
            .envs(token.map(|token| ("PACKER_GITHUB_API_TOKEN", token)));
        Ran::of(command.output().expect("it runs"))
    }
}

/// Where GitHub lists versions.
const TAGS: &str = "https://api.github.com/repos/acme/packer-plugin-box/git/matching-refs/tags";

fn serve(
    mut stream: TcpStream,
    config: &Arc<ServerConfig>,
    pages: &Mutex<BTreeMap<String, Page>>,
    asked: &Mutex<Vec<String>>,
) -> Option<()> {
    stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    let head = head(&mut stream)?;
    let target = head.split(' ').nth(1)?.to_owned();
    if !head.starts_with("CONNECT ") {
        return answer(&mut stream, &target, &head, pages, asked);
    }
    let host = target.strip_suffix(":443")?;
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").ok()?;
    let connection = ServerConnection::new(config.clone()).ok()?;
    let mut stream = StreamOwned::new(connection, stream);
    let head = self::head(&mut stream)?;
    let url = format!("https://{host}{}", head.split(' ').nth(1)?);
    answer(&mut stream, &url, &head, pages, asked)?;
    stream.conn.send_close_notify();
    stream.flush().ok()
}

fn head(stream: &mut impl Read) -> Option<String> {
    // Not a byte of what follows is taken.
    let mut reader = BufReader::with_capacity(1, stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        (reader.read_line(&mut head).ok()? > 0).then_some(())?;
    }
    Some(head)
}

fn answer(
    stream: &mut impl Write,
    url: &str,
    head: &str,
    pages: &Mutex<BTreeMap<String, Page>>,
    asked: &Mutex<Vec<String>>,
) -> Option<()> {
    asked.lock().expect("no panic").push(format!("{url}\n{}", head.to_ascii_lowercase()));
    let page = pages.lock().expect("no panic").get(url).cloned();
    let (status, body) = page.unwrap_or_else(|| ("404 Not Found".to_owned(), Vec::new()));
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(&body).ok()
}

/// The addresses alone.
fn urls(asked: &[String]) -> Vec<&str> {
    asked.iter().filter_map(|asked| asked.lines().next()).collect()
}

#[test]
fn the_token_of_github_goes_to_its_api_and_nowhere_else() {
    let Some(internet) = Internet::start() else { return };
    internet.release();
    let bench = Bench::new(&[("github.com/acme/box", "~> 1.0")]);
    assert!(internet.run(&bench, &["init", "."], Some(TOKEN)).ok().contains(" v1.0.0 in "));
    let asked = internet.asked();
    let folder = "https://github.com/acme/packer-plugin-box/releases/download/v1.0.0";
    assert_eq!(
        urls(&asked),
        [
            TAGS,
            &format!("{folder}/packer-plugin-box_v1.0.0_SHA256SUMS"),
            &format!("{folder}/packer-plugin-box_v1.0.0_x5.0_{}.zip", platform()),
            "https://objects.githubusercontent.com/store/zip?X-Amz-Signature=hidden",
        ]
    );
    for asked in asked {
        let is_told = asked.contains(&format!("authorization: bearer {TOKEN}"));
        assert_eq!(is_told, asked.starts_with("https://api.github.com/"), "{asked}");
        assert!(is_told || !asked.contains(TOKEN), "{asked}");
        assert!(asked.contains("user-agent: cooper/"), "{asked}");
    }
    // Not after a redirect either, and back again.
    internet.put(TAGS, "301 Moved\r\nLocation: https://github.com/tags", "");
    internet.put(
        "https://github.com/tags",
        "301 Moved\r\nLocation: https://api.github.com/repositories/7/tags",
        "",
    );
    internet.put(
        "https://api.github.com/repositories/7/tags",
        "200 OK",
        r#"[{"ref":"refs/tags/v1.0.0"}]"#,
    );
    internet.run(&bench, &["init", "-upgrade", "."], Some(TOKEN)).ok();
    let asked = internet.asked();
    let told: Vec<bool> = asked.iter().take(3).map(|asked| asked.contains(TOKEN)).collect();
    assert_eq!(told, [true, false, true], "{asked:?}");
}

#[test]
fn what_was_asked_in_private_is_not_asked_in_the_open() {
    let Some(internet) = Internet::start() else { return };
    let bench = Bench::new(&[("github.com/acme/box", "~> 1.0")]);
    for to in ["http://api.github.com/tags", "http://github.com/tags"] {
        internet.put(TAGS, format!("302 Found\r\nLocation: {to}"), "");
        internet.put(to, "200 OK", r#"[{"ref":"refs/tags/v1.0.0"}]"#);
        let said = internet.run(&bench, &["init", "."], Some(TOKEN)).failed();
        assert!(said.contains(&format!("redirects to `{to}`, without encryption")), "{said}");
        assert_eq!(urls(&internet.asked()), [TAGS]);
    }
    internet.release();
    let zip = format!(
        "https://github.com/acme/packer-plugin-box/releases/download/v1.0.0/packer-plugin-box_v1.0.0_x5.0_{}.zip",
        platform()
    );
    internet.put(
        &zip,
        "302 Found\r\nLocation: http://objects.githubusercontent.com/zip?s=hidden",
        "",
    );
    let said = internet.run(&bench, &["init", "."], Some(TOKEN)).failed();
    assert!(said.contains("without encryption") && !said.contains("hidden"), "{said}");
    assert_eq!(bench.installed(), [""; 0]);
}

#[test]
fn the_limit_of_github_is_told_with_the_variable_that_helps() {
    let Some(internet) = Internet::start() else { return };
    let bench = Bench::new(&[("github.com/acme/box", "~> 1.0")]);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a time").as_secs();
    let reset = now + 12 * 60 - 5;
    let limited = format!(
        "403 Forbidden\r\nX-RateLimit-Limit: 60\r\nX-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: {reset}"
    );
    internet.put(TAGS, limited, r#"{"message":"API rate limit exceeded"}"#);
    let said = internet.run(&bench, &["init", "."], None).failed();
    let cause = "`api.github.com` has been asked too often (403 Forbidden), and answers again in 12 \
                 minutes";
    assert!(said.contains(cause), "{said}");
    let help = "help: a token in `PACKER_GITHUB_API_TOKEN` lets you ask more";
    assert!(said.contains(help), "{said}");
    // It is no use to ask again soon.
    assert_eq!(urls(&internet.asked()), [TAGS]);
    let said = internet.run(&bench, &["init", "."], Some(TOKEN)).failed();
    assert!(said.contains("help: try again later") && !said.contains(TOKEN), "{said}");
    internet.put(TAGS, "401 Unauthorized", r#"{"message":"Bad credentials"}"#);
    let said = internet.run(&bench, &["init", "."], Some(TOKEN)).failed();
    assert!(said.contains("help: is the token in `PACKER_GITHUB_API_TOKEN` right?"), "{said}");
}

/// HashiCorp's plugins are looked for on HashiCorp's server, and then on GitHub.
#[test]
fn hashicorp_s_plugins_come_from_hashicorp_or_else_from_github() {
    let Some(internet) = Internet::start() else { return };
    let bench = Bench::new(&[("github.com/hashicorp/box", "~> 1.0")]);
    let base = "https://releases.hashicorp.com/packer-plugin-box";
    let prefix = format!("{base}/1.0.0/packer-plugin-box_1.0.0_");
    let name = format!("packer-plugin-box_v1.0.0_x5.0_{}", platform());
    let zip = archive(&name, &program("1.0.0", "5.0"));
    let manifest = br#"{"version":1,"metadata":{"protocol_version":"5.0"}}"#;
    let zip_name = format!("packer-plugin-box_1.0.0_{}.zip", platform());
    let list = sums(&[(&zip_name, &zip), ("packer-plugin-box_1.0.0_manifest.json", &manifest[..])]);
    let index = r#"{"name":"packer-plugin-box","versions":{"1.0.0":{"name":"packer-plugin-box","shasums":"x","builds":[{"os":"linux"}]}}}"#;
    internet.put(&format!("{base}/index.json"), "200 OK", index);
    internet.put(&format!("{prefix}SHA256SUMS"), "200 OK", list);
    internet.put(&format!("{prefix}manifest.json"), "200 OK", manifest);
    internet.put(&format!("{base}/1.0.0/{zip_name}"), "200 OK", zip);
    assert!(internet.run(&bench, &["init", "."], Some(TOKEN)).ok().contains(" v1.0.0 in "));
    let asked = internet.asked();
    assert!(urls(&asked).iter().all(|url| url.starts_with(base)), "{asked:?}");
    assert!(asked.iter().all(|asked| !asked.contains(TOKEN)), "{asked:?}");

    fs::remove_dir_all(bench.folder.path().join("plugins")).expect("it was there");
    fs::remove_file(bench.folder.path().join(".cooper.lock.hcl")).expect("it was there");
    internet.put(&format!("{base}/index.json"), "404 Not Found", "");
    let said = internet.run(&bench, &["init", "."], None).failed();
    assert!(said.contains("releases.hashicorp.com: there is no `"), "{said}");
    assert!(
        said.contains(
            "github.com: there is no `https://api.github.com/repos/hashicorp/packer-plugin-box/"
        ),
        "{said}"
    );
}
