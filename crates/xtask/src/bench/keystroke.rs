//! How long an editor waits for diagnostics after a keystroke. Packer has nothing to compare.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use cooper_testbed::{Context, Error, Result};
use serde_json::{Value, json};

/// What is aimed at, for the slowest of twenty keystrokes.
const GOAL: &str = "95 of 100 under 50 ms";

/// The folder has this many files.
const FILES: usize = 10;

/// And this many lines in all.
const LINES: usize = 5_000;

/// What is typed, letter by letter, into a `locals` block of every file, and taken back.
const TYPED: &str = "  typed = \"${upper(var.f0_v1)}-${local.f1_l2}\"\n";

/// Types in a folder of 5,000 lines and measures; returns a line in words.
pub(crate) fn run(cooper: &Path, folder: &Path, small: bool) -> Result<String> {
    let lines = if small { LINES / 10 } else { LINES };
    let mut texts = Vec::new();
    for file in 0..FILES {
        let text = template(file, lines / FILES);
        let name = format!("f{file}.pkr.hcl");
        fs::write(folder.join(&name), &text).context(format!("write {name}"))?;
        texts.push(text);
    }
    let count: usize = texts.iter().map(|text| text.lines().count()).sum();
    let mut editor = Editor::start(cooper, folder)?;
    let first = Instant::now();
    for (file, text) in texts.iter().enumerate() {
        editor.open(file, text)?;
    }
    let found = editor.diagnostics(FILES - 1, 1)?;
    let first = first.elapsed();
    if found != json!([]) {
        return Err(Error::new(format!("the folder is not right: {found}")));
    }
    let mut times = Vec::new();
    for (file, text) in texts.iter().enumerate().take(if small { 2 } else { FILES }) {
        let before = text.split("locals {\n").next().map_or(0, |text| text.lines().count());
        times.extend(editor.type_at(file, before + 1)?);
    }
    editor.stop()?;
    times.sort();
    let of = |part: usize| times.get(times.len() * part / 100).copied().unwrap_or_default();
    Ok(format!(
        "diagnostics after a keystroke in a folder of {count} lines: median {}, 95 of 100 within {}, \
         slowest {} ({} keystrokes; {} after opening). Aim: {GOAL}.",
        shown(of(50)),
        shown(of(95)),
        shown(of(100).max(times.last().copied().unwrap_or_default())),
        times.len(),
        shown(first),
    ))
}

fn shown(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

/// A file of that many lines, with some of everything that templates have.
fn template(file: usize, lines: usize) -> String {
    let mut text = String::new();
    let mut part = 0;
    // A part has 33 lines.
    while text.lines().count() + 33 <= lines {
        let _ = write!(
            text,
            "variable \"f{file}_v{part}\" {{\n  type        = string\n  default     = \"value-{part}\"\n  \
             description = \"What part {part} is made with.\"\n  validation {{\n    \
             condition     = length(var.f{file}_v{part}) > 0\n    error_message = \"It is needed.\"\n  \
             }}\n}}\n\nlocals {{\n  f{file}_l{part} = \"${{upper(var.f{file}_v{part})}}-{part}\"\n  \
             f{file}_m{part} = {{ for k in [\"a\", \"b\"] : k => \"${{local.f{file}_l{part}}}-${{k}}\" }}\n}}\n\n\
             source \"docker\" \"f{file}_s{part}\" {{\n  image  = \"base:${{lower(local.f{file}_l{part})}}\"\n  \
             commit = true\n}}\n\nbuild {{\n  sources = [\"source.docker.f{file}_s{part}\"]\n  \
             provisioner \"shell\" {{\n    inline = [\n      \"echo ${{local.f{file}_m{part}.a}} ${{build.ID}}\",\n      \
             \"echo ${{join(\",\", keys(local.f{file}_m{part}))}}\",\n    ]\n  }}\n  \
             post-processor \"docker-tag\" {{\n    repository = \"registry.example/f{file}\"\n  }}\n}}\n"
        );
        part += 1;
    }
    while text.lines().count() < lines {
        text.push_str("# …\n");
    }
    text
}

struct Editor<'a> {
    folder: &'a Path,
    program: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    versions: [i64; FILES],
}

