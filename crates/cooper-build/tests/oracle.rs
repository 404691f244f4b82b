//! `{{ }}` side by side with Go's own `text/template`, which `testdata/oracle` makes a program
//! of: made-up templates come to the same text, or are a mistake for both.
//!
//! Without Go nothing is compared, unless `COOPER_TEST_ORACLE=require` is set.

#[path = "../../cooper-hcl/tests/oracle/client.rs"]
mod client;

use std::io;
use std::path::{Path, PathBuf};

use cooper_build::gotemplate::{Context, Data, Template};
use cooper_hcl::{FileKind, System};
use serde_json::json;

use client::Oracle;

/// So many templates are compared.
const TEMPLATES: u64 = 6000;

#[test]
fn made_up_templates_come_to_the_same_as_in_go() {
    let required = std::env::var_os("COOPER_TEST_ORACLE").is_some_and(|value| value == "require");
    if !required && !client::is_possible() {
        eprintln!("not compared with Go's templates: there is no Go");
        return;
    }
    let program = match client::build() {
        Ok(program) => program,
        Err(cause) if !required => {
            eprintln!("not compared with Go's templates: {cause}");
            return;
        }
        Err(cause) => panic!("{cause}"),
    };
    let mut oracle = Oracle::start(&program).expect("the oracle starts");
    let mut different = Vec::new();
    let mut texts = 0;
    for seed in 1..=TEMPLATES {
        let template = Maker::new(seed).template();
        let answer = oracle.ask(&json!({ "op": "gotemplate", "text": template }));
        let answer = answer.unwrap_or_else(|cause| panic!("{cause}"));
        let theirs = answer.get("text").and_then(serde_json::Value::as_str);
        let ours = Template::parse(&template).and_then(|parsed| parsed.render(&data(), &context()));
        texts += u32::from(theirs.is_some());
        if theirs != ours.as_deref().ok() {
            different.push(format!("{template:?}\n    Go: {answer}\n    ours: {ours:?}"));
        }
    }
    assert!(texts > 1500, "only {texts} of them are no mistakes");
    let count = different.len();
    different.truncate(40);
    assert!(different.is_empty(), "{count} differ:\n{}", different.join("\n"));
}

/// The same as in the oracle.
fn data() -> Data {
    Data::map([
        ("Path", Data::from("/tmp/x")),
        ("Vars", "A=1 ".into()),
        ("N", 3.into()),
        ("F", Data::Float(1.5)),
        ("B", true.into()),
        ("M", Data::map([("a", Data::from("x")), ("b", 2.into())])),
        ("L", [Data::from("p"), "q".into(), 7.into()].into_iter().collect()),
        ("E", "".into()),
    ])
}

fn context() -> Context<'static> {
    Context {
        build_name: "",
        build_type: "",
        packer_version: "",
        system: &Nothing,
        complete: true,
        variables: None,
    }
}

/// Templates by chance, the same for the same seed.
struct Maker {
    state: u64,
}

const TEXTS: &[&str] = &["a", " b ", "\n\t", "é}}", "{", "", " \n"];
const LITERALS: &[&str] = &[
    "0",
    "1",
    "-3",
    "42",
    "0x1F",
    "1_000",
    "017",
    "1.5",
    "-0.25",
    "1e3",
    "1e-7",
    "123456789.5",
    "\"\"",
    "\"a\"",
    "\"b c\"",
    r#""é\n\"\u00e9""#,
    "`raw\\n`",
    "'a'",
    "'\\n'",
    "true",
    "false",
];
const FIELDS: &[&str] = &[
    ".Path",
    ".Vars",
    ".N",
    ".F",
    ".B",
    ".M",
    ".L",
    ".E",
    ".Missing",
    ".M.a",
    ".M.b",
    ".M.no",
    ".Missing.x",
    "$.N",
    "$.M.a",
    ".Path.x",
    ".",
    "$",
];
const FORMATS: &[&str] = &[
    "%d",
    "%v",
    "%s",
    "%q",
    "%x",
    "%X",
    "%t",
    "%g",
    "%e",
    "%f",
    "%c",
    "%U",
    "%T",
    "%o",
    "%b",
    "%z",
    "%5d|",
    "%-5d|",
    "%05d|",
    "%+d",
    "% d",
    "%8.3f|",
    "%-8.2f|",
    "%08.3f|",
    "%.2s|",
    "%6s|",
    "%-6s|",
    "%06s|",
    "%.3d",
    "%6.3d|",
    "%#x",
    "%+q",
    "%+v",
    "%G",
    "%E",
    "%.0f",
    "%.3g",
    "%10v|",
    "%%",
    "%!",
    "%",
    "a%",
    "%d %d",
    "%s-%v",
    "%[2]v %[1]v",
    "%[1]d %[1]x",
    "%[3]d",
    "%*d|",
    "%.*f|",
    "x",
    "%v%v%v",
    "%O",
    "%#X",
    "%+.1e",
    "%08d",
    "%#g",
    "%#.3g|",
    "%#e",
    "%#.0f",
    "%#o",
    "%#.3o",
    "%#b",
    "%.0d|",
    "%#v",
    "%#10v|",
    "%#q",
    "%#U",
    "% x",
    "%# x",
    "%-08d|",
    "%+05d",
    "%x %X",
];
/// Functions, and how many arguments they like.
const FUNCTIONS: &[(&str, usize)] = &[
    ("print", 2),
    ("println", 2),
    ("len", 1),
    ("index", 2),
    ("slice", 2),
    ("eq", 2),
    ("ne", 2),
    ("lt", 2),
    ("le", 2),
    ("gt", 2),
    ("ge", 2),
    ("and", 2),
    ("or", 2),
    ("not", 1),
    ("html", 1),
    ("js", 1),
    ("urlquery", 1),
    ("upper", 1),
    ("lower", 1),
    ("nosuch", 1),
];

