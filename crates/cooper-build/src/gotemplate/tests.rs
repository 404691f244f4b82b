//! Cross-checked with Go's `text/template`, but for the wording of errors.

use std::io;
use std::path::{Path, PathBuf};

use cooper_hcl::{FileKind, System};

use super::*;

struct Fixed;

impl System for Fixed {
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
        "/here".into()
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
        1_577_934_245_000_000_000
    }

    fn random(&self, buffer: &mut [u8]) {
        buffer.fill(7);
    }
}

fn data() -> Data {
    Data::map([
        ("Path", Data::from("/tmp/x")),
        ("Vars", "A=1 ".into()),
        ("N", 3.into()),
        ("F", Data::Float(1.5)),
        ("B", true.into()),
        ("M", Data::map([("a", Data::from("x")), ("b", 2.into())])),
        ("L", [Data::from("p"), "q".into()].into_iter().collect()),
        ("E", "".into()),
    ])
}

fn context(complete: bool) -> Context<'static> {
    Context {
        build_name: "ubuntu",
        build_type: "docker",
        packer_version: "1.16.0",
        system: &Fixed,
        complete,
        variables: None,
    }
}

fn rendered(text: &str) -> Result<String, TemplateError> {
    Template::parse(text)?.render(&data(), &context(true))
}

#[track_caller]
fn all(cases: &[(&str, &str)]) {
    for (text, wanted) in cases {
        match rendered(text) {
            Ok(shown) => assert_eq!(shown, *wanted, "{text}"),
            Err(error) => panic!("{text}: {error}"),
        }
    }
}

#[track_caller]
fn refused(cases: &[(&str, &str)]) {
    for (text, wanted) in cases {
        match rendered(text) {
            Ok(shown) => panic!("{text} gave {shown:?}"),
            Err(error) => assert!(error.message.contains(wanted), "{text}: {error}"),
        }
    }
}

#[test]
fn data_is_shown() {
    all(&[
        ("plain }} text", "plain }} text"),
        ("{{.Path}} {{ .Vars }}|", "/tmp/x A=1 |"),
        ("chmod +x {{.Path}}; {{.Vars}}{{.Path}}", "chmod +x /tmp/x; A=1 /tmp/x"),
        ("{{.Missing}}", "<no value>"),
        ("{{.Missing.Foo}}", "<no value>"),
        ("{{.M}} {{.L}} {{.F}} {{.B}}", "map[a:x b:2] [p q] 1.5 true"),
        ("{{(.M).a}}{{$.M.a}}", "xx"),
        ("{{ .Path }}}", "/tmp/x}"),
        ("{{.Path}}{{/* x */}}{{\"y\"}}", "/tmp/xy"),
    ]);
    refused(&[
        ("{{.Path.Foo}}", "a string has no field `Foo`"),
        ("{{.Path .N}}", "only a function"),
    ]);
}

