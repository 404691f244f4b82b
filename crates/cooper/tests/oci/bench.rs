//! Cooper in a folder with a plugin, as somebody who has logged in.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use cooper_testbed::platform;
use tempfile::TempDir;

/// Who we are, and how we prove it.
pub(crate) const BASIC: &str = "Basic bWU6aHVudGVyMg==";
const PASSWORD: &str = "hunter2";

/// A folder.
pub(crate) struct Bench {
    folder: TempDir,
    address: String,
}

/// How a command ended, and what it said.
#[derive(Debug)]
pub(crate) struct Ran {
    code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!((self.code, &*self.stderr), (Some(0), ""), "{self:?}");
        self.stdout
    }

    #[track_caller]
    pub(crate) fn failed(self) -> String {
        assert_eq!(self.code, Some(1), "{self:?}");
        self.stderr
    }
}

/// What a version's program is called.
pub(crate) fn program_name(version: &str, platform: &str) -> String {
    format!("packer-plugin-greet_v{version}_x5.0_{platform}")
}

impl Bench {
    /// For the registry at an address, to which `docker login` has told who we are.
    pub(crate) fn new(address: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let auth = BASIC.trim_start_matches("Basic ");
        let config = format!(r#"{{"auths":{{"{address}":{{"auth":"{auth}"}}}}}}"#);
        fs::write(folder.path().join("config.json"), config).expect("it can be written");
        let bench = Self { folder, address: address.to_owned() };
        bench.program("1.0.0", &platform());
        bench
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Makes a program that says what it is; returns its name.
    pub(crate) fn program(&self, version: &str, platform: &str) -> String {
        let description = format!(
            r#"{{"version":"{version}","api_version":"x5.0","provisioners":["-packer-default-plugin-name-"]}}"#
        );
        let name = program_name(version, platform);
        let path = self.path().join(&name);
        fs::write(&path, format!("#!/bin/sh\necho '{description}'\n")).expect("it can be written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it is ours");
        name
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cooper"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path())
            .env("DOCKER_CONFIG", self.path())
            .env("PACKER_PLUGIN_PATH", "plugins")
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, mut command: Command) -> Ran {
        let output = command.output().expect("it runs");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        let (stdout, stderr) = (text(output.stdout), text(output.stderr));
        for said in [&stdout, &stderr] {
            assert!(!said.contains(PASSWORD) && !said.contains("panicked"), "{said}");
        }
        Ran { code: output.status.code(), stdout, stderr }
    }

    pub(crate) fn source(&self) -> String {
        format!("oci://{}/team/greet", self.address)
    }

    /// Installs the plugin.
    pub(crate) fn install(&self) -> Ran {
        self.run(self.command(&["plugins", "install", &self.source()]))
    }

    /// Installs it; nothing of it is there then. Returns why.
    #[track_caller]
    pub(crate) fn not_installed(&self) -> String {
        let said = self.install().failed();
        let place = self.path().join("plugins").join(&self.address).join("team/greet");
        let left = fs::read_dir(place).map(Iterator::count).unwrap_or_default();
        assert_eq!(left, 0, "{said}");
        said
    }

    /// Sends files as a version.
    pub(crate) fn push(&self, version: &str, files: &[&str]) -> Ran {
        let source = self.source();
        let mut line = vec!["plugins", "push", &source, version];
        line.extend(files);
        self.run(self.command(&line))
    }

    /// Sends version 1.0.0 for this machine.
    pub(crate) fn push_one(&self) -> Ran {
        self.push("1.0.0", &[&program_name("1.0.0", &platform())])
    }
}
