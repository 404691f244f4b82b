//! Texts that were not written in good faith: no panic, no overflow, no long wait.

use std::path::Path;
use std::time::{Duration, Instant};

use cooper_hcl::system::Nowhere;
use cooper_hcl::{
    Code, Diagnostics, Environment, Functions, Scope, SourceMap, Value, evaluate, parse,
    parse_expression,
};
use proptest::prelude::*;

/// Parses a text as a file and as an expression, evaluates what comes out, and returns the codes
/// of all mistakes.
fn codes(text: &str) -> Vec<Code> {
    let mut sources = SourceMap::new();
    let file = sources.add("hostile.hcl", text).expect("the text is short");
    let diags = Diagnostics::new();
    let functions = Functions::standard();
    let env = Environment {
        functions: &functions,
        system: &Nowhere,
        root: Path::new("/"),
        diags: &diags,
    };
    let mut scope = Scope::new();
    scope.bind("a", Value::tuple([Value::string("x"), Value::number(1)]));
    if let Ok(file) = parse(&file, &diags) {
        file.body.references();
        for attribute in &file.body.attributes {
            let _ = evaluate(&attribute.expr, &scope, env);
        }
    }
    if let Ok(expr) = parse_expression(&file, &diags) {
        let _ = evaluate(&expr, &scope, env);
    }
    let found = diags.take();
    for diagnostic in &found {
        for label in diagnostic.primary.iter().chain(&diagnostic.labels) {
            assert!(sources.file(label.span).is_some(), "a label outside the file: {diagnostic:?}");
        }
    }
    found.into_iter().map(|diagnostic| diagnostic.code).collect()
}

/// What takes long and leaves nothing behind; in one expression, and in many.
#[test]
fn time_runs_out() {
    let text = "x".repeat(1 << 20);
    let mut scope = Scope::new();
    scope.bind("text", Value::string(&*text));
    let loops = "[for i in range(1000): [for j in range(1000): CALL]]";
    for call in [
        "sha256(text)",
        "contains([text, text], \"y\")",
        "bcrypt(\"x\", 10)",
        "length(regex_replace(text, \"|x\", \"\"))",
    ] {
        for (expression, times) in [(loops.replace("CALL", call), 1), (call.to_owned(), 100_000)] {
            let mut sources = SourceMap::new();
            let file = sources.add("hostile.hcl", &*expression).expect("the text is short");
            let diags = Diagnostics::new();
            let functions = Functions::standard().within(Duration::from_millis(50));
            let root = Path::new("/");
            let env = Environment { functions: &functions, system: &Nowhere, root, diags: &diags };
            let expr = parse_expression(&file, &diags).expect("it is well-formed");
            let ended = (0..times).any(|_| evaluate(&expr, &scope, env).is_err());
            assert!(ended, "{expression}");
            assert_eq!(diags.take()[0].code, Code::LimitExceeded, "{expression}");
        }
    }
}

#[test]
fn deep_nesting_is_refused() {
    for (open, middle, close) in [
        ("(", "1", ")"),
        ("[", "", "]"),
        ("{ x = ", "1", "}"),
        ("\"${", "1", "}\""),
        ("\"%{ if true }", "", "%{ endif }\""),
        ("upper(", "1", ")"),
        ("[for x in ", "[]", " : x]"),
        ("a[", "0", "]"),
        ("!", "true", ""),
        ("-", "1", ""),
        ("true ? 1 : ", "2", ""),
        ("1 + ", "1", ""),
        ("a.0.", "b", ""),
        ("a", ".b", ".c"),
        ("a[*]", ".b", "[*].c"),
        ("a", "", "[0]"),
        ("b {\n", "", "}\n"),
    ] {
        for levels in [70, 400, 100_000] {
            let text = format!("x = {}{middle}{}", open.repeat(levels), close.repeat(levels));
            assert_ne!(codes(&text), [], "{levels} levels of {open}");
            let text = format!("{}{middle}{}", open.repeat(levels), close.repeat(levels));
            assert_ne!(codes(&text), [], "{levels} levels of {open}");
            assert_ne!(codes(&format!("x = {}", open.repeat(levels))), [], "{levels} × {open}");
        }
    }
}

