//! What the editor can ask.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};

use crate::client::{Client, position};

const VARIABLES: &str = "\
variable \"region\" {
  type        = string
  default     = \"eu\"
  description = \"Where it runs.\"
}
variable \"password\" {
  type      = string
  default   = \"hunter2\"
  sensitive = true
}
locals {
  image = \"ubuntu:${var.region}\"
  ports = { http = 80, https = 443 }
}
source \"docker\" \"base\" {
  image  = local.image
  commit = true
}
source \"null\" \"n\" {
  communicator = \"none\"
}
";

/// The place of `|` in a text, and the text without it.
fn marked(text: &str) -> (String, Value) {
    let place = position(text, "|", 0, 0);
    (text.replacen('|', "", 1), place)
}

/// A client that has `VARIABLES` beside an open file with this text; and the cursor's place.
fn beside(text: &str) -> (Client, Value) {
    let (text, place) = marked(text);
    let mut client = Client::meet(&[("v.pkr.hcl", VARIABLES)]);
    client.open("a.pkr.hcl", &text);
    client.diagnostics("a.pkr.hcl");
    let document = json!({ "uri": client.uri("a.pkr.hcl") });
    (client, json!({ "textDocument": document, "position": place }))
}

/// The labels of what is proposed.
fn proposed(text: &str) -> Vec<String> {
    let (mut client, at) = beside(text);
    let list = client.ask("textDocument/completion", at);
    let items = list["items"].as_array().expect("a list");
    items.iter().map(|item| item["label"].as_str().expect("a label").to_owned()).collect()
}

