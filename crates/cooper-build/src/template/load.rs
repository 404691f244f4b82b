//! Files to [`Template`].

use std::path::Path;

use cooper_hcl::Reported;

use super::Template;
use crate::session::Session;

pub(super) fn load(path: &Path, session: &mut Session) -> Result<Template, Reported> {
    let _ = (path, session);
    unimplemented!()
}
