//! A case: a sentence, commands, files, and what is expected.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use libtest_mimic::Failed;

use crate::placeholder::Placeholders;

/// A command must end within this many seconds.
const LONGEST: &str = "60";

/// A test as it is written.
pub(crate) struct Case {
    /// What the case shows.
    sentence: String,
    /// Shell lines, with the code that each is expected to end with.
    commands: Vec<(String, i32)>,
    /// Files that are there before the first command.
    files: Vec<Section>,
    /// Files that are looked at after the last command.
    after: Vec<Section>,
}

/// A part with a title: `-- title --`.
struct Section {
    title: String,
    body: String,
}

/// What running a case has shown.
pub(crate) struct Seen {
    codes: Vec<i32>,
    /// What all commands printed.
    pub(crate) stdout: String,
    /// And on standard error.
    pub(crate) stderr: String,
    after: Vec<String>,
}

impl Case {
    /// Reads a case.
    pub(crate) fn parse(text: &str) -> Result<Self, Failed> {
        let mut case = Self {
            sentence: String::new(),
            commands: Vec::new(),
            files: Vec::new(),
            after: Vec::new(),
        };
        let mut lines = text.split_inclusive('\n').peekable();
        while let Some(line) = lines.next_if(|line| title(line).is_none()) {
            if let Some(command) = line.strip_prefix("$ ") {
                case.commands.push((command.trim_end().to_owned(), 0));
            } else if let Some(code) = line.strip_prefix("? ") {
                let last = case.commands.last_mut().ok_or("a code without a command")?;
                last.1 = code.trim().parse()?;
            } else if case.commands.is_empty() {
                case.sentence.push_str(line);
            } else if !line.trim().is_empty() {
                return Err(format!("neither a command nor a code: {line}").into());
            }
        }
        while let Some(line) = lines.next() {
            let title = title(line).ok_or("a title was expected")?.to_owned();
            let mut body = String::new();
            while let Some(line) = lines.next_if(|line| self::title(line).is_none()) {
                body.push_str(line);
            }
            match title.as_str() {
                "stdout" | "stderr" => {}
                _ if title.ends_with(" (after)") => case.after.push(Section { title, body }),
                _ => case.files.push(Section { title, body }),
            }
        }
        if case.commands.is_empty() {
            return Err("there is no command: write `$ cooper …`".into());
        }
        Ok(case)
    }

    /// Runs the commands in a folder of their own.
    pub(crate) fn run(&self, cooper: &Path) -> Result<Seen, Failed> {
        let folder = tempfile::Builder::new().prefix("case").tempdir()?;
        let root = folder.path().canonicalize()?;
        for Section { title, body } in &self.files {
            let (name, bytes) = match title.strip_suffix(" (escaped)") {
                Some(name) => (name, unescape(body)?),
                None => (title.as_str(), body.as_bytes().to_vec()),
            };
            let path = root.join(name);
            fs::create_dir_all(path.parent().ok_or("a file needs a folder")?)?;
            fs::write(path, bytes)?;
        }
        let programs = cooper.parent().ok_or("the program is in a folder")?;
        let mut placeholders = Placeholders::new(&root.display().to_string());
        let mut seen = Seen {
            codes: Vec::new(),
            stdout: String::new(),
            stderr: String::new(),
            after: Vec::new(),
        };
        for (command, _) in &self.commands {
            let output = Command::new("timeout")
                .args([LONGEST, "sh", "-c", command])
                .current_dir(&root)
                .env_clear()
                .env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", programs.display()))
                .env("HOME", &root)
                .env("TMPDIR", &root)
                .env("LC_ALL", "C.UTF-8")
                .env("TZ", "UTC")
                // No case may depend on a daemon that happens to run.
                .env("DOCKER_HOST", "unix:///nowhere/docker.sock")
                .stdin(Stdio::null())
                .output()?;
            seen.codes.push(output.status.code().unwrap_or(-1));
            seen.stdout.push_str(&placeholders.replace(&String::from_utf8(output.stdout)?));
            seen.stderr.push_str(&placeholders.replace(&String::from_utf8(output.stderr)?));
        }
        for Section { title, .. } in &self.after {
            let name = title.trim_end_matches(" (after)");
            let text = match fs::read(root.join(name)) {
                Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
                Err(error) => format!("{}\n", error.kind()),
            };
            seen.after.push(placeholders.replace(&text));
        }
        Ok(seen)
    }

    /// The case as it is written when this is what is expected.
    pub(crate) fn with(&self, seen: &Seen) -> String {
        let mut text = self.sentence.clone();
        for ((command, _), code) in self.commands.iter().zip(&seen.codes) {
            text.push_str(&format!("$ {command}\n"));
            if *code != 0 {
                text.push_str(&format!("? {code}\n"));
            }
        }
        let mut section = |title: &str, body: &str| {
            text.push_str(&format!("-- {title} --\n{body}"));
            if !body.is_empty() && !body.ends_with('\n') {
                text.push('\n');
            }
        };
        for Section { title, body } in &self.files {
            section(title, body);
        }
        for (Section { title, .. }, body) in self.after.iter().zip(&seen.after) {
            section(title, body);
        }
        for (title, body) in [("stdout", &seen.stdout), ("stderr", &seen.stderr)] {
            if !body.is_empty() {
                section(title, body);
            }
        }
        text
    }
}

fn title(line: &str) -> Option<&str> {
    line.trim_end().strip_prefix("-- ")?.strip_suffix(" --")
}

/// Bytes written as text: `\x1b` is one byte, a backslash is doubled, line ends are dropped.
fn unescape(body: &str) -> Result<Vec<u8>, Failed> {
    let mut bytes = Vec::new();
    let mut rest = body.chars().filter(|c| *c != '\n');
    while let Some(c) = rest.next() {
        match c {
            '\\' => match rest.next() {
                Some('x') => {
                    let digits: String = rest.by_ref().take(2).collect();
                    bytes.push(u8::from_str_radix(&digits, 16)?);
                }
                Some('n') => bytes.push(b'\n'),
                Some('\\') => bytes.push(b'\\'),
                other => return Err(format!("no such escape: \\{other:?}").into()),
            },
            c => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Ok(bytes)
}