impl<'a> Editor<'a> {
    fn start(cooper: &Path, folder: &'a Path) -> Result<Self> {
        let mut command = Command::new(cooper);
        command.arg("lsp").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut program = command.spawn().context("start `cooper lsp`")?;
        let pipes = program.stdin.take().zip(program.stdout.take());
        let (input, output) = pipes.ok_or_else(|| Error::new("`cooper lsp` has no pipes"))?;
        let output = BufReader::new(output);
        let mut editor = Self { folder, program, input, output, versions: [1; FILES] };
        editor.say(json!({ "id": 1, "method": "initialize", "params": { "capabilities": {} } }))?;
        editor.wait(|message| message["id"] == 1)?;
        editor.say(json!({ "method": "initialized", "params": {} }))?;
        Ok(editor)
    }

    fn uri(&self, file: usize) -> String {
        format!("file://{}/f{file}.pkr.hcl", self.folder.display())
    }

    fn open(&mut self, file: usize, text: &str) -> Result<()> {
        let uri = self.uri(file);
        let item = json!({ "uri": uri, "languageId": "hcl", "version": 1, "text": text });
        let params = json!({ "textDocument": item });
        self.say(json!({ "method": "textDocument/didOpen", "params": params }))
    }

    /// Types a line and takes it back; returns how long each keystroke took.
    fn type_at(&mut self, file: usize, line: usize) -> Result<Vec<Duration>> {
        let mut times = Vec::new();
        let letters: Vec<char> = TYPED.chars().collect();
        let place = |column: usize| match letters.get(..column).and_then(|typed| typed.last()) {
            Some('\n') => json!({ "line": line + 1, "character": 0 }),
            _ => json!({ "line": line, "character": column }),
        };
        let write = (0..letters.len()).map(|at| (at, at, letters[at].to_string()));
        let erase = (0..letters.len()).rev().map(|at| (at, at + 1, String::new()));
        for (start, end, text) in write.chain(erase) {
            let range = json!({ "start": place(start), "end": place(end) });
            self.versions[file] += 1;
            let version = self.versions[file];
            let params = json!({
                "textDocument": { "uri": self.uri(file), "version": version },
                "contentChanges": [{ "range": range, "text": text }],
            });
            let begun = Instant::now();
            self.say(json!({ "method": "textDocument/didChange", "params": params }))?;
            self.diagnostics(file, version)?;
            times.push(begun.elapsed());
        }
        Ok(times)
    }

    fn diagnostics(&mut self, file: usize, version: i64) -> Result<Value> {
        let uri = self.uri(file);
        let message = self.wait(|message| {
            let params = &message["params"];
            params["uri"] == uri.as_str() && params["version"] == version
        })?;
        Ok(message["params"]["diagnostics"].clone())
    }

    fn say(&mut self, message: Value) -> Result<()> {
        let text = message.to_string();
        let text = format!("Content-Length: {}\r\n\r\n{text}", text.len());
        let sent = self.input.write_all(text.as_bytes()).and_then(|()| self.input.flush());
        sent.context("talk to `cooper lsp`")
    }

    fn wait(&mut self, fits: impl Fn(&Value) -> bool) -> Result<Value> {
        loop {
            let mut length = 0;
            loop {
                let mut line = String::new();
                let read = self.output.read_line(&mut line).context("hear `cooper lsp`")?;
                if read == 0 {
                    return Err(Error::new("`cooper lsp` ended"));
                }
                match line.trim_end().split_once(": ") {
                    Some((_, value)) => length = value.parse().context("read a length")?,
                    None => break,
                }
            }
            let mut text = vec![0; length];
            self.output.read_exact(&mut text).context("hear `cooper lsp`")?;
            let message: Value = serde_json::from_slice(&text).context("read a message")?;
            if fits(&message) {
                return Ok(message);
            }
        }
    }

    fn stop(mut self) -> Result<()> {
        self.say(json!({ "id": 2, "method": "shutdown" }))?;
        self.wait(|message| message["id"] == 2)?;
        self.say(json!({ "method": "exit" }))?;
        self.program.wait().context("wait for `cooper lsp`")?;
        Ok(())
    }
}
