//! The plugins of the repository as programs, made once.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use cooper_testbed::{Context, Error, Result, install_plugin, plugin_place, process};

/// A build of Go from nothing takes a while.
const LIMIT: Duration = Duration::from_secs(600);

/// Which encodings the plugins say they know.
#[derive(Clone, Copy)]
pub(crate) enum Encoding {
    /// Both.
    Newer,
    /// Gob only, as all plugins before 2024 do.
    Older,
}

/// A folder where all plugins are installed.
pub(crate) fn install(encoding: Encoding) -> Result<PathBuf> {
    static NEWER: OnceLock<std::result::Result<PathBuf, String>> = OnceLock::new();
    static OLDER: OnceLock<std::result::Result<PathBuf, String>> = OnceLock::new();
    let installed = match encoding {
        Encoding::Newer => NEWER.get_or_init(|| install_newer().map_err(|error| error.to_string())),
        Encoding::Older => OLDER.get_or_init(|| install_older().map_err(|error| error.to_string())),
    };
    installed.clone().map_err(Error::new)
}

fn install_newer() -> Result<PathBuf> {
    let (made, plugins) = (folder("made")?, folder("newer")?);
    install_plugin(&plugins, "slim", &fs::read(bundle_slim(&made)?).context("read a plugin")?)?;
    for (name, package) in [("files", "."), ("misbehave", "./cmd/packer-plugin-misbehave")] {
        let program = made.join(name);
        let mut build = Command::new("go");
        build.args(["build", "-o"]).arg(&program).arg(package);
        process::run(build.current_dir(root().join("plugins/files")), LIMIT)?;
        install_plugin(&plugins, name, &fs::read(&program).context("read a plugin")?)?;
    }
    for name in ["goss", "workshop"] {
        install_plugin(&plugins, name, &fs::read(in_rust(name)?).context("read a plugin")?)?;
    }
    Ok(plugins)
}

/// The same programs behind scripts, which hide what they say of the newer encoding.
fn install_older() -> Result<PathBuf> {
    let (newer, plugins) = (install(Encoding::Newer)?, folder("older")?);
    for name in ["slim", "files", "misbehave", "goss", "workshop"] {
        let program = plugin_place(&newer, name);
        let program = program.display();
        let script = format!(
            "#!/bin/sh\nif [ \"$1\" = describe ]; then\n    \
             '{program}' describe | sed 's/,\"protocol_version\":\"v2\"//'\nelse\n    \
             exec '{program}' \"$@\"\nfi\n"
        );
        install_plugin(&plugins, name, script.as_bytes())?;
    }
    Ok(plugins)
}

/// The program of a plugin in Rust: `goss`, or an example of the SDK.
pub(crate) fn in_rust(name: &str) -> Result<PathBuf> {
    let target = match name {
        "goss" => ["--package=packer-plugin-goss", "--bin=packer-plugin-goss"].map(str::to_owned),
        example => ["--package=cooper-plugin".to_owned(), format!("--example={example}")],
    };
    let mut build = Command::new(env!("CARGO"));
    build.arg("build").args(target).arg("--message-format=json").current_dir(root());
    let made = process::capture(&mut build, LIMIT)?;
    if !made.status.success() {
        return Err(Error::new(format!("{name}: {}\n{}", made.status, made.stderr)));
    }
    let messages = made.stdout.lines();
    let messages = messages.filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let mut programs =
        messages.filter_map(|message| message["executable"].as_str().map(PathBuf::from));
    programs.next_back().ok_or_else(|| Error::new(format!("{name}: cargo made no program")))
}

/// Makes the plugin in Python, one file, in a folder.
pub(crate) fn bundle_slim(folder: &Path) -> Result<PathBuf> {
    let source = root().join("plugins/slim");
    let mut bundle = Command::new("python3");
    bundle.arg(source.join("packer_plugin.py")).arg("bundle").arg(source.join("slim.py"));
    process::run(bundle.current_dir(folder), Duration::from_secs(60))?;
    Ok(folder.join("packer-plugin-slim"))
}

/// A folder for a test, empty.
pub(crate) fn folder(name: &str) -> Result<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("plugins").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).context(format!("remove {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).context(format!("make {}", folder.display()))?;
    Ok(folder)
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
