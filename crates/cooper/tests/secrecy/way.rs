//! How secrets come in.

use std::fmt::Write as _;

use super::run::Input;

/// A way in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Way {
    Flag,
    File,
    JsonFile,
    Environment,
    Default,
    EscapedDefault,
    Local,
    List,
    Map,
    ReadFile,
    Data,
    Consul,
}

impl Way {
    pub(crate) const ALL: [Way; 12] = [
        Way::Flag,
        Way::File,
        Way::JsonFile,
        Way::Environment,
        Way::Default,
        Way::EscapedDefault,
        Way::Local,
        Way::List,
        Way::Map,
        Way::ReadFile,
        Way::Data,
        Way::Consul,
    ];

    /// The expression that is the secret, and what it takes to have it.
    pub(crate) fn input(self, secret: &str) -> Input {
        let declared = "variable \"s\" {\n  type = string\n  sensitive = true\n}\n";
        let mut input = Input { expression: "var.s".into(), ..Input::default() };
        match self {
            Self::Flag => {
                input.declarations = declared.into();
                input.flags.push(format!("-var=s={secret}"));
            }
            Self::File => {
                input.declarations = declared.into();
                input.files.push(("s.pkrvars.hcl".into(), format!("s = {}\n", literal(secret))));
                input.flags.push("-var-file=s.pkrvars.hcl".into());
            }
            Self::JsonFile => {
                input.declarations = declared.into();
                let text = serde_json::json!({ "s": secret }).to_string();
                input.files.push(("s.pkrvars.json".into(), text));
                input.flags.push("-var-file=s.pkrvars.json".into());
            }
            Self::Environment => {
                input.declarations = declared.into();
                input.environment.push(("PKR_VAR_s".into(), secret.into()));
            }
            Self::Default => {
                input.declarations = format!(
                    "variable \"s\" {{\n  sensitive = true\n  default = {}\n}}\n",
                    literal(secret)
                );
            }
            Self::EscapedDefault => {
                input.declarations = format!(
                    "variable \"s\" {{\n  default = {}\n  sensitive = true\n}}\n",
                    escaped(secret)
                );
            }
            Self::Local => {
                input.declarations = format!(
                    "local \"s\" {{\n  sensitive = true\n  expression = {}\n}}\n",
                    literal(secret)
                );
                input.expression = "local.s".into();
            }
            Self::List => {
                input.declarations =
                    "variable \"s\" {\n  type = list(string)\n  sensitive = true\n}\n".into();
                input.flags.push(format!("-var=s=[{}]", literal(secret)));
                input.expression = "var.s[0]".into();
            }
            Self::Map => {
                input.declarations =
                    "variable \"s\" {\n  type = map(string)\n  sensitive = true\n}\n".into();
                input.flags.push(format!("-var=s={{ k = {} }}", literal(secret)));
                input.expression = "var.s.k".into();
            }
            Self::ReadFile => {
                input.declarations =
                    "local \"s\" {\n  sensitive = true\n  expression = file(\"secret.txt\")\n}\n"
                        .into();
                input.files.push(("secret.txt".into(), secret.into()));
                input.expression = "local.s".into();
            }
            Self::Data => {
                input.declarations = format!("{declared}data \"null\" \"d\" {{ input = var.s }}\n");
                input.flags.push(format!("-var=s={secret}"));
                input.expression = "data.null.d.output".into();
            }
            Self::Consul => {
                input.declarations = "locals { s = consul_key(\"the/key\") }\n".into();
                input.consul = Some(secret.into());
                input.expression = "local.s".into();
            }
        }
        input
    }
}

/// A text as a template writes it.
pub(crate) fn literal(text: &str) -> String {
    let mut literal = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => literal.extend(['\\', c]),
            '$' | '%' if text.contains(&format!("{c}{{")) => literal.extend([c, c]),
            c if c.is_control() => drop(write!(literal, "\\u{:04x}", u32::from(c))),
            c => literal.push(c),
        }
    }
    literal + "\""
}

/// A text of which a template writes every character by its number.
fn escaped(text: &str) -> String {
    let escape = |c: char| format!("\\U{:08x}", u32::from(c));
    format!("\"{}\"", text.chars().map(escape).collect::<String>())
}
