//! Where in a template a secret can be.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use cooper_build::component::Role;
use cooper_container::fake::{FakeEngine, Script};

use super::secret::Secret;
use super::way::literal;

/// A template in which `@` is the secret, as an expression.
pub(crate) struct Place {
    pub(crate) name: &'static str,
    pub(crate) template: String,
    /// What the engine does, in JSON.
    pub(crate) engine: String,
}

/// A text that cannot be read.
pub(crate) struct Broken {
    pub(crate) files: Vec<(String, String)>,
    pub(crate) flags: &'static str,
}

const BUILD: &str = "\nsource \"null\" \"a\" { communicator = \"none\" }\nbuild { sources = [\"source.null.a\"] }\n";

/// Every function and operator with the secret where it does not fit.
pub(crate) fn functions() -> Place {
    const TROUBLE: &[&str] = &[
        "@ + 1",
        "-@",
        "!@",
        "@ && true",
        "@ ? 1 : 2",
        "@ < 1",
        "[1][@]",
        "{ a = 1 }[@]",
        "@.attribute",
        "@[0]",
        "@[*].x.y",
        "[for x in @ : x]",
        "{ for x in [@, @] : x => x }",
        "[@...]",
        "{ (@) = 1 }.missing",
        "\"${[@]}\"",
        "\"%{ for x in @ }%{ endfor }\"",
        "\"%{ if @ }%{ endif }\"",
        "convert(@, number)",
        "convert([@], list(number))",
        "convert({ a = @ }, object({ b = string }))",
        "abs(@)",
        "base64decode(@)",
        "base64gunzip(@)",
        "ceil(@)",
        "chunklist(@, 1)",
        "cidrhost(@, 1)",
        "cidrnetmask(@)",
        "cidrsubnet(@, 1, 1)",
        "coalesce(@...)",
        "concat([], @)",
        "contains(@, 1)",
        "csvdecode(\"a,b\\n${@}\")",
        "distinct(@)",
        "element([1], @)",
        "element(@, 1)",
        "file(@)",
        "fileset(@, @)",
        "filebase64(@)",
        "flatten(@)",
        "floor(@)",
        "format(\"%d\", @)",
        "format(@, 1, 2)",
        "formatlist(\"%d\", [@])",
        "formatdate(@, @)",
        "formatdate(\"YYYY\", @)",
        "indent(@, @)",
        "index([@], 1)",
        "index([], @)",
        "join(@, @)",
        "jsondecode(@)",
        "jsondecode(\"{\\\"a\\\": ${@}\")",
        "keys(@)",
        "length(@ == \"\" ? 1 : 2)",
        "log(@, @)",
        "lookup({}, @)",
        "lookup({ a = @ }, \"b\")",
        "lookup(@, \"a\", 1)",
        "max(@, 1)",
        "merge(@, {})",
        "min(@)",
        "parseint(@, 10)",
        "pow(@, 2)",
        "range(@)",
        "range(1, @)",
        "regex(@, \"\")",
        "regex(\"(\", @)",
        "regex(\"^never$$\", @)",
        "regexall(\"(${@}\", \"\")",
        "regex_replace(@, \"(${@}\", \"\")",
        "replace(@, \"/(${@}/\", \"\")",
        "rsadecrypt(@, @)",
        "setproduct(@, @)",
        "signum(@)",
        "slice([@], 3, 4)",
        "slice(@, 0, 1)",
        "sort(@)",
        "split(@)",
        "strcontains(@)",
        "substr(@, @, @)",
        "sum([@])",
        "templatefile(@, {})",
        "templatefile(\"plain.txt\", @)",
        "timeadd(@, \"1h\")",
        "timeadd(\"2020-01-01T00:00:00Z\", @)",
        "title(@, @)",
        "toset(@)",
        "transpose({ a = @ })",
        "trimsuffix(@)",
        "urldecode(\"%${@}\")",
        "uuidv5(@, @)",
        "values(@)",
        "yamldecode(\"[${@}\")",
        "yamldecode(\"{a: ${@}: b: [}\")",
        "zipmap([@, @], [1])",
        "zipmap(@, 1)",
        "bcrypt(@, @)",
        "bcrypt(@, 99)",
        "vault(@)",
        "unknown_function(@)",
        "path[@]",
        "var[@]",
        "source.x[@]",
        "null[@]",
        "@()",
    ];
    let lines = TROUBLE.iter().enumerate().map(|(index, text)| format!("  x{index} = {text}\n"));
    let rules = "variable \"rule\" {\n  default = \"x\"\n  validation {\n    condition = var.rule == \"y\"\n    error_message = \"Sorry, it is refused.\"\n  }\n}\n";
    let locals: String = lines.collect();
    Place {
        name: "functions",
        template: format!("{rules}locals {{\n{locals}}}\n{BUILD}"),
        engine: "{}".into(),
    }
}

