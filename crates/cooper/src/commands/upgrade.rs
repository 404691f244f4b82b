//! `cooper hcl2_upgrade`: a legacy template in HCL.

use std::path::PathBuf;

use cooper_build::Session;
use cooper_build::template::is_legacy;
use cooper_build::upgrade::upgrade as upgraded;
use cooper_builtin::catalog;

use super::print_diagnostics;
use super::put::put;
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
    match put(&output, &text) {
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
