//! Files to [`Template`].

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use cooper_hcl::ast::{Block, Body, Name};
use cooper_hcl::parse::{Partial, parse_sound};
use cooper_hcl::{
    Code, Diagnostic, Diagnostics, FileKind, Functions, Reported, SourceFile, Span, System, json,
    parse, parse_json,
};

use super::shape::{BlockShape, Literals, Rest, Shape, is_identifier};
use super::{
    Gaps, Language, Template, build, data, legacy, local, packer, registry, source, variable,
};
use crate::session::Session;

const NATIVE: &str = ".pkr.hcl";
const JSON: &str = ".pkr.json";

/// A file of the template may be this large.
const MAX_FILE: usize = 64 << 20;

/// The outermost blocks of a template.
pub static ROOT: Shape = Shape {
    what: "a template",
    arguments: &[],
    blocks: &[
        BlockShape {
            name: "packer",
            labels: &[],
            doc: "Which versions of Packer and of plugins the template is for.",
            shape: &packer::SHAPE,
        },
        BlockShape {
            name: "variable",
            labels: &["name"],
            doc: "An input of the template: `var.NAME`.",
            shape: &variable::SHAPE,
        },
        BlockShape {
            name: "variables",
            labels: &[],
            doc: "Several inputs, each with its default: `region = \"eu\"`.",
            shape: &variable::VARIABLES,
        },
        BlockShape {
            name: "local",
            labels: &["name"],
            doc: "A value that is made of others: `local.NAME`.",
            shape: &local::SHAPE,
        },
        BlockShape {
            name: "locals",
            labels: &[],
            doc: "Several values that are made of others: `image = \"ubuntu:${var.tag}\"`.",
            shape: &local::LOCALS,
        },
        BlockShape {
            name: "source",
            labels: &["type", "name"],
            doc: "How a machine is made. Builds use it as `source.TYPE.NAME`.",
            shape: &source::SHAPE,
        },
        BlockShape {
            name: "data",
            labels: &["type", "name"],
            doc: "Values that are asked for elsewhere: `data.TYPE.NAME`.",
            shape: &data::SHAPE,
        },
        BlockShape {
            name: "build",
            labels: &[],
            doc: "Which sources are used, and what is done with their machines.",
            shape: &build::SHAPE,
        },
        BlockShape {
            name: "hcp_packer_registry",
            labels: &[],
            doc: "Has no effect: Cooper does not report to HCP Packer.",
            shape: &registry::SHAPE,
        },
        BlockShape {
            name: "communicator",
            labels: &["type", "name"],
            doc: "Has no effect outside a `source` block.",
            shape: &COMMUNICATOR,
        },
    ],
    rest: Rest::Nothing,
};

static COMMUNICATOR: Shape =
    Shape { what: "a `communicator` block", arguments: &[], blocks: &[], rest: Rest::Anything };

pub(super) fn load(path: &Path, session: &mut Session) -> Result<Template, Reported> {
    if is_legacy(path, &*session.system) {
        return load_legacy(path, session);
    }
    let (root, is_folder, files) = find(path, session)?;
    let mut template = empty(path, root, is_folder);
    // One broken file does not hide what is wrong in another.
    let read: Vec<_> = files.iter().map(|file| read(file, session)).collect();
    for (path, _) in files.iter().zip(&read).filter(|(_, read)| read.is_err()) {
        keep_secrets(path, session);
    }
    let diags = &session.diags;
    let functions = Functions::none();
    let literals = Literals { functions: &functions, system: &*session.system, diags };
    let told = diags.count();
    for (path, file) in files.iter().zip(read) {
        let file = match file {
            Ok(file) => file,
            // What is wrong with it was recorded.
            Err(_) => match readable_part(path, session) {
                Some((source, partial)) => {
                    template.gaps.add(source, &partial);
                    partial.file
                }
                None => {
                    template.gaps.add_unread();
                    continue;
                }
            },
        };
        ROOT.collect_strays(&file.body, &mut template.strays);
        let body = ROOT.read(file.body, Span::NONE, diags);
        body.blocks.into_iter().for_each(|block| add(block, &mut template, &literals));
    }
    check_names(&template, diags);
    template.gaps.forget_followers(&session.sources, diags, told);
    Ok(template)
}

/// What can be relied on of a file that could not be parsed; nothing, when it is not there, or in JSON
/// syntax.
fn readable_part<'s>(path: &Path, session: &'s Session) -> Option<(&'s SourceFile, Partial)> {
    let is_json = path.extension().is_some_and(|extension| extension == "json");
    let source = latest(path, session).filter(|_| !is_json)?;
    Some((source, parse_sound(source)))
}

