//! Names that stand for nothing: what is said of them, and what was probably meant.

use super::{Binding, Evaluator, Scope};
use crate::ast::Name;
use crate::diagnostic::{Code, Diagnostic, Reported, did_you_mean};
use crate::function::Functions;
use crate::source::Span;

/// Names at the start of a reference that Cooper, Packer or Terraform have elsewhere.
const ELSEWHERE: &[(&str, &str)] = &[
    ("build", "`build` is there in provisioners and post-processors only"),
    ("count", "`count` is Terraform's: a source is repeated with `source` blocks in `build`"),
    ("each", "`each` is Terraform's: a `for` expression goes through a collection"),
    ("env", "the environment is read by `env(\"NAME\")` in the default of a variable"),
    ("locals", "a local is used as `local.NAME`"),
    ("module", "modules are Terraform's; Packer has none"),
    ("self", "`self` is Terraform's: write `build.NAME` or `source.name`"),
    ("source", "`source` is there in the bodies of sources, provisioners and post-processors only"),
    ("terraform", "`terraform` is Terraform's: write `packer.version` for the version"),
    ("user", "a variable is used as `var.NAME`"),
    ("variable", "a variable is used as `var.NAME`"),
    ("variables", "a variable is used as `var.NAME`"),
    ("vars", "a variable is used as `var.NAME`"),
];

/// Functions that Packer does not have, and what does the same.
const INSTEAD: &[(&str, &str)] = &[
    ("base64gunzip", NOT_IN_PACKER),
    ("base64sha256", NOT_IN_PACKER),
    ("base64sha512", NOT_IN_PACKER),
    ("ephemeralasnull", NOT_IN_PACKER),
    ("filebase64sha256", NOT_IN_PACKER),
    ("filebase64sha512", NOT_IN_PACKER),
    ("filemd5", "write `md5(file(…))`"),
    ("filesha1", "write `sha1(file(…))`"),
    ("filesha256", "write `sha256(file(…))`"),
    ("filesha512", "write `sha512(file(…))`"),
    ("issensitive", NOT_IN_PACKER),
    ("matchkeys", NOT_IN_PACKER),
    ("nonsensitive", NOT_IN_PACKER),
    ("one", "write `try(LIST[0], null)`"),
    ("packerversion", "write `packer.version`"),
    ("plantimestamp", "write `timestamp()`"),
    ("sensitive", "write `sensitive = true` in the block of the variable or local"),
    ("setsubtract", "write `[for element in A : element if !contains(B, element)]`"),
    ("templatestring", "write the template as a string: `\"${…}\"`"),
    ("timecmp", NOT_IN_PACKER),
    ("tobool", "write `convert(…, bool)`"),
    ("tolist", "write `convert(…, list(string))`"),
    ("tomap", "write `convert(…, map(string))`"),
    ("tonumber", "write `convert(…, number)`"),
    ("toset", "write `convert(…, set(string))`"),
    ("tostring", "write `convert(…, string)`"),
    ("transpose", NOT_IN_PACKER),
    ("type", NOT_IN_PACKER),
    ("urldecode", NOT_IN_PACKER),
    ("user", "a variable is used as `var.NAME`"),
    ("uuid", "write `uuidv4()`"),
];

const NOT_IN_PACKER: &str = "this function is Terraform's; Packer has none like it";