#[test]
fn the_deepest_that_is_allowed_can_be_evaluated() {
    // Near the limits of the parser and of our own tree, in the stack of an ordinary thread.
    let inner = format!("a{}", "[0]".repeat(60));
    let text = format!("x = {}{inner}{}", "[1 + ".repeat(55), "]".repeat(55));
    codes(&text);
    codes(&format!("{}1{}", "(".repeat(60), ")".repeat(60)));
    codes(&format!("x = 1{}", " + 1".repeat(127)));
    codes(&format!("x = a{}", "[0]".repeat(310)));
    codes(&format!("x = {}1{}", "\"${true ? [for v in [1] : ".repeat(15), "] : 1}\"".repeat(15)));
}

/// How long a text takes to be parsed.
fn time(text: String) -> Duration {
    let mut sources = SourceMap::new();
    let file = sources.add("x.hcl", text).expect("room");
    let start = Instant::now();
    let _ = parse(&file, &Diagnostics::new());
    start.elapsed()
}

#[test]
fn time_grows_with_the_text_and_not_faster() {
    let many = |item: fn(usize) -> String, count: usize| (0..count).map(item).collect::<String>();
    let texts: [(&str, &dyn Fn(usize) -> String); 26] = [
        ("an object", &|n| format!("x = {{\n{}}}", many(|i| format!("key{i} = 1\n"), n))),
        ("a list", &|n| format!("x = [{}]", "1, \"a\", ".repeat(n))),
        ("arguments", &|n| many(|i| format!("a{i} = 1\n"), n)),
        ("blocks", &|n| "b \"l\" {\n  x = 1\n}\n".repeat(n)),
        ("heredocs", &|n| format!("x = [{}]", "<<-E\n a ${b} c\n E\n,".repeat(n))),
        ("lines of a heredoc", &|n| format!("x = <<-E\n{}E\n", " a\n".repeat(n))),
        ("interpolations", &|n| format!("x = \"{}\"", "a${b}".repeat(n))),
        ("escapes", &|n| format!("x = \"{}\"", "\\n$${".repeat(n))),
        ("accents", &|n| format!("x = \"{}\"", "e\u{301}".repeat(n))),
        ("spaces", &|n| format!("x = 1{}", " ".repeat(n))),
        ("empty lines", &|n| "\n".repeat(n)),
        ("comments", &|n| "/* a */ # b\n".repeat(n)),
        ("closing brackets", &|n| "]".repeat(n)),
        ("opening brackets", &|n| "[".repeat(n)),
        ("braces left open", &|n| "b {\n".repeat(n)),
        ("strings left open", &|n| "a = \"\n".repeat(n)),
        ("strings in a line left open", &|n| "\"${".repeat(n)),
        ("heredocs left open", &|n| "a = <<X\n".repeat(n)),
        ("a heredoc nearly closed", &|n| format!("x = <<E\n{}", "E ${\n".repeat(n))),
        ("comments left open", &|n| "/*".repeat(n)),
        ("wrong quotes", &|n| "a = \u{201c}".repeat(n)),
        ("apostrophes", &|n| "'x\n".repeat(n)),
        ("strange characters", &|n| "\0\u{feff}".repeat(n)),
        ("commas", &|n| format!("x = [{}]", ",".repeat(n))),
        ("mixed up brackets", &|n| "a = ([{\n".repeat(n)),
        ("no commas", &|n| format!("x = [{}]", "1 ".repeat(n))),
    ];
    for (name, text) in texts {
        // The square of this would take minutes, whatever else the machine does.
        let took = time(text(60_000));
        assert!(took < Duration::from_secs(20), "{name}: {took:?}");
    }
}