/// Sees to it that what is said of a file that could not be parsed tells no secret of it.
fn keep_secrets(path: &Path, session: &Session) {
    if let Some(source) = latest(path, session) {
        session.secrets.add_broken_template(source);
    }
}

/// A text that was read, the last of its name.
pub(crate) fn latest<'s>(path: &Path, session: &'s Session) -> Option<&'s SourceFile> {
    let name = path.to_string_lossy();
    session.sources.files().iter().rev().find(|file| file.name() == name)
}

/// A template that says nothing.
fn empty(path: &Path, root: PathBuf, is_folder: bool) -> Template {
    Template {
        language: Language::Hcl,
        path: path.to_owned(),
        root,
        is_folder,
        variables: Vec::new(),
        locals: Vec::new(),
        data: Vec::new(),
        sources: Vec::new(),
        builds: Vec::new(),
        plugins: Vec::new(),
        gaps: Gaps::default(),
        registries: Vec::new(),
        strays: Body::default(),
    }
}

/// Whether a template is read as a legacy one: a file whose name says nothing else, or `-`, which
/// is standard input.
pub fn is_legacy(path: &Path, system: &dyn System) -> bool {
    let name = path.to_string_lossy();
    let is_hcl = name.ends_with(NATIVE) || name.ends_with(JSON);
    is_stdin(path)
        || !is_hcl && matches!(system.kind(path), Ok(kind) if kind != FileKind::Directory)
}

fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

fn load_legacy(path: &Path, session: &mut Session) -> Result<Template, Reported> {
    let (node, file) = read_legacy(path, session)?;
    Ok(legacy_template(path, &node, &file, &session.diags))
}

/// The template that a legacy one says.
pub(crate) fn legacy_template(
    path: &Path,
    node: &json::Node,
    file: &SourceFile,
    diags: &Diagnostics,
) -> Template {
    let mut template = empty(path, folder_of(path), false);
    legacy::load(node, file, &mut template, diags);
    template
}

/// Reads and parses a legacy template.
pub(crate) fn read_legacy(
    path: &Path,
    session: &mut Session,
) -> Result<(json::Node, SourceFile), Reported> {
    let (place, name) = match is_stdin(path) {
        true => (Path::new("/dev/stdin"), "<stdin>".to_owned()),
        false => (path, path.to_string_lossy().into_owned()),
    };
    let text = read_text(place, session)?;
    let file = session.add(&name, text)?;
    if !file.text().trim_start_matches('\u{feff}').trim_start().starts_with(['{', '[']) {
        let message =
            format!("`{name}` is not a template: it is not JSON, nor is its name one of HCL");
        let help = format!("let the name end in `{NATIVE}`, or in `{JSON}` for HCL in JSON");
        let error = Diagnostic::error(Code::UnreadableFile, message);
        return Err(session.diags.error(error.help(help)));
    }
    match json::parse(&file, &session.diags) {
        Ok(node) => Ok((node, file)),
        Err(reported) => {
            session.secrets.add_broken_template(&file);
            Err(reported)
        }
    }
}

/// The folder that a file is in, as the user wrote it.
fn folder_of(path: &Path) -> PathBuf {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new(".")).to_owned()
}

/// The template's folder, whether that is what was given, and its files.
fn find(path: &Path, session: &Session) -> Result<(PathBuf, bool, Vec<PathBuf>), Reported> {
    let diags = &session.diags;
    let shown = path.display();
    let kind = session.system.kind(path).map_err(|error| {
        let message = format!("`{shown}` cannot be read: {}", cooper_hcl::plainly(&error));
        let help = "give the template's file or the folder it is in";
        diags.error(Diagnostic::error(Code::UnreadableFile, message).help(help))
    })?;
    if kind != FileKind::Directory {
        return Ok((folder_of(path), false, vec![path.to_owned()]));
    }
    let names = session.system.list(path).map_err(|error| {
        let message =
            format!("the folder `{shown}` cannot be read: {}", cooper_hcl::plainly(&error));
        diags.error(Diagnostic::error(Code::UnreadableFile, message))
    })?;
    let is_folder =
        |name: &&String| matches!(session.system.kind(&path.join(name)), Ok(FileKind::Directory));
    let mut files = Vec::new();
    for suffix in [NATIVE, JSON] {
        let of_syntax = names.iter().filter(|name| name.ends_with(suffix) && !is_folder(name));
        files.extend(of_syntax.map(|name| match path == Path::new(".") {
            true => PathBuf::from(name),
            false => path.join(name),
        }));
    }
    if files.is_empty() {
        let message = format!("the folder `{shown}` has no template");
        let help = format!("Cooper reads the files whose names end in `{NATIVE}` or `{JSON}`");
        return Err(diags.error(Diagnostic::error(Code::UnreadableFile, message).help(help)));
    }
    Ok((path.to_owned(), true, files))
}

