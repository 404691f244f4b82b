//! What the functions promise; the values are those of Packer 1.16 unless a test says otherwise.

use std::io;
use std::path::{Path, PathBuf};

use super::*;
use crate::system::FileKind;
use crate::{Diagnostics, Environment, Scope, SourceMap, evaluate, parse_expression};

/// A few files below `/root`, and a clock that stands still.
struct Fixed;

const FILES: [(&str, &[u8]); 9] = [
    ("/root/a.txt", b"one\n"),
    ("/root/.hidden", b"x"),
    ("/root/bytes", b"\xff"),
    ("/root/sub/b.txt", b"two"),
    ("/root/hello.tpl", b"Hello ${upper(name)}%{ for x in list } ${x}%{ endfor }!"),
    ("/root/again.tpl", b"${templatefile(\"again.tpl\", {})}"),
    ("/root/broken.tpl", b"\n${nme}"),
    ("/root/keys/one.pem", ONE_KEY),
    ("/root/keys/other.pem", OTHER_KEY),
];

/// Keys that protect nothing; what is encrypted in the tests is for the first.
const ONE_KEY: &[u8] = b"\
-----BEGIN RSA PRIVATE KEY-----
MIIBOwIBAAJBAMaHpXZYoRDtJ+PCp85txrXMvr4Lp5liOdZNGyn2zyMJOF5l6s2r
z/VsTL9KUiohDwrgkYBRrRdkQ9iYmn88t50CAwEAAQJAZKH1mVurqSzNf4H4FYdH
pne2aBb4SaOktaA4GLlmndb2BJiY/qJPLHulmX+nrGLyd30t7q+6GONZ3yaMOZxu
8QIhAOZ1sHkadrEcBorbmR/ZnXjxLJTyixTJ7hOcH2eaourzAiEA3IgVa5pGjax2
yZY4QwVvd3EYGDRm4LxzXLJ3sXVZVy8CIHEQwnDX2+2Om2Ma0+g9YrXIVSAKUtPz
Mfuq9/ljc5SjAiEAzDtGwxjj4A5pD/WLcx4UhaP58WiOIfDEUYOB75lCvMcCIQDg
am5ic0J/QC8ETbdNSna3kRCHjYfsaZp8MRSBqptvnA==
-----END RSA PRIVATE KEY-----
";
const OTHER_KEY: &[u8] = b"\
-----BEGIN RSA PRIVATE KEY-----
MIIBOwIBAAJBAJ4ze8jMx7KCTrjI3Cr9ebh+ORyiq6tulGwHqzNMl5v1VbqqGvWj
w7VWSCKSAQJZIaov8PVHgumgy1SExyFD/JsCAwEAAQJAOhkmKIQsAn6gcnQxhwg3
n22bg8ypxveBQns+gERsmTVYLj+YYg9G5kFBfb/dLvK29jq5wtzbRwDS6D+hpL9/
gQIhANEh8qkbtm3uivZIOtNnituSy+dkRH2bWj5Si0W7yycxAiEAwaeRS6CUGwvu
FSZw7g2ubdHEcmz9bKbbBDXlfRhdxYsCIQCazGQP5KFuUcmubtyMKvJPgSNJDaDc
0KdFxlessEq5oQIhAJgcnV5ANdXA2zQ1y8LRcE/G033l6nIr5iE6jJZkS1PdAiB/
ya+rw7Wk9YFZDtShgBFGtai5S4b2JPmEUNFjSWFanA==
-----END RSA PRIVATE KEY-----
";