fn looked_up(table: &[(&str, &'static str)], name: &str) -> Option<String> {
    let found = table.iter().find(|(known, _)| *known == name);
    found.map(|(_, help)| (*help).to_owned())
}

impl Evaluator<'_> {
    /// A reference that begins with a name that stands for nothing.
    pub(super) fn unknown_root(&self, name: &str, span: Span, scope: &Scope<'_>) -> Reported {
        if matches!(name, "var" | "local" | "data" | "path" | "packer") {
            let message = format!("`{name}` cannot be used here");
            let error = Diagnostic::error(Code::NotAllowedHere, message).at(span, "");
            return self.error(error.help("write the value itself"));
        }
        let declared = |root| {
            let Some(Binding::Namespace(namespace)) = scope.get(root) else { return None };
            namespace.get(name).map(|_| format!("did you mean `{root}.{name}`?"))
        };
        // Names made for other purposes cannot be written.
        let is_word = |name: &&str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let names: Vec<&str> = scope.names().into_iter().filter(is_word).collect();
        let help = declared("var")
            .or_else(|| declared("local"))
            .or_else(|| looked_up(ELSEWHERE, name))
            .or_else(|| did_you_mean(name, names.iter().copied()))
            .or_else(|| {
                self.env.functions.get(name).map(|_| format!("a function is called: `{name}(…)`"))
            })
            .or_else(|| looked_up(INSTEAD, name))
            .unwrap_or_else(|| "a string is written in quotes, a variable as `var.NAME`".into());
        let message = format!("there is no variable called `{name}`");
        self.error(Diagnostic::error(Code::UnknownVariable, message).at(span, "").help(help))
    }

    /// `root.name`, where `root` exists and `name` does not.
    pub(super) fn unknown_in_root<'n>(
        &self,
        root: &str,
        name: &Name,
        candidates: impl IntoIterator<Item = &'n str>,
        scope: &Scope<'_>,
    ) -> Reported {
        let text = &*name.text;
        let (code, what, other) = match root {
            "var" => (Code::UnknownVariable, "variable", "local"),
            "local" => (Code::UnknownReference, "local", "var"),
            "data" => {
                let message = format!("there is no data source of the type `{text}`");
                return self.no_data(message, text, "NAME", name, candidates);
            }
            _ if root.starts_with("data.") => {
                let ty = root.trim_start_matches("data.");
                let message = format!("there is no data source called `{ty}.{text}`");
                return self.no_data(message, ty, text, name, candidates);
            }
            _ => return self.no_attribute(&format!("`{root}`"), name, candidates),
        };
        let help = did_you_mean(text, candidates).or_else(|| {
            let Some(Binding::Namespace(namespace)) = scope.get(other) else { return None };
            namespace.get(text).map(|_| format!("did you mean `{other}.{text}`?"))
        });
        let help = help.unwrap_or_else(|| match root {
            "var" => format!("declare it: `variable \"{text}\" {{ … }}`"),
            _ => format!("declare it: `locals {{ {text} = … }}`"),
        });
        let message = format!("there is no {what} called `{text}`");
        self.error(Diagnostic::error(code, message).at(name.span, "").help(help))
    }

    fn no_data<'n>(
        &self,
        message: String,
        ty: &str,
        label: &str,
        name: &Name,
        candidates: impl IntoIterator<Item = &'n str>,
    ) -> Reported {
        let help = did_you_mean(&name.text, candidates)
            .unwrap_or_else(|| format!("declare it: `data \"{ty}\" \"{label}\" {{ … }}`"));
        let error = Diagnostic::error(Code::UnknownReference, message);
        self.error(error.at(name.span, "").help(help))
    }

    /// A call of a function that does not exist, or not here.
    pub(super) fn unknown_function(&self, name: &Name) -> Reported {
        let functions = self.env.functions;
        let text = &*name.text;
        let fail = |code, message: String, help: Option<String>| {
            self.error(Diagnostic::error(code, message).at(name.span, "").help(help))
        };
        if text == "env" {
            let help = "declare `variable \"home\" { default = env(\"HOME\") }` and use `var.home`";
            let message = "`env` can be called only in the default of a variable";
            return fail(Code::NotAllowedHere, message.into(), Some(help.into()));
        }
        let exists = || {
            let all = Functions::standard();
            all.get(text).is_some() || all.special_forms().contains(&text)
        };
        if exists() {
            let (message, help) = match functions.names().next() {
                None => (format!("`{text}` cannot be called here"), "write the value itself"),
                Some("env") => (
                    format!("`{text}` cannot be called in the default of a variable"),
                    "only `env` can; a local may call every function: `locals { … }`",
                ),
                Some(_) => (format!("`{text}` cannot be called in a template file"), ""),
            };
            let help = Some(help.to_owned()).filter(|help| !help.is_empty());
            return fail(Code::NotAllowedHere, message, help);
        }
        let names = functions.names().chain(functions.special_forms().iter().copied());
        let help = looked_up(INSTEAD, text).or_else(|| did_you_mean(text, names));
        fail(Code::UnknownFunction, format!("there is no function called `{text}`"), help)
    }
}