/// Reads and parses a file of HCL, in JSON syntax when its name ends in `.json`.
pub(crate) fn read(path: &Path, session: &mut Session) -> Result<cooper_hcl::ast::File, Reported> {
    let text = read_text(path, session)?;
    let parse = match path.extension().is_some_and(|extension| extension == "json") {
        true => parse_json,
        false => parse,
    };
    session.parse(&path.to_string_lossy(), text, parse)
}

/// Reads a file as text.
pub(crate) fn read_text(path: &Path, session: &Session) -> Result<String, Reported> {
    let shown = path.display();
    let error =
        |message: String| session.diags.error(Diagnostic::error(Code::UnreadableFile, message));
    let bytes = session.system.read(path).map_err(|cause| {
        error(format!("`{shown}` cannot be read: {}", cooper_hcl::plainly(&cause)))
    })?;
    if bytes.len() > MAX_FILE {
        return Err(error(format!("`{shown}` is larger than {} MiB", MAX_FILE >> 20)));
    }
    String::from_utf8(bytes).map_err(|cause| {
        let at = cause.utf8_error().valid_up_to();
        error(format!("`{shown}` is not UTF-8: byte {at} begins no character"))
    })
}

/// Adds what a block at the root says. Its labels were checked, and what is wrong recorded.
fn add(block: Block, template: &mut Template, literals: &Literals<'_>) {
    let diags = literals.diags;
    match (&*block.kind.text, &block.labels[..]) {
        ("packer", []) => packer::load(block, template, literals),
        ("variable", [name]) => variable::load(&name.clone(), block, template, literals),
        ("variables", []) => variable::load_all(block, template, diags),
        ("local", [name]) => local::load(&name.clone(), block, template, literals),
        ("locals", []) => local::load_all(block, template, diags),
        ("source", [component, label]) => {
            let (component, label) = (component.clone(), label.clone());
            source::load(component, label, block, template, diags);
        }
        ("data", [component, label]) => {
            let (component, label) = (component.clone(), label.clone());
            data::load(component, label, block, template, diags);
        }
        ("build", []) => build::load(block, template, diags),
        ("hcp_packer_registry", []) => template.registries.push(registry::load(block, diags)),
        ("communicator", _) => {
            let message = "a `communicator` block outside a source has no effect";
            let help = "write its arguments into the `source` block";
            let warning = Diagnostic::warning(Code::NoEffect, message);
            diags.warn(warning.at(block.header, "").help(help));
        }
        _ => {}
    }
}

/// Records names that are declared twice.
fn check_names(template: &Template, diags: &Diagnostics) {
    let twice = |what: &str, names: &mut dyn Iterator<Item = (String, Span)>| {
        let mut first: HashMap<String, Span> = HashMap::new();
        for (name, span) in names {
            if let Some(&first) = first.get(&name) {
                let message = format!("there are two {what} called `{name}`");
                let error = Diagnostic::error(Code::Duplicate, message).at(span, "again here");
                let help = "rename or remove one of them";
                diags.error(error.label(first, "first declared here").help(help));
            } else {
                first.insert(name, span);
            }
        }
    };
    let named = |name: &Name| (name.text.to_string(), name.span);
    twice("variables", &mut template.variables.iter().map(|variable| named(&variable.name)));
    twice("locals", &mut template.locals.iter().map(|local| named(&local.name)));
    let source = |source: &super::SourceBlock| {
        (format!("{}.{}", source.component.text, source.label.text), source.header)
    };
    twice("sources", &mut template.sources.iter().map(source));
    let data = |data: &super::DataBlock| {
        (format!("{}.{}", data.component.text, data.label.text), data.header)
    };
    twice("data sources", &mut template.data.iter().map(data));
}

/// Whether a name can be that of a variable, a local or a data source; records when not.
pub(super) fn check_name(name: &Name, what: &str, diags: &Diagnostics) -> bool {
    let sound = is_identifier(&name.text);
    if !sound {
        let message = format!("`{}` cannot be the name of a {what}", name.text);
        let help =
            "a name begins with a letter or `_`, and goes on with letters, digits, `_` and `-`";
        diags.error(Diagnostic::error(Code::WrongLabels, message).at(name.span, "").help(help));
    }
    sound
}