impl System for Fixed {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let file = FILES.iter().find(|(name, _)| Path::new(name) == path);
        file.map(|(_, bytes)| bytes.to_vec()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn kind(&self, path: &Path) -> io::Result<FileKind> {
        match FILES.iter().find(|(name, _)| Path::new(name).starts_with(path)) {
            Some((name, _)) if Path::new(name) == path => Ok(FileKind::File),
            Some(_) => Ok(FileKind::Directory),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let below = FILES.iter().filter_map(|(name, _)| Path::new(name).strip_prefix(path).ok());
        let mut names: Vec<String> = below
            .filter_map(|rest| Some(rest.iter().next()?.to_string_lossy().into_owned()))
            .collect();
        names.sort();
        names.dedup();
        Ok(names)
    }

    fn current_dir(&self) -> PathBuf {
        "/root/sub".into()
    }

    fn home_dir(&self) -> Option<PathBuf> {
        Some("/root".into())
    }

    fn env(&self, name: &str) -> Option<String> {
        (name == "SET").then(|| "value".into())
    }

    fn env_with_prefix(&self, _: &str) -> Vec<(String, String)> {
        Vec::new()
    }

    fn now(&self) -> i128 {
        1_577_934_245_000_000_000
    }

    fn random(&self, buffer: &mut [u8]) {
        buffer.fill(7);
    }
}

fn value_with(functions: &Functions, text: &str) -> std::result::Result<Value, String> {
    let mut map = SourceMap::new();
    let file = map.add("test", text).unwrap().clone();
    let diags = Diagnostics::new();
    let mut scope = Scope::new();
    scope.bind("later", Value::unknown(Type::String));
    scope.bind("any", Value::unknown(Type::Any));
    let root = Path::new("/root");
    let env = Environment { functions, system: &Fixed, root, diags: &diags };
    parse_expression(&file, &diags).and_then(|expr| evaluate(&expr, &scope, env)).map_err(|_| {
        let messages: Vec<String> = diags
            .take()
            .into_iter()
            .map(|d| format!("{} {}", d.message, d.primary.map(|l| l.text).unwrap_or_default()))
            .collect();
        messages.join("; ")
    })
}

fn value(text: &str) -> std::result::Result<Value, String> {
    value_with(&Functions::standard(), text)
}

/// Each expression has the value of the other.
#[track_caller]
fn equal(cases: &[(&str, &str)]) {
    for (text, wanted) in cases {
        let wanted = value(wanted).unwrap_or_else(|error| panic!("{wanted}: {error}"));
        match value(text) {
            Ok(value) => {
                assert_eq!(value, wanted, "{text}");
                assert_eq!(value.ty(), wanted.ty(), "{text}");
            }
            Err(error) => panic!("{text}: {error}"),
        }
    }
}

/// Each expression fails with a message in which these words are.
#[track_caller]
fn refused(cases: &[(&str, &str)]) {
    for (text, wanted) in cases {
        match value(text) {
            Ok(value) => panic!("{text} gave {value:?}"),
            Err(error) => assert!(error.contains(wanted), "{text}: {error}"),
        }
    }
}

#[test]
fn strings() {
    equal(&[
        (r#"chomp("a\r\n\r\n")"#, r#""a""#),
        (r#"indent(2, "a\nb\n\nc")"#, r#""a\n  b\n  \n  c""#),
        (r#"join(",", ["a"], ["b"], [])"#, r#""a,b""#),
        (r#"join(",", [1, true])"#, r#""1,true""#),
        (r#"lower("ÀB")"#, r#""àb""#),
        (r#"upper("straße")"#, r#""STRAßE""#),
        (r#"title("hello wORLD foo-bar o'neil")"#, r#""Hello WORLD Foo-Bar O'Neil""#),
        (r#"split("", "héy")"#, r#"convert(["h", "é", "y"], list(string))"#),
        (r#"split(",", "")"#, r#"convert([""], list(string))"#),
        (r#"strrev("👨‍👩‍👧a")"#, r#""a👨‍👩‍👧""#),
        (r#"substr("hello", -3, 2)"#, r#""ll""#),
        (r#"substr("hello", 2, -1)"#, r#""llo""#),
        (r#"substr("hello", 10, 2)"#, r#""""#),
        (r#"substr("hello", -10, 2)"#, r#""he""#),
        (r#"trim("  xx ab xx ", " x")"#, r#""ab""#),
        (r#"trimprefix("v1", "v")"#, r#""1""#),
        (r#"trimsuffix("a.sh", ".sh")"#, r#""a""#),
        (r#"trimspace("\n a ")"#, r#""a""#),
        (r#"replace("a/b/", "/b/", "x")"#, r#""ax""#),
        (r#"replace("ab", "", "-")"#, r#""-a-b-""#),
        (r#"startswith("abc", "ab") && endswith("abc", "bc") && strcontains("abc", "b")"#, "true"),
        (r#"length("👨‍👩‍👧é")"#, "2"),
        ("length({ a = 1 })", "1"),
        ("length([later])", "1"),
    ]);
    refused(&[
        (r#"indent(-1, "a")"#, "must not be negative"),
        (r#"indent(1000000000, "a\nb")"#, "64 MiB"),
        (r#"join(",", ["a", null])"#, "element 1 is null"),
        (r#"join(",")"#, "at least one list"),
        ("upper(null)", "must not be null"),
        ("upper([])", "wrong type"),
        ("length(5)", "a string, a collection"),
        (r#"substr("a", 0.5, 1)"#, "a whole number"),
    ]);
}

#[test]
fn formats() {
    equal(&[
        (
            r#"format("%v %v %v %v", 1000000, 123456789, 0.1, 1.5)"#,
            r#""1e+06 1.23456789e+08 0.1 1.5""#,
        ),
        (r#"format("%q %q", "a\"<b>\n", 12)"#, r#""\"a\\\"\\u003cb\\u003e\\n\" \"12\"""#),
        (r#"format("%#v", { a = 1, b = ["x"] })"#, r#""{\"a\":1,\"b\":[\"x\"]}""#),
        (
            r#"format("%5s|%-5s|%05d|%+d|% d|%x|%X|%o|%b|%#x", "ab", "ab", 42, 42, 42, 255, 255, 8, 5, 255)"#,
            r#""   ab|ab   |00042|+42| 42|ff|FF|10|101|0xff""#,
        ),
        (
            r#"format("%e|%f|%g|%.2f|%8.3f|%G|%E", 1.5, 1.5, 1.5, 1.567, 1.567, 1e10, 123456789)"#,
            r#""1.500000e+00|1.500000|1.5|1.57|   1.567|1E+10|1.234568E+08""#,
        ),
        (r#"format("%[2]s %[1]s %%", "a", "b")"#, r#""b a %""#),
        (r#"format("%.2s|%5.1s|%-6q|", "héllo", "abc", "x")"#, r#""hé|    a|\"x\"   |""#),
        (
            r#"format("%05s|%+s|%08.3f|%+.1e", "ab", "b", 3.14159, 12345.678)"#,
            r#""000ab|b|0003.142|+1.2e+04""#,
        ),
        (
            r#"format("%.3g %.3g %.10g %.1g", 123456789, 1234567, 12345678.5, 0.00001234)"#,
            r#""1.23e+08 1.23e+06 12345678.5 1e-05""#,
        ),
        (
            r#"format("%x %o %#o %b %#b %.5d", -255, -8, 8, -5, 5, 42)"#,
            r#""-ff -10 010 -101 0b101 00042""#,
        ),
        (
            r#"format("%f %.0f %.0f %.0f %e", 0, 0.5, 1.5, 2.5, 0)"#,
            r#""0.000000 0 2 2 0.000000e+00""#,
        ),
        (r#"format("%5t|%t|%05v", true, "false", true)"#, r#""true|false|0true""#),
        (r#"formatlist("%s-%s", ["a", "b"], "x")"#, r#"convert(["a-x", "b-x"], list(string))"#),
        (r#"formatlist("%s", [])"#, "convert([], list(string))"),
        (r#"formatlist("x")"#, r#"convert(["x"], list(string))"#),
    ]);
    refused(&[
        (r#"format("%d", 1.5)"#, "a whole number is required"),
        (r#"format("%s %s", "a")"#, "takes value 2, but there are 1"),
        (r#"format("%s", "a", "b")"#, "verbs for 1 values"),
        (r#"format("%z", "a")"#, "is not a verb"),
        (r#"format("%s", [1])"#, "a string is required"),
        (r#"format("%", 1)"#, "needs a verb"),
        (r#"format("%x", "hello")"#, "a number is required"),
        (r#"format("%999999999s", "a")"#, "too large"),
        (r#"formatlist("%s-%s", ["a", "b"], ["x"])"#, "1 elements"),
    ]);
}

#[test]
fn numbers() {
    equal(&[
        ("[abs(-3), ceil(1.2), floor(-1.2), signum(-3)]", "[3, 2, -2, -1]"),
        ("[log(10, 10), log(8, 2), pow(2, 8), pow(2, -1)]", "[1, 3, 256, 0.5]"),
        (r#"[max(1, "2"), min(1, -1)]"#, "[2, -1]"),
        (
            r#"[parseint("ff", 16), parseint("FF", 16), parseint("zz", 62), parseint("-12", 10)]"#,
            "[255, 255, 2205, -12]",
        ),
        (r#"sum([1, "2"])"#, "3"),
        ("[log(1000, 10), log(1 / 8, 2)]", "[3, -3]"),
        ("[pow(10, 40), pow(-3, 3), pow(4, 0.5)]", r#"[1 * "1e40", -27, 2]"#),
        ("[pow(0, 0), pow(-1, 1e18), pow(-1, 1e18 + 1), pow(1, -1e30)]", "[1, 1, -1, 1]"),
    ]);
    refused(&[
        ("max()", "at least one number"),
        (r#"parseint("12x", 10)"#, "not a whole number in base 10"),
        (r#"parseint("1_0", 10)"#, "not a whole number"),
        (r#"parseint("", 10)"#, "not a whole number"),
        (r#"parseint("1", 63)"#, "between 2 and 62"),
        ("parseint(12, 10)", "a string is required"),
        ("log(0, 2)", "not a finite number"),
        ("log(-1, 2)", "not a finite number"),
        ("pow(0, -1)", "not a finite number"),
        ("signum(-3.5)", "whole number"),
        ("pow(10, 1e9)", "4096 digits"),
        ("pow(0.1, 5000)", "4096 digits"),
        ("pow(2, 1e30)", "4096 digits"),
        ("sum([])", "no sum"),
        ("sum([null])", "null"),
    ]);
}

#[test]
fn collections() {
    equal(&[
        (r#"chunklist(["a", "b", "c"], 2)"#, r#"convert([["a", "b"], ["c"]], list(list(string)))"#),
        (r#"chunklist(["a"], 0)"#, r#"convert([["a"]], list(list(string)))"#),
        (r#"coalesce("", null, "b")"#, r#""b""#),
        ("coalesce(null, 1)", "1"),
        (r#"coalesce("a", 1)"#, r#""a""#),
        ("coalesce(false, true)", "false"),
        (r#"coalescelist([], ["a"])"#, r#"["a"]"#),
        (r#"compact(["a", "", null])"#, r#"convert(["a"], list(string))"#),
        (r#"concat([1], ["a"])"#, r#"[1, "a"]"#),
        (
            r#"[contains(["a"], "a"), contains([], "a"), contains([1], "1")]"#,
            "[true, false, false]",
        ),
        (r#"distinct([1, "1"])"#, r#"convert(["1"], list(string))"#),
        (r#"element(["a", "b"], 3)"#, r#""b""#),
        (r#"flatten([["a"], ["b", ["c"]], [], null])"#, r#"["a", "b", "c", null]"#),
        (r#"index(["a", "b"], "b")"#, "1"),
        ("keys({ b = 1, a = 2 })", r#"["a", "b"]"#),
        (r#"lookup({ a = 1, b = "x" }, "c", "z")"#, r#""z""#),
        (r#"merge({ a = 1 }, { a = "x" }, null)"#, r#"{ a = "x" }"#),
        ("merge()", "{}"),
        ("range(3)", "convert([0, 1, 2], list(number))"),
        ("range(4, 1)", "convert([4, 3, 2], list(number))"),
        ("range(-3)", "convert([0, -1, -2], list(number))"),
        ("range(1, 2, 0.3)", "convert([1, 1.3, 1.6, 1.9], list(number))"),
        (r#"reverse([1, "a"])"#, r#"["a", 1]"#),
        (r#"setunion([1], ["b"])"#, r#"convert(["1", "b"], set(string))"#),
        (r#"setintersection(["a", "b"], ["b"])"#, r#"convert(["b"], set(string))"#),
        (
            r#"setproduct([1, 1], ["c"])"#,
            r#"convert([[1, "c"], [1, "c"]], list(tuple([number, string])))"#,
        ),
        (r#"slice(["a", "b", "c"], 1, 2)"#, r#"["b"]"#),
        (r#"sort(["b", 1])"#, r#"convert(["1", "b"], list(string))"#),
        (r#"values({ b = 1, a = "x" })"#, r#"["x", 1]"#),
        (r#"zipmap(["a", "b"], [1, "x"])"#, r#"{ a = 1, b = "x" }"#),
        (r#"[alltrue([]), alltrue([true, "true"]), alltrue([true, null])]"#, "[true, true, false]"),
        ("[anytrue([null]), anytrue([false, true])]", "[false, true]"),
    ]);
    refused(&[
        (r#"chunklist(["a"], -1)"#, "must not be negative"),
        (r#"coalesce("", "")"#, "null or an empty string"),
        ("coalescelist([], [])", "null or empty"),
        ("concat()", "at least one list"),
        (r#"contains({ a = 1 }, 1)"#, "a list, set or tuple"),
        (r#"element(["a"], -1)"#, "must not be negative"),
        ("element([], 0)", "no elements"),
        (r#"flatten("x")"#, "a list, set or tuple"),
        (r#"index(["a"], "z")"#, "no such element"),
        (r#"index(["1"], 1)"#, "no such element"),
        ("index({ a = 1 }, 1)", "a list or a tuple"),
        (r#"lookup({ a = 1 }, "b")"#, "takes 3 arguments"),
        (r#"merge({ a = 1 }, ["x"])"#, "a map or an object"),
        ("range(1025)", "1024"),
        ("range(0, 5, 0)", "zero"),
        ("range(0, 5, -1)", "positive"),
        ("range()", "one, two or three"),
        (r#"setproduct(["a"])"#, "at least two"),
        (r#"slice(["a"], 1, 9)"#, "the end is 9"),
        (r#"slice(["a", "b"], 1, 0)"#, "greater than the end"),
        (r#"zipmap(["a"], [1, 2])"#, "1 keys and 2 values"),
        ("setproduct(range(1000), range(1000))", "1,000,000"),
    ]);
}

#[test]
fn encodings() {
    equal(&[
        (r#"base64decode(base64encode("é"))"#, r#""é""#),
        (r#"urlencode("a b&c=é/~*")"#, r#""a+b%26c%3D%C3%A9%2F~%2A""#),
        (
            r#"csvdecode("a,b\n1,2\n3,4\n")"#,
            r#"convert([{ a = "1", b = "2" }, { a = "3", b = "4" }], list(object({ a = string, b = string })))"#,
        ),
        (
            r#"jsondecode("{\"a\":1.50,\"b\":[1,\"x\",null]}")"#,
            r#"{ a = 1.5, b = [1, "x", null] }"#,
        ),
        (
            r#"jsondecode("[12345678901234567890.123456789, 1e400, -0]")"#,
            r#"[12345678901234567890.123456789, 1 * "1e400", 0]"#,
        ),
        (r#"jsondecode(" {\"a\":1,\"e\u0301\":2,\"a\":3} ")"#, r#"{ a = 3, é = 2 }"#),
        (r#"jsondecode("\"\\ud83d\\ude00\"")"#, r#""😀""#),
        (
            r#"jsonencode({ b = 1000000, a = "<&>\u2028\u0001/é\t", d = null, e = 1e30 })"#,
            r#""{\"a\":\"\\u003c\\u0026\\u003e\\u2028\\u0001/é\\t\",\"b\":1000000,\"d\":null,\"e\":1000000000000000000000000000000}""#,
        ),
        (
            r#"yamldecode("a: &x {c: 1}\nb:\n  <<: *x\n  d: [2, ~]")"#,
            "{ a = { c = 1 }, b = { c = 1, d = [2, null] } }",
        ),
        (
            r#"yamldecode("- yes\n- \"yes\"\n- Off\n- ~\n- 0x1f\n- 017\n- 1_000\n- 0b11\n- .5\n- 1e400")"#,
            r#"[true, "yes", false, null, "0x1f", 17, 1000, 3, 0.5, 1 * "1e400"]"#,
        ),
        (
            r#"yamldecode("- 2020-01-02\n- 2020-1-2 3:4:5.5\n- 2020-01-02T03:04:05+02:00\n- 2020-13-01\n- 12:30:45")"#,
            r#"["2020-01-02T00:00:00Z", "2020-01-02T03:04:05Z", "2020-01-02T03:04:05+02:00", "2020-13-01", "12:30:45"]"#,
        ),
        (
            r#"yamldecode("- !!str 1\n- !!int 0x1f\n- !!binary aGk=\n- !!null x")"#,
            r#"["1", 31, "aGk=", null]"#,
        ),
        (
            r#"yamldecode("a: 1\na: 2\n12345678901234567890.5: x")"#,
            r#"{ a = 2, "12345678901234567890.5" = "x" }"#,
        ),
        (r#"yamldecode("--- a\n...\n")"#, r#""a""#),
        (r#"yamldecode("1: a\ntrue: b")"#, r#"{ "1" = "a", "true" = "b" }"#),
        (
            r#"yamlencode({ a = 1, b = ["x", { c = null, d = "l1\nl2" }], e = {}, f = [], k = [["a"], []] })"#,
            r#""\"a\": 1\n\"b\":\n- \"x\"\n- \"c\": null\n  \"d\": |-\n    l1\n    l2\n\"e\": {}\n\"f\": []\n\"k\":\n- - \"a\"\n- []\n""#,
        ),
        (
            r#"yamlencode({ a = " x\ny", b = "x \ny", d = "x\n\n", k = "\n", i = "😀" })"#,
            r#""\"a\": |2-\n   x\n  y\n\"b\": \"x \\ny\"\n\"d\": |+\n  x\n\n\"i\": \"\\U0001F600\"\n\"k\": |2+\n\n""#,
        ),
        ("yamlencode(1000000)", r#""1000000\n...\n""#),
        (r#"yamlencode([[{ a = [{}] }]])"#, r#""- - \"a\":\n    - {}\n""#),
    ]);
    refused(&[
        (r#"base64decode("!!!")"#, "not Base64"),
        (r#"base64decode("/w==")"#, "not UTF-8"),
        (r#"csvdecode("a,b\n1\n")"#, "line 2 has 1 fields"),
        (r#"csvdecode("a,a\n1,2\n")"#, "two columns are called `a`"),
        (r#"csvdecode("")"#, "name the columns"),
        (r#"jsondecode("{")"#, "not JSON"),
        (r#"jsondecode("1 2")"#, "not JSON"),
        (r#"jsondecode("1e9999")"#, "4096 digits"),
        (r#"jsondecode("[1,]")"#, "not JSON"),
        (r#"jsondecode("\"\\ud83d\"")"#, "not JSON"),
        (r#"jsondecode("")"#, "not JSON"),
        (r#"yamldecode("")"#, "no document"),
        (r#"yamldecode("a: 1\n---\nb: 2")"#, "more than one document"),
        (r#"yamldecode("a: !foo b")"#, "the tag `!foo` is not known"),
        (r#"yamldecode("!!int x")"#, "is not what its tag says"),
        (r#"yamldecode("!!map [a]")"#, "cannot stand here"),
        (r#"yamldecode(".inf")"#, "is not finite"),
        (r#"yamldecode(".nan")"#, "is not a number"),
        (r#"yamldecode("&a [*a]")"#, "inside its own anchor"),
        (r#"yamldecode("*a")"#, "not YAML"),
        (r#"yamldecode("~: a")"#, "null cannot be a name"),
        (r#"yamldecode("<<: 1")"#, "needs a mapping"),
        (r#"yamldecode("a: [")"#, "line "),
        (r#"yamldecode("? [a]\n: b")"#, "only strings"),
    ]);
    let deep = format!("jsondecode(\"{}\")", "[".repeat(100_000));
    refused(&[(&deep, "not JSON")]);
}

#[test]
fn regular_expressions() {
    equal(&[
        (r#"regex("(\\d+)-(a)", "12-a")"#, r#"["12", "a"]"#),
        (r#"regex("(?P<y>\\d+)-(?P<x>a)", "12-a")"#, r#"{ x = "a", y = "12" }"#),
        (r#"regex("[a-z]+", "12ab")"#, r#""ab""#),
        (r#"regexall("a*", "baac")"#, r#"convert(["", "aa", ""], list(string))"#),
        (r#"regexall("q", "a")"#, "convert([], list(string))"),
        (r#"regex_replace("abc", "(b)", "[$1]")"#, r#""a[b]c""#),
        (r#"regex_replace("abc", "(?P<q>b)", "<$${q}>")"#, r#""a<b>c""#),
    ]);
    refused(&[
        (r#"regex("z", "12-a")"#, "matches no part"),
        (r#"regex("(", "x")"#, "not a regular expression"),
        (r#"regex("(a)(?P<x>b)", "ab")"#, "cannot be mixed"),
        (r#"regex("(((a{1000}){1000}){1000})", "x")"#, "too large"),
        (r#"regex("a{1001}", "x")"#, "1000 times"),
    ]);
}

#[test]
fn times() {
    equal(&[
        (
            r#"formatdate("YYYY-MM-DD'T'hh:mm:ssZ", "2020-01-02T03:04:05+02:00")"#,
            r#""2020-01-02T03:04:05+02:00""#,
        ),
        (
            r#"formatdate("YY M MMM MMMM D EEE EEEE h H HH m s AA aa Z ZZZ ZZZZ ZZZZZ '''x'", "2020-01-02T13:04:05Z")"#,
            r#""20 1 Jan January 2 Thu Thursday 13 1 01 4 5 PM pm Z UTC +0000 +00:00 'x""#,
        ),
        (r#"timeadd("2020-01-02T13:04:05.25+02:00", "-1ns")"#, r#""2020-01-02T13:04:05+02:00""#),
        (r#"timeadd("2020-01-02T13:04:05Z", "+1.5h1ms")"#, r#""2020-01-02T14:34:05Z""#),
        ("timestamp()", r#""2020-01-02T03:04:05Z""#),
        (r#"legacy_isotime("2006 Jan _2")"#, r#""2020 Jan  2""#),
        (r#"legacy_strftime("%Y %q")"#, r#""2020 %q""#),
        ("legacy_isotime()", r#""2020-01-02T03:04:05Z""#),
        (
            r#"rfc3339_parse("2020-01-02 13:04:05.5+02:00")"#,
            r#"{ day = 2, hour = 13, iso_week = 1, iso_year = 2020, minute = 4, month = 1, month_name = "January", second = 5, unix = 1577963045, weekday = 4, weekday_name = "Thursday", year = 2020, year_day = 2 }"#,
        ),
        ("unix_timestamp_parse(0).rfc3339", r#""1970-01-01T00:00:00Z""#),
    ]);
    refused(&[
        (r#"formatdate("Y", "2020-01-02T13:04:05Z")"#, "`Y` stands for no part"),
        (r#"formatdate("'abc", "2020-01-02T13:04:05Z")"#, "a quote has no end"),
        (r#"formatdate("YYYY", "2020-01-02 13:04:05Z")"#, "`T`"),
        (r#"timeadd("2020-01-02T13:04:05Z", "x")"#, "not a duration"),
        (r#"timeadd("9999-01-02T13:04:05Z", "99999h")"#, "out of range"),
        (r#"legacy_isotime("a", "b")"#, "at most one"),
        ("unix_timestamp_parse(1.5)", "whole number"),
    ]);
}

#[test]
fn networks() {
    equal(&[
        (
            r#"[cidrhost("10.0.0.0/8", 2), cidrhost("10.9.9.9/8", -1)]"#,
            r#"["10.0.0.2", "10.255.255.255"]"#,
        ),
        (
            r#"[cidrhost("10.1.2.3/32", 0), cidrhost("10.1.2.3/32", -1)]"#,
            r#"["10.1.2.3", "10.1.2.3"]"#,
        ),
        (r#"cidrhost("fd00::/64", -1)"#, r#""fd00::ffff:ffff:ffff:ffff""#),
        (r#"cidrhost("::/0", -1)"#, r#""ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff""#),
        (
            r#"[cidrnetmask("10.0.0.0/20"), cidrnetmask("0.0.0.0/0")]"#,
            r#"["255.255.240.0", "0.0.0.0"]"#,
        ),
        (r#"cidrnetmask("fd00::/48")"#, r#""ffff:ffff:ffff::""#),
        (r#"cidrsubnet("10.1.0.0/16", 8, 255)"#, r#""10.1.255.0/24""#),
        (
            r#"[cidrsubnet("0.0.0.0/0", 0, 0), cidrsubnet("::/0", 0, 0)]"#,
            r#"["0.0.0.0/0", "::/0"]"#,
        ),
        (r#"cidrsubnet("fd00::/96", 32, 4294967295)"#, r#""fd00::ffff:ffff/128""#),
        (
            r#"cidrsubnets("10.0.0.0/8", 8, 4, 16)"#,
            r#"convert(["10.0.0.0/16", "10.16.0.0/12", "10.32.0.0/24"], list(string))"#,
        ),
        (
            r#"cidrsubnets("0.0.0.0/0", 1, 1)"#,
            r#"convert(["0.0.0.0/1", "128.0.0.0/1"], list(string))"#,
        ),
        (r#"cidrsubnets("10.0.0.0/8")"#, "convert([], list(string))"),
        (r#"cidrhost("::ffff:10.0.0.0/104", 2)"#, r#""::ffff:10.0.0.2""#),
    ]);
    refused(&[
        (r#"cidrhost("10.0.0.0", 1)"#, "an address and a prefix length"),
        (r#"cidrhost("10.0.0.0/33", 1)"#, "an address and a prefix length"),
        (r#"cidrhost("010.0.0.0/8", 1)"#, "an address and a prefix length"),
        (r#"cidrhost("fe80::1%eth0/64", 1)"#, "an address and a prefix length"),
        (r#"cidrhost("10.0.0.0/+8", 1)"#, "an address and a prefix length"),
        (r#"cidrhost("10.0.0.0/30", 4)"#, "no host with the number 4"),
        (r#"cidrhost("10.0.0.0/30", -5)"#, "no host with the number -5"),
        (r#"cidrhost("10.0.0.0/30", 1.5)"#, "a whole number"),
        (r#"cidrsubnet("10.0.0.0/8", 33, 0)"#, "0 to 32 bits"),
        (r#"cidrsubnet("10.0.0.0/8", -1, 0)"#, "0 to 32 bits"),
        (r#"cidrsubnet("10.0.0.0/30", 3, 0)"#, "33 bits is longer than 32"),
        (r#"cidrsubnet("10.0.0.0/8", 2, 4)"#, "no network with the number 4"),
        (r#"cidrsubnet("10.0.0.0/8", 2, -1)"#, "no network with the number -1"),
        (r#"cidrsubnets("10.0.0.0/8", 1, 1, 1)"#, "no room"),
        (r#"cidrsubnets("128.0.0.0/1", 1, 1, 1)"#, "no room"),
        (r#"cidrsubnets("10.0.0.0/8", 0)"#, "at least one bit"),
        ("cidrnetmask(null)", "must not be null"),
    ]);
}

#[test]
fn charsets() {
    equal(&[
        (r#"textencodebase64("é", "ISO-8859-1")"#, r#""6Q==""#),
        (r#"textencodebase64("é€", "windows-1252")"#, r#""6YA=""#),
        (r#"textencodebase64("aé", "UTF-16")"#, r#""/v8AYQDp""#),
        (r#"textencodebase64("a😀", "utf-16le")"#, r#""YQA92ADe""#),
        (r#"textencodebase64("日本", "Shift_JIS")"#, r#""k/qWew==""#),
        (r#"textencodebase64("日本", "ISO-2022-JP")"#, r#""GyRCRnxLXBsoQg==""#),
        (r#"textencodebase64("ş", "ISO-8859-9")"#, r#""/g==""#),
        (r#"textencodebase64("", "UTF-16BE")"#, r#""""#),
        (r#"textdecodebase64("gA==", "ISO-8859-1")"#, r#""\u0080""#),
        (r#"textdecodebase64("//5hAA==", "UTF-16")"#, r#""a""#),
        (r#"textdecodebase64("k/qWew==", "Shift_JIS")"#, r#""日本""#),
        (r#"textdecodebase64(textencodebase64("中", "GB18030"), "GB18030")"#, r#""中""#),
    ]);
    refused(&[
        (r#"textencodebase64("a€", "ISO-8859-1")"#, "has no `€` (U+20AC)"),
        (r#"textencodebase64("é", "US-ASCII")"#, "has no `é`"),
        (r#"textencodebase64("日", "ISO-8859-2")"#, "has no `日`"),
        (r#"textencodebase64("a", "UTF-32")"#, "is not the IANA name"),
        (r#"textencodebase64("a", "")"#, "is not the IANA name"),
        (r#"textencodebase64("a", "x-user-defined")"#, "is not the IANA name"),
        (r#"textdecodebase64("gQ==", "windows-1252")"#, "stand for nothing"),
        (r#"textdecodebase64("6Q==", "US-ASCII")"#, "stand for nothing"),
        (r#"textdecodebase64("/w==", "UTF-8")"#, "stand for nothing"),
        (r#"textdecodebase64("2AA=", "UTF-16BE")"#, "stand for nothing"),
        (r#"textdecodebase64("AA==", "UTF-16BE")"#, "stand for nothing"),
        (r#"textdecodebase64("!", "UTF-8")"#, "not Base64"),
    ]);
}

#[test]
fn passwords_and_keys() {
    let encrypted =
        "P3JLhDnS02229AV0Lc2HsenUKzekAdXdRf6+mQ2Ee6He6Ly1OrV3eihiJGmKua67Xbt8fDHbgyZCOwheyZOJxA==";
    let rsadecrypt = |key: &str| format!("rsadecrypt(\"{encrypted}\", file(\"keys/{key}.pem\"))");
    equal(&[
        (&rsadecrypt("one"), r#""hush é""#),
        (r#"bcrypt("a", 4)"#, r#""$2a$04$/uaF/uaF/uaF/uaF/uaF/ugojBkJvLTTZPRzvDSCI3PIUPaJ5ojDa""#),
        (r#"substr(bcrypt("a"), 0, 7)"#, r#""$2a$10$""#),
        (r#"substr(bcrypt("a", 3), 0, 7)"#, r#""$2a$10$""#),
    ]);
    refused(&[
        (&rsadecrypt("other"), "was not encrypted for this key"),
        (r#"rsadecrypt("YQ==", file("keys/one.pem"))"#, "was not encrypted for this key"),
        (r#"rsadecrypt("!", file("keys/one.pem"))"#, "not Base64"),
        (r#"rsadecrypt("YQ==", "x")"#, "BEGIN RSA PRIVATE KEY"),
        (r#"rsadecrypt("YQ==", "-----BEGIN ENCRYPTED PRIVATE KEY-----")"#, "passphrase"),
        (r#"bcrypt("a", 17)"#, "must not be greater than 16"),
        (r#"bcrypt("a", 4, 4)"#, "at most one cost"),
        (r#"bcrypt("a", "x")"#, "wrong type"),
        (r#"bcrypt(format("%073d", 0))"#, "72"),
    ]);
}

#[test]
fn digests_and_identifiers() {
    equal(&[
        (r#"md5("a")"#, r#""0cc175b9c0f1b6a831c399e269772661""#),
        (r#"sha1("a")"#, r#""86f7e437faa5a7fce15d1ddcb9eaeaea377667b8""#),
        (r#"sha256("a")"#, r#""ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb""#),
        (r#"substr(sha512("a"), 0, 16)"#, r#""1f40fc92da241694""#),
        (r#"uuidv5("dns", "www.example.com")"#, r#""2ed6657d-e927-568b-95e1-2665a8aea6a2""#),
        (
            r#"uuidv5("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "x")"#,
            r#""05b16a01-46c6-56dd-bd6e-c6dfb4a1427a""#,
        ),
        ("uuidv4()", r#""07070707-0707-4707-8707-070707070707""#),
    ]);
    refused(&[(r#"uuidv5("bad", "x")"#, "a UUID or one of")]);
}

#[test]
fn files() {
    equal(&[
        (r#"file("a.txt")"#, r#""one\n""#),
        (r#"file("~/a.txt")"#, r#""one\n""#),
        (r#"filebase64("b.txt")"#, r#""dHdv""#),
        (r#"[fileexists("a.txt"), fileexists("no")]"#, "[true, false]"),
        (r#"fileset(".", "*.txt")"#, r#"convert(["a.txt"], set(string))"#),
        (r#"fileset("/root", "**/*.txt")"#, r#"convert(["a.txt", "sub/b.txt"], set(string))"#),
        (
            r#"fileset("/root", "{.h*,sub/?.txt}")"#,
            r#"convert([".hidden", "sub/b.txt"], set(string))"#,
        ),
        (r#"fileset("/absent", "*")"#, "convert([], set(string))"),
        (r#"[basename(""), basename("/a/b/"), basename("/")]"#, r#"[".", "b", "/"]"#),
        (
            r#"[dirname(""), dirname("/a/b/"), dirname("/a"), dirname("a")]"#,
            r#"[".", "/a/b", "/", "."]"#,
        ),
        (r#"[pathexpand("~/x"), pathexpand("x/~")]"#, r#"["/root/x", "x/~"]"#),
        (r#"abspath("x/../y")"#, r#""/root/sub/y""#),
    ]);
    refused(&[
        (r#"file("no")"#, "there is no file `/root/no`"),
        (r#"file("sub")"#, "is a folder"),
        (r#"file("bytes")"#, "not UTF-8"),
        (r#"fileexists("sub")"#, "is a folder"),
        (r#"pathexpand("~bob/x")"#, "~user"),
        (r#"fileset(".", "[")"#, "fileset"),
    ]);
}

#[test]
fn template_files() {
    equal(&[
        (r#"templatefile("hello.tpl", { name = "ann", list = [1, "b"] })"#, r#""Hello ANN 1 b!""#),
        (r#"templatefile("a.txt", {})"#, r#""one\n""#),
    ]);
    refused(&[
        (r#"templatefile("broken.tpl", { name = 1 })"#, "broken.tpl:2:3: "),
        (r#"templatefile("broken.tpl", { name = 1 })"#, "did you mean `name`?"),
        (r#"templatefile("a.txt", { "a b" = 1 })"#, "name of a variable"),
        (r#"templatefile("a.txt", 5)"#, "a map or an object"),
        (r#"templatefile("no", {})"#, "there is no file"),
        (r#"templatefile("again.tpl", {})"#, "`templatefile` cannot be called in a template file"),
    ]);
}

#[test]
fn env_is_for_defaults_only() {
    let defaults = Functions::for_defaults();
    assert_eq!(value_with(&defaults, r#"env("SET")"#), Ok("value".into()));
    assert_eq!(value_with(&defaults, r#"env("UNSET")"#), Ok("".into()));
    assert!(value(r#"env("SET")"#).is_err());
    assert!(value_with(&defaults, r#"upper("a")"#).is_err());
}

#[test]
fn unknown_arguments_give_unknown_results_of_the_right_type() {
    for (text, ty) in [
        ("upper(later)", Type::String),
        ("length(later)", Type::Number),
        ("split(later, \"a\")", Type::list(Type::String)),
        ("keys(any)", Type::Any),
        ("merge({ a = 1 }, any)", Type::Any),
        ("jsondecode(later)", Type::Any),
        ("regex(\"a(b)\", later)", Type::Tuple([Type::String].into())),
        ("fileset(later, \"*\")", Type::set(Type::String)),
    ] {
        assert_eq!(value(text), Ok(Value::unknown(ty)), "{text}");
    }
}

#[test]
fn the_examples_of_the_reference_page_are_true() {
    for function in Functions::standard().iter() {
        let (_, example) = function.doc.rsplit_once("; `").unwrap_or_default();
        let pair = example.strip_suffix('`').and_then(|example| example.split_once("` is `"));
        let Some((text, wanted)) = pair else { panic!("`{}` has no example", function.name) };
        assert!(text.contains(&format!("{}(", function.name)), "{text}");
        let wanted = value(wanted).unwrap_or_else(|error| panic!("{wanted}: {error}"));
        let found = value(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let same = found == wanted || wanted.convert(&found.ty()).ok() == Some(found.clone());
        assert!(same, "{text} is {found:?}, not {wanted:?}");
    }
}

#[test]
fn every_function_is_documented_and_no_name_is_taken_twice() {
    let functions = Functions::standard();
    for function in functions.iter() {
        assert!(function.doc.starts_with(&format!("`{}(", function.name)), "{}", function.name);
        assert!(!SPECIAL_FORMS.contains(&function.name));
    }
    assert_eq!(functions.names().count() + SPECIAL_FORMS.len(), 103);
}
