//! The plugin `goss`: a provisioner that checks what is in a machine.

mod check;
mod goss;
mod junit;
mod pattern;
mod report;
#[cfg(test)]
mod tests;

use std::process::ExitCode;

use cooper_plugin::{DEFAULT, Plugin};

use self::goss::Goss;

fn main() -> ExitCode {
    Plugin::new(env!("CARGO_PKG_VERSION")).provisioner::<Goss>(DEFAULT).main()
}
