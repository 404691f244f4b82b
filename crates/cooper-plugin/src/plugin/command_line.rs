//! What the command line of a plugin says. It is a host's; a person gets a friendly word.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use cooper_wire::handshake::COOKIE;
use cooper_wire::spec::Encoding;

use super::connection::{self, Greeting};
use super::{Component, Kind, Plugin, description};
use crate::reference;

/// Does what the arguments say; the first is the program's file.
pub(super) fn run(plugin: &Plugin, arguments: &[String]) -> ExitCode {
    let (program, arguments) = match arguments.split_first() {
        Some((program, arguments)) => (program.as_str(), arguments),
        None => ("packer-plugin", arguments),
    };
    let program = Path::new(program).file_name().and_then(|name| name.to_str()).unwrap_or(program);
    let flaws = plugin.flaws();
    if !flaws.is_empty() {
        return refuse(&format!("this plugin cannot be used:\n  {}", flaws.join("\n  ")));
    }
    let words: Vec<&str> =
        arguments.iter().map(String::as_str).filter(|word| *word != "--protobuf").collect();
    match words[..] {
        ["describe"] => return print(&format!("{}\n", description::of(plugin))),
        ["docs"] => return print(&reference::page(plugin, &name_of(program))),
        ["version" | "--version" | "-V"] => return print(&format!("{}\n", plugin.version)),
        _ => {}
    }
    let has_host = std::env::var(COOKIE.0).is_ok_and(|cookie| cookie == COOKIE.1);
    if !has_host {
        return refuse(&for_a_person(plugin, program));
    }
    let encoding = match arguments.iter().any(|word| word == "--protobuf") {
        true => Encoding::Protobuf,
        false => Encoding::Gob,
    };
    let asked = match words[..] {
        ["start", kind, name] => match named(plugin, kind, name) {
            Some(component) => Ok((component, encoding, Greeting::Versioned)),
            None => Err(format!("there is no {kind} called `{name}` in this plugin")),
        },
        // Before plugins had arguments, the name of the file told kind and name.
        [] => match by_file(plugin, program) {
            Some(component) => Ok((component, Encoding::Gob, Greeting::Old)),
            None => Err(format!("nothing in this plugin goes by the file's name, `{program}`")),
        },
        _ => Err("`start` takes the kind and the name of a component".to_owned()),
    };
    match asked {
        Ok((component, encoding, greeting)) => connection::serve(component, encoding, greeting),
        Err(message) => refuse(&message),
    }
}

fn named<'a>(plugin: &'a Plugin, kind: &str, name: &str) -> Option<&'a Component> {
    let mut components = plugin.components.iter();
    components
        .find(|component| component.kind.word() == kind && description::name(component) == name)
}

/// The component that a file's name tells, such as `packer-provisioner-greet`.
fn by_file<'a>(plugin: &'a Plugin, program: &str) -> Option<&'a Component> {
    let (kind, name) = Kind::ALL.into_iter().find_map(|kind| {
        let name = program.strip_prefix("packer-")?.strip_prefix(kind.word())?.strip_prefix('-')?;
        Some((kind, name))
    })?;
    let of_kind = || plugin.components.iter().filter(|component| component.kind == kind);
    let is_named = |component: &&Component| {
        let component = component.name.as_str();
        !component.is_empty() && (name == component || name.ends_with(&format!("-{component}")))
    };
    of_kind().find(is_named).or_else(|| of_kind().find(|component| component.name.is_empty()))
}

/// `greet`, of `packer-plugin-greet_v0.1.0_x5.0_linux_amd64`.
fn name_of(program: &str) -> String {
    let name = program.strip_prefix("packer-").unwrap_or(program);
    let kinds = Kind::ALL.map(Kind::word);
    let kind = ["plugin"]
        .into_iter()
        .chain(kinds)
        .find_map(|kind| name.strip_prefix(kind)?.strip_prefix('-'));
    kind.unwrap_or(name).split('_').next().unwrap_or(name).to_owned()
}

/// What a person reads who starts the program by hand.
fn for_a_person(plugin: &Plugin, program: &str) -> String {
    let name = name_of(program);
    let uses = plugin
        .components
        .iter()
        .map(|component| format!("    {}", component.heading(&name).replace('{', "{ … }")));
    let uses: Vec<String> = uses.collect();
    format!(
        "this is a plugin of Cooper and Packer, which start it when a template has\n\n{}\n\n\
         what you can do with it by hand:\n\n    \
         {program} docs        print its reference page\n    \
         {program} describe    print what is in it, for programs\n    \
         {program} version     print its version, {}\n\n\
         to install it, put it into the plugin folder, under a name with its version and with its checksum\n\
         beside it; `packer plugins install --path {program} SOURCE` does so",
        uses.join("\n"),
        plugin.version,
    )
}

fn print(text: &str) -> ExitCode {
    let mut output = std::io::stdout();
    let printed = output.write_all(text.as_bytes()).and_then(|()| output.flush());
    if printed.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn refuse(message: &str) -> ExitCode {
    // There is nobody else to tell.
    let _ = writeln!(std::io::stderr(), "{message}");
    ExitCode::FAILURE
}