#[test]
fn literals_are_gos() {
    all(&[
        (r#"{{"\u00e9\x41\101\n"}}"#, "éAA\n"),
        (r"{{`raw\n`}}", r"raw\n"),
        ("{{'a'}} {{'\\n'}}", "97 10"),
        ("{{0x1F}} {{1_000}} {{0b11}} {{017}} {{-5}}", "31 1000 3 15 -5"),
        ("{{1e6}} {{1.0}} {{100000000000000000000000.0}}", "1e+06 1 1e+23"),
        (r#"{{"{{"}} }}"#, "{{ }}"),
        ("{{true}}", "true"),
    ]);
    refused(&[
        ("{{ \"a", "the string has no end"),
        ("{{ `a", "the string has no end"),
        (r#"{{"\q"}}"#, "not an escape"),
        ("{{12ab}}", "`12ab` is not a number"),
        ("{{nil}}", "`nil`"),
    ]);
}

#[test]
fn white_space_is_trimmed_where_marked() {
    all(&[
        ("a {{- \"x\" -}}  b", "axb"),
        ("{{- /* c */ -}} z", "z"),
        ("{{/* c */}} z", " z"),
        ("{{-  3}} {{- 3 }}", "33"),
        ("a\n {{- if true }} b {{ end -}} \n c", "a b c"),
    ]);
}

#[test]
fn blocks_and_variables_work() {
    all(&[
        ("{{if .E}}x{{else if .B}}y{{else}}z{{end}}", "y"),
        ("{{if .E}}x{{else if .E}}y{{else}}z{{end}}", "z"),
        ("{{if not .B}}a{{end}}", ""),
        ("{{with .M}}{{.a}}{{else}}n{{end}}", "x"),
        ("{{with .Missing}}a{{else with .M}}b{{.a}}{{end}}", "bx"),
        ("{{with $x := .M}}{{$x.b}}{{end}}", "2"),
        ("{{range .L}}{{.}},{{end}}", "p,q,"),
        ("{{range $i, $e := .L}}{{$i}}={{$e}};{{end}}", "0=p;1=q;"),
        ("{{range $k, $v := .M}}{{$k}}={{$v}};{{end}}", "a=x;b=2;"),
        ("{{range .Missing}}x{{else}}none{{end}}", "none"),
        ("{{range 3}}{{.}}{{end}}", "012"),
        ("{{range .L}}{{.}}{{break}}{{end}}", "p"),
        ("{{range .L}}{{if eq . \"p\"}}{{continue}}{{end}}{{.}}{{end}}", "q"),
        ("{{$x := 1}}{{$x = 2}}{{$x}}", "2"),
        ("{{$x := 1}}{{if true}}{{$x = 5}}{{$x := 7}}{{end}}{{$x}}", "5"),
    ]);
    refused(&[
        ("{{$y}}", "no variable `$y`"),
        ("{{range .Path}}x{{end}}", "a list or a map"),
        ("{{if}}x{{end}}", "a value is missing"),
        ("{{if 1}}x", "`if` has no `{{end}}`"),
        ("{{if 1}}x{{else}}y", "`if` has no `{{end}}`"),
        ("{{if 1}}{{else}}{{else}}{{end}}", "`else` already"),
        ("{{end}}", "`{{end}}` ends nothing"),
        ("{{else}}", "`{{else}}` ends nothing"),
        ("{{break}}", "outside a `range`"),
        ("{{template \"x\"}}", "not available"),
    ]);
}

#[test]
fn mistakes_are_found() {
    refused(&[
        ("{{}}", "a value is missing"),
        ("{{ .Path } }}", "`}` has no meaning here"),
        ("{{ .Path", "`{{` has no `}}`"),
        ("{{/* c }}", "the comment has no end"),
        ("{{nofunc 1}}", "there is no function called `nofunc`"),
        ("{{uper .Path}}", "did you mean `upper`?"),
        ("{{1 | 2}}", "only a function"),
        ("{{3 4}}", "only a function"),
        ("{{..Path}}", "cannot stand here"),
        ("{{.Path.}}", "cannot stand here"),
        ("{{true.x}}", "cannot stand here"),
        ("{{(.Path}}", "`(` has no `)`"),
        ("{{.Path)}}", "cannot stand here"),
    ]);
    let error = Template::parse("ab {{ nofunc }}").unwrap_err();
    assert_eq!(error.offset, 6);
}

#[test]
fn gos_functions_work() {
    all(&[
        (
            "{{eq 1 1}} {{eq \"a\" \"b\" \"a\"}} {{ne 1 2}} {{lt 1 2}} {{le 2 2}}",
            "true true true true true",
        ),
        ("{{gt \"b\" \"a\"}} {{ge 1.5 1.0}} {{eq .Missing \"a\"}}", "true true false"),
        ("{{and 1 0 3}} {{or 0 \"\" \"x\"}} {{not 1}}", "0 x false"),
        ("{{or true (index .L 9)}}", "true"),
        (
            "{{index .L 1}} {{index .M \"a\"}} {{index .M \"zz\"}} {{index \"abc\" 1}}",
            "q x <no value> 98",
        ),
        ("{{slice \"abcdef\" 1 3}} {{slice .L 1}}", "bc [q]"),
        ("{{len \"é\"}} {{len .M}}", "2 2"),
        ("{{html \"<a&'\\\">\"}}", "&lt;a&amp;&#39;&#34;&gt;"),
        ("{{js \"it's <x>\\n\"}}", "it\\'s \\u003Cx\\u003E\\u000A"),
        ("{{urlquery \"a b&c\"}}", "a+b%26c"),
        ("{{.Path | upper | len}}", "6"),
        ("{{\"a\" | printf \"%s-%s\" \"b\"}}", "b-a"),
        ("{{print .Missing}}{{print 1 2 \"a\" 3}}{{println 1 \"a\"}}", "<nil>1 2a31 a\n"),
    ]);
    refused(&[
        ("{{eq 1 1.0}}", "cannot be compared"),
        ("{{eq 1 \"a\"}}", "cannot be compared"),
        ("{{lt true false}}", "cannot be compared"),
        ("{{and}}", "at least 1"),
        ("{{index .L 5}}", "out of range"),
        ("{{index .L \"a\"}}", "a whole number"),
        ("{{index .M 1}}", "a string"),
        ("{{slice \"abc\" 5}}", "out of range"),
        ("{{slice \"é\" 1}}", "cut a character"),
        ("{{len 3}}", "no length"),
    ]);
}

#[test]
fn printf_is_gos() {
    all(&[
        (
            "{{printf \"%s %d %v %q %x\" \"a\" 3 .M \"q\\\"\" \"hi\"}}",
            "a 3 map[a:x b:2] \"q\\\"\" 6869",
        ),
        (
            "{{printf \"%5d|%-5s|%05d|%t|%.2f|%g|%e\" 42 \"ab\" 7 true 1.234 1.5 1.5}}",
            "   42|ab   |00007|true|1.23|1.5|1.500000e+00",
        ),
        (
            "{{printf \"%6.2f|%+d|%x|%X|%#x|%o|% d\" 3.14159 5 255 \"hi\" 255 8 5}}",
            "  3.14|+5|ff|6869|0xff|10| 5",
        ),
        ("{{printf \"%d\" \"a\"}}", "%!d(string=a)"),
        ("{{printf \"%d\"}}", "%!d(MISSING)"),
        ("{{printf \"%s\" 3}}", "%!s(int=3)"),
        ("{{printf \"a\" 1}}", "a%!(EXTRA int=1)"),
        ("{{printf \"%z\" 1}}", "%!z(int=1)"),
        ("{{printf \"%!\"}}", "%!!(MISSING)"),
        ("{{printf \"a%\"}}", "a%!(NOVERB)"),
        ("{{printf \"%v %s %%\" .L .L}}", "[p q] [p q] %"),
        ("{{len (printf \"%.70000f\" .5)}} {{len (printf \"%.70000e\" 1.5)}}", "70002 70006"),
        ("{{printf \"%.70000g\" .5}} {{len (printf \"%.70000g\" 1e300)}}", "0.5 301"),
        ("{{printf \"%v\" nil}}", "<nil>"),
        ("{{printf \"%s\" nil}}", "%!s(<nil>)"),
        ("{{printf \"%c %U %T %T\" 65 65 \"a\" 1}}", "A U+0041 string int"),
        ("{{printf \"%*d\" 5 1}}", "    1"),
        ("{{printf \"%[2]s %[1]s\" \"a\" \"b\"}}", "b a"),
        ("{{printf \"%s %v\" true true}}", "%!s(bool=true) true"),
        ("{{printf \"%q %q\" 65 \"é\"}}", "'A' \"é\""),
        ("{{printf \"%5t|%-8v|\" true \"a\"}}", " true|a       |"),
        (
            "{{printf \"%v %v %.3g %g\" 1e21 0.000001 1234.5 100000.0}}",
            "1e+21 1e-06 1.23e+03 100000",
        ),
        ("{{printf \"%d\" 1.5}}", "%!d(float64=1.5)"),
    ]);
}

#[test]
fn packers_functions_work() {
    all(&[
        ("{{build_name}} {{build_type}} {{packer_version}}", "ubuntu docker 1.16.0"),
        ("{{isotime}} {{isotime \"2006-01-02\"}}", "2020-01-02T03:04:05Z 2020-01-02"),
        ("{{strftime \"%Y%m%d\"}} {{timestamp}} {{pwd}}", "20200102 1577934245 /here"),
        ("{{uuid}}", "5e0d5da5-0707-0707-0707-070707070707"),
        ("{{upper \"aé\"}} {{lower \"AÉ\"}}", "AÉ aé"),
        ("{{split \"a,b\" \",\" 1}}", "b"),
        ("{{replace \"a\" \"b\" 1 \"aaa\"}} {{replace \"a\" \"b\" -1 \"aaa\"}}", "baa bbb"),
        ("{{.Path | replace_all \"/\" \"-\"}}", "-tmp-x"),
        ("{{build `Path`}}", "/tmp/x"),
    ]);
    refused(&[
        ("{{split \"a,b\" \",\" 5}}", "no part 5"),
        ("{{split \"a,b\" \",\" \"1\"}}", "a whole number"),
        ("{{upper .Missing}}", "must be a string, not nothing"),
        ("{{upper}}", "takes 1 arguments, not 0"),
        ("{{template_dir}}", "template path not available"),
        ("{{env \"HOME\"}}", "not allowed here"),
        ("{{vault \"a\" \"b\"}}", "not allowed here"),
        ("{{user `x`}}", "`${var.name}`"),
        ("{{sed \"a\" \"b\"}}", "no longer"),
        ("{{build `X`}}", "the build has no `X`"),
    ]);
    let build = Template::parse("{{build `ID`}}").unwrap();
    assert!(build.render(&Data::Nil, &context(false)).unwrap_err().message.contains("${build.ID}"));
}

#[test]
fn nothing_grows_without_bounds() {
    let doubling =
        format!("{{{{$x := \"aaaaaaaaaaaaaaaa\"}}}}{}", "{{$x = print $x $x}}".repeat(40));
    let nested = "{{if 1}}".repeat(65);
    let parentheses = format!("{{{{{}", "(".repeat(100_000));
    refused(&[
        ("{{range 2000}}{{range 2000}}{{end}}{{end}}", "steps"),
        ("{{range 9223372036854775807}}{{end}}", "steps"),
        (
            "{{printf \"%999999999d\" 1 | printf \"%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s%s\"}}{{printf \"%*d%*d%*d%*d%*d%*d%*d%*d%*d%*d%*d%*d%*d%*d%*d%*d%*d\" 1000000 1 1000000 1 1000000 1 1000000 1 1000000 1 1000000 1 1000000 1 1000000 1 1000000 1 1000000 1 1000000 1 1000000 1 1000000 1 1000000 1 1000000 1 1000000 1 1000000 1}}",
            "16 MiB",
        ),
        (&doubling, "16 MiB"),
        (&nested, "64 deep"),
        (&parentheses, ""),
    ]);
}

#[test]
fn texts_without_braces_are_told_at_once() {
    assert!(has_actions("a {{b}}"));
    assert!(!has_actions("a {b} }}"));
}
