//! `cooper plugins remove`: plugins that are no longer wanted.

use std::path::{Component, Path};

use cooper_build::Failure;
use cooper_registry::Store;

use super::{constraint, source};
use crate::args::PluginsRemoveArgs;
use crate::ui::Ui;

/// Removes every version of a source that is meant, or one program, and prints the paths.
pub(super) async fn remove(
    args: &PluginsRemoveArgs,
    store: &Store,
    ui: &mut Ui,
) -> Result<(), Option<Failure>> {
    let PluginsRemoveArgs { source: named, version } = args;
    if Path::new(named).is_absolute() {
        return remove_program(Path::new(named), version.as_ref(), store, ui).map_err(Some);
    }
    let source = source(named)?;
    let constraint = constraint(version.as_ref())?;
    let files = store.files_of(&source, constraint.as_ref()).await;
    if files.is_empty() {
        let meant = version.as_ref().map_or_else(String::new, |version| format!(" `{version}`"));
        let failure = Failure::new(format!("no plugin `{named}`{meant} is installed"));
        return Err(Some(failure.help("`cooper plugins installed` lists those that are")));
    }
    let mut failures = Vec::new();
    for file in files {
        match store.remove(&file.path) {
            Ok(()) => ui.result(&file.path.display().to_string()),
            Err(error) => {
                let message = format!("`{}` cannot be removed", file.path.display());
                failures.push(Failure::because(message, &error));
            }
        }
    }
    match failures.into_iter().next() {
        Some(failure) => Err(Some(failure)),
        None => Ok(()),
    }
}

/// Removes one program, which must be a plugin's in the folder of plugins.
fn remove_program(
    program: &Path,
    version: Option<&String>,
    store: &Store,
    ui: &mut Ui,
) -> Result<(), Failure> {
    if version.is_some() {
        let failure = Failure::new("a program has one version, and no other can be named");
        return Err(failure.help("leave the version out, or name the plugin's source"));
    }
    let goes_up = program.components().any(|part| part == Component::ParentDir);
    let name = program.file_name().map(|name| name.to_string_lossy());
    let is_plugin = name.is_some_and(|name| name.starts_with("packer-plugin-"));
    let folder = std::path::absolute(store.folder()).unwrap_or_else(|_| store.folder().to_owned());
    if goes_up || !is_plugin || !program.starts_with(&folder) {
        let message = format!("`{}` is no plugin in `{}`", program.display(), folder.display());
        let help = "`cooper plugins installed` lists the plugins that are there";
        return Err(Failure::new(message).help(help));
    }
    store.remove(program).map_err(|error| {
        Failure::because(format!("`{}` cannot be removed", program.display()), &error)
    })?;
    ui.say(&program.display().to_string());
    Ok(())
}