/// Every argument of every component that comes in the box.
pub(crate) fn arguments() -> Place {
    let engine = Arc::new(FakeEngine::new(Script::default()));
    let catalog = cooper_builtin::catalog(engine);
    let mut template = String::new();
    let mut used = Vec::new();
    let block = |role: Role, name: &str, value: &str| {
        let schema = catalog.schema(role, name).expect("a component has a schema");
        let lines = schema.names().map(|argument| format!("    {argument} = {value}\n"));
        lines.collect::<String>()
    };
    const VALUES: [&str; 5] = ["@", "[@]", "{ a = @ }", "{ (@) = 1 }", "\"{{ ${@} }}\""];
    for name in catalog.names(Role::Source) {
        for (index, value) in VALUES.iter().enumerate() {
            let arguments = block(Role::Source, name, value);
            template += &format!("source \"{name}\" \"s{index}\" {{\n{arguments}}}\n");
            used.push(format!("\"source.{name}.s{index}\""));
        }
    }
    template += &format!("build {{\n  sources = [{}]\n}}\n", used.join(", "));
    template += "source \"null\" \"plain\" { communicator = \"none\" }\nbuild {\n  sources = [\"source.null.plain\"]\n";
    for (role, word) in
        [(Role::Provisioner, "provisioner"), (Role::PostProcessor, "post-processor")]
    {
        for name in catalog.names(role) {
            for value in VALUES {
                template += &format!("  {word} \"{name}\" {{\n{}  }}\n", block(role, name, value));
            }
        }
    }
    template += "}\n";
    Place { name: "arguments", template, engine: "{}".into() }
}

/// Names, and what steps are told by.
pub(crate) fn names() -> Place {
    let template = r#"
source "null" "a" {
  communicator = "none"
  ssh_host     = @
}
build {
  name        = @
  description = @
  sources     = ["source.null.a", @]
  source "source.null.a" {
    name     = @
    ssh_port = @
  }
  source @ {}
  provisioner "shell-local" {
    name           = @
    only           = [@]
    except         = ["x${@}"]
    pause_before   = @
    timeout        = "${@}s"
    max_retries    = @
    override       = { (@) = { inline = [@] } }
    inline         = [@]
  }
  provisioner "${@}" {}
  dynamic "provisioner" {
    for_each = @
    labels   = [@]
    content {}
  }
  post-processor "shell-local" {
    name                = @
    keep_input_artifact = @
    only                = @
    inline              = ["echo {{ .${@} }}"]
  }
}
"#;
    Place { name: "names", template: template.into(), engine: "{}".into() }
}

