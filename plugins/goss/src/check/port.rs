//! Ports.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use cooper_plugin::{Machine, Result, Schema};
use futures::FutureExt;
use futures::future::BoxFuture;

use super::{Finding, Subject};

/// A port, as `/proc/net` has them.
#[derive(Schema)]
pub(crate) struct Port {
    /// Its number.
    number: u16,
    /// `tcp` or `udp`.
    #[schema(default = "tcp")]
    protocol: String,
    /// Whether something should listen there.
    #[schema(default = true)]
    listening: bool,
    /// The address that it should listen at, such as `0.0.0.0`.
    address: Option<String>,
}

impl Port {
    fn compare(&self, printed: &str) -> Vec<Finding> {
        let listeners = printed.lines().filter_map(|line| listener(line, &self.protocol));
        let addresses: Vec<IpAddr> = listeners
            .filter(|(_, port)| *port == self.number)
            .map(|(address, _)| address)
            .collect();
        let is_there = !addresses.is_empty();
        let found = if is_there { "something listens there" } else { "nothing listens there" };
        let mut findings = vec![Finding::holds("listening", is_there == self.listening, found)];
        let wanted = self.address.as_deref().and_then(|address| address.parse::<IpAddr>().ok());
        if let Some(wanted) = wanted.filter(|_| is_there && self.listening) {
            let found: Vec<String> = addresses.iter().map(IpAddr::to_string).collect();
            let otherwise = format!("is `{}`, and not `{wanted}`", found.join(", "));
            findings.push(Finding::holds("address", addresses.contains(&wanted), otherwise));
        }
        findings
    }
}

/// Who listens, by a line of `/proc/net/tcp` or one of its like: `0: 0100007F:1F90 00000000:0000 0A …`.
fn listener(line: &str, protocol: &str) -> Option<(IpAddr, u16)> {
    let mut words = line.split_whitespace().skip(1);
    let (local, _, state) = (words.next()?, words.next()?, words.next()?);
    let listening = if protocol == "tcp" { "0A" } else { "07" };
    if state != listening {
        return None;
    }
    let (address, port) = local.split_once(':')?;
    Some((ip(address)?, u16::from_str_radix(port, 16).ok()?))
}

/// An address of which each four bytes are a number of the processor's.
fn ip(hex: &str) -> Option<IpAddr> {
    let words = hex.as_bytes().chunks(8).map(|word| {
        let word = std::str::from_utf8(word).ok()?;
        u32::from_str_radix(word, 16).ok().map(u32::to_le_bytes)
    });
    let words: Vec<[u8; 4]> = words.collect::<Option<_>>()?;
    match words[..] {
        [word] => Some(IpAddr::V4(Ipv4Addr::from(word))),
        [_, _, _, _] => {
            let bytes: [u8; 16] = words.concat().try_into().ok()?;
            Some(IpAddr::V6(Ipv6Addr::from(bytes)))
        }
        _ => None,
    }
}

impl Subject for Port {
    fn kind(&self) -> &'static str {
        "port"
    }

    fn name(&self) -> String {
        format!("{}/{}", self.number, self.protocol)
    }

    fn mistake(&self) -> Option<String> {
        if !["tcp", "udp"].contains(&self.protocol.as_str()) {
            let protocol = &self.protocol;
            return Some(format!("`protocol` must be `tcp` or `udp`, and is `{protocol}`"));
        }
        let address = self.address.as_ref()?;
        address.parse::<IpAddr>().err().map(|_| format!("`address` is none: `{address}`"))
    }

    fn look<'a>(&'a self, machine: &'a Machine) -> BoxFuture<'a, Result<Vec<Finding>>> {
        async move {
            let protocol = &self.protocol;
            // Not every machine has both.
            let script = format!(
                "test -r /proc/net/{protocol} && cat /proc/net/{protocol}; \
                 test ! -r /proc/net/{protocol}6 || cat /proc/net/{protocol}6"
            );
            Ok(self.compare(&machine.read(script).await?))
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TCP: &str = "  sl  local_address rem_address   st tx_queue rx_queue\n   \
        0: 0100007F:1F90 00000000:0000 0A 00000000:00000000\n   \
        1: 0100007F:1F91 0100007F:1F90 01 00000000:00000000\n   \
        2: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 0\n   \
        3: 00000000000000000000000001000000:0051 00000000000000000000000000000000:0000 0A 0\n";

    #[test]
    fn listeners_are_found() {
        for (number, address, wrong) in [
            (8080, None, None),
            (8080, Some("127.0.0.1"), None),
            (8080, Some("0.0.0.0"), Some("is `127.0.0.1`, and not `0.0.0.0`")),
            (8081, None, Some("nothing listens there")),
            (80, Some("::"), None),
            (81, Some("::1"), None),
        ] {
            let address = address.map(str::to_owned);
            let protocol = "tcp".to_owned();
            let port = Port { number, protocol, listening: true, address };
            let findings = port.compare(TCP);
            let found = findings.iter().find_map(|finding| finding.wrong.as_deref());
            assert_eq!(found, wrong, "{number}");
        }
    }

    #[test]
    fn what_is_no_line_is_passed_over() {
        for line in
            ["", "x", "0: 0100007F 0 0A", "0: G100007F:1F90 0 0A", "0: é:1 0 0A", "0: 01:1 0 0A"]
        {
            listener(line, "tcp");
        }
        assert_eq!(ip("ééééé"), None);
    }
}
