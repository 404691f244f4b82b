//! `cooper lsp` with templates that use plugins.

use std::fs;
use std::path::Path;

use cooper_testbed::{Context, Result, process};
use libtest_mimic::Trial;
use serde_json::json;

use crate::client::{Client, position};
use crate::plugin::{Encoding, install};
use crate::run::check;
use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("an_editor_knows_the_components_of_plugins", known),
        trial("an_editor_keeps_the_process_of_a_plugin_and_leaves_none", kept),
        trial("an_editor_finds_a_plugin_that_was_installed_meanwhile", installed_meanwhile),
    ]
}

const FILE: &str = "a.pkr.hcl";

/// The variable of the environment by which the processes of a test are known.
const MARK: &str = "EDITOR_OF_TEST";

/// A template that requires the plugin `workshop` and has this in its `build` block.
fn template(step: &str) -> String {
    format!(
        "packer {{\n  required_plugins {{\n    workshop = {{ source = \
         \"github.com/example/workshop\", version = \">= 0.1.0\" }}\n  }}\n}}\n\
         source \"null\" \"a\" {{\n  communicator = \"none\"\n}}\n\
         build {{\n  sources = [\"source.null.a\"]\n  {step}\n}}\n"
    )
}

/// An editor that has these plugins, and whose processes are marked.
fn editor(plugins: &Path, mark: &str) -> Client {
    let environment = [
        ("PACKER_PLUGIN_PATH".to_owned(), plugins.display().to_string()),
        (MARK.to_owned(), mark.to_owned()),
    ];
    let mut client = Client::start_with(&[], &environment);
    client.introduce(json!({}));
    client
}

/// What is proposed behind this text.
fn proposals(client: &mut Client, text: &str, wanted: &str) -> Vec<String> {
    let document = json!({ "uri": client.uri(FILE) });
    let asked =
        json!({ "textDocument": document, "position": position(text, wanted, 0, wanted.len()) });
    let answer = client.ask("textDocument/completion", asked);
    let items = answer["items"].as_array().or_else(|| answer.as_array()).cloned();
    let labels = items.unwrap_or_default();
    labels.iter().filter_map(|item| item["label"].as_str().map(str::to_owned)).collect()
}

fn known() -> Result<()> {
    let mut client = editor(&install(Encoding::Newer)?, "known");
    // Nothing of the plugin is used yet, and it is proposed all the same.
    let text = template("post-processor \"\" {}");
    client.open(FILE, &text);
    client.diagnostics(FILE);
    let proposed = proposals(&mut client, &text, "post-processor \"");
    check(proposed.contains(&"workshop-list".to_owned()), || format!("{proposed:?}"))?;
    let text = template("post-processor \"workshop-list\" { ouput = \"list\" }");
    client.rewrite(FILE, &text);
    let found = client.diagnostics(FILE);
    let said = "there is no argument called `ouput` here\nhelp: did you mean `output`?";
    let is_told = found.len() == 1 && found[0]["message"] == said;
    check(is_told, || format!("{found:?}"))?;
    let text = template("post-processor \"workshop-list\" {\n    output = \"list\"\n    in\n  }");
    client.rewrite(FILE, &text);
    client.diagnostics(FILE);
    let proposed = proposals(&mut client, &text, "  in");
    check(proposed.contains(&"input".to_owned()), || format!("{proposed:?}"))?;
    let text = template("post-processor \"workshop-list\" { output = \"list\" }");
    client.rewrite(FILE, &text);
    let found = client.diagnostics(FILE);
    check(found.is_empty(), || format!("{found:?}"))
}

fn kept() -> Result<()> {
    let mut client = editor(&install(Encoding::Newer)?, "kept");
    client.open(FILE, "");
    let mut seen = Vec::new();
    for number in 0..20 {
        let text =
            template(&format!("post-processor \"workshop-list\" {{ output = \"{number}\" }}"));
        client.rewrite(FILE, &text);
        let found = client.diagnostics(FILE);
        check(found.is_empty(), || format!("{found:?}"))?;
        seen.extend(started("kept"));
    }
    seen.sort_unstable();
    seen.dedup();
    check(seen.len() == 1, || format!("processes of the plugin: {seen:?}"))?;
    check(client.part() == Some(0), || "it did not end orderly".to_owned())?;
    let gone = |id: &u32| !Path::new("/proc").join(id.to_string()).exists();
    let ended = process::wait_until(std::time::Duration::from_secs(10), || seen.iter().all(gone));
    check(ended, || format!("left: {seen:?}"))
}

fn installed_meanwhile() -> Result<()> {
    let from = install(Encoding::Newer)?.join("github.com/example/workshop");
    let plugins = crate::plugin::folder("meanwhile")?;
    let mut client = editor(&plugins, "meanwhile");
    let text = template("post-processor \"workshop-list\" { output = \"list\" }");
    client.open(FILE, &text);
    let found = client.diagnostics(FILE);
    check(found.iter().any(|one| one["code"] == "missing-plugin"), || format!("{found:?}"))?;
    let to = plugins.join("github.com/example/workshop");
    fs::create_dir_all(&to).context("make a folder")?;
    for entry in fs::read_dir(&from).context("list a folder")?.flatten() {
        fs::copy(entry.path(), to.join(entry.file_name())).context("copy a plugin")?;
    }
    client.notify("textDocument/didSave", json!({ "textDocument": { "uri": client.uri(FILE) } }));
    let found = client.diagnostics(FILE);
    check(found.is_empty(), || format!("{found:?}"))
}

/// The processes of plugins that an editor with this mark has started.
fn started(mark: &str) -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let mark = format!("{MARK}={mark}");
    let is_one = |path: &Path| {
        let read = |name| fs::read(path.join(name)).unwrap_or_default();
        let has_mark = read("environ").split(|byte| *byte == 0).any(|one| one == mark.as_bytes());
        has_mark && String::from_utf8_lossy(&read("cmdline")).contains("packer-plugin-workshop")
    };
    let paths = entries.flatten().map(|entry| entry.path()).filter(|path| is_one(path));
    paths.filter_map(|path| path.file_name()?.to_str()?.parse().ok()).collect()
}