/// What a script prints of a secret.
fn lines(secret: &Secret) -> String {
    let text = secret.text();
    let base64 = |text: &str| STANDARD.encode(text);
    let hexadecimal: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    let json = serde_json::json!({ "Env": [format!("A={text}")] }).to_string();
    let url: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let usual: String = (text.bytes())
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect();
    let mut lines = vec![
        format!("itself {text} in a line"),
        text.to_owned(),
        format!("{text}   "),
        format!("  {text}"),
        format!("--password={text}"),
        json.clone(),
        serde_json::Value::from(json).to_string(),
        base64(text),
        base64(&format!("u:{text}")),
        base64(&format!("us:{text}!")),
        base64(&format!("use:{text}")),
        URL_SAFE.encode(text),
        hexadecimal.to_uppercase(),
        hexadecimal,
        format!("https://user:{usual}@host/?q={}", usual.to_lowercase().replace("%20", "+")),
        format!("'{}'", text.replace('\'', "'\\''")),
        format!("{text:?}"),
        format!("\u{1b}[31m{text}\u{1b}[0m"),
    ];
    // What marks a part of what was searched for stands inside.
    let at = text.char_indices().nth(2).map_or(0, |(at, _)| at);
    lines.push(format!("{}\u{1b}[01;31m{}\u{1b}[m", &text[..at], &text[at..]));
    lines.push(format!("{}\u{0}{}\u{8}", &text[..at], &text[at..]));
    if url == usual {
        lines.push(url);
    }
    for text in [base64(&format!("{text}{text}{text}")), text.repeat(2)] {
        for width in [10, 16, 76] {
            let letters: Vec<char> = text.chars().collect();
            lines.extend(letters.chunks(width).map(|line| line.iter().collect::<String>()));
        }
    }
    lines.join("\n") + "\n"
}

/// A command of this machine that repeats a secret in every form.
pub(crate) fn said(secret: &Secret) -> Place {
    let text = STANDARD.encode(lines(secret));
    let template = format!(
        r#"
source "null" "a" {{ communicator = "none" }}
build {{
  sources = ["source.null.a"]
  provisioner "shell-local" {{
    environment_vars = ["SECRET=${{@}}"]
    inline = [": ${{jsonencode(@)}} ${{base64encode(@)}} > plain.txt", "echo {text} | base64 -d", "echo {text} | base64 -d >&2"]
  }}
  provisioner "shell-local" {{
    inline      = ["echo {text} | base64 -d", "exit 3"]
    max_retries = 1
  }}
  error-cleanup-provisioner "shell-local" {{ inline = ["echo {text} | base64 -d"] }}
}}
"#
    );
    Place { name: "said", template, engine: "{}".into() }
}

/// A container that repeats a secret in every form, and an engine and a registry that do.
pub(crate) fn container(secret: &Secret) -> Place {
    let lines = lines(secret);
    let fail = format!("denied: {}", secret.text());
    let engine = serde_json::json!({
        "images": ["debian:12"],
        "exec": [
            { "contains": "tell it", "stdout": lines, "stderr": lines },
            { "contains": "give up", "stdout": lines, "exit": 3 },
        ],
        "fail": { "push": fail },
    });
    let template = r#"
source "docker" "a" {
  image       = "debian:12"
  commit      = true
  message     = @
  author      = @
  run_command = ["-d", "-i", "-t", "--entrypoint=/bin/sh", "-e", "S=${@}", "--label", "s=${@}", "--", "{{.Image}}"]
  changes     = [for name in ["ENV S", "LABEL s"] : "${name}=${replace(jsonencode(@), "$", "\\$")}"]
}
build {
  sources = ["source.docker.a"]
  provisioner "shell" {
    environment_vars = ["SECRET=${@}"]
    inline           = ["tell it ${base64encode(@)}"]
  }
  provisioner "shell" {
    inline            = ["give up"]
    continue_on_error = true
  }
  provisioner "file" {
    content     = @
    destination = "/tmp/there"
  }
  provisioner "shell" {
    env    = { S = @ }
    inline = ["tell it again"]
  }
  post-processors {
    post-processor "docker-tag" {
      repository = "example.org/x"
      tags       = ["v1"]
    }
    post-processor "docker-push" {
      login          = true
      login_username = "somebody"
      login_password = @
      login_server   = "example.org"
    }
  }
}
"#;
    Place { name: "container", template: template.into(), engine: engine.to_string() }
}

