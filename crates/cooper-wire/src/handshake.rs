//! One line, by which a plugin says where it listens: `5|0|unix|/tmp/packer-plugin365601546`.

use std::fmt;
use std::path::PathBuf;

/// What a host puts into a plugin's environment, so that nobody starts one by hand.
pub const COOKIE: (&str, &str) = (
    "PACKER_PLUGIN_MAGIC_COOKIE",
    "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
);

/// The ports that a plugin without unix sockets may choose from.
pub const PORTS: [(&str, &str); 2] =
    [("PACKER_PLUGIN_MIN_PORT", "10000"), ("PACKER_PLUGIN_MAX_PORT", "25000")];

/// The version of the protocol, as plugins say it: `x5.0`.
pub const VERSION: (u32, u32) = (5, 0);

/// How long the line may be.
pub const LONGEST: usize = 1024;

/// Where a plugin listens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Address {
    /// A socket in the file system.
    Unix(PathBuf),
    /// A port: `127.0.0.1:10000`.
    Tcp(String),
}

/// Why a line is no handshake.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Malformed {
    /// It does not have three or four parts.
    #[error("the first line of its output is `{0}`, which says not where it listens")]
    Shape(String),
    /// It speaks another version.
    #[error("it speaks version {0} of the protocol, and Cooper speaks {major}.{minor}",
        major = VERSION.0, minor = VERSION.1)]
    Version(String),
    /// It listens in a way that there is not.
    #[error("it listens on `{0}`, which is neither a unix socket nor a port")]
    Network(String),
}

impl Address {
    /// Reads the line. Plugins of before 2021 leave the minor version out.
    ///
    /// # Errors
    ///
    /// When it is another one.
    pub fn parse(line: &str) -> Result<Self, Malformed> {
        const SHOWN: usize = 80;
        let line = line.trim();
        let shape = || {
            let shown = line.chars().filter(|c| !c.is_control()).take(SHOWN);
            Malformed::Shape(shown.collect())
        };
        let parts: Vec<&str> = line.splitn(4, '|').collect();
        let (major, minor, network, address) = match parts[..] {
            [major, network @ ("unix" | "tcp"), address] => (major, "0", network, address),
            [major, minor, network, address] => (major, minor, network, address),
            _ => return Err(shape()),
        };
        let version = (major.parse::<u32>(), minor.parse::<u32>());
        let (Ok(major), Ok(minor)) = version else { return Err(shape()) };
        if major != VERSION.0 || minor > VERSION.1 {
            return Err(Malformed::Version(format!("{major}.{minor}")));
        }
        if address.is_empty() || address.contains('\0') {
            return Err(shape());
        }
        match network {
            "unix" => Ok(Self::Unix(address.into())),
            "tcp" => Ok(Self::Tcp(address.to_owned())),
            other => Err(Malformed::Network(other.chars().take(SHOWN).collect())),
        }
    }
}

/// The line that says it, without its end.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (major, minor) = VERSION;
        match self {
            Self::Unix(path) => write!(f, "{major}|{minor}|unix|{}", path.display()),
            Self::Tcp(address) => write!(f, "{major}|{minor}|tcp|{address}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_of_new_and_old_plugins() {
        let unix = |path: &str| Ok(Address::Unix(path.into()));
        for (line, address) in [
            ("5|0|unix|/tmp/packer-plugin365601546\n", unix("/tmp/packer-plugin365601546")),
            ("5|unix|/tmp/packer-plugin1\r\n", unix("/tmp/packer-plugin1")),
            (" 5|0|tcp|127.0.0.1:10000 ", Ok(Address::Tcp("127.0.0.1:10000".to_owned()))),
            ("5|0|unix|/a|b", unix("/a|b")),
            ("4|0|unix|/a", Err(Malformed::Version("4.0".to_owned()))),
            ("5|1|unix|/a", Err(Malformed::Version("5.1".to_owned()))),
            ("5|0|udp|1", Err(Malformed::Network("udp".to_owned()))),
            ("5|0|unix|", Err(Malformed::Shape("5|0|unix|".to_owned()))),
            ("Hello!\u{1b}[31m", Err(Malformed::Shape("Hello![31m".to_owned()))),
            ("", Err(Malformed::Shape(String::new()))),
        ] {
            assert_eq!(Address::parse(line), address, "{line:?}");
        }
    }

    proptest! {
        #[test]
        fn any_line_is_read_or_refused(line in ".{0,200}") {
            if let Ok(address) = Address::parse(&line) {
                prop_assert_eq!(Address::parse(&address.to_string()), Ok(address));
            }
        }
    }
}
