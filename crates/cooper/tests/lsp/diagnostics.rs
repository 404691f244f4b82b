//! What is wrong, as `cooper validate` says it.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use cooper_hcl::{SourceMap, Span};
use serde_json::{Value, json};

use crate::client::{Client, is_template};

const GOOD: &str =
    "source \"null\" \"a\" { communicator = \"none\" }\nbuild { sources = [\"source.null.a\"] }\n";

#[test]
fn they_come_and_go_with_the_text() {
    let mut client = Client::meet(&[]);
    client.open("a.pkr.hcl", &GOOD.replace("source.null.a", "source.null.b"));
    let found = client.diagnostics("a.pkr.hcl");
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["code"], "unknown-reference");
    assert_eq!(found[0]["source"], "cooper");
    assert_eq!(found[0]["severity"], 1);
    assert_eq!(
        found[0]["message"],
        "there is no source called `null.b`\nhelp: did you mean `null.a`?"
    );
    assert_eq!(
        found[0]["range"],
        json!({
            "start": { "line": 1, "character": 19 },
            "end": { "line": 1, "character": 34 },
        })
    );
    let letter = json!({
        "start": { "line": 1, "character": 32 },
        "end": { "line": 1, "character": 33 },
    });
    client.change("a.pkr.hcl", json!([{ "range": letter, "text": "a" }]));
    assert_eq!(client.diagnostics("a.pkr.hcl"), Vec::<Value>::new());
}

#[test]
fn the_files_of_a_folder_are_one_template() {
    let files = [("a.pkr.hcl", GOOD), ("b.pkr.hcl", "locals { x = var.y }\n"), ("c.txt", "}")];
    let mut client = Client::meet(&files);
    client.open_saved("a.pkr.hcl");
    assert_eq!(client.diagnostics("a.pkr.hcl"), Vec::<Value>::new());
    let elsewhere = client.diagnostics_of("b.pkr.hcl", None);
    assert_eq!(elsewhere[0]["code"], "unknown-variable");
    // What is not saved counts, and what was told of a file that is not open is taken back.
    client.open("v.pkr.hcl", "variable \"y\" { default = 1 }\n");
    assert_eq!(client.diagnostics("v.pkr.hcl"), Vec::<Value>::new());
    assert_eq!(client.diagnostics_of("b.pkr.hcl", None), Vec::<Value>::new());
    // What is closed without being saved is gone.
    client.close("v.pkr.hcl");
    assert_eq!(client.diagnostics_of("b.pkr.hcl", None)[0]["code"], "unknown-variable");
    // Once nothing of the folder is open, nothing is told of it.
    client.close("a.pkr.hcl");
    assert_eq!(client.diagnostics_of("b.pkr.hcl", None), Vec::<Value>::new());
}

#[test]
fn files_can_be_templates_of_their_own() {
    let files = [("a.pkr.hcl", GOOD), ("b.pkr.hcl", GOOD)];
    let mut client = Client::meet(&files);
    client.open_saved("a.pkr.hcl");
    client.open_saved("b.pkr.hcl");
    let found = [client.diagnostics("a.pkr.hcl"), client.diagnostics("b.pkr.hcl")].concat();
    assert!(found.iter().any(|d| d["code"] == "duplicate"), "{found:?}");
    let mut client = Client::start(&files);
    client.introduce(json!({ "template": "file" }));
    for name in ["a.pkr.hcl", "b.pkr.hcl"] {
        client.open_saved(name);
        assert_eq!(client.diagnostics(name), Vec::<Value>::new());
    }
}

#[test]
fn saved_files_that_templates_read_are_looked_at_again() {
    let text = format!(
        "{GOOD}build {{\n  sources = [\"source.null.a\"]\n  provisioner \"shell\" {{ script = \"x.sh\" }}\n}}\n"
    );
    let mut client = Client::meet(&[]);
    client.open("a.pkr.hcl", &text);
    assert_eq!(client.diagnostics("a.pkr.hcl")[0]["code"], "unreadable-file");
    fs::write(client.path("x.sh"), "true\n").expect("a file");
    client.notify("workspace/didChangeWatchedFiles", json!({ "changes": [] }));
    assert_eq!(client.diagnostics("a.pkr.hcl"), Vec::<Value>::new());
}

