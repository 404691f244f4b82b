//! Functions on networks in CIDR notation, `10.0.0.0/8`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Function, FunctionCx, FunctionError, integer, returns_string, returns_strings, text};
use crate::value::{Type, Value};

type Result<T = Value> = std::result::Result<T, FunctionError>;

pub(super) fn functions() -> Vec<Function> {
    vec![
        Function::new(
            "cidrhost",
            "`cidrhost(network, number)`: the address of a host in a network, a negative number counting from its end; `cidrhost(\"10.1.0.0/16\", 258)` is `\"10.1.1.2\"`",
            returns_string,
            |_, args| Ok(network(args)?.host(integer(args, 1)?)?.to_string().into()),
        )
        .takes("network", Type::String)
        .takes("number", Type::Number)
        .fails("it is no network, or too small for the number"),
        Function::new(
            "cidrnetmask",
            "`cidrnetmask(network)`: the mask of a network; `cidrnetmask(\"10.1.0.0/16\")` is `\"255.255.0.0\"`",
            returns_string,
            |_, args| Ok(network(args)?.mask().to_string().into()),
        )
        .takes("network", Type::String)
        .fails("it is no network"),
        Function::new(
            "cidrsubnet",
            "`cidrsubnet(network, bits, number)`: a network inside another whose prefix is so many bits longer; `cidrsubnet(\"10.1.0.0/16\", 8, 3)` is `\"10.1.3.0/24\"`",
            returns_string,
            |_, args| Ok(subnet(args)?.to_string().into()),
        )
        .takes("network", Type::String)
        .takes("bits", Type::Number)
        .takes("number", Type::Number)
        .fails("it is no network, there are not so many bits, or the number does not fit in them"),
        Function::new(
            "cidrsubnets",
            "`cidrsubnets(network, bits...)`: networks inside another, one after the other; `cidrsubnets(\"10.1.0.0/16\", 8, 4)` is `[\"10.1.0.0/24\", \"10.1.16.0/20\"]`",
            returns_strings,
            subnets,
        )
        .takes("network", Type::String)
        .takes_rest("bits", Type::Number)
        .fails("it is no network, or has no room left"),
    ]
}

/// A network: the first of its addresses, as a number, and how many leading bits they share.
#[derive(Clone, Copy)]
struct Network {
    first: u128,
    prefix: u32,
    /// How many bits an address has: 32 or 128.
    width: u32,
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.address(self.first), self.prefix)
    }
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/')?;
        let (address, width) = match address.parse().ok()? {
            IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
            IpAddr::V6(address) => (address.to_bits(), 128),
        };
        if !prefix.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let prefix: u32 = prefix.parse().ok().filter(|prefix| *prefix <= width)?;
        let hosts = Self { first: 0, prefix, width }.last_host();
        Some(Self { first: address & !hosts, prefix, width })
    }

    /// The number of the last host, when the first has 0.
    const fn last_host(self) -> u128 {
        match self.width - self.prefix {
            128 => u128::MAX,
            bits => (1 << bits) - 1,
        }
    }

    const fn address(self, bits: u128) -> IpAddr {
        match self.width {
            32 => IpAddr::V4(Ipv4Addr::from_bits(bits as u32)),
            _ => IpAddr::V6(Ipv6Addr::from_bits(bits)),
        }
    }

    fn mask(self) -> IpAddr {
        let all = if self.width == 32 { u128::from(u32::MAX) } else { u128::MAX };
        self.address(all & !self.last_host())
    }

    fn host(self, number: i64) -> Result<IpAddr> {
        let last = self.last_host();
        let distance = u128::from(number.unsigned_abs());
        let host = match number < 0 {
            // The last host is -1.
            true => distance.checked_sub(1).and_then(|distance| last.checked_sub(distance)),
            false => Some(distance).filter(|host| *host <= last),
        };
        let host = host.ok_or_else(|| {
            FunctionError::argument(1, format!("the network has no host with the number {number}"))
        })?;
        Ok(self.address(self.first | host))
    }

    /// A network as large as `bits` more leading bits make it, that begins at an address.
    fn inside(self, argument: usize, bits: i64, first: u128) -> Result<Self> {
        let refuse = |message: String| FunctionError::argument(argument, message);
        let bits = u32::try_from(bits)
            .ok()
            .filter(|bits| *bits <= LONGEST)
            .ok_or_else(|| refuse(format!("the prefix can be made 0 to {LONGEST} bits longer")))?;
        let prefix = self.prefix + bits;
        if prefix > self.width {
            let width = self.width;
            return Err(refuse(format!("a prefix of {prefix} bits is longer than {width} bits")));
        }
        Ok(Self { first, prefix, width: self.width })
    }
}

/// By how many bits a prefix can be made longer at once.
const LONGEST: u32 = 32;

fn network(args: &[Value]) -> Result<Network> {
    Network::parse(text(args, 0)?).ok_or_else(|| {
        FunctionError::argument(0, "an address and a prefix length are required: `10.0.0.0/8`")
    })
}

fn subnet(args: &[Value]) -> Result<Network> {
    let whole = network(args)?;
    let bits = integer(args, 1)?;
    let inside = whole.inside(1, bits, 0)?;
    let number = integer(args, 2)?;
    let place = u128::try_from(number).ok().filter(|number| *number < 1 << bits);
    let place = place.ok_or_else(|| {
        FunctionError::argument(2, format!("{bits} bits have no network with the number {number}"))
    })?;
    // Shifting by all 128 bits is for the network that is everything.
    let offset = place.checked_shl(whole.width - inside.prefix).unwrap_or(0);
    Ok(Network { first: whole.first | offset, ..inside })
}

fn subnets(_: &FunctionCx<'_>, args: &[Value]) -> Result {
    let whole = network(args)?;
    let end = whole.first | whole.last_host();
    let mut next = Some(whole.first);
    let mut found = Vec::new();
    for index in 1..args.len() {
        let bits = integer(args, index)?;
        if bits == 0 {
            return Err(FunctionError::argument(index, "at least one bit is required"));
        }
        let inside = whole.inside(index, bits, 0)?;
        let hosts = inside.last_host();
        let first = next.and_then(|next| Some(next.checked_add(hosts)? & !hosts));
        let first = first.filter(|first| *first <= end).ok_or_else(|| {
            FunctionError::argument(index, "no room is left in the network for this one")
        })?;
        next = first.checked_add(hosts).and_then(|last| last.checked_add(1));
        found.push(Value::from(Network { first, ..inside }.to_string()));
    }
    Ok(Value::list(Type::String, found))
}
