//! What differs between two outcomes, and which differences are meant.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use serde_json::Value;

use crate::archive::Tree;
use crate::outcome::{Content, Outcome};

/// A difference that Cooper means.
pub(crate) struct Allowed {
    /// How the difference begins, as [`between`] writes it.
    begins: &'static str,
    /// How it ends: with what Cooper has, where anything else would be a mistake.
    ends: &'static str,
    /// The words of `docs/compatibility.md` that tell users.
    pub(crate) documented_as: &'static str,
}

/// All of them. A new line here is a new promise broken: it needs a row in the documentation.
pub(crate) const ALLOWED: &[Allowed] = &[
    Allowed {
        begins: "tree: packer-files: only Packer has it",
        ends: "",
        documented_as: "`/packer-files`",
    },
    // A container in which nothing was changed: the folder is all that the layer holds.
    Allowed {
        begins: "config.Layers: Packer 2",
        ends: ", Cooper 1",
        documented_as: "`/packer-files`",
    },
    // The owner of what was uploaded into a container of another user than root's.
    Allowed {
        begins: "tree: home/app/template: Packer Regular 0644 0:0 ",
        ends: "; Cooper Regular 0644 1000:0 540 bytes 076f575ea3c1",
        documented_as: "`fix_upload_owner`",
    },
    // The base images' own, as Packer's plugin sets them from 1.0 on.
    kept("config.Config.Cmd: ", ", Cooper [\"/bin/sh\"]"),
    kept("config.Config.Cmd: ", ", Cooper [\"httpd\",\"-f\"]"),
    kept("config.Config.Entrypoint: ", ", Cooper []"),
    kept("config.Config.Entrypoint: ", ", Cooper [\"/bin/busybox\"]"),
    kept("config.config.Entrypoint: ", ", Cooper []"),
];

const fn kept(begins: &'static str, ends: &'static str) -> Allowed {
    Allowed { begins, ends, documented_as: "`ENTRYPOINT` and `CMD` of the source image" }
}

/// Fields of a manifest that are never the same twice.
const FLEETING: &[&str] =
    &["build_time", "packer_run_uuid", "last_run_uuid", "artifact_id", "packer_version"];

/// The differences that are not allowed, one line each.
pub(crate) fn between(packer: &Outcome, cooper: &Outcome) -> Vec<String> {
    let mut differences = Differences::default();
    differences.value("exit code", &packer.code, &cooper.code);
    differences.keyed("image", &packer.images, &cooper.images, |differences, packer, cooper| {
        differences.json("config", &packer.facts, &cooper.facts);
        differences.tree("tree", &packer.tree, &cooper.tree);
    });
    differences.keyed("file", &packer.files, &cooper.files, |differences, packer, cooper| {
        differences.content(packer, cooper);
    });
    differences.lines
}

#[derive(Default)]
struct Differences {
    /// The image or file that is being compared.
    about: String,
    lines: Vec<String>,
}

impl Differences {
    fn add(&mut self, difference: String) {
        let is_meant = |allowed: &Allowed| {
            difference.starts_with(allowed.begins) && difference.ends_with(allowed.ends)
        };
        if !ALLOWED.iter().any(is_meant) {
            self.lines.push(format!("{}{difference}", self.about));
        }
    }

    fn value<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, packer: &T, cooper: &T) {
        if packer != cooper {
            self.add(format!("{what}: Packer {packer:?}, Cooper {cooper:?}"));
        }
    }

    /// Compares what both have, and tells what only one has.
    fn keyed<K: Ord + Display, T>(
        &mut self,
        what: &str,
        packer: &BTreeMap<K, T>,
        cooper: &BTreeMap<K, T>,
        mut compare: impl FnMut(&mut Self, &T, &T),
    ) {
        let keys: BTreeSet<_> = packer.keys().chain(cooper.keys()).collect();
        for key in keys {
            match (packer.get(key), cooper.get(key)) {
                (Some(packer), Some(cooper)) => {
                    let about = std::mem::replace(&mut self.about, format!("{what} {key}: "));
                    compare(self, packer, cooper);
                    self.about = about;
                }
                (Some(_), None) => self.add(format!("{what} {key}: only Packer has it")),
                (None, _) => self.add(format!("{what} {key}: only Cooper has it")),
            }
        }
    }

    fn tree(&mut self, what: &str, packer: &Tree, cooper: &Tree) {
        let paths: BTreeSet<_> = packer.keys().chain(cooper.keys()).collect();
        for path in paths {
            match (packer.get(path), cooper.get(path)) {
                (Some(packer), Some(cooper)) if packer == cooper => {}
                (Some(packer), Some(cooper)) => {
                    self.add(format!("{what}: {path}: Packer {packer}; Cooper {cooper}"));
                }
                (Some(packer), None) => {
                    self.add(format!("{what}: {path}: only Packer has it: {packer}"));
                }
                (None, Some(cooper)) => {
                    self.add(format!("{what}: {path}: only Cooper has it: {cooper}"));
                }
                (None, None) => {}
            }
        }
    }

    fn json(&mut self, place: &str, packer: &Value, cooper: &Value) {
        match (packer, cooper) {
            (Value::Object(packer), Value::Object(cooper)) => {
                let keys: BTreeSet<_> = packer.keys().chain(cooper.keys()).collect();
                for key in keys.into_iter().filter(|key| !FLEETING.contains(&key.as_str())) {
                    let of = |object: &serde_json::Map<_, _>| {
                        object.get(key).cloned().unwrap_or(Value::Null)
                    };
                    self.json(&format!("{place}.{key}"), &of(packer), &of(cooper));
                }
            }
            (Value::Array(packer), Value::Array(cooper))
                if packer.len() == cooper.len() && packer.iter().any(Value::is_object) =>
            {
                for (index, (packer, cooper)) in packer.iter().zip(cooper).enumerate() {
                    self.json(&format!("{place}[{index}]"), packer, cooper);
                }
            }
            (packer, cooper) if packer == cooper => {}
            (packer, cooper) => self.add(format!("{place}: Packer {packer}, Cooper {cooper}")),
        }
    }

    fn content(&mut self, packer: &Content, cooper: &Content) {
        match (packer, cooper) {
            (Content::Json(packer), Content::Json(cooper)) => self.json("JSON", packer, cooper),
            (Content::Tree(packer), Content::Tree(cooper)) => self.tree("tree", packer, cooper),
            (Content::Images(packer), Content::Images(cooper)) => {
                self.value("number of images", &packer.len(), &cooper.len());
                for (packer, cooper) in packer.iter().zip(cooper) {
                    self.json("names", &packer.names, &cooper.names);
                    self.json("config", &packer.facts, &cooper.facts);
                    self.value("number of layers", &packer.layers.len(), &cooper.layers.len());
                    for (packer, cooper) in packer.layers.iter().zip(&cooper.layers) {
                        self.tree("tree", packer, cooper);
                    }
                }
            }
            (Content::Bytes(packer), Content::Bytes(cooper)) => {
                let text = String::from_utf8_lossy;
                self.value("content", &text(packer), &text(cooper));
            }
            _ => self.add("not the same kind of file".to_owned()),
        }
    }
}