#[test]
fn variable_files_are_checked_too() {
    let template = format!("variable \"n\" {{ type = number }}\n{GOOD}");
    let files = [("a.pkr.hcl", &*template), ("x.auto.pkrvars.hcl", "n = 1\n")];
    let mut client = Client::meet(&files);
    client.open("x.auto.pkrvars.hcl", "n = \"one\"\n");
    assert_eq!(client.diagnostics("x.auto.pkrvars.hcl")[0]["code"], "invalid-value");
    client.rewrite("x.auto.pkrvars.hcl", "n = 1\n");
    assert_eq!(client.diagnostics("x.auto.pkrvars.hcl"), Vec::<Value>::new());
    client.open("prod.pkrvars.hcl", "n = 2\nm = 3\n");
    let found = client.diagnostics("prod.pkrvars.hcl");
    assert_eq!((found.len(), &found[0]["code"]), (1, &json!("undeclared-variable")));
    assert_eq!(found[0]["severity"], 2);
}

#[test]
fn settings_give_variables_values() {
    let template = format!("variable \"a\" {{}}\nvariable \"b\" {{}}\n{GOOD}");
    let files = [("t/a.pkr.hcl", &*template), ("t/b.pkrvars.hcl", "b = 1\n")];
    let mut client = Client::start(&files);
    client.introduce(json!({ "variables": { "a": "1" }, "variableFiles": ["b.pkrvars.hcl"] }));
    client.open_saved("t/a.pkr.hcl");
    assert_eq!(client.diagnostics("t/a.pkr.hcl"), Vec::<Value>::new());
}

#[test]
fn secrets_are_not_told() {
    let text = format!(
        "variable \"p\" {{\n default = \"hunter2\"\n sensitive = true\n}}\n\
         locals {{ x = regex(\"[\", var.p) }}\nlocals {{ y = tonumber(var.p) }}\n{GOOD}"
    );
    let mut client = Client::meet(&[]);
    client.open("a.pkr.hcl", &text);
    let found = json!(client.diagnostics("a.pkr.hcl")).to_string();
    assert!(found.contains("function-call") && !found.contains("hunter2"), "{found}");
}

#[test]
fn nothing_is_asked() {
    let server = TcpListener::bind("127.0.0.1:0").expect("a port");
    server.set_nonblocking(true).expect("a socket");
    let address = server.local_addr().expect("an address");
    let text = format!(
        "data \"http\" \"page\" {{\n  url = \"http://{address}/\"\n}}\nlocals {{\n  x = data.http.page.body\n}}\n\
         source \"docker\" \"d\" {{\n  image  = local.x\n  commit = true\n}}\n\
         build {{\n  sources = [\"source.docker.d\"]\n}}\n"
    );
    let docker = ("DOCKER_HOST".to_owned(), format!("tcp://{address}"));
    let mut client = Client::start_with(&[], &[docker]);
    client.introduce(json!({}));
    client.open("a.pkr.hcl", &text);
    assert_eq!(client.diagnostics("a.pkr.hcl"), Vec::<Value>::new());
    client.rewrite("a.pkr.hcl", &text.replace("page", "other"));
    assert_eq!(client.diagnostics("a.pkr.hcl"), Vec::<Value>::new());
    assert!(server.accept().is_err(), "somebody was asked");
}

/// What a diagnostic says: its file, range, code, message and help, and its other places.
type Said = (Option<(String, Value)>, String, String, Option<String>, Vec<(String, Value, String)>);

#[test]
fn they_are_those_of_validate() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/cases");
    let (mut compared, mut mistaken) = (0, 0);
    for path in files_below(&cases) {
        let text = fs::read_to_string(&path).expect("a case");
        for case in Case::parse(&text) {
            if let Some(found) = case.compare(&path) {
                compared += 1;
                mistaken += usize::from(found > 0);
            }
        }
    }
    assert!(compared >= 120 && mistaken >= 100, "{compared}, {mistaken} of them with mistakes");
}

/// Every case: a new one is a test of this too.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => files.extend(files_below(&path)),
            false => files.push(path),
        }
    }
    files.sort();
    files
}

/// A case, as far as it is of interest here.
struct Case {
    files: Vec<(String, String)>,
    template: String,
    variables: Vec<(String, String)>,
    variable_files: Vec<String>,
    environment: Vec<(String, String)>,
}

