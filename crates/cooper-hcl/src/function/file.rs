//! Functions on files and paths.
//!
//! As in Packer, `file`, `fileexists`, `fileset` and `templatefile` count from the template's
//! folder, `filebase64` and `abspath` from the current one.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use globset::GlobBuilder;

use super::{
    Function, FunctionCx, FunctionError, limit, mapping, returns_any, returns_bool, returns_string,
    text,
};
use crate::parse::parse_template;
use crate::system::{FileKind, System};
use crate::token::is_word;
use crate::value::{Type, Value};
use crate::{Diagnostics, Environment, Functions, Scope, SourceMap, evaluate};

type Result<T = Value> = std::result::Result<T, FunctionError>;

pub(super) fn functions() -> Vec<Function> {
    vec![
        Function::new(
            "abspath",
            "`abspath(path)`: the absolute path, counted from the current folder; `abspath(\"/a/../b\")` is `\"/b\"`",
            returns_string,
            |cx, args| Ok(absolute(Path::new(text(args, 0)?), cx.system).into()),
        )
        .takes("path", Type::String),
        Function::new(
            "basename",
            "`basename(path)`: the last part of a path; `basename(\"a/b.txt\")` is `\"b.txt\"`",
            returns_string,
            |_, args| Ok(basename(text(args, 0)?).into()),
        )
        .takes("path", Type::String),
        Function::new(
            "dirname",
            "`dirname(path)`: the path without its last part; `dirname(\"a/b.txt\")` is `\"a\"`",
            returns_string,
            |_, args| {
                let path = text(args, 0)?;
                Ok(clean(&path[..path.rfind('/').map_or(0, |at| at + 1)]).into())
            },
        )
        .takes("path", Type::String),
        Function::new(
            "file",
            "`file(path)`: the content of a UTF-8 file, counted from the template's folder; `file(\"version.txt\")` is `\"1.2.3\\n\"`",
            returns_string,
            |cx, args| Ok(read_text(cx, args)?.into()),
        )
        .takes("path", Type::String)
        .fails("there is no such file, or it is not UTF-8 text"),
        Function::new(
            "filebase64",
            "`filebase64(path)`: the content of a file in Base64, counted from the current folder; `filebase64(\"b.txt\")` is `\"dHdv\"`",
            returns_string,
            |cx, args| {
                let path = text(args, 0)?;
                let bytes = read(cx, &cx.system.current_dir().join(path), path)?;
                Ok(STANDARD.encode(bytes).into())
            },
        )
        .takes("path", Type::String)
        .fails("there is no such file, or it is larger than 64 MiB"),
        Function::new(
            "fileexists",
            "`fileexists(path)`: whether there is a file, counted from the template's folder; `fileexists(\"version.txt\")` is `true`",
            returns_bool,
            fileexists,
        )
        .takes("path", Type::String)
        .fails("it is a folder, or no regular file"),
        Function::new(
            "fileset",
            "`fileset(folder, pattern)`: the files in a folder that match a pattern; `**` matches any folders; `fileset(\".\", \"sub/*.txt\")` is `[\"sub/b.txt\"]`",
            |_| Ok(Type::set(Type::String)),
            fileset,
        )
        .takes("folder", Type::String)
        .takes("pattern", Type::String)
        .fails("the pattern cannot be read, or there are more than 200,000 files"),
        Function::new(
            "pathexpand",
            "`pathexpand(path)`: the path with `~` at its start replaced by the home folder; `pathexpand(\"/a/~\")` is `\"/a/~\"`",
            returns_string,
            |cx, args| Ok(expand(cx, text(args, 0)?)?.into()),
        )
        .takes("path", Type::String)
        .fails("it begins with the name of another user, or there is no home folder"),
        Function::new(
            "templatefile",
            "`templatefile(path, vars)`: the content of a file, its `${}` and `%{}` filled in from a map or an object; `templatefile(\"motd.tpl\", { name = \"Ann\" })` is `\"Hello Ann!\\n\"`",
            returns_any,
            templatefile,
        )
        .takes("path", Type::String)
        .takes("vars", Type::Any)
        .fails("there is no such file, the text has a mistake, or it calls `templatefile`"),
    ]
}

