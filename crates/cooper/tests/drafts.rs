//! A check of arguments that are not known yet is only ever milder: for every component, making an
//! argument unknown adds no error.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use cooper::os::Os;
use cooper_build::{
    DataSources, InputOptions, Locking, OnError, PlanOptions, Selection, Session, prepare,
};
use cooper_builtin::catalog;
use cooper_container::fake::FakeEngine;
use cooper_hcl::schema::ArgumentSchema;
use cooper_hcl::{Code, Severity, Type};
use proptest::prelude::*;

/// What `validate` does not know.
const UNKNOWN: &str = "jsondecode(data.null.later.output)";
const UNKNOWN_TEXT: &str = "data.null.later.output";

/// A component: its role, its name, and its arguments.
type Component = (&'static str, String, Vec<ArgumentSchema>);

fn components() -> Vec<Component> {
    let catalog = catalog(Arc::new(FakeEngine::default()));
    let sources = catalog.source_names().filter_map(|name| {
        let schema = catalog.get_source(name)?.schema();
        Some(("source", name.to_owned(), schema.arguments.clone()))
    });
    let provisioners = catalog.provisioner_names().filter_map(|name| {
        let schema = catalog.get_provisioner(name)?.schema();
        Some(("provisioner", name.to_owned(), schema.arguments.clone()))
    });
    let post_processors = catalog.post_processor_names().filter_map(|name| {
        let schema = catalog.get_post_processor(name)?.schema();
        Some(("post-processor", name.to_owned(), schema.arguments.clone()))
    });
    let data_sources = catalog.data_source_names().filter_map(|name| {
        let schema = catalog.get_data_source(name)?.schema();
        Some(("data", name.to_owned(), schema.arguments.clone()))
    });
    sources.chain(provisioners).chain(post_processors).chain(data_sources).collect()
}

/// Values that an argument may be given, right and wrong.
fn values(ty: &Type) -> &'static [&'static str] {
    match ty {
        Type::String => &[
            r#""""#,
            r#""x""#,
            r#""t.pkr.hcl""#,
            r#""/nowhere/file""#,
            r#"".""#,
            r#""a b""#,
            r#""5s""#,
            r#""-1s""#,
            r#""5""#,
            r#""GET""#,
            r#""FETCH""#,
            r#""http://a.test/""#,
            r#""none""#,
            r#""docker""#,
            r#""ssh""#,
            r#""linux/arm64""#,
            r#""upload""#,
            r#""download""#,
            r#""a.tar.gz""#,
            r#""a.zip""#,
            r#""{{.Vars}} x""#,
            r#""{{nope}}""#,
            r#""{{""#,
            "null",
        ],
        Type::Number => &["0", "1", "-1", "9", "100", "1.5"],
        Type::Bool => &["true", "false"],
        Type::List(element) | Type::Set(element) if **element == Type::Number => {
            &["[]", "[0]", "[1, 2]", "[-1]", "[300]"]
        }
        Type::List(_) | Type::Set(_) => &[
            "[]",
            r#"["x"]"#,
            r#"["a=b"]"#,
            r#"["x", ""]"#,
            r#"["t.pkr.hcl"]"#,
            r#"["/nowhere"]"#,
            r#"["md5", "nope"]"#,
            r#"["linux"]"#,
            r#"["CMD [\"a\"]"]"#,
            r#"["NOPE x"]"#,
            r#"["-d", "{{.Image}}"]"#,
            r#"["{{nope}}"]"#,
            r#"["x", data.null.later.output]"#,
        ],
        Type::Map(_) => &[
            "{}",
            r#"{ a = "b" }"#,
            r#"{ "a=b" = "c" }"#,
            r#"{ "" = "" }"#,
            r#"{ a = "{{nope}}" }"#,
            r#"{ a = data.null.later.output }"#,
        ],
        _ => &["null", r#""x""#, "{ a = 1 }"],
    }
}

/// A template in which a component has these arguments.
fn template((role, name, _): &Component, arguments: &[(String, String)]) -> String {
    let body: String =
        arguments.iter().map(|(name, value)| format!("    {name} = {value}\n")).collect();
    let (source, step) = match *role {
        "source" => (format!("source {name:?} \"s\" {{\n{body}}}\n"), String::new()),
        "data" => (
            format!("data {name:?} \"d\" {{\n{body}}}\nsource \"null\" \"s\" {{}}\n"),
            String::new(),
        ),
        role => (
            "source \"docker\" \"s\" {\n  image = \"x\"\n  commit = true\n}\n".to_owned(),
            format!("  {role} {name:?} {{\n{body}  }}\n"),
        ),
    };
    let kind = match *role {
        "source" => name,
        "data" => "null",
        _ => "docker",
    };
    format!(
        "data \"null\" \"later\" {{\n  input = \"x\"\n}}\n{source}build {{\n  \
         sources = [\"source.{kind}.s\"]\n{step}}}\n"
    )
}

/// How many errors of each kind there are. Their words may change: of three arguments that exclude
/// each other, two are left when the third is unknown.
fn codes(errors: &[(Code, String)]) -> BTreeMap<Code, usize> {
    let mut codes = BTreeMap::new();
    errors.iter().for_each(|(code, _)| *codes.entry(*code).or_default() += 1);
    codes
}

/// The errors that `validate` tells of a template.
fn errors(folder: &Path, text: &str) -> Vec<(Code, String)> {
    let path = folder.join("t.pkr.hcl");
    std::fs::write(&path, text).expect("the template is written");
    let mut session = Session::new(Arc::new(Os::new()));
    let catalog = catalog(Arc::new(FakeEngine::default()));
    let options = PlanOptions {
        selection: Selection::default(),
        force: false,
        debug: false,
        on_error: OnError::Cleanup,
        data_sources: DataSources::Check,
        locking: Locking::Loose,
    };
    let inputs = InputOptions { vars: Vec::new(), var_files: Vec::new(), warn_undeclared: false };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    // What it comes to is in the diagnostics.
    let _ = runtime.block_on(prepare(&path, &inputs, &catalog, &options, &mut session));
    let found = session.diags.take();
    let errors = found.iter().filter(|found| found.severity == Severity::Error);
    errors.map(|error| (error.code, error.message.clone())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]
    #[test]
    fn making_an_argument_unknown_adds_no_error(
        component in 0..1000_usize,
        chosen in prop::collection::vec((0..1000_usize, 0..1000_usize), 1..6),
    ) {
        let components = components();
        let component = &components[component % components.len()];
        if component.2.is_empty() {
            return Ok(());
        }
        let mut arguments: Vec<(String, String)> = Vec::new();
        let mut types = Vec::new();
        for (argument, value) in chosen {
            let argument = &component.2[argument % component.2.len()];
            let values = values(&argument.ty);
            if arguments.iter().all(|(name, _)| *name != argument.name) {
                arguments.push((argument.name.to_string(), values[value % values.len()].to_owned()));
                types.push(&argument.ty);
            }
        }
        let folder = tempfile::tempdir().expect("a folder");
        let before = errors(folder.path(), &template(component, &arguments));
        for index in 0..arguments.len() {
            let unknowns: &[&str] = match types[index] {
                Type::String => &[UNKNOWN, UNKNOWN_TEXT, "\"x${data.null.later.output}\""],
                _ => &[UNKNOWN],
            };
            for unknown in unknowns {
                let mut arguments = arguments.clone();
                arguments[index].1 = (*unknown).to_owned();
                let text = template(component, &arguments);
                let after = errors(folder.path(), &text);
                let added = codes(&after).into_iter().find(|(code, count)| {
                    codes(&before).get(code).is_none_or(|before| before < count)
                });
                prop_assert!(added.is_none(), "{text}has {after:#?} instead of {before:#?}");
            }
        }
    }
}
