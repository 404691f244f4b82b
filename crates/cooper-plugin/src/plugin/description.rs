//! What `describe` prints.

use serde_json::json;

use super::{Component, DEFAULT, Kind, Plugin};

/// What hosts call a component that goes by the plugin's name.
pub(super) const DEFAULT_COMPONENT: &str = "-packer-default-plugin-name-";

/// One line of JSON.
pub(super) fn of(plugin: &Plugin) -> String {
    let names = |kind: Kind| {
        let of_kind = plugin.components.iter().filter(|component| component.kind == kind);
        let mut names: Vec<&str> = of_kind.map(name).collect();
        names.sort_unstable();
        names
    };
    json!({
        "version": plugin.version,
        "sdk_version": env!("CARGO_PKG_VERSION"),
        "api_version": "x5.0",
        "builders": names(Kind::Builder),
        "post_processors": names(Kind::PostProcessor),
        "provisioners": names(Kind::Provisioner),
        "datasources": names(Kind::DataSource),
        "protocol_version": "v2",
    })
    .to_string()
}

/// What hosts call a component.
pub(super) fn name(component: &Component) -> &str {
    match component.name.as_str() {
        DEFAULT => DEFAULT_COMPONENT,
        name => name,
    }
}