impl Maker {
    fn new(seed: u64) -> Self {
        Self { state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1 }
    }

    fn below(&mut self, limit: usize) -> usize {
        // Xorshift: what matters is that it is the same every time.
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 16) as usize % limit
    }

    fn one_of(&mut self, list: &[&'static str]) -> &'static str {
        list[self.below(list.len())]
    }

    fn template(&mut self) -> String {
        let declared = self.one_of(&["{{$x := 5}}{{$y := `s`}}", "{{$x := .L}}{{$y := 2.5}}", ""]);
        (0..=self.below(2)).fold(declared.to_owned(), |text, _| text + &self.piece(2))
    }

    fn action(&mut self, inside: &str) -> String {
        let open = self.one_of(&["{{", "{{ ", "{{- "]);
        let close = self.one_of(&["}}", " }}", " -}}"]);
        format!("{open}{inside}{close}")
    }

    fn piece(&mut self, depth: usize) -> String {
        match self.below(if depth == 0 { 6 } else { 12 }) {
            0 | 1 => self.one_of(TEXTS).to_owned(),
            2 => self.action("/* c */"),
            3 => {
                let name = self.one_of(&["$x", "$y"]);
                let sign = self.one_of(&[":=", ":=", "="]);
                let value = self.pipeline(2);
                self.action(&format!("{name} {sign} {value}")) + &self.action(name)
            }
            4 | 5 => {
                let value = self.pipeline(2);
                self.action(&value)
            }
            6 | 7 => self.block("if", depth),
            8 => self.block("with", depth),
            9 | 10 => {
                let names = self.one_of(&["", "$x := ", "$x, $y := "]);
                let over = self.one_of(&[".L", ".M", "3", ".Missing", ".N", ".Path", "$.L", ".E"]);
                let open = self.action(&format!("range {names}{over}"));
                let body = self.piece(depth - 1) + &self.piece(depth - 1);
                open + &body + &self.otherwise(depth) + &self.action("end")
            }
            _ => {
                let word = self.one_of(&["break", "continue", "end", "else"]);
                self.action(word)
            }
        }
    }

    fn block(&mut self, word: &str, depth: usize) -> String {
        let condition = self.pipeline(1);
        let mut text = self.action(&format!("{word} {condition}")) + &self.piece(depth - 1);
        if self.below(3) == 0 {
            let other = self.pipeline(1);
            text += &self.action(&format!("else {word} {other}"));
            text += &self.piece(depth - 1);
        }
        text + &self.otherwise(depth) + &self.action("end")
    }

    fn otherwise(&mut self, depth: usize) -> String {
        match self.below(2) {
            0 => String::new(),
            _ => self.action("else") + &self.piece(depth - 1),
        }
    }

    fn pipeline(&mut self, depth: usize) -> String {
        let mut text = self.command(depth);
        while self.below(4) == 0 {
            text += self.one_of(&[" | ", "|"]);
            text += &self.command(depth);
        }
        text
    }

    fn command(&mut self, depth: usize) -> String {
        let (mut text, count) = match self.below(5) {
            0 | 1 => return self.operand(depth),
            2 => (format!("printf {:?}", self.one_of(FORMATS)), self.below(4)),
            _ => {
                let (name, liked) = FUNCTIONS[self.below(FUNCTIONS.len())];
                let count = if self.below(8) == 0 { self.below(4) } else { liked };
                (name.to_owned(), count)
            }
        };
        for _ in 0..count {
            text += " ";
            text += &self.operand(depth);
        }
        text
    }

    fn operand(&mut self, depth: usize) -> String {
        match self.below(12) {
            0..=4 => self.one_of(LITERALS).to_owned(),
            5..=8 => self.one_of(FIELDS).to_owned(),
            9 if depth > 0 => format!("({})", self.pipeline(depth - 1)),
            10 => "nil".to_owned(),
            _ => self.one_of(&["$x", "$y"]).to_owned(),
        }
    }
}

/// A machine that no template asks for anything.
struct Nothing;

impl System for Nothing {
    fn read(&self, _: &Path) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn kind(&self, _: &Path) -> io::Result<FileKind> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn list(&self, _: &Path) -> io::Result<Vec<String>> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn current_dir(&self) -> PathBuf {
        PathBuf::new()
    }

    fn home_dir(&self) -> Option<PathBuf> {
        None
    }

    fn env(&self, _: &str) -> Option<String> {
        None
    }

    fn env_with_prefix(&self, _: &str) -> Vec<(String, String)> {
        Vec::new()
    }

    fn now(&self) -> i128 {
        0
    }

    fn random(&self, _: &mut [u8]) {}
}
