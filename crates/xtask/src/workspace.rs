//! The working copy that a chore is about.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use cooper_testbed::{Context, Environment, Error, Result, Testbed};

/// The working copy and its build folder.
pub(crate) struct Workspace {
    root: PathBuf,
    target: PathBuf,
}

impl Workspace {
    /// The working copy that this program was built from.
    pub(crate) fn here() -> Self {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = manifest.ancestors().nth(2).unwrap_or(manifest).to_owned();
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            Some(target) => std::path::absolute(&target).unwrap_or_else(|_| target.into()),
            None => root.join("target"),
        };
        Self { root, target }
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    pub(crate) fn target(&self, path: &str) -> PathBuf {
        self.target.join(path)
    }

    pub(crate) fn testbed(&self) -> Testbed {
        Testbed::new(&self.target)
    }

    /// A `cargo` command at the top of the working copy.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.current_dir(&self.root).args(arguments);
        command
    }

    /// Builds the program and returns where it is.
    pub(crate) fn build_cooper(&self, release: bool) -> Result<PathBuf> {
        let profile: &[&str] = if release { &["--release"] } else { &[] };
        let arguments = [&["build", "--package", "cooper", "--bin", "cooper"], profile].concat();
        let status = self.cargo(&arguments).status().context("start `cargo build`")?;
        if !status.success() {
            return Err(Error::new("`cooper` does not build"));
        }
        Ok(self.target(if release { "release/cooper" } else { "debug/cooper" }))
    }

    /// Builds an example of a package and returns where it is.
    pub(crate) fn build_example(
        &self,
        package: &str,
        example: &str,
        release: bool,
    ) -> Result<PathBuf> {
        let profile: &[&str] = if release { &["--release"] } else { &[] };
        let arguments = [&["build", "--package", package, "--example", example], profile].concat();
        let status = self.cargo(&arguments).status().context("start `cargo build`")?;
        if !status.success() {
            return Err(Error::new(format!("`{example}` does not build")));
        }
        let profile = if release { "release" } else { "debug" };
        Ok(self.target(profile).join("examples").join(example))
    }

    /// Runs a person's command in the testbed's environment; its exit code is ours.
    pub(crate) fn run_with(&self, program: &str, arguments: &[&str]) -> Result<ExitCode> {
        let environment = self.testbed().up()?;
        let mut command = Command::new(program);
        let status = in_environment(command.args(arguments), &environment)
            .status()
            .context(format!("start `{program}`"))?;
        let code = status.code().and_then(|code| u8::try_from(code).ok());
        Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
    }
}

/// Lets a command use the testbed.
pub(crate) fn in_environment<'a>(
    command: &'a mut Command,
    environment: &Environment,
) -> &'a mut Command {
    command.env_remove("DOCKER_CONTEXT").envs(environment.variables())
}