/// Files whose names and contents have a secret in them.
pub(crate) fn files() -> Place {
    let template = r#"
source "file" "a" {
  content = @
  target  = "made.txt"
}
build {
  sources = ["source.file.a"]
  provisioner "shell-local" { inline = ["true"] }
  post-processor "checksum" {
    checksum_types = ["md5"]
    output         = "sum-${base64encode(@)}.txt"
  }
  post-processor "manifest" {
    output      = "manifest.json"
    custom_data = { s = @ }
  }
  post-processor "compress" { output = "x-${md5(@)}.tar.gz" }
  post-processor "artifice" { files = ["${urlencode(@)}.txt"] }
  post-processor "compress" { output = "${@}/${@}.zip" }
  post-processor "shell-local" {
    environment_vars = ["S=${@}"]
    inline           = ["cat made.txt", "exit 4"]
  }
}
"#;
    Place { name: "files", template: template.into(), engine: "{}".into() }
}

/// Values to be asked for.
pub(crate) fn values() -> Place {
    let template = r#"
locals {
  same   = @
  inside = { a = [@], b = "x" }
  made   = upper(@)
  code   = base64encode("a${@}")
  json   = jsonencode({ s = @ })
  key    = { (@) = 1 }
  quoted = format("%q", @)
}
source "null" "a" { communicator = "none" }
build {
  description = "x"
  sources     = ["source.null.a"]
  provisioner "shell-local" { inline = ["echo ${@}"] }
}
"#;
    Place { name: "values", template: template.into(), engine: "{}".into() }
}

/// Texts with something wrong beside the secret.
pub(crate) fn broken(secret: &Secret) -> Vec<Broken> {
    let text = literal(secret.text());
    let json = serde_json::Value::from(secret.text()).to_string();
    let declared =
        format!("variable \"s\" {{\n  sensitive = true\n  type = list(string)\n}}\n{BUILD}");
    let template =
        |text: String| Broken { files: vec![("t.pkr.hcl".into(), text + BUILD)], flags: "" };
    let values = |text: String| Broken {
        files: vec![("t.pkr.hcl".into(), declared.clone()), ("v.pkrvars.hcl".into(), text)],
        flags: "-var-file=v.pkrvars.hcl",
    };
    let json_values = |text: String| Broken {
        files: vec![("t.pkr.hcl".into(), declared.clone()), ("v.json".into(), text)],
        flags: "-var-file=v.json",
    };
    vec![
        template(format!(
            "variable \"s\" {{\n  sensitive = true\n  default = [{text} \"b\"]\n}}\n"
        )),
        template(format!("variable \"s\" {{\n  default = {text} x\n  sensitive = true\n}}\n")),
        template(format!(
            "variable \"s\" {{\n  default = {text}\n  sensitive = true\n  what is this\n}}\n"
        )),
        template(format!(
            "variable \"s\" {{\n  sensitive = true\n  type = number\n  default = {text}\n}}\n"
        )),
        template(format!("variable \"s\" {{\n  sensitive = true\n  default = ${{{text}\n")),
        template(format!("local \"s\" {{\n  sensitive = true\n  expression = {text} + \n}}\n")),
        template(format!(
            "local \"s\" {{\n  sensitive = true\n  expression = \"x-${{{text}}}\" +\n  x y\n}}\n"
        )),
        template(format!(
            "source \"docker\" \"d\" {{\n  login_password = {text}\n  what is this\n}}\n"
        )),
        template(format!(
            "source \"null\" \"d\" {{\n  ssh_password = {text}\n  ssh_port = [\n}}\n"
        )),
        values(format!("s = [{text}\nz = 1\n")),
        values(format!("s = [{text}, z]\n")),
        values(format!("s = [[{text}]]\n")),
        values(format!("s = [{text}]\nx y\n")),
        values(format!("s {{\n  s = {text}\n")),
        json_values(format!("{{\"s\": [{json} {json}]}}")),
        json_values(format!("{{\"s\": [[{json}]]}}")),
        json_values(format!("{{\"s\": {json}")),
        json_values(format!("{{\"s\": [{json}], \"s\": [{json}]}}")),
    ]
}
