//! Templates that were not written in good faith, through the real program: no crash, no endless
//! wait, no memory without bounds, and an error in words.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// How much address space the program gets, in KiB.
const MEMORY: &str = "6000000";

/// How long it may take, in seconds, on a machine that does much else.
const PATIENCE: &str = "240";

/// What `validate` says of one file.
fn validate(name: &str, content: &[u8]) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join(name), content).expect("a file");
    fs::write(folder.path().join("again.tpl"), "${templatefile(\"again.tpl\", {})}")
        .expect("a file");
    run(folder.path(), name)
}

fn run(folder: &Path, name: &str) -> Output {
    let command = format!("ulimit -v {MEMORY}; exec timeout {PATIENCE} \"$0\" validate \"$1\"");
    Command::new("sh")
        .args(["-c", &command, env!("CARGO_BIN_EXE_cooper"), name])
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .output()
        .expect("a shell")
}

/// The program ends with 1 and an error in which these words are.
#[track_caller]
fn refused(name: &str, content: &[u8], told: &str) {
    let output = validate(name, content);
    let text = String::from_utf8_lossy(&output.stderr);
    let start: String = text.chars().take(2000).collect();
    let shown: String = String::from_utf8_lossy(content).chars().take(60).collect();
    assert_eq!(output.status.code(), Some(1), "{shown}: {start}");
    assert!(text.contains("error: ") && text.contains(told), "{shown}: {start}");
}

const BUILD: &str = "\nsource \"null\" \"a\" { communicator = \"none\" }\nbuild { sources = [\"source.null.a\"] }\n";

fn expression(text: &str) -> Vec<u8> {
    format!("locals {{ x = {text} }}{BUILD}").into_bytes()
}

#[test]
fn functions_keep_within_bounds() {
    for (text, told) in [
        ("range(1e18)", "1024"),
        ("range(0, 1, 1e-300)", "1024"),
        ("pow(10, 1e9)", "4096 digits"),
        ("pow(1.0000001, 99999)", "4096 digits"),
        (
            "parseint(join(\"\", [for i in range(1000) : \"zzzzzzzzzzzzzzzzzzzz\"]), 36)",
            "4096 digits",
        ),
        ("regex(\"((a{1000}){1000}){1000}\", \"a\")", "too large"),
        ("regex(join(\"\", [for i in range(1000) : \"(a|b){500}\"]), \"ab\")", "too large"),
        (
            "regex(\"(x+x+)+y\", join(\"\", [for i in range(1000) : \"xxxxxxxxxx\"]))",
            "matches no part",
        ),
        (
            "yamldecode(join(\"\", [for i in range(1000) : join(\"\", [for j in range(100) : \"[\"])]))",
            "recursion limit",
        ),
        (
            "jsondecode(join(\"\", [for i in range(1000) : join(\"\", [for j in range(100) : \"[\"])]))",
            "not JSON",
        ),
        ("format(\"%1000000000s\", \"a\")", "too large"),
        ("format(\"%.1000000000f\", 1)", "too large"),
        ("format(join(\"\", [for i in range(1000) : \"%100000s\"]), range(1000)...)", "64 MiB"),
        ("indent(1e9, \"a\\nb\")", "64 MiB"),
        ("indent(1000000, join(\"\", [for i in range(100) : \"\\n\"]))", "64 MiB"),
        ("setproduct(range(1000), range(1000), range(1000))", "1,000,000"),
        ("setproduct([for i in range(1000) : [1, 2]]...)", "1,000,000"),
        ("[for a in range(1000) : [for b in range(1000) : [for c in range(1000) : 1]]]", "steps"),
        ("cidrsubnets(\"10.0.0.0/8\", [for i in range(1000) : 1]...)", "no room"),
        (
            "cidrsubnets(\"10.0.0.0/13\", flatten([for i in range(1000) : [for j in range(990) : 19]])...)",
            "no room",
        ),
        (
            "csvdecode(join(\"\", [for i in range(510) : join(\"\", [for j in range(1000) : \"a\\n\"])]))",
            "1,000,000",
        ),
        ("bcrypt(\"a\", 31)", "greater than 16"),
        ("templatefile(\"again.tpl\", {})", "cannot be called in a template file"),
        ("timeadd(\"9999-12-31T23:59:59Z\", \"2562047h\")", "out of range"),
    ] {
        refused("t.pkr.hcl", &expression(text), told);
    }
}

