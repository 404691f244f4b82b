use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use cooper_wire::message::Configs;
use cooper_wire::msgpack::Value;

use super::*;
use crate::Schema;

/// Everything that a field may be.
#[derive(Schema)]
struct Everything {
    /// A text.
    name: String,
    /// A path.
    #[schema(default = "/srv")]
    path: PathBuf,
    /// A truth.
    #[schema(default)]
    on: bool,
    /// A small number.
    #[schema(default = 3)]
    tries: u8,
    /// Any number.
    ratio: Option<f64>,
    /// A time.
    #[schema(default = Duration::from_secs(90))]
    wait: Duration,
    /// Texts.
    #[schema(default)]
    words: Vec<String>,
    /// Numbers by name.
    #[schema(default)]
    sizes: BTreeMap<String, i64>,
    /// What is called `type` in a template.
    #[schema(name = "type")]
    kind: Option<String>,
    /// Not to be shown.
    #[schema(sensitive)]
    key: Option<String>,
    /// A block.
    inner: Option<Inner>,
    /// Blocks.
    part: Vec<Inner>,
}

/// What is inside.
#[derive(Schema)]
struct Inner {
    /// A size.
    size: u16,
    /// Not to be shown either.
    #[schema(default, sensitive)]
    pin: String,
}

fn typed(value: &str, ty: &str) -> Value {
    Value::Bytes(format!(r#"{{"value":{value},"type":["object",{ty}]}}"#).into_bytes())
}

fn read(parts: Vec<Value>) -> Result<Given<Everything>, String> {
    super::read(&Configs { parts }, None)
}

fn component(parts: Vec<Value>) -> Everything {
    let given = read(parts).expect("it can be read");
    given.component.expect("everything is known")
}

#[test]
fn what_a_template_does_not_give_is_the_default() {
    let all = component(vec![
        Value::Nil,
        typed(
            r#"{"name":"x","path":null,"part":[],"words":null}"#,
            r#"{"name":"string","path":"string","part":["list",["object",{"size":"number"}]],
                "words":["list","string"]}"#,
        ),
    ]);
    assert_eq!(
        format!("{all:?}"),
        "Everything { name: \"x\", path: \"/srv\", on: false, tries: 3, ratio: None, wait: 90s, words: [], \
         sizes: {}, type: None, key: <sensitive>, inner: None, part: [] }"
    );
}

#[test]
fn everything_is_read_as_hosts_send_it() {
    let all = component(vec![typed(
        r#"{"name":"x","on":true,"tries":255,"ratio":-0.5,"wait":"1h30m","words":["a","b"],
            "sizes":{"big":9223372036854775807},"type":"t","inner":{"size":1,"pin":"1234"},
            "part":[{"size":2,"pin":null},{"size":3,"pin":"p"}]}"#,
        r#"{"name":"string","on":"bool","tries":"number","ratio":"number","wait":"string",
            "words":["list","string"],"sizes":["map","number"],"type":"string",
            "inner":["object",{"size":"number","pin":"string"}],
            "part":["list",["object",{"size":"number","pin":"string"}]]}"#,
    )]);
    assert_eq!((all.tries, all.ratio, all.wait.as_secs()), (255, Some(-0.5), 5400));
    assert_eq!((all.sizes["big"], all.kind.as_deref()), (i64::MAX, Some("t")));
    let sizes: Vec<u16> = all.part.iter().chain(&all.inner).map(|inner| inner.size).collect();
    assert_eq!(sizes, [2, 3, 1]);
    let mut secrets = Vec::new();
    all.secrets(&mut secrets);
    assert_eq!(secrets, ["1234", "", "p"]);
}

