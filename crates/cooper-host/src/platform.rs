//! What a program is made for.

use std::fmt;

/// A system and a processor, as Go names them: `linux_amd64`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Platform {
    /// The system: `linux`.
    pub system: &'static str,
    /// The processor: `amd64`.
    pub processor: &'static str,
}

impl Platform {
    /// This machine's.
    pub fn this() -> Self {
        let system = match std::env::consts::OS {
            "macos" => "darwin",
            other => other,
        };
        let processor = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            "x86" => "386",
            other => other,
        };
        Self { system, processor }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.system, self.processor)
    }
}