#[test]
fn completion_knows_what_fits() {
    // A text with a place, some that are proposed there, and some that are not.
    for (text, yes, no) in [
        (
            "|",
            &["source", "build", "variable", "locals", "packer"][..],
            &["provisioner", "image"][..],
        ),
        ("bu|", &["build"], &[]),
        ("source \"|\" \"x\" {}", &["docker", "null", "file"], &["shell"]),
        ("source |", &["docker"], &[]),
        ("source \"docker\" \"x\" {\n  |\n}", &["image", "commit", "pull"], &["inline", "source"]),
        (
            "source \"docker\" \"x\" {\n  commit = true\n  im|\n  pull = false\n}",
            &["image"],
            &["commit", "pull"],
        ),
        (
            "variable \"x\" {\n  |\n}",
            &["type", "default", "sensitive", "validation"],
            &["condition"],
        ),
        (
            "variable \"x\" {\n  validation {\n    |\n  }\n}",
            &["condition", "error_message"],
            &["type"],
        ),
        ("variable \"x\" {\n  type = |\n}", &["string", "list", "object"], &["var", "upper"]),
        ("variable \"x\" {\n  default = |\n}", &["env", "null"], &["upper", "var"]),
        (
            "build {\n  |\n}",
            &["name", "sources", "provisioner", "post-processors"],
            &["image", "variable"],
        ),
        ("build {\n  sources = [\"|\"]\n}", &["source.docker.base", "source.null.n"], &["shell"]),
        ("build {\n  sources = [|\n}", &["source.docker.base"], &[]),
        ("build {\n  source \"|\" {}\n}", &["source.docker.base"], &["docker"]),
        ("build {\n  provisioner \"|\" {}\n}", &["shell", "file"], &["docker", "manifest"]),
        (
            "build {\n  post-processors {\n    post-processor \"|\" {}\n  }\n}",
            &["docker-tag"],
            &["shell"],
        ),
        (
            "build {\n  provisioner \"shell\" {\n    |\n  }\n}",
            &["inline", "only", "timeout", "override"],
            &["image"],
        ),
        ("build {\n  provisioner \"shell\" {\n    only = [\"|\"]\n  }\n}", &["docker.base"], &[]),
        (
            "build {\n  post-processor \"manifest\" {\n    |\n  }\n}",
            &["output", "keep_input_artifact"],
            &["timeout"],
        ),
        (
            "locals {\n  x = |\n}",
            &["var", "local", "path", "upper", "can", "var.region"],
            &["build", "data"],
        ),
        ("locals {\n  x = var.|\n}", &["region", "password"], &["image"]),
        ("locals {\n  x = var.re|\n  y = 1\n}", &["region"], &["image"]),
        ("locals {\n  x = local.|\n}", &["image", "ports", "x"], &["region"]),
        ("locals {\n  x = local.ports.|\n}", &[], &["image", "region"]),
        ("locals {\n  x = path.|\n}", &["root", "cwd"], &[]),
        ("locals {\n  x = data.|\n}\ndata \"http\" \"p\" {}", &["http"], &[]),
        ("locals {\n  x = data.http.|\n}\ndata \"http\" \"p\" {}", &["p"], &[]),
        ("locals {\n  x = data.http.p.|\n}\ndata \"http\" \"p\" {}", &["body"], &[]),
        ("data \"|\" \"p\" {}", &["http", "null"], &["docker"]),
        ("data \"http\" \"p\" {\n  |\n}", &["url"], &["image"]),
        ("locals {\n  x = packer.|\n}", &["version"], &[]),
        ("locals {\n  x = \"a${|}\"\n}", &["var", "upper"], &[]),
        ("locals {\n  x = \"a${var.|\n  y = 1\n}", &["region"], &[]),
        ("locals {\n  x = upper(var.|", &["region"], &[]),
        ("locals {\n  x = <<E\n${var.|}\nE\n}", &["region"], &[]),
        ("locals {\n  x = \"va|\"\n}", &[], &["var"]),
        ("locals {\n  # va|\n}", &[], &["var"]),
        (
            "build {\n  provisioner \"shell\" {\n    inline = [build.|]\n  }\n}",
            &["ID", "name"],
            &[],
        ),
        (
            "build {\n  provisioner \"shell\" {\n    inline = [source.|]\n  }\n}",
            &["name", "type"],
            &[],
        ),
        ("source \"docker\" \"x\" {\n  commit = |\n}", &["true", "false"], &[]),
        ("packer {\n  required_plugins {\n    docker = { | }\n  }\n}", &["version", "source"], &[]),
        ("packer {\n  |\n}", &["required_version", "required_plugins"], &["source"]),
        // `dynamic` blocks: where they may stand, and what may stand in them.
        ("build {\n  |\n}", &["dynamic"], &[]),
        ("source \"docker\" \"x\" {\n  |\n}", &["dynamic", "build"], &[]),
        ("variable \"x\" {\n  |\n}", &["validation"], &["dynamic"]),
        ("build {\n  provisioner \"shell\" {\n    |\n  }\n}", &["inline"], &["dynamic"]),
        (
            "build {\n  dynamic \"|\" {\n  }\n}",
            &["provisioner", "post-processor", "source"],
            &["dynamic", "shell", "build"],
        ),
        ("source \"docker\" \"x\" {\n  dynamic \"|\" {}\n}", &["build"], &["dynamic"]),
        (
            "build {\n  dynamic \"provisioner\" {\n    |\n  }\n}",
            &["for_each", "iterator", "labels", "content"],
            &["inline", "only", "dynamic"],
        ),
        (
            "build {\n  dynamic \"provisioner\" {\n    labels = [\"|\"]\n  }\n}",
            &["shell", "file"],
            &["docker", "manifest"],
        ),
        (
            "build {\n  dynamic \"source\" {\n    labels = [\"|\"]\n  }\n}",
            &["source.docker.base"],
            &["docker"],
        ),
        (
            "build {\n  dynamic \"provisioner\" {\n    labels = [\"shell\"]\n    content {\n      |\n    }\n  }\n}",
            &["inline", "only", "timeout"],
            &["for_each", "content", "dynamic"],
        ),
        (
            "build {\n  dynamic \"provisioner\" {\n    content {\n      |\n    }\n  }\n}",
            &["only", "timeout"],
            &["inline"],
        ),
        (
            "build {\n  dynamic \"post-processors\" {\n    for_each = [1]\n    content {\n      |\n    }\n  }\n}",
            &["post-processor", "dynamic"],
            &["provisioner"],
        ),
        (
            "source \"docker\" \"x\" {\n  dynamic \"build\" {\n    content {\n      |\n    }\n  }\n}",
            &["path", "arguments"],
            &["image", "dynamic"],
        ),
        // The element that they are made for.
        (
            "build {\n  dynamic \"provisioner\" {\n    iterator = it\n    content {\n      only = [|]\n    }\n  }\n}",
            &["it", "docker.base"],
            &["provisioner"],
        ),
        (
            "build {\n  dynamic \"provisioner\" {\n    content {\n      timeout = provisioner.|\n    }\n  }\n}",
            &["key", "value"],
            &["var"],
        ),
        (
            "build {\n  dynamic \"post-processors\" {\n    iterator = outer\n    content {\n      dynamic \"post-processor\" {\n        \
             labels = [|]\n      }\n    }\n  }\n}",
            &["outer", "post-processor", "docker-tag"],
            &["post-processors"],
        ),
        (
            "build {\n  dynamic \"provisioner\" {\n    for_each = |\n  }\n}",
            &["var"],
            &["provisioner"],
        ),
        ("build {\n  dynamic \"provisioner\" {\n    iterator = |\n  }\n}", &[], &["var", "upper"]),
        // Words that an argument may be.
        (
            "build {\n  provisioner \"file\" {\n    direction = |\n  }\n}",
            &["upload", "download", "var"],
            &[],
        ),
        (
            "build {\n  provisioner \"file\" {\n    direction = \"do|\"\n  }\n}",
            &["upload", "download"],
            &["var"],
        ),
        (
            "build {\n  post-processor \"checksum\" {\n    checksum_types = [\"md5\", \"|\"]\n  }\n}",
            &["md5", "sha256"],
            &["tar.gz"],
        ),
        (
            "build {\n  post-processor \"compress\" {\n    format = \"|\"\n  }\n}",
            &["tar.gz", "zip"],
            &["md5"],
        ),
        (
            "source \"docker\" \"x\" {\n  communicator = \"|\"\n}",
            &["docker", "ssh", "none"],
            &["winrm"],
        ),
        ("source \"null\" \"x\" {\n  communicator = \"|\"\n}", &["ssh", "none"], &["docker"]),
        ("data \"http\" \"x\" {\n  method = \"|\"\n}", &["GET", "POST"], &["get"]),
        ("source \"docker\" \"x\" {\n  image = \"|\"\n}", &[], &["docker", "none"]),
    ] {
        let found = proposed(text);
        for label in yes {
            assert!(found.iter().any(|f| f == label), "`{label}` in {text}: {found:?}");
        }
        for label in no {
            assert!(!found.iter().any(|f| f == label), "no `{label}` in {text}: {found:?}");
        }
        let mut once = found.clone();
        once.sort();
        once.dedup();
        assert_eq!(once.len(), found.len(), "{text}: {found:?}");
    }
}