#[test]
fn a_large_file_is_read_or_refused() {
    let large = 50 << 20;
    for text in [
        format!("x = \"{}\"", "a".repeat(large)),
        format!("x = <<E\n{}E\n", "some text in a line\n".repeat(large / 20)),
        // More tokens than are made of one text.
        "\0".repeat(9_000_000),
        format!("x = [{}]", "1,".repeat(4_500_000)),
    ] {
        assert!(time(text) < Duration::from_secs(60));
    }
}

#[test]
fn many_mistakes_are_cut_short() {
    assert!(codes(&"a = 1\n".repeat(20_000)).len() <= 1001);
    assert!(codes(&"'x\n".repeat(100_000)).len() <= 50);
    assert!(codes(&"block {\n".repeat(10_000)).len() <= 50);
    assert!(codes(&"a = \"\n".repeat(20_000)).len() <= 50);
    assert!(codes(&"a = <<X\n".repeat(20_000)).len() <= 50);
}

#[test]
fn odd_characters_are_refused() {
    for text in ["a = \0", "\0", "a = 1\u{1b}", "\u{feff}\u{feff}", "a = \u{200b}", "\r", "a\u{85}"]
    {
        assert_ne!(codes(text), [], "{text:?}");
    }
}

#[test]
fn a_byte_order_mark_moves_nothing() {
    let mut sources = SourceMap::new();
    let file = sources.add("x", "\u{feff}a = nope").unwrap();
    let diags = Diagnostics::new();
    let parsed = parse(&file, &diags).unwrap();
    assert_eq!(sources.text(parsed.body.attributes[0].expr.span), "nope");
    assert_eq!(codes("\u{feff}a = 1")[..], [Code::Syntax]);
}

#[test]
fn large_values_are_refused() {
    for text in [
        "x = 1e4000 * 1e4000",
        "x = \"1e999999999999\" + 1",
        "x = \"1e-999999999\" * 1",
        "x = pow(10, 100000)",
        "x = range(100000000)",
        "x = format(\"%0999999999d\", 1)",
        "x = setproduct(range(1000), range(1000), range(1000))",
    ] {
        assert_ne!(codes(text), [], "{text}");
    }
}

/// Pieces that make trouble when they meet.
const PIECES: &[&str] = &[
    "a",
    "b1",
    "=",
    "==",
    "\n",
    " ",
    "\"",
    "${",
    "%{",
    "}",
    "{",
    "[",
    "]",
    "(",
    ")",
    ".",
    "*",
    "~",
    "<<EOT\n",
    "<<-E\n",
    "EOT\n",
    "\nE",
    "if",
    "for",
    "in",
    "endif",
    "endfor",
    "else",
    ":",
    "=>",
    "...",
    ",",
    "?",
    "!",
    "-",
    "&&",
    "||",
    "1",
    "0.5",
    "1e9",
    "'",
    ";",
    "#",
    "//",
    "/*",
    "*/",
    "\\",
    "\\n",
    "\\u00",
    "$${",
    "\r\n",
    "é",
    "\u{301}",
    "\0",
    "null",
    "true",
    "try(",
    "can(",
    "convert(",
    "upper(",
    "::",
    "%",
    "$",
    "\u{feff}",
    "x = ",
    "block \"l\" {\n",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,80}") {
        codes(&text);
    }

    #[test]
    fn no_mix_of_pieces_makes_it_panic(
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..60)
    ) {
        codes(&pieces.concat());
    }

    #[test]
    fn no_cut_in_a_sound_file_makes_it_panic(from in 0usize..4000, length in 0usize..40) {
        let whole = include_str!("../../../testdata/lang/templates.hcl");
        let mut text: Vec<char> = whole.chars().collect();
        let from = from.min(text.len());
        text.drain(from..(from + length).min(text.len()));
        let text: String = text.into_iter().filter(|c| *c != '%').collect();
        codes(&text);
    }
}
