//! The program in a folder of its own.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use regex::Regex;
use tempfile::TempDir;

use super::places::Place;
use super::secret::Secret;
use super::way::Way;

/// What it takes to have a secret in a template.
#[derive(Default)]
pub(crate) struct Input {
    /// The secret, as an expression.
    pub(crate) expression: String,
    /// Blocks that declare it.
    pub(crate) declarations: String,
    pub(crate) flags: Vec<String>,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) files: Vec<(String, String)>,
    /// What Consul answers.
    pub(crate) consul: Option<String>,
}

/// A folder in which commands are run.
pub(crate) struct Run {
    folder: TempDir,
    input: Input,
    logged: bool,
    typed: String,
}

/// What a command wrote.
pub(crate) struct Output {
    /// Everything by its name.
    pub(crate) texts: Vec<(String, String)>,
    /// Files for a time that are still there.
    pub(crate) left_behind: Vec<String>,
}

impl Run {
    /// A template, and a secret on its way into it.
    pub(crate) fn new(place: &Place, way: Way, secret: &Secret) -> Self {
        let input = way.input(secret.text());
        let template = input.declarations.clone() + &place.template.replace('@', &input.expression);
        let mut files = vec![
            ("t.pkr.hcl".to_owned(), template),
            ("engine.json".to_owned(), place.engine.clone()),
            ("plain.txt".to_owned(), "plain".to_owned()),
        ];
        files.extend(input.files.iter().cloned());
        Self { input, ..Self::of_files(&files) }
    }

    /// Files and nothing else.
    pub(crate) fn of_files(files: &[(String, String)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            fs::write(folder.path().join(name), text).expect("a file");
        }
        fs::create_dir(folder.path().join("tmp")).expect("a folder for a time");
        Self { folder, input: Input::default(), logged: false, typed: String::new() }
    }

    /// With everything in the log.
    pub(crate) fn logged(self) -> Self {
        Self { logged: true, ..self }
    }

    /// With these lines, in which `@` is the secret, on standard input.
    pub(crate) fn typing(self, lines: &str) -> Self {
        Self { typed: lines.replace('@', &self.input.expression), ..self }
    }

    /// Runs a command on the template.
    pub(crate) fn command(self, line: &str) -> Output {
        let Self { folder, input, logged, typed } = self;
        let folder = folder.path();
        let mut command = Command::new(env!("CARGO_BIN_EXE_cooper"));
        command.args(line.split_whitespace()).args(&input.flags);
        // Without one, so that a broken variable file is the only trouble.
        command.arg(if line.contains("-json-template") { "t.pkr.json" } else { "t.pkr.hcl" });
        command.current_dir(folder).env_clear().env("PATH", "/usr/bin:/bin").env("LANG", "C.UTF-8");
        command.env("TMPDIR", folder.join("tmp")).env("HOME", folder);
        command.env("COOPER_TEST_ENGINE", "engine.json").envs(input.environment);
        if logged {
            command.env("PACKER_LOG_PATH", folder.join("log")).env("COOPER_LOG", "trace");
        }
        let consul = input.consul.map(serve);
        if let Some(address) = consul {
            command.env("CONSUL_HTTP_ADDR", address);
        }
        fs::write(folder.join("typed"), typed).expect("what is typed");
        let typed: OwnedFd = fs::File::open(folder.join("typed")).expect("what is typed").into();
        let output = command.stdin(Stdio::from(typed)).output().expect("cooper runs");
        let mut texts = vec![
            ("stdout".to_owned(), String::from_utf8_lossy(&output.stdout).into_owned()),
            ("stderr".to_owned(), String::from_utf8_lossy(&output.stderr).into_owned()),
        ];
        for name in ["log", "crash.log", ".cooper.lock.hcl"] {
            if let Ok(text) = fs::read(folder.join(name)) {
                texts.push((name.to_owned(), String::from_utf8_lossy(&text).into_owned()));
            }
        }
        Output { texts, left_behind: names(&folder.join("tmp")) }
    }
}

impl Output {
    /// Whether a build began.
    pub(crate) fn began(&self) -> bool {
        self.texts
            .iter()
            .any(|(_, text)| text.contains("Wait completed") || text.contains("run-finished"))
    }

    /// What was printed, without what chance has a part in.
    pub(crate) fn comparable(&self, _secret: &Secret) -> String {
        let chance = [r"/tmp/\.tmp\w+", r"(?m)^\d{10},", r"\d{4}-\d\d-\d\dT[0-9:.]+Z"];
        let text: String = self.texts.iter().map(|(_, text)| text.as_str()).collect();
        chance.iter().fold(text, |text, pattern| {
            let pattern = Regex::new(pattern).expect("a pattern");
            pattern.replace_all(&text, "…").into_owned()
        })
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// A Consul that knows one value, and answers until the test ends.
fn serve(value: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let length = value.len();
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{value}"
            );
        }
    });
    address
}
