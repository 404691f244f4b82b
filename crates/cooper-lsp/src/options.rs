//! What the client can do and wishes for.

use std::collections::BTreeMap;
use std::path::PathBuf;

use cooper_build::InputOptions;
use serde::Deserialize;
use serde_json::Value;

use crate::position::Encoding;

/// What client and server agreed on when they met.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    /// What positions count.
    pub(crate) encoding: Encoding,
    /// Whether a completion may have places to fill in.
    pub(crate) snippets: bool,
    /// Whether the client can be asked to watch files.
    pub(crate) watches: bool,
    /// What the user set.
    pub(crate) settings: Settings,
}

/// What the user set: the client's `initializationOptions`. A setting that cannot be read is as
/// good as none.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Settings {
    /// What one template is.
    pub(crate) template: Scope,
    /// Values of variables, as `-var` gives them.
    pub(crate) variables: BTreeMap<String, String>,
    /// Variable files, as `-var-file` gives them; relative paths count from the template's folder.
    pub(crate) variable_files: Vec<PathBuf>,
}

/// What one template is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Scope {
    /// All files of a folder together: `cooper validate .`
    #[default]
    Folder,
    /// Every file alone: `cooper validate FILE`
    File,
}

impl Options {
    /// Reads what `initialize` says. Only what is needed is looked at, so that a client may say
    /// whatever else it likes.
    pub(crate) fn read(params: &Value) -> Self {
        let capability = |path: &str| params.pointer(&format!("/capabilities/{path}"));
        let encodings = capability("general/positionEncodings").and_then(Value::as_array);
        let encodings = encodings.into_iter().flatten().filter_map(Value::as_str);
        let snippets = capability("textDocument/completion/completionItem/snippetSupport");
        let watches = capability("workspace/didChangeWatchedFiles/dynamicRegistration");
        let settings = params.get("initializationOptions").filter(|given| !given.is_null());
        let settings = settings.map(|given| serde_json::from_value(given.clone()));
        let settings = settings.transpose().unwrap_or_else(|error| {
            tracing::warn!("the settings are left out: {error}");
            None
        });
        Self {
            encoding: Encoding::negotiate(encodings),
            snippets: snippets.and_then(Value::as_bool).unwrap_or(false),
            watches: watches.and_then(Value::as_bool).unwrap_or(false),
            settings: settings.unwrap_or_default(),
        }
    }
}

impl Settings {
    /// Where the values of variables come from.
    pub(crate) fn inputs(&self) -> InputOptions {
        InputOptions {
            vars: self.variables.clone().into_iter().collect(),
            var_files: self.variable_files.clone(),
            warn_undeclared: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_understood_is_left_out() {
        let options = Options::read(&json!({
            "capabilities": {
                "general": { "positionEncodings": ["utf-8", 3] },
                "textDocument": { "completion": { "completionItem": { "snippetSupport": true } } },
            },
            "initializationOptions": { "template": "file", "variables": { "a": "b" }, "x": 1 },
        }));
        assert_eq!((options.encoding, options.snippets), (Encoding::Utf8, true));
        assert_eq!(options.settings.template, Scope::File);
        assert_eq!(options.settings.inputs().vars, [("a".to_owned(), "b".to_owned())]);
        for params in [
            json!(null),
            json!({ "capabilities": 3, "initializationOptions": null }),
            json!({ "initializationOptions": { "template": "galaxy" } }),
        ] {
            assert_eq!(Options::read(&params).settings, Settings::default(), "{params}");
        }
    }
}