#[test]
fn completion_writes_what_is_asked_for() {
    for (snippets, text, label, expected) in [
        (false, "source \"docker\" \"x\" {\n  im|\n}", "image", "image = "),
        (true, "source \"docker\" \"x\" {\n  im|\n}", "image", "image = \"$0\""),
        (true, "source \"docker\" \"x\" {\n  im| = 1\n}", "image", "image"),
        (true, "sour|", "source", "source \"${1:type}\" \"${2:name}\" {\n  $0\n}"),
        (true, "sour| \"docker\" \"x\" {}", "source", "source"),
        (false, "source |", "docker", "\"docker\""),
        (false, "source \"do|\" \"x\" {}", "docker", "docker"),
        (true, "locals {\n  x = up|\n}", "upper", "upper($0)"),
        (true, "locals {\n  x = up|(1)\n}", "upper", "upper"),
        (false, "build {\n  sources = [|]\n}", "source.null.n", "\"source.null.n\""),
    ] {
        let (text, place) = marked(text);
        let mut client = Client::start(&[("v.pkr.hcl", VARIABLES)]);
        let item = json!({ "snippetSupport": snippets });
        let completion = json!({ "completion": { "completionItem": item } });
        client.introduce_with(json!({ "capabilities": { "textDocument": completion } }));
        client.open("a.pkr.hcl", &text);
        let document = json!({ "uri": client.uri("a.pkr.hcl") });
        let at = json!({ "textDocument": document, "position": place });
        let list = client.ask("textDocument/completion", at);
        let items = list["items"].as_array().expect("a list");
        let item = items.iter().find(|item| item["label"] == label).expect(label);
        assert_eq!(item["textEdit"]["newText"], expected, "{text}");
    }
}