#[test]
fn texts_that_grow_are_stopped() {
    let yaml = (1..40).fold("a0: &a0 [x]\\n".to_owned(), |text, level| {
        let before = level - 1;
        let ten = vec![format!("*a{before}"); 10].join(",");
        text + &format!("a{level}: &a{level} [{ten}]\\n")
    });
    refused("t.pkr.hcl", &expression(&format!("yamldecode(\"{yaml}\")")), "256 MiB");
    let doubled = |each: &str| {
        let locals = (1..60).map(|level| {
            let before = format!("local.x{}", level - 1);
            format!("  x{level} = {}\n", each.replace('@', &before))
        });
        let locals: String = locals.collect();
        format!("locals {{\n  x0 = \"xxxxxxxxxxxxxxxx\"\n{locals}}}{BUILD}").into_bytes()
    };
    for each in [
        "\"${@}${@}\"",
        "<<-E\n    ${@}\n    ${@}\n  E",
        "join(\"\", [@, @])",
        "replace(@, @, format(\"%s%s\", @, @))",
        "regex_replace(@, \"x+\", \"$0$0\")",
        // Nothing is found before every letter and behind the last.
        "replace(@, \"\", @)",
        "regex_replace(@, \"\", @)",
        "regex_replace(@, \"y*\", @)",
        "format(\"%s%s\", @, @)",
    ] {
        refused("t.pkr.hcl", &doubled(each), "MiB");
    }
}

#[test]
fn deep_nesting_is_refused_in_both_syntaxes() {
    const LEVELS: usize = 100_000;
    for (open, middle, close) in [
        ("(", "1", ")"),
        ("[", "", "]"),
        ("{ x = ", "1", "}"),
        ("\"${", "1", "}\""),
        ("\"%{ if true }", "", "%{ endif }\""),
        ("upper(", "1", ")"),
        ("!", "true", ""),
        ("-", "1", ""),
        ("true ? 1 : ", "2", ""),
    ] {
        let text = format!("{}{middle}{}", open.repeat(LEVELS), close.repeat(LEVELS));
        refused("t.pkr.hcl", &expression(&text), "");
    }
    refused(
        "t.pkr.hcl",
        format!("{}{}", "b {\n".repeat(LEVELS), "}\n".repeat(LEVELS)).as_bytes(),
        "",
    );
    for (open, middle, close) in
        [("[", "", "]"), ("{\"locals\":", "1", "}"), ("{\"a\":[", "", "]}")]
    {
        let text = format!("{}{middle}{}", open.repeat(LEVELS), close.repeat(LEVELS));
        refused("t.pkr.json", text.as_bytes(), "");
        let text = format!("{{\"locals\": {{\"x\": {text}}}}}");
        refused("t.pkr.json", text.as_bytes(), "");
        refused("t.pkr.json", open.repeat(LEVELS).as_bytes(), "");
    }
    let template = "${".repeat(LEVELS);
    refused("t.pkr.json", format!("{{\"locals\": {{\"x\": \"{template}\"}}}}").as_bytes(), "");
}

#[test]
fn large_files_are_read_or_refused() {
    const SIZE: usize = 50 << 20;
    let comments = "# a comment of a line\n".repeat(SIZE / 22);
    assert_eq!(validate("t.pkr.hcl", (comments + BUILD).as_bytes()).status.code(), Some(0));
    let long = "a".repeat(SIZE);
    let native = format!("locals {{ x = length(\"{long}\") }}{BUILD}");
    assert_eq!(validate("t.pkr.hcl", native.as_bytes()).status.code(), Some(0));
    let json = format!(
        "{{\"//\": \"{long}\", \"source\": {{\"null\": {{\"a\": {{\"communicator\": \"none\"}}}}}}, \
         \"build\": {{\"sources\": [\"source.null.a\"]}}}}"
    );
    assert_eq!(validate("t.pkr.json", json.as_bytes()).status.code(), Some(0));
    refused("t.pkr.hcl", "a".repeat(65 << 20).as_bytes(), "64 MiB");
    refused("t.pkr.json", " ".repeat(65 << 20).as_bytes(), "64 MiB");
}

#[test]
fn odd_bytes_are_told() {
    for name in ["t.pkr.hcl", "t.pkr.json"] {
        refused(name, b"\0", "");
        refused(name, b"\xff\xfe", "UTF-8");
        refused(name, "\u{feff}\u{feff}".as_bytes(), "");
        refused(name, b"\x1b[31m\x07", "");
    }
    let windows = String::from_utf8(expression("1")).expect("text").replace('\n', "\r\n");
    assert_eq!(validate("t.pkr.hcl", windows.as_bytes()).status.code(), Some(0));
    let marked = format!("\u{feff}{windows}");
    assert_eq!(validate("t.pkr.hcl", marked.as_bytes()).status.code(), Some(0));
}
