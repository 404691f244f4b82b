//! Ports: `-p` and `--expose`.

use std::net::{IpAddr, Ipv6Addr};

use super::{Read, Wrong};
use crate::spec::HostPort;

/// Reads `-p`: `[[address:][host]:]container[/protocol]`, each port possibly a range, or
/// `published=…,target=…[,protocol=…]`. Returns container ports with where they are opened.
pub(crate) fn publish(value: &str) -> Read<Vec<(String, HostPort)>> {
    let rewritten;
    let value = if value.contains('=') {
        rewritten = short_form(value)?;
        &rewritten
    } else {
        value
    };
    let (ports, protocol) = protocol(value)?;
    let (before, container) = match ports.rsplit_once(':') {
        Some((before, container)) => (before, container),
        None => ("", ports),
    };
    if container.is_empty() {
        return Err(Wrong::new(format!("`{value}` names no port of the container")));
    }
    let (address, host) = match before.rsplit_once(':') {
        // The colons of a bare IPv6 address would be ambiguous: it needs brackets.
        Some((address, host)) => (address, host),
        None => ("", before),
    };
    let address = address_of(address)?;
    let container = range(container)?;
    if host.is_empty() {
        return Ok(container
            .numbers()
            .map(|port| {
                let at = HostPort { address: address.clone(), port: String::new() };
                (format!("{port}/{protocol}"), at)
            })
            .collect());
    }
    let host = range(host)?;
    if container.len() != host.len() {
        // One port may be opened at whichever of several is free.
        if container.len() == 1 {
            let at = HostPort { address, port: format!("{}-{}", host.first, host.last) };
            return Ok(vec![(format!("{}/{protocol}", container.first), at)]);
        }
        return Err(Wrong::new(format!(
            "`{value}` has {} ports of the container for {} of the host",
            container.len(),
            host.len()
        )));
    }
    Ok(container
        .numbers()
        .zip(host.numbers())
        .map(|(port, host)| {
            let at = HostPort { address: address.clone(), port: host.to_string() };
            (format!("{port}/{protocol}"), at)
        })
        .collect())
}

/// Reads `--expose`: a port or a range, with an optional protocol.
pub(super) fn expose(value: &str) -> Read<Vec<String>> {
    if value.contains(':') {
        return Err(Wrong::new(format!("`{value}` is not a port"))
            .help("`--expose` takes a port of the container; `-p` opens it on the host"));
    }
    let (ports, protocol) = protocol(value)?;
    let ports = range(ports)?;
    Ok(ports.numbers().map(|port| format!("{port}/{protocol}")).collect())
}

fn short_form(value: &str) -> Read<String> {
    let (mut target, mut published, mut protocol) = ("", "", "tcp");
    for field in value.split(',') {
        match super::fields::pair(field)? {
            ("target", port) => target = port,
            ("published", port) => published = port,
            ("protocol", name) => protocol = name,
            ("mode", _) => {}
            (key, _) => {
                return Err(Wrong::new(format!("`{key}` is not a property of a port"))
                    .help("the properties are `target`, `published` and `protocol`"));
            }
        }
    }
    Ok(format!("{published}:{target}/{protocol}"))
}

fn protocol(value: &str) -> Read<(&str, String)> {
    let Some((ports, protocol)) = value.split_once('/') else {
        return Ok((value, "tcp".to_owned()));
    };
    let lower = protocol.to_ascii_lowercase();
    match lower.as_str() {
        "" => Ok((ports, "tcp".to_owned())),
        "tcp" | "udp" | "sctp" => Ok((ports, lower)),
        _ => Err(Wrong::new(format!("`{protocol}` is not a protocol"))
            .help("the protocols are `tcp`, `udp` and `sctp`")),
    }
}

fn address_of(text: &str) -> Read<String> {
    let wrong = || Wrong::new(format!("`{text}` is not an IP address"));
    if text.is_empty() {
        return Ok(String::new());
    }
    if let Some(inside) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        inside.parse::<Ipv6Addr>().map_err(|_| wrong())?;
        return Ok(inside.to_owned());
    }
    text.parse::<IpAddr>().map_err(|_| wrong()).map(|_| text.to_owned())
}

#[derive(Clone, Copy)]
struct Range {
    first: u16,
    last: u16,
}

impl Range {
    fn len(self) -> usize {
        usize::from(self.last - self.first) + 1
    }

    fn numbers(self) -> impl Iterator<Item = u16> {
        self.first..=self.last
    }
}

fn range(text: &str) -> Read<Range> {
    let number = |text: &str| {
        // `+80` is a number to Rust.
        let plain = text.bytes().all(|b| b.is_ascii_digit());
        text.parse::<u16>().ok().filter(|_| plain).ok_or_else(|| {
            Wrong::new(format!("`{text}` is not a port")).help("a port is a number up to 65535")
        })
    };
    let (first, last) = match text.split_once('-') {
        Some((first, last)) => (number(first)?, number(last)?),
        None => (number(text)?, number(text)?),
    };
    if first > last {
        return Err(Wrong::new(format!("the range of ports `{text}` ends before it begins")));
    }
    Ok(Range { first, last })
}