#[test]
fn completion_in_a_variable_file_knows_the_variables() {
    let mut client = Client::meet(&[("v.pkr.hcl", VARIABLES)]);
    client.open("x.pkrvars.hcl", "region = \"us\"\np");
    let document = json!({ "uri": client.uri("x.pkrvars.hcl") });
    let at = json!({ "textDocument": document, "position": { "line": 1, "character": 1 } });
    let list = client.ask("textDocument/completion", at);
    let items = list["items"].as_array().expect("a list");
    assert_eq!(items.len(), 1, "{items:?}");
    assert_eq!(items[0]["textEdit"]["newText"], "password = ");
}

/// What is told of a place.
fn told(text: &str) -> String {
    let (mut client, at) = beside(text);
    let hover = client.ask("textDocument/hover", at);
    hover["contents"]["value"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn hover_tells_what_a_word_is() {
    let build = "build {\n  sources = [\"source.null.n\"]\n";
    for (text, parts) in [
        ("source \"docker\" \"x\" {\n  ima|ge = \"a\"\n}", &["`image`: string"][..]),
        ("sou|rce \"docker\" \"x\" {}", &["How a machine is made"]),
        ("source \"doc|ker\" \"x\" {}", &["`docker`"]),
        (
            &format!("{build}  provisioner \"shell\" {{\n    time|out = \"1m\"\n  }}\n}}"),
            &["How long an attempt may take"],
        ),
        (&format!("{build}  provisioner \"she|ll\" {{}}\n}}"), &["`shell`"]),
        ("locals {\n  x = var.re|gion\n}", &["`var.region`: string", "Where it runs.", "\"eu\""]),
        ("locals {\n  x = \"${local.im|age}\"\n}", &["`local.image`", "ubuntu:eu"]),
        ("locals {\n  x = up|per(\"a\")\n}", &["`upper(", "string"]),
        ("locals {\n  x = path.ro|ot\n}", &["The template's folder"]),
        (
            &format!("{build}  provisioner \"shell\" {{\n    inline = [build.I|D]\n  }}\n}}"),
            &["A fact"],
        ),
        (
            &format!("{build}  dyn|amic \"provisioner\" {{}}\n}}"),
            &["`dynamic \"block\"`", "one for each element"],
        ),
        (&format!("{build}  dynamic \"prov|isioner\" {{}}\n}}"), &["`provisioner"]),
        (
            &format!("{build}  dynamic \"provisioner\" {{\n    for|_each = [1]\n  }}\n}}"),
            &["`for_each`: list, set, map or object, required"],
        ),
        (
            &format!(
                "{build}  dynamic \"provisioner\" {{\n    labels = [\"shell\"]\n    \
                 content {{\n      in|line = [provisioner.value]\n    }}\n  }}\n}}"
            ),
            &["`inline`: list(string)"],
        ),
        (
            &format!(
                "{build}  dynamic \"provisioner\" {{\n    labels = [\"shell\"]\n    iterator = it\n    \
                 content {{\n      inline = [it.val|ue]\n    }}\n  }}\n}}"
            ),
            &["`it.value`", "The element."],
        ),
        (
            &format!("{build}  provisioner \"file\" {{\n    direc|tion = \"upload\"\n  }}\n}}"),
            &["Choices: `upload`, `download`"],
        ),
    ] {
        let hover = told(text);
        for part in parts {
            assert!(hover.contains(part), "`{part}` in {text}: {hover}");
        }
    }
    for text in ["# va|r.region", "locals {\n  x = \"va|r\"\n}", "locals {\n  x =| 1\n}", "|\n\n"] {
        assert_eq!(told(text), "", "{text}");
    }
}

#[test]
fn places_are_counted_in_utf_16() {
    // Emoji of one and of several characters, and an accent that is a character of its own.
    let text = "locals {\n  x = \"😀👩\u{200d}👩\u{200d}👧 e\u{301} ${var.region}\" # 🦀\n  y = var.region\n}\nbuild {\n  sources = [\"source.null.n\"]\n}\n";
    let mut client = Client::meet(&[("v.pkr.hcl", VARIABLES)]);
    client.open("a.pkr.hcl", text);
    assert_eq!(client.diagnostics("a.pkr.hcl"), Vec::<Value>::new());
    let range = |text: &str, part: &str| {
        json!({
            "start": position(text, part, 0, 0),
            "end": position(text, part, 0, part.len()),
        })
    };
    let document = json!({ "uri": client.uri("a.pkr.hcl") });
    let at = |text: &str, into: usize| json!({ "textDocument": document, "position": position(text, "var.region", 0, into) });
    let hover = client.ask("textDocument/hover", at(text, 6));
    assert_eq!(hover["range"], range(text, "var.region"));
    let list = client.ask("textDocument/completion", at(text, 6));
    assert_eq!(list["items"][0]["textEdit"]["range"]["start"], position(text, "region", 0, 0));
    let mut params = at(text, 6);
    params["newName"] = "place".into();
    let edits =
        client.ask("textDocument/rename", params)["changes"][client.uri("a.pkr.hcl")].clone();
    let edited: Vec<_> = edits.as_array().into_iter().flatten().collect();
    assert_eq!(edited.len(), 2, "{edits}");
    assert!(edited.iter().any(|edit| edit["range"] == range(text, "region")), "{edits}");
    // What is changed behind them is changed in the right place.
    let change = json!([{ "range": range(text, "region"), "text": "🦀" }]);
    client.change("a.pkr.hcl", change);
    client.diagnostics("a.pkr.hcl");
    let text = text.replacen("region", "🦀", 1);
    let change = json!([{ "range": range(&text, "var.🦀"), "text": "var.regoin" }]);
    client.change("a.pkr.hcl", change);
    let text = text.replace("🦀}", "regoin}");
    let found = client.diagnostics("a.pkr.hcl");
    assert_eq!(found[0]["range"], range(&text, "regoin"), "{found:?}");
}

#[test]
fn hover_keeps_secrets() {
    for text in [
        "locals {\n  x = var.pass|word\n}",
        "locals {\n  x| = \"a${var.password}\"\n}",
        "locals {\n  x = [var.password]\n  y = local.x|\n}",
        "locals {\n  x = \"hunter2\"\n  y = local.x|\n}",
    ] {
        let hover = told(text);
        assert!(!hover.is_empty() && !hover.contains("hunter2"), "{text}: {hover}");
    }
}

#[test]
fn names_lead_to_where_they_are_given() {
    for (text, file, part) in [
        ("locals {\n  x = var.re|gion\n}", "v.pkr.hcl", "region"),
        ("locals {\n  x = \"${local.im|age}\"\n}", "v.pkr.hcl", "image = \"ubuntu"),
        ("build {\n  sources = [\"source.docker.ba|se\"]\n}", "v.pkr.hcl", "base\" {"),
        ("build {\n  source \"null.|n\" {}\n}", "v.pkr.hcl", "n\" {\n  communicator"),
        (
            "data \"null\" \"d\" {\n  input = 1\n}\nlocals {\n  x = data.nu|ll.d.output\n}",
            "a.pkr.hcl",
            "d\" {",
        ),
    ] {
        let (mut client, at) = beside(text);
        let found = client.ask("textDocument/definition", at);
        let text = match file {
            "v.pkr.hcl" => VARIABLES.to_owned(),
            _ => marked(text).0,
        };
        assert_eq!(found[0]["uri"], client.uri(file), "{text}");
        assert_eq!(found[0]["range"]["start"], position(&text, part, 0, 0), "{text}");
        assert_eq!(found.as_array().map(Vec::len), Some(1));
    }
    // A component's type leads to its plugin.
    let text = "packer {\n  required_plugins {\n    docker = {\n      version = \">= 1.0.0\"\n      \
                source  = \"github.com/hashicorp/docker\"\n    }\n  }\n}\nsource \"do|cker\" \"x\" {}\n";
    let (mut client, at) = beside(text);
    let found = client.ask("textDocument/definition", at);
    assert_eq!(found[0]["range"]["start"], json!({ "line": 2, "character": 4 }));
}

#[test]
fn uses_are_found_in_every_file() {
    let (mut client, mut at) = beside("locals {\n  x = \"${var.re|gion}\"\n  y = var.region\n}");
    at["context"] = json!({ "includeDeclaration": true });
    let found = client.ask("textDocument/references", at.clone());
    let places: Vec<_> = found.as_array().expect("a list").iter().collect();
    assert_eq!(places.len(), 4, "{places:?}");
    at["context"] = json!({ "includeDeclaration": false });
    let found = client.ask("textDocument/references", at.clone());
    assert_eq!(found.as_array().map(Vec::len), Some(3));
    let found = client.ask("textDocument/documentHighlight", at);
    assert_eq!(found.as_array().map(Vec::len), Some(2));
}

/// A folder's files after the edits of a rename.
fn renamed(
    client: &mut Client,
    names: &[&str],
    at: &Value,
    name: &str,
) -> BTreeMap<String, String> {
    let mut params = at.clone();
    params["newName"] = name.into();
    let edit = client.ask("textDocument/rename", params);
    let mut files = BTreeMap::new();
    for file in names {
        let mut text = fs::read_to_string(client.path(file)).expect("a file");
        let edits = edit["changes"][client.uri(file)].as_array().cloned().unwrap_or_default();
        let mut places: Vec<(usize, usize, String)> = edits
            .iter()
            .map(|edit| {
                let at = |end: &str| {
                    let place = &edit["range"][end];
                    let line = place["line"].as_u64().expect("a line") as usize;
                    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
                    // The files of these tests have no letters that count as more than one.
                    start + place["character"].as_u64().expect("a column") as usize
                };
                (at("start"), at("end"), edit["newText"].as_str().expect("a text").to_owned())
            })
            .collect();
        places.sort();
        for (start, end, new) in places.into_iter().rev() {
            text.replace_range(start..end, &new);
        }
        files.insert((*file).to_owned(), text);
    }
    files
}

#[test]
fn renaming_changes_every_use() {
    let files = [
        (
            "a.pkr.hcl",
            "variable \"a\" {\n  default = 1\n  validation {\n    condition     = var.a > 0\n    \
          error_message = \"No.\"\n  }\n}\nlocals {\n  l = var.a\n}\n",
        ),
        (
            "b.pkr.hcl",
            "source \"null\" \"s\" {\n  communicator = \"none\"\n}\nbuild {\n  \
          sources = [\"source.null.s\", \"null.s\"]\n  provisioner \"shell-local\" {\n    \
          inline = [\"echo ${local.l} ${var[\"a\"]}\"]\n    only   = [\"null.s\"]\n  }\n}\n",
        ),
        ("c.auto.pkrvars.hcl", "a = 3\n"),
        ("d.pkrvars.hcl", "a = 4\n"),
        ("e.pkrvars.json", "{ \"a\": 5, \"b\": { \"a\": 6 } }\n"),
    ];
    let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    let mut client = Client::meet(&files);
    client.open_saved("a.pkr.hcl");
    client.open_saved("b.pkr.hcl");
    let at = |client: &Client, file: &str, part: &str, into: usize| {
        let text = fs::read_to_string(client.path(file)).expect("a file");
        let document = json!({ "uri": client.uri(file) });
        json!({ "textDocument": document, "position": position(&text, part, 0, into) })
    };
    let variable = at(&client, "a.pkr.hcl", "var.a", 4);
    let after = renamed(&mut client, &names, &variable, "size");
    assert!(after["a.pkr.hcl"].starts_with("variable \"size\" {"), "{after:?}");
    assert!(after["a.pkr.hcl"].contains("var.size > 0"));
    assert!(after["a.pkr.hcl"].contains("l = var.size"));
    assert!(after["b.pkr.hcl"].contains("${var[\"size\"]}"));
    assert_eq!(after["c.auto.pkrvars.hcl"], "size = 3\n");
    assert_eq!(after["d.pkrvars.hcl"], "size = 4\n");
    assert_eq!(after["e.pkrvars.json"], "{ \"size\": 5, \"b\": { \"a\": 6 } }\n");

    let local = at(&client, "a.pkr.hcl", "l = var", 0);
    let after = renamed(&mut client, &names, &local, "line");
    assert!(after["a.pkr.hcl"].contains("line = var.a"), "{after:?}");
    assert!(after["b.pkr.hcl"].contains("${local.line}"));

    let source = at(&client, "b.pkr.hcl", "\"source.null.s\"", 10);
    let after = renamed(&mut client, &names, &source, "base");
    let expected = files[1].1.replace("null.s\"", "null.base\"").replace("\"s\"", "\"base\"");
    assert_eq!(after["b.pkr.hcl"], expected);
    assert_eq!(client.ask("textDocument/prepareRename", source.clone())["start"]["character"], 26);

    for (place, name, why) in [
        (&variable, "1a", "cannot be a name"),
        (&variable, "a b", "cannot be a name"),
        (&variable, "", "cannot be a name"),
        (&at(&client, "b.pkr.hcl", "communicator", 3), "x", "nothing here that has a name"),
    ] {
        let mut params = place.clone();
        params["newName"] = name.into();
        let error = client.refused("textDocument/rename", params);
        assert!(error["message"].as_str().expect("words").contains(why), "{error}");
    }
    client.rewrite("b.pkr.hcl", "locals {\n  l2 = var.nothing\n  l3 = local.l2\n}\n");
    for (part, into, name, why) in [
        ("var.nothing", 5, "x", "`var.nothing` is not declared"),
        ("local.l2", 6, "l3", "there is a `local.l3` already"),
    ] {
        let text = "locals {\n  l2 = var.nothing\n  l3 = local.l2\n}\n";
        let document = json!({ "uri": client.uri("b.pkr.hcl") });
        let params = json!({
            "textDocument": document, "position": position(text, part, 0, into), "newName": name,
        });
        let error = client.refused("textDocument/rename", params);
        assert_eq!(error["message"], why);
    }
}

#[test]
fn symbols_are_the_blocks_of_a_file() {
    let mut client = Client::meet(&[]);
    let text = format!("{VARIABLES}build {{\n  name = \"b\"\n  provisioner \"shell\" {{\n  }}\n");
    client.open("a.pkr.hcl", &text);
    let document = json!({ "textDocument": { "uri": client.uri("a.pkr.hcl") } });
    let found = client.ask("textDocument/documentSymbol", document);
    fn names(list: &Value) -> Vec<String> {
        let inner = |symbol: &Value| match names(&symbol["children"])[..] {
            [] => symbol["name"].as_str().expect("a name").to_owned(),
            ref inner => {
                format!("{} ({})", symbol["name"].as_str().expect("a name"), inner.join(", "))
            }
        };
        list.as_array().into_iter().flatten().map(inner).collect()
    }
    assert_eq!(
        names(&found),
        [
            "variable region",
            "variable password",
            "locals (image, ports)",
            "source docker.base",
            "source null.n",
            "build (name, provisioner shell)",
        ]
    );
}

#[test]
fn formatting_is_that_of_fmt() {
    let mut client = Client::meet(&[]);
    let mut format = |text: &str| {
        client.open("a.pkr.hcl", text);
        let document = json!({ "uri": client.uri("a.pkr.hcl") });
        let options = json!({ "tabSize": 2, "insertSpaces": true });
        let params = json!({ "textDocument": document, "options": options });
        client.ask("textDocument/formatting", params)
    };
    let edits = format("locals {\n  a = 1\n  long=2 # é\n}\n");
    assert_eq!(
        edits,
        json!([{
            "range": {
                "start": { "line": 1, "character": 4 },
                "end": { "line": 2, "character": 7 },
            },
            "newText": "   = 1\n  long = ",
        }])
    );
    // What is laid out already, and what is broken, is left alone.
    assert_eq!(format("locals {\n  a = 1\n}\n"), json!([]));
    assert_eq!(format("locals {\n  a=1\n"), json!([]));
}

#[test]
fn calls_tell_how_they_are_made() {
    for (text, label, parameter) in [
        ("locals {\n  x = replace(\"a\", |\n}", "replace(", 1),
        ("locals {\n  x = replace(upper(\"a\"), \"b\", |)\n}", "replace(", 2),
        ("locals {\n  x = format(\"a\", 1, 2, |)\n}", "format(", 1),
    ] {
        let (mut client, at) = beside(text);
        let help = client.ask("textDocument/signatureHelp", at);
        let signature = help["signatures"][0]["label"].as_str().expect("a signature");
        assert!(signature.starts_with(label), "{text}: {help}");
        assert_eq!(help["activeParameter"], parameter, "{text}: {help}");
    }
    let (mut client, at) = beside("locals {\n  x = upper(\"a\")|\n}");
    assert_eq!(client.ask("textDocument/signatureHelp", at), Value::Null);
}

#[test]
fn a_proposal_can_be_taken() {
    let text = "locals {\n  x = var.regoin\n}\nbuild {\n  sources = [\"source.null.n\", \"source.docker.bse\"]\n}\n";
    let mut client = Client::meet(&[("v.pkr.hcl", VARIABLES)]);
    client.open("a.pkr.hcl", text);
    let diagnostics = client.diagnostics("a.pkr.hcl");
    assert_eq!(diagnostics.len(), 2, "{diagnostics:?}");
    let actions = client.ask("textDocument/codeAction", json!({
        "textDocument": { "uri": client.uri("a.pkr.hcl") },
        "range": { "start": { "line": 0, "character": 0 }, "end": { "line": 9, "character": 0 } },
        "context": { "diagnostics": diagnostics },
    }));
    let titles: Vec<_> =
        actions.as_array().expect("a list").iter().map(|action| &action["title"]).collect();
    assert_eq!(titles, ["Write `region`", "Write `docker.base`"]);
    let edit = &actions[1]["edit"]["changes"][client.uri("a.pkr.hcl")][0];
    assert_eq!(edit["range"]["start"], position(text, "docker.bse", 0, 0));
    assert_eq!(edit["newText"], "docker.base");
}