/// The only function for a variable's default.
pub(super) fn env() -> Function {
    Function::new(
        "env",
        "`env(name)`: a variable of the environment, or \"\"; only in a variable's default",
        returns_string,
        |cx, args| Ok(cx.system.env(text(args, 0)?).unwrap_or_default().into()),
    )
    .takes("name", Type::String)
}

/// The absolute path, counted from the current folder, without `.` and `..`; no file is looked at.
pub fn absolute(path: &Path, system: &dyn System) -> String {
    clean(&system.current_dir().join(path).to_string_lossy())
}

/// The shortest path that says the same, without looking at any file.
fn clean(path: &str) -> String {
    let absolute = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            ".." if absolute => {}
            part => parts.push(part),
        }
    }
    match (absolute, parts.is_empty()) {
        (true, _) => format!("/{}", parts.join("/")),
        (false, true) => ".".into(),
        (false, false) => parts.join("/"),
    }
}

fn basename(path: &str) -> &str {
    match path.trim_end_matches('/') {
        "" if path.is_empty() => ".",
        "" => "/",
        trimmed => trimmed.rsplit('/').next().unwrap_or(trimmed),
    }
}

fn expand(cx: &FunctionCx<'_>, path: &str) -> Result<String> {
    let Some(rest) = path.strip_prefix('~') else { return Ok(path.into()) };
    if !rest.is_empty() && !rest.starts_with('/') {
        return Err(FunctionError::argument(0, "only `~` and `~/…` are expanded, not `~user`"));
    }
    let home = cx.system.home_dir().ok_or_else(|| {
        FunctionError::argument(0, "there is no home folder for `~`; set the variable `HOME`")
    })?;
    Ok(clean(&format!("{}{rest}", home.to_string_lossy())))
}

fn from_root(cx: &FunctionCx<'_>, path: &str) -> Result<PathBuf> {
    Ok(below_root(cx, &expand(cx, path)?))
}

/// A path counted from the template's folder; the empty one is that folder.
fn below_root(cx: &FunctionCx<'_>, path: &str) -> PathBuf {
    cx.root.join(clean(path))
}

fn read(cx: &FunctionCx<'_>, path: &Path, written: &str) -> Result<Vec<u8>> {
    let refuse = |message: String| FunctionError::argument(0, message);
    match cx.system.kind(path) {
        Ok(FileKind::Directory) => return Err(refuse(format!("`{written}` is a folder"))),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(refuse(format!("there is no file `{}`", path.display())));
        }
        _ => {}
    }
    let bytes = cx.system.read(path).map_err(|error| {
        refuse(format!("the file `{}` cannot be read: {}", path.display(), crate::plainly(&error)))
    })?;
    if bytes.len() > limit::TEXT {
        return Err(refuse(format!("the file `{written}` is larger than 64 MiB")));
    }
    Ok(bytes)
}

/// The text of the file that the first argument names.
pub(super) fn read_text(cx: &FunctionCx<'_>, args: &[Value]) -> Result<String> {
    let path = text(args, 0)?;
    let bytes = read(cx, &from_root(cx, path)?, path)?;
    String::from_utf8(bytes).map_err(|_| {
        let message = format!("the file `{path}` is not UTF-8 text; `filebase64` reads any file");
        FunctionError::argument(0, message)
    })
}

fn templatefile(cx: &FunctionCx<'_>, args: &[Value]) -> Result {
    let vars = mapping(args, 1)?;
    let mut scope = Scope::new();
    for (name, value) in vars {
        if !is_word(name) {
            let message = format!("`{name}` cannot be the name of a variable");
            return Err(FunctionError::argument(1, message));
        }
        scope.bind(name.clone(), value.clone());
    }
    let mut sources = SourceMap::new();
    let source = sources
        .add(text(args, 0)?, read_text(cx, args)?)
        .map_err(|error| FunctionError::argument(0, error.to_string()))?;
    // A template that fills in another could go on forever.
    let functions = Functions::standard().without("templatefile");
    let diags = Diagnostics::new();
    let env =
        Environment { functions: &functions, system: cx.system, root: cx.root, diags: &diags };
    parse_template(&source, &diags).and_then(|expr| evaluate(&expr, &scope, env)).map_err(|_| {
        // The file is not among the sources of the run, so its mistakes are told in words.
        let told = diags.take().into_iter().map(|mistake| {
            let place = mistake.primary.and_then(|label| sources.locate(label.span));
            let place = place.map_or_else(String::new, |place| format!("{place}: "));
            let help = mistake.help.map_or_else(String::new, |help| format!(" ({help})"));
            format!("{place}{}{help}", mistake.message)
        });
        FunctionError::argument(0, told.collect::<Vec<_>>().join("; "))
    })
}