impl Case {
    /// Reads a case: one for each of its commands, up to the first of which an editor cannot say the
    /// same.
    fn parse(text: &str) -> Vec<Self> {
        let Some((head, sections)) = text.split_once("\n-- ") else { return Vec::new() };
        let mut files = Vec::new();
        for file in sections.split("\n-- ") {
            let (title, body) = file.split_once(" --\n").unwrap_or((file, ""));
            let (title, text) = match title.strip_suffix(" (escaped)") {
                Some(title) => (title, unescaped(body)),
                None => (title, Some(format!("{body}\n"))),
            };
            match (title, text) {
                ("stdout" | "stderr", _) => {}
                (title, _) if title.ends_with("(after)") => {}
                (title, Some(text)) => files.push((title.to_owned(), text)),
                // An editor's texts are texts.
                (_, None) => return Vec::new(),
            }
        }
        let commands = head.lines().filter_map(|line| line.strip_prefix("$ "));
        commands.map_while(|command| Self::of(command, &files)).collect()
    }

    /// Reads a command; nothing when an editor cannot say the same.
    fn of(command: &str, files: &[(String, String)]) -> Option<Self> {
        let mut case = Self {
            files: files.to_vec(),
            template: String::new(),
            variables: Vec::new(),
            variable_files: Vec::new(),
            environment: Vec::new(),
        };
        let words = words(command)?;
        let mut words = words.iter().map(String::as_str).peekable();
        while let Some((name, value)) = words.peek().and_then(|word| word.split_once('=')) {
            case.environment.push((name.to_owned(), value.to_owned()));
            words.next();
        }
        if words.next() != Some("cooper") || !matches!(words.next(), Some("validate" | "build")) {
            return None;
        }
        while let Some(word) = words.next() {
            if let Some(given) = word.strip_prefix("-var=") {
                let (name, value) = given.split_once('=')?;
                case.variables.push((name.to_owned(), value.to_owned()));
            } else if word == "-var" {
                let (name, value) = words.next()?.split_once('=')?;
                case.variables.push((name.to_owned(), value.to_owned()));
            } else if let Some(path) = word.strip_prefix("-var-file=") {
                case.variable_files.push(path.to_owned());
            } else if !word.starts_with('-') {
                case.template = word.to_owned();
            } else if word != "-machine-readable" && word != "-json" {
                return None;
            }
        }
        (!case.template.contains('/')).then_some(case)
    }

    /// Compares what both say; returns how much that is, or nothing when there is nothing to open.
    fn compare(&self, case: &Path) -> Option<usize> {
        let files: Vec<_> = self.files.iter().map(|(name, text)| (&**name, &**text)).collect();
        let mut client = Client::start_with(&files, &self.environment);
        let is_it = |file: &&str| match self.template.as_str() {
            "." => is_template(Path::new(file)) && !file.contains('/'),
            template => *file == template && is_template(Path::new(file)),
        };
        let open = files.iter().map(|(name, _)| *name).find(is_it)?;

        let folder = client.path("");
        let mut validate = Command::new(env!("CARGO_BIN_EXE_cooper"));
        validate.current_dir(&folder).env_clear().args(["validate", "-json"]);
        validate.envs(self.environment.iter().cloned()).env("HOME", &folder);
        validate.env("DOCKER_HOST", "unix:///nowhere/docker.sock");
        for (name, value) in &self.variables {
            validate.args(["-var", &format!("{name}={value}")]);
        }
        validate.args(self.variable_files.iter().map(|path| format!("-var-file={path}")));
        let output = validate.arg(&self.template).output().expect("it runs").stdout;
        let output = String::from_utf8(output).expect("text");
        let expected: BTreeSet<String> = output
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
            .filter(|event| event["event"] == "diagnostic")
            .map(|event| format!("{:?}", of_validate(&event, &folder)))
            .collect();

        client.introduce(json!({
            "template": if self.template == "." { "folder" } else { "file" },
            "variables": self.variables.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
            "variableFiles": self.variable_files,
        }));
        client.open_saved(open);
        let mut found: Vec<(String, Value)> = Vec::new();
        let mine = client.diagnostics(open);
        found.extend(mine.into_iter().map(|diagnostic| (open.to_owned(), diagnostic)));
        // All of one analysis is told at once; the answer to a question comes after it.
        client.request("cooper/nothing", Value::Null);
        client.wait(|message| message["error"]["code"] == -32601);
        for (other, _) in files.iter().filter(|(other, _)| *other != open) {
            let uri = client.uri(other);
            let is_told = |message: &Value| message["params"]["uri"] == uri.as_str();
            if !client.is_silent(is_told) {
                let theirs = client.diagnostics_of(other, None);
                found.extend(theirs.into_iter().map(|d| ((*other).to_owned(), d)));
            }
        }
        let found: BTreeSet<String> =
            found.iter().map(|(file, d)| format!("{:?}", of_editor(file, d, &client))).collect();
        assert_eq!(expected, found, "{}", case.display());
        Some(found.len())
    }
}

