//! A web server with releases of plugins, in both layouts that there are, and with whatever else a
//! test wants it to answer.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Cursor, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::error::{Context, Result};

/// What is answered to one path.
#[derive(Clone, Debug)]
pub enum Page {
    /// This, with success.
    Body(Vec<u8>),
    /// Another status, headers, each with its line end, and no body.
    Status(u16, String),
    /// Go there.
    Redirect(String),
    /// A body of this length is promised, and only its beginning comes.
    Promise(u64),
    /// A body that never ends.
    Endless,
    /// Nothing, for as long as anybody waits.
    Silence,
}

/// A release of a plugin.
#[derive(Clone, Copy, Debug)]
pub struct Release<'a> {
    /// Whose it is, where the layout knows that.
    pub owner: &'a str,
    /// The plugin.
    pub name: &'a str,
    /// `1.2.3`
    pub version: &'a str,
    /// The version of the protocol: `5.0`.
    pub api: &'a str,
    /// What it is for: `linux_amd64`.
    pub platform: &'a str,
    /// The program.
    pub program: &'a [u8],
}

/// The server. It ends with the test.
pub struct ReleaseServer {
    address: String,
    shelves: Arc<Shelves>,
}

#[derive(Default)]
struct Shelves {
    pages: Mutex<BTreeMap<String, Page>>,
    asked: Mutex<Vec<String>>,
    /// By the path of the list that they are in.
    versions: Mutex<BTreeMap<String, BTreeSet<String>>>,
}

impl ReleaseServer {
    /// Starts one without releases.
    pub fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("listen on loopback")?;
        let address = listener.local_addr().context("listen on loopback")?.to_string();
        let shelves = Arc::new(Shelves::default());
        std::thread::spawn({
            let shelves = shelves.clone();
            move || {
                for stream in listener.incoming().flatten() {
                    let shelves = shelves.clone();
                    std::thread::spawn(move || shelves.answer(stream));
                }
            }
        });
        Ok(Self { address, shelves })
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Lets it answer a path from now on.
    pub fn put(&self, path: impl Into<String>, page: Page) {
        held(&self.shelves.pages).insert(path.into(), page);
    }

    /// What it answers to a path.
    pub fn page(&self, path: &str) -> Option<Page> {
        held(&self.shelves.pages).get(path).cloned()
    }

    /// What it was asked since the last time, each with its headers.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *held(&self.shelves.asked))
    }

    /// Adds a release in HashiCorp's layout, below `/hashicorp`. Returns the folder of the release.
    pub fn hashicorp(&self, release: &Release<'_>) -> String {
        let Release { owner: _, name, version, api, platform, program } = *release;
        let product = format!("packer-plugin-{name}");
        let folder = format!("/hashicorp/{product}/{version}");
        let prefix = format!("{product}_{version}_");
        let binary = format!("{product}_v{version}_x{api}_{platform}");
        let archive = archive(&binary, program);
        let manifest = format!(r#"{{"version":1,"metadata":{{"protocol_version":"{api}"}}}}"#);
        let sums = sums(&[
            (&format!("{prefix}{platform}.zip"), &archive),
            (&format!("{prefix}manifest.json"), manifest.as_bytes()),
        ]);
        self.put(format!("{folder}/{prefix}SHA256SUMS"), Page::Body(sums));
        self.put(format!("{folder}/{prefix}manifest.json"), Page::Body(manifest.into()));
        self.put(format!("{folder}/{prefix}{platform}.zip"), Page::Body(archive));
        let list = format!("/hashicorp/{product}/index.json");
        let versions = self.listed(&list, version);
        let versions = versions.iter().map(|version| {
            format!(r#""{version}":{{"name":"{product}","version":"{version}","builds":[]}}"#)
        });
        let index = format!(
            r#"{{"name":"{product}","versions":{{{}}}}}"#,
            versions.collect::<Vec<_>>().join(",")
        );
        self.put(list, Page::Body(index.into()));
        folder
    }

    /// Adds a release in GitHub's layout, below `/github`, with its API below `/github/api/v3`.
    /// Returns the folder of the release.
    pub fn github(&self, release: &Release<'_>) -> String {
        let Release { owner, name, version, api, platform, program } = *release;
        let product = format!("packer-plugin-{name}");
        let folder = format!("/github/{owner}/{product}/releases/download/v{version}");
        let binary = format!("{product}_v{version}_x{api}_{platform}");
        let archive = archive(&binary, program);
        let sums = sums(&[
            (&format!("{product}_v{version}_x{api}_other_none.zip"), b"for another machine"),
            (&format!("{binary}.zip"), &archive),
        ]);
        self.put(format!("{folder}/{product}_v{version}_SHA256SUMS"), Page::Body(sums));
        self.put(format!("{folder}/{binary}.zip"), Page::Body(archive));
        let list = format!("/github/api/v3/repos/{owner}/{product}/git/matching-refs/tags");
        let versions = self.listed(&list, version);
        let tags = versions.iter().map(|version| format!(r#"{{"ref":"refs/tags/v{version}"}}"#));
        let tags = format!("[{}]", tags.collect::<Vec<_>>().join(","));
        self.put(list, Page::Body(tags.into()));
        folder
    }

    /// Every version in a list, this one among them.
    fn listed(&self, list: &str, version: &str) -> BTreeSet<String> {
        let mut versions = held(&self.shelves.versions);
        let versions = versions.entry(list.to_owned()).or_default();
        versions.insert(version.to_owned());
        versions.clone()
    }
}

impl Shelves {
    fn answer(&self, mut stream: TcpStream) -> Option<()> {
        stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).ok()? == 0 {
                return None;
            }
        }
        let path = head.split(' ').nth(1)?.to_owned();
        held(&self.asked).push(head);
        let page = held(&self.pages).get(&path).cloned();
        let page = page.unwrap_or(Page::Status(404, String::new()));
        let mut begin = |status: u16, headers: &str, length: u64| {
            let text = format!(
                "HTTP/1.1 {status} -\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n"
            );
            stream.write_all(text.as_bytes()).ok()
        };
        match page {
            Page::Body(body) => {
                begin(200, "", body.len() as u64)?;
                stream.write_all(&body).ok()
            }
            Page::Status(status, headers) => begin(status, &headers, 0),
            Page::Redirect(to) => begin(302, &format!("Location: {to}\r\n"), 0),
            Page::Promise(length) => {
                begin(200, "", length)?;
                stream.write_all(b"PK").ok()
            }
            Page::Silence => {
                begin(200, "", 1 << 20)?;
                std::thread::sleep(Duration::from_secs(60));
                None
            }
            Page::Endless => {
                stream.write_all(b"HTTP/1.1 200 -\r\nConnection: close\r\n\r\n").ok()?;
                let piece = vec![b' '; 1 << 16];
                loop {
                    stream.write_all(&piece).ok()?;
                }
            }
        }
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An archive with a program, and what stands beside it.
pub fn archive(binary: &str, program: &[u8]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().unix_permissions(0o755);
    for (name, content) in [("LICENSE", &b"free"[..]), (binary, program)] {
        // Nothing in memory fails.
        let _ = zip.start_file(name, options);
        let _ = zip.write_all(content);
    }
    zip.finish().map(Cursor::into_inner).unwrap_or_default()
}

/// A list of checksums.
pub fn sums(files: &[(&str, &[u8])]) -> Vec<u8> {
    let line = |(name, content): &(&str, &[u8])| {
        let digest: String =
            Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{digest}  {name}\n")
    };
    files.iter().map(line).collect::<String>().into_bytes()
}
