//! The same template in each of its syntaxes means the same.

use std::fmt::Write as _;
use std::sync::Arc;

use cooper_hcl::print;
use proptest::prelude::*;

use crate::session::Session;
use crate::testing::{Log, World, catalog};
use crate::upgrade::upgrade;

/// A piece of a string.
#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    Variable(usize),
    Upper(usize),
}

/// What a step has besides its note.
type Words = Vec<(String, Vec<Piece>)>;

/// A template: variables, sources, and steps with a note for some of the sources.
#[derive(Clone, Debug)]
struct Model {
    variables: Vec<String>,
    sources: Vec<Vec<Piece>>,
    steps: Vec<(Vec<Piece>, Words, Option<usize>)>,
    chains: Vec<Vec<Vec<Piece>>>,
    /// An argument that no component has.
    mistake: bool,
}

fn piece() -> impl Strategy<Value = Piece> {
    prop_oneof![
        // Braces in a row are Go's; they have tests of their own.
        "[^{}]{0,6}".prop_map(Piece::Text),
        "[$%a\"\\\\\n{é ]{0,3}".prop_map(|text| Piece::Text(text.replace("{{", "{"))),
        (0..3usize).prop_map(Piece::Variable),
        (0..3usize).prop_map(Piece::Upper),
    ]
}

fn model() -> impl Strategy<Value = Model> {
    let text = || proptest::collection::vec(piece(), 0..4);
    let words = proptest::collection::vec(("[a-c]", text()), 0..3).prop_map(|mut words| {
        words.sort_by(|a, b| a.0.cmp(&b.0));
        words.dedup_by(|a, b| a.0 == b.0);
        words
    });
    (
        proptest::collection::vec("[^{}]{0,6}", 3),
        proptest::collection::vec(text(), 1..3),
        proptest::collection::vec((text(), words, proptest::option::of(0..3usize)), 0..3),
        proptest::collection::vec(proptest::collection::vec(text(), 1..3), 0..2),
        any::<bool>(),
    )
        .prop_map(|(variables, sources, steps, chains, mistake)| Model {
            variables,
            sources,
            steps,
            chains,
            mistake,
        })
}

/// A string in native syntax.
fn native(pieces: &[Piece]) -> String {
    let pieces: Vec<String> = pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => print::quoted(text),
            Piece::Variable(index) => format!("var.v{index}"),
            Piece::Upper(index) => format!("upper(var.v{index})"),
        })
        .collect();
    format!("join(\"\", [{}])", pieces.join(", "))
}

/// A string of a legacy template, before it is JSON.
fn legacy(pieces: &[Piece]) -> String {
    let pieces = pieces.iter().map(|piece| match piece {
        Piece::Text(text) => text.clone(),
        Piece::Variable(index) => format!("{{{{user `v{index}`}}}}"),
        Piece::Upper(index) => format!("{{{{ user `v{index}` | upper }}}}"),
    });
    pieces.collect()
}

impl Model {
    fn native(&self) -> String {
        let mut text = String::new();
        for (index, value) in self.variables.iter().enumerate() {
            let value = print::quoted(value);
            let _ = writeln!(text, "variable \"v{index}\" {{\n default = {value}\n}}");
        }
        for (index, image) in self.sources.iter().enumerate() {
            let image = native(image);
            let _ = writeln!(text, "source \"machine\" \"m{index}\" {{\n image = {image}\n}}");
        }
        let sources = (0..self.sources.len()).map(|index| format!("\"machine.m{index}\""));
        let sources: Vec<String> = sources.collect();
        let _ = writeln!(text, "build {{\n sources = [{}]", sources.join(", "));
        for (note, words, only) in &self.steps {
            let _ = writeln!(text, "provisioner \"work\" {{\n note = {}", native(note));
            let words = words.iter().map(|(name, value)| format!("{name} = {}", native(value)));
            let _ = writeln!(text, "words = {{\n{}\n}}", words.collect::<Vec<_>>().join("\n"));
            if let Some(only) = only.filter(|only| *only < self.sources.len()) {
                let _ = writeln!(text, "only = [\"machine.m{only}\"]");
            }
            if self.mistake {
                text += "nope = 1\n";
            }
            text += "}\n";
        }
        for chain in &self.chains {
            text += "post-processors {\n";
            for makes in chain {
                let makes = native(makes);
                let _ = writeln!(text, "post-processor \"turn\" {{\n makes = {makes}\n}}");
            }
            text += "}\n";
        }
        text + "}\n"
    }

