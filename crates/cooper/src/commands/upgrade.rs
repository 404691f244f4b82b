//! `cooper hcl2_upgrade`: a legacy template in HCL.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use cooper_build::Session;
use cooper_build::template::is_legacy;
use cooper_build::upgrade::upgrade as upgraded;
use cooper_builtin::catalog;
use tempfile::Builder;

use super::print_diagnostics;
use crate::args::UpgradeArgs;
use crate::engine::Engine;
use crate::exit::Exit;
use crate::ui::Ui;

/// Writes the template in HCL into a file beside it, or where it is wanted. A file that is there
/// already is replaced, as Packer does, but only by a whole template.
pub(crate) fn upgrade(args: &UpgradeArgs, mut session: Session, ui: &mut Ui) -> Exit {
    if session.system.kind(&args.path).is_ok() && !is_legacy(&args.path, &*session.system) {
        ui.error(
            "error: `hcl2_upgrade` works on legacy templates only, which are JSON with `builders`",
        );
        return Exit::Failure;
    }
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
            ui.error(&format!(
                "error: cannot write `{}`: {}",
                output.display(),
                cooper_hcl::plainly(&error)
            ));
            Exit::Failure
        }
    }
}

/// Puts a text in the place of a file; folders that are missing are made. Nobody ever sees a part
/// of the text, and the file it is written to is a new one, under a name that nobody can foresee.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    // As any file that is made, and not for its owner alone.
    let mode = fs::Permissions::from_mode(0o666);
    let new = Builder::new().prefix(".cooper-upgrade-").permissions(mode).tempfile_in(folder);
    // The name of that file means nothing to anybody.
    let mut new = new.map_err(|error| io::Error::from(error.kind()))?;
    new.write_all(text.as_bytes())?;
    new.persist(path)?;
    Ok(())
}
