//! Which origins a source has.

use cooper_build::PluginSource;
use cooper_build::plugin_source::Protocol;

use crate::origin::Origin;

/// The origins of a source, in the order in which they are asked; none, when it can only be
/// installed from a file.
pub fn origins(source: &PluginSource) -> Vec<Box<dyn Origin>> {
    match source.protocol() {
        Protocol::Releases | Protocol::Oci => Vec::new(),
    }
}
