//! What a template says: its blocks, checked for shape, with expressions not yet evaluated.

mod build;
mod data;
mod gaps;
pub(crate) mod legacy;
pub(crate) mod load;
mod local;
mod packer;
mod registry;
pub(crate) mod repeat;
pub(crate) mod shape;
mod source;
#[cfg(test)]
mod syntaxes;
#[cfg(test)]
mod tests;
mod variable;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use cooper_hcl::Reported;
use cooper_hcl::ast::Body;

use crate::session::Session;

pub use build::{
    BuildBlock, ChainBlock, ChainItem, ExpandedBuild, POST_PROCESSOR, PROVISIONER, SourceUse,
    StepBlock,
};
pub use data::DataBlock;
pub use gaps::Gaps;
pub use load::{ROOT, is_legacy};
pub use local::Local;
pub use packer::PluginRequirement;
pub use registry::RegistryBlock;
pub use repeat::{DYNAMIC, Elements, Repeat, Repeated};
pub use shape::{ArgumentShape, BlockShape, Rest, Shape, is_identifier};
pub use source::{SourceBlock, SourceRef};
pub use variable::{Rule, Variable};

/// What a template is written in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Language {
    /// HCL, in either syntax.
    #[default]
    Hcl,
    /// JSON with `builders`, as Packer had it before HCL.
    Legacy,
}

/// One or more files, read as one.
#[derive(Default)]
pub struct Template {
    /// What it is written in.
    pub language: Language,
    /// What was named to be read: a file or a folder.
    pub path: PathBuf,
    /// The folder the template is in, as the user wrote it: `path.root`.
    pub root: PathBuf,
    /// Whether the template is a folder, whose `*.auto.pkrvars.hcl` files are read too.
    pub is_folder: bool,
    /// `variable` and the entries of `variables`, in order.
    pub variables: Vec<Variable>,
    /// `local` and the entries of `locals`, in order.
    pub locals: Vec<Local>,
    /// `data`, in order.
    pub data: Vec<DataBlock>,
    /// `source`, in order.
    pub sources: Vec<SourceBlock>,
    /// `build`, in order.
    pub builds: Vec<BuildBlock>,
    /// The entries of `required_plugins`.
    pub plugins: Vec<PluginRequirement>,
    /// What is missing of it; nothing, but for `Template::load_readable`.
    pub gaps: Gaps,
    /// `hcp_packer_registry` outside builds, in order.
    pub registries: Vec<RegistryBlock>,
    /// The arguments and blocks that belong nowhere, which was recorded: what they mention is looked up
    /// all the same.
    pub(crate) strays: Body,
}

/// The types of the components that a template uses.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Components {
    /// Those that are written out.
    pub names: BTreeSet<String>,
    /// Whether there may be others, which `dynamic` blocks name.
    pub others: bool,
}

impl Template {
    /// The types of the components it uses, whatever their role.
    pub fn components(&self) -> Components {
        let mut components = Components::default();
        let written = self.sources.iter().map(|source| &source.component);
        for name in written.chain(self.data.iter().map(|data| &data.component)) {
            components.names.insert(name.text.to_string());
        }
        self.builds.iter().for_each(|build| build.components(&mut components));
        components
    }

    /// Reads a file, or every `*.pkr.hcl` and `*.pkr.json` file of a folder, in order of their
    /// names. A file with another name, and `-`, which is standard input, is a legacy template.
    ///
    /// # Errors
    ///
    /// [`Reported`], after recording what is wrong with the shape of any block of any file.
    pub fn load(path: &Path, session: &mut Session) -> Result<Self, Reported> {
        let template = load::load(path, session)?;
        session.diags.check()?;
        Ok(template)
    }

    /// Like [`Template::load`], and fails only when a file cannot be read or parsed: what has
    /// the wrong shape was recorded and is left out.
    pub(crate) fn load_all(path: &Path, session: &mut Session) -> Result<Self, Reported> {
        let template = load::load(path, session)?;
        if !template.gaps.is_empty() {
            session.diags.check()?;
        }
        Ok(template)
    }

    /// Like [`Template::load_all`], but of files with mistakes of syntax there is what could be read.
    ///
    /// # Errors
    ///
    /// [`Reported`], when there is nothing to read, or it is a legacy template that is no JSON.
    pub(crate) fn load_readable(path: &Path, session: &mut Session) -> Result<Self, Reported> {
        load::load(path, session)
    }
}
