//! `fix`: a legacy template without the forms that Packer no longer takes.
//!
//! `table` lists them. What is written is the same JSON, its properties by name, as Packer
//! writes it; numbers keep their digits.

mod json;
mod table;

use std::path::Path;

use cooper_hcl::{Code, Diagnostic, Reported};

use crate::session::Session;
use crate::template::legacy::check_builders;
use crate::template::load::{legacy_template, read_legacy};
use json::{Json, Object};
use table::{FIXES, Fix, Part};

/// A legacy template with all fixes applied.
///
/// # Errors
///
/// [`Reported`], when the template cannot be read or is no JSON object.
pub fn fix(path: &Path, session: &mut Session) -> Result<String, Reported> {
    let (node, _) = read_legacy(path, session)?;
    let Json::Object(mut template) = Json::of(&node) else {
        let error = Diagnostic::error(Code::WrongType, "a legacy template must be an object");
        return Err(session.diags.error(error.at(node.span, "")));
    };
    for fix in FIXES {
        apply(fix, &mut template);
    }
    Ok(Json::Object(template).to_text())
}

/// Checks a fixed template as far as that goes without the values of its variables.
///
/// # Errors
///
/// [`Reported`], when it is not sound; every mistake is recorded.
pub fn check_fixed(path: &Path, text: String, session: &mut Session) -> Result<(), Reported> {
    let name = format!("{} (fixed)", path.display());
    let file = session.add(&name, text)?;
    let node = cooper_hcl::json::parse(&file, &session.diags)?;
    check_builders(&legacy_template(path, &node, &file, &session.diags), &session.diags);
    session.diags.check()
}

fn apply(fix: &Fix, template: &mut Object) {
    let part = match fix.part {
        Part::Builders => "builders",
        Part::Provisioners => "provisioners",
        Part::PostProcessors => "post-processors",
    };
    let Some(Json::Array(components)) = template.get_mut(part) else { return };
    for component in components {
        match component {
            Json::Object(component) => fix.apply(component),
            // A chain of post-processors.
            Json::Array(chain) => {
                for component in chain {
                    if let Json::Object(component) = component {
                        fix.apply(component);
                    }
                }
            }
            _ => {}
        }
    }
}