#[test]
fn plain_values_are_read_leniently_and_later_ones_win() {
    let all = component(vec![
        typed(r#"{"name":"first","tries":1}"#, r#"{"name":"string","tries":"number"}"#),
        Value::object([
            ("name", Value::Int(7)),
            ("tries", Value::text(" 12 ")),
            ("on", Value::text("true")),
            ("words", Value::text("one")),
            ("inner", Value::List(vec![Value::object([("size", Value::Uint(4))])])),
            ("part", Value::object([("size", Value::Float(5.0))])),
        ]),
    ]);
    assert_eq!((all.name.as_str(), all.tries, all.on), ("7", 12, true));
    assert_eq!((all.words.as_slice(), all.part[0].size), (&["one".to_owned()][..], 5));
}

#[test]
fn every_mistake_is_told_and_what_is_sensitive_is_not() {
    let mistakes = read(vec![Value::object([
        ("nam", Value::text("x")),
        ("tries", Value::Int(256)),
        ("ratio", Value::text("half")),
        ("wait", Value::text("soon")),
        ("key", Value::List(vec![Value::text("secret")])),
        ("sizes", Value::object([("a", Value::text("secret?"))])),
        (
            "part",
            Value::List(vec![
                Value::object([("size", Value::Int(-1))]),
                Value::object([("pin", Value::Map(Vec::new())), ("pen", Value::Bool(true))]),
            ]),
        ),
    ])]);
    assert_eq!(
        mistakes.err().expect("there are mistakes"),
        "11 error(s) occurred:\n\n\
         * `name` is missing\n\
         * `tries` must be a whole number from 0 to 255, and is 256\n\
         * `ratio` must be a number, and is \"half\"\n\
         * `wait` must be a time such as `1m30s`, and is \"soon\"\n\
         * `sizes.a` must be a whole number from -9223372036854775808 to 9223372036854775807, \
         and is \"secret?\"\n\
         * `key` must be a text, and is not\n\
         * `part[0].size` must be a whole number from 0 to 65535, and is -1\n\
         * `part[1].size` is missing\n\
         * `part[1].pin` must be a text, and is not\n\
         * there is no argument called `part[1].pen`\n\
         * there is no argument called `nam`"
    );
}

#[test]
fn what_is_not_known_yet_is_no_mistake() {
    let ty = r#"{"name":"string","wait":"string","tries":"number"}"#;
    let given = read(vec![typed(r#"{"name":"a <unknown>","wait":"<unknown>","tries":null}"#, ty)]);
    assert!(given.expect("nothing is wrong").component.is_none());
    // The rest is checked all the same.
    let given = read(vec![typed(r#"{"name":"<unknown>","wait":null,"tries":-1}"#, ty)]);
    assert!(given.err().expect("`tries` is wrong").starts_with("`tries` must be"));
}

#[test]
fn what_hosts_say_of_the_build_is_no_argument() {
    let given = read(vec![
        Value::object([
            ("packer_build_name", Value::text("base")),
            ("packer_builder_type", Value::text("docker")),
            ("packer_debug", Value::text("true")),
            ("packer_force", Value::Bool(false)),
            ("packer_sensitive_variables", Value::List(Vec::new())),
            ("packer_something_new", Value::Int(1)),
        ]),
        Value::object([("name", Value::text("x"))]),
    ]);
    let build = given.expect("nothing is wrong").build;
    assert_eq!((build.name.as_str(), build.source_type.as_str()), ("base", "docker"));
    assert_eq!((build.debug, build.force), (true, false));
}

#[test]
fn templates_in_json_are_interpolated() {
    let variables = Value::object([("who", Value::text("world"))]);
    let parts = |name: &str| {
        vec![
            Value::object([
                ("name", Value::text(name)),
                ("words", Value::List(vec![Value::text(name)])),
            ]),
            Value::object([
                ("packer_build_name", Value::text("base")),
                ("packer_template_path", Value::text("/here/t.json")),
                ("packer_user_variables", variables.clone()),
            ]),
            Value::object([(
                "PackerRunUUID",
                Value::text("Build_PackerRunUUID. To set this dynamically in the template, …"),
            )]),
        ]
    };
    let all = component(parts("{{user `who`}}, {{ build_name }} of {{- template_dir -}}}"));
    assert_eq!(all.name, "world, base of /here}");
    assert_eq!(all.words, [all.name]);
    assert_eq!(component(parts("{{ open")).name, "{{ open");
    let unknown = read(parts("{{ env `HOME` }}")).err().expect("it is not known");
    assert_eq!(unknown, "this plugin does not know `{{ env `HOME` }}`");
    // What the builder says comes later, and is not sent again.
    let configs = Configs { parts: parts("{{build `ID`}}") };
    let given = super::read::<Everything>(&configs, None).expect("nothing is wrong");
    assert!(given.waits && given.component.is_none());
    let facts = Value::object([("ID", Value::text("i-1"))]);
    let given = super::read::<Everything>(&configs, Some(&facts)).expect("nothing is wrong");
    assert_eq!(given.component.expect("it is known").name, "i-1");
}

#[test]
fn what_is_no_object_is_refused() {
    for part in [Value::Int(1), Value::Bytes(b"{".to_vec()), Value::Bytes(vec![0xff])] {
        assert!(read(vec![part]).is_err());
    }
    assert!(read(vec![Value::Bytes(br#"{"value":1,"type":"number"}"#.to_vec())]).is_err());
}