fn fileexists(cx: &FunctionCx<'_>, args: &[Value]) -> Result {
    let path = text(args, 0)?;
    let refuse = |message: String| FunctionError::argument(0, message);
    match cx.system.kind(&from_root(cx, path)?) {
        Ok(FileKind::File) => Ok(true.into()),
        Ok(FileKind::Directory) => Err(refuse(format!("`{path}` is a folder, not a file"))),
        Ok(FileKind::Other) => Err(refuse(format!("`{path}` is not a regular file"))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false.into()),
        Err(error) => {
            Err(refuse(format!("`{path}` cannot be looked at: {}", crate::plainly(&error))))
        }
    }
}

/// A pattern as `globset` reads it: only `^` negates a class in Packer's, so a `!` at its start is
/// put at its end.
fn as_glob(pattern: &str) -> String {
    let mut output = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some((before, class)) = rest.split_once("[!") {
        let escaped = before.bytes().rev().take_while(|&byte| byte == b'\\').count() % 2 == 1;
        output.push_str(before);
        rest = match class.split_once(']') {
            Some((inside, after)) if !escaped => {
                output.push_str(&format!("[{inside}!]"));
                after
            }
            _ => {
                output.push_str("[!");
                class
            }
        };
    }
    output + rest
}

/// The most files and folders that `fileset` looks at, and how deep it goes.
const LOOKED_AT: usize = 200_000;
const FOLDERS_DEEP: usize = 64;

fn fileset(cx: &FunctionCx<'_>, args: &[Value]) -> Result {
    let (folder, pattern) = (text(args, 0)?, clean(text(args, 1)?));
    // What leads out of the folder is part of where to look, and of what is found.
    let inside = pattern.trim_start_matches("../");
    let (outside, inside) =
        (&pattern[..pattern.len() - inside.len()], inside.trim_start_matches('/'));
    let glob = GlobBuilder::new(&as_glob(inside))
        .literal_separator(true)
        .backslash_escape(true)
        .build()
        .map_err(|error| FunctionError::argument(1, format!("{}", error.kind())))?
        .compile_matcher();
    let deep = inside.contains("**");
    let levels = if deep { FOLDERS_DEEP } else { inside.split('/').count() };
    let root = below_root(cx, &Path::new(folder).join(outside).to_string_lossy());
    let mut found = Vec::new();
    let mut looked_at = 0;
    // Folders that are still to be looked into, as paths below `root` with a slash behind.
    let mut folders = vec![(String::new(), 1)];
    while let Some((below, level)) = folders.pop() {
        // A folder that is absent or closed has no files for us.
        let Ok(names) = cx.system.list(&root.join(&below)) else { continue };
        for name in names {
            looked_at += 1;
            if looked_at > LOOKED_AT {
                return Err(FunctionError::argument(0, "there are more than 200,000 files"));
            }
            let path = format!("{below}{name}");
            match cx.system.kind(&root.join(&path)) {
                Ok(FileKind::File) if glob.is_match(&path) => {
                    found.push(format!("{outside}{path}"))
                }
                Ok(FileKind::Directory) if level < levels => {
                    folders.push((format!("{path}/"), level + 1));
                }
                _ => {}
            }
        }
    }
    let found = Value::list(Type::String, found.into_iter().map(Value::from));
    found.convert(&Type::set(Type::String)).map_err(|error| FunctionError::new(error.to_string()))
}