    fn json(&self) -> String {
        use serde_json::{Map, Value, json};
        let string = |pieces: &[Piece]| Value::String(format!("${{{}}}", native(pieces)));
        let variables = self.variables.iter().enumerate().map(|(index, value)| {
            let value = value.replace("${", "$${").replace("%{", "%%{");
            (format!("v{index}"), json!({ "default": value }))
        });
        let sources = self.sources.iter().enumerate();
        let sources =
            sources.map(|(index, image)| (format!("m{index}"), json!({ "image": string(image) })));
        let names = (0..self.sources.len()).map(|index| format!("machine.m{index}"));
        let steps = self.steps.iter().map(|(note, words, only)| {
            let words: Map<_, _> =
                words.iter().map(|(name, value)| (name.clone(), string(value))).collect();
            let mut step = json!({ "//": 1, "note": string(note), "words": words });
            if let Some(only) = only.filter(|only| *only < self.sources.len()) {
                step["only"] = json!([format!("machine.m{only}")]);
            }
            if self.mistake {
                step["nope"] = json!(1);
            }
            json!({ "work": step })
        });
        let chains = self.chains.iter().map(|chain| {
            let posts = chain.iter().map(|makes| json!({ "turn": { "makes": string(makes) } }));
            json!({ "post-processor": posts.collect::<Vec<_>>() })
        });
        let template = json!({
            "variable": variables.collect::<Map<_, _>>(),
            "source": { "machine": sources.collect::<Map<_, _>>() },
            "build": {
                "sources": names.collect::<Vec<_>>(),
                "provisioner": steps.collect::<Vec<_>>(),
                "post-processors": chains.collect::<Vec<_>>(),
            },
        });
        serde_json::to_string_pretty(&template).expect("it can be written")
    }

    fn legacy(&self) -> String {
        use serde_json::{Map, Value, json};
        let string = |pieces: &[Piece]| Value::String(legacy(pieces));
        let variables = self.variables.iter().enumerate();
        let variables = variables.map(|(index, value)| (format!("v{index}"), json!(value)));
        let builders = self.sources.iter().enumerate().map(|(index, image)| {
            json!({ "type": "machine", "name": format!("m{index}"), "image": string(image) })
        });
        let steps = self.steps.iter().map(|(note, words, only)| {
            let words: Map<_, _> =
                words.iter().map(|(name, value)| (name.clone(), string(value))).collect();
            let mut step = json!({ "type": "work", "note": string(note), "words": words });
            if let Some(only) = only.filter(|only| *only < self.sources.len()) {
                step["only"] = json!([format!("m{only}")]);
            }
            step
        });
        let chains = self.chains.iter().map(|chain| {
            let posts = chain.iter().map(|makes| json!({ "type": "turn", "makes": string(makes) }));
            Value::Array(posts.collect())
        });
        let template = json!({
            "variables": variables.collect::<Map<_, _>>(),
            "builders": builders.collect::<Vec<_>>(),
            "provisioners": steps.collect::<Vec<_>>(),
            "post-processors": chains.collect::<Vec<_>>(),
        });
        serde_json::to_string_pretty(&template).expect("it can be written")
    }
}

/// What happens when a template is run, or what is wrong with it, without places.
fn meaning(path: &str, text: &str) -> Result<(Vec<String>, Vec<String>), Vec<String>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("there can be one").block_on(async {
        let world = || {
            let mut world = World::new("").file(path, text);
            world.path = path.into();
            world.parallel = std::num::NonZeroUsize::new(1);
            world
        };
        let (plan, found, _) = world().plan(&Log::default()).await;
        let without_place = |message: &String| {
            let message = message.split_once(": ").map_or(message.as_str(), |(_, rest)| rest);
            message.replace("argument or block", "argument")
        };
        if plan.is_err() || plan.is_ok_and(|plan| !plan.refused.is_empty()) {
            return Err(found.iter().map(without_place).collect());
        }
        let outcome = world().run().await;
        let ids = outcome.report.builds.iter().map(|build| build.id.0.clone()).collect();
        Ok((ids, outcome.log))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn json_means_what_native_syntax_means(model in model()) {
        let native = meaning("t.pkr.hcl", &model.native());
        let json = meaning("t.pkr.json", &model.json());
        prop_assert_eq!(native, json, "{}\n{}", model.native(), model.json());
    }

    #[test]
    fn an_upgraded_template_means_what_it_meant(model in model()) {
        let model = Model { mistake: false, ..model };
        let before = meaning("t.json", &model.legacy());
        let World { memory, .. } = World::new("").file("t.json", &model.legacy());
        let mut session = Session::new(Arc::new(memory));
        let upgraded = upgrade("t.json".as_ref(), true, &catalog(&Log::default()), &mut session);
        let upgraded = upgraded.unwrap_or_else(|_| panic!("{:#?}", session.diags.take()));
        let after = meaning("t.pkr.hcl", &upgraded);
        prop_assert_eq!(before, after, "{}\n{}", model.legacy(), upgraded);
    }
}
