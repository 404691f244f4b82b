//! `cooper hcl2_upgrade`: a legacy template in HCL.

use std::io;
use std::path::{Path, PathBuf};

use cooper_build::Session;
use cooper_build::upgrade::upgrade as upgraded;
use cooper_builtin::catalog;

use super::print_diagnostics;
use crate::args::UpgradeArgs;
use crate::engine::Engine;
use crate::exit::Exit;
use crate::ui::Ui;

/// Writes the template in HCL into a file beside it, or where it is wanted. A file that is there
/// already is replaced, as Packer does, but only by a whole template.
pub(crate) fn upgrade(args: &UpgradeArgs, mut session: Session, ui: &mut Ui) -> Exit {
    let output = args.output_file.clone().unwrap_or_else(|| {
        let mut name = args.path.clone().into_os_string();
        name.push(".pkr.hcl");
        PathBuf::from(name)
    });
    let catalog = catalog(Engine::find(&*session.system).engine);
    let text = upgraded(&args.path, args.with_annotations, &catalog, &mut session);
    print_diagnostics(&session, ui);
    let Ok(text) = text else { return Exit::Failure };
    match replace(&output, &text) {
        Ok(()) => {
            ui.say(&format!("Successfully created {}. Exit 0", output.display()));
            Exit::Success
        }
        Err(error) => {
            ui.error(&format!("error: cannot write `{}`: {error}", output.display()));
            Exit::Failure
        }
    }
}

/// Puts a text in the place of a file; folders that are missing are made. Nobody ever sees a part
/// of the text.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().ok_or(io::ErrorKind::InvalidInput)?);
    name.push(format!(".{}", std::process::id()));
    let new = folder.join(name);
    let written = std::fs::write(&new, text).and_then(|()| std::fs::rename(&new, path));
    if written.is_err() {
        // What is wrong is told already.
        let _ = std::fs::remove_file(&new);
    }
    written
}
