//! Networks: `--network` and what goes with it.

use super::fields::split;
use super::{Read, Wrong, name};
use crate::spec::Endpoint;

/// Reads `--network`: a name, or `name=…,alias=…,ip=…`.
pub(super) fn network(value: &str) -> Read<(String, Endpoint)> {
    let mut endpoint = Endpoint::default();
    if !value.contains('=') {
        if value.is_empty() {
            return Err(Wrong::new("a network has a name"));
        }
        return Ok((value.to_owned(), endpoint));
    }
    let mut target = None;
    for field in split(value)? {
        let (key, text) = super::fields::pair(&field)?;
        let key = key.trim().to_ascii_lowercase();
        let text = text.trim().to_ascii_lowercase();
        match key.as_str() {
            "name" => target = Some(text),
            "alias" => endpoint.aliases.push(text),
            "ip" => endpoint.ipv4 = Some(name::ipv4(&text)?),
            "ip6" => endpoint.ipv6 = Some(name::ipv6(&text)?),
            "mac-address" => endpoint.mac_address = Some(name::mac_address(&text)?),
            "link-local-ip" => endpoint.link_local_ips.push(name::address(&text)?),
            "driver-opt" => {
                let (option, text) = super::fields::pair(&text)?;
                endpoint.driver_options.insert(option.trim().to_owned(), text.trim().to_owned());
            }
            "gw-priority" => {
                return Err(Wrong::new("`gw-priority` needs an engine newer than API 1.41"));
            }
            _ => {
                return Err(Wrong::new(format!("`{key}` is not a property of a network")).help(
                    "the properties are `name`, `alias`, `ip`, `ip6`, `mac-address`, \
                     `link-local-ip` and `driver-opt`",
                ));
            }
        }
    }
    match target {
        Some(target) if !target.is_empty() => Ok((target, endpoint)),
        _ => Err(Wrong::new("the network has no `name`").help("add `name=…`")),
    }
}

/// Whether a network is one that somebody made.
pub(super) fn is_user_defined(mode: Option<&str>) -> bool {
    match mode {
        None | Some("" | "default" | "bridge" | "host" | "none" | "nat") => false,
        Some(mode) => !mode.starts_with("container:"),
    }
}