/// The words of a command; nothing when a shell would do more with it than take off single quotes.
fn words(command: &str) -> Option<Vec<String>> {
    let mut words = vec![String::new()];
    for (at, part) in command.split('\'').enumerate() {
        let is_quoted = at % 2 == 1;
        let mut last = words.pop()?;
        if is_quoted {
            last.push_str(part);
        } else if part.contains(['"', '|', ';', '&', '$', '\\', '<', '>']) {
            return None;
        } else {
            let mut pieces = part.split(' ');
            last.push_str(pieces.next()?);
            words.push(std::mem::take(&mut last));
            words.extend(pieces.map(str::to_owned));
            continue;
        }
        words.push(last);
    }
    words.retain(|word| !word.is_empty());
    Some(words)
}

/// The text of a section with escapes; nothing when it is no text.
fn unescaped(body: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = body.bytes().filter(|byte| *byte != b'\n');
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'\\' => match rest.next()? {
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                b'x' => {
                    let digits = [rest.next()?, rest.next()?];
                    u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
                }
                other => other,
            },
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

fn of_validate(event: &Value, folder: &Path) -> Said {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let place = |value: &Value| {
        let file = text(&value["file"])?;
        // The text of a flag is no file, and an editor cannot show it.
        let range = range(&folder.join(&file), value)?;
        Some((file, range))
    };
    let other = |label: &Value| {
        let (file, range) = place(label)?;
        Some((file, range, text(&label["text"])?))
    };
    let labels = event["labels"].as_array().into_iter().flatten();
    (
        place(&event["place"]),
        text(&event["code"]).expect("a code"),
        text(&event["message"]).expect("a message"),
        text(&event["help"]),
        labels.filter_map(other).collect(),
    )
}

fn of_editor(file: &str, diagnostic: &Value, client: &Client) -> Said {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let message = text(&diagnostic["message"]).expect("a message");
    let help = text(&diagnostic["data"]["help"]);
    let is_anywhere = diagnostic["data"]["place"] == json!(false);
    if let Some(help) = &help {
        assert!(message.ends_with(&format!("\nhelp: {help}")), "{message}");
    }
    let related = diagnostic["relatedInformation"].as_array().into_iter().flatten();
    let folder = client.uri("");
    let other = |related: &Value| {
        let uri = text(&related["location"]["uri"])?;
        let file = uri.strip_prefix(&folder)?.to_owned();
        Some((file, related["location"]["range"].clone(), text(&related["message"])?))
    };
    (
        (!is_anywhere).then(|| (file.to_owned(), diagnostic["range"].clone())),
        text(&diagnostic["code"]).expect("a code"),
        text(&diagnostic["data"]["message"]).expect("a message"),
        help,
        related.filter_map(other).collect(),
    )
}

/// What `validate` calls lines and columns, as an editor counts them.
fn range(path: &PathBuf, place: &Value) -> Option<Value> {
    let text = fs::read_to_string(path).ok()?;
    let mut sources = SourceMap::new();
    let file = sources.add("", text.as_str()).expect("room");
    let find = |line: &str, column: &str| {
        let wanted = (place[line].as_u64()? as usize, place[column].as_u64()? as usize);
        let offset = (0..=text.len()).filter(|at| text.is_char_boundary(*at)).find(|at| {
            let at = file.base() + *at as u32;
            let location = sources.locate(Span::new(at, at));
            location.is_some_and(|l| (l.line, l.column) == wanted)
        })?;
        // To an editor, a carriage return alone ends a line too.
        let before = text[..offset].replace("\r\n", "\n").replace('\r', "\n");
        let column = before.rsplit('\n').next()?.encode_utf16().count();
        Some(json!({ "line": before.matches('\n').count(), "character": column }))
    };
    Some(json!({
        "start": find("line", "column")?,
        "end": find("end_line", "end_column")?,
    }))
}
