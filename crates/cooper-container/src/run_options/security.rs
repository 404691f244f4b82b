//! `--security-opt`, and whose namespaces a container uses.

use super::{LocalHost, Read, Wrong, file};

/// What `--security-opt` asks for.
pub(super) enum Security {
    /// An option for the engine.
    Option(String),
    /// The kernel's folders are left open.
    SystemPathsUnconfined,
}

/// Reads `--security-opt`. A seccomp profile is read from its file.
pub(super) fn option(value: &str, host: &dyn LocalHost) -> Read<Security> {
    if value == "no-new-privileges" {
        return Ok(Security::Option(value.to_owned()));
    }
    let (name, text) = value
        .split_once('=')
        .or_else(|| value.split_once(':'))
        .ok_or_else(|| Wrong::new(format!("`{value}` is not of the form `name=value`")))?;
    match name {
        "seccomp" if text != "unconfined" && text != "builtin" => {
            let profile = file::text(host, text)?;
            let profile: serde_json::Value = serde_json::from_str(&profile)
                .map_err(|error| Wrong::new(format!("`{text}` is not a JSON file: {error}")))?;
            Ok(Security::Option(format!("seccomp={profile}")))
        }
        "systempaths" if text == "unconfined" => Ok(Security::SystemPathsUnconfined),
        "seccomp" | "apparmor" | "label" | "no-new-privileges" | "credentialspec" => {
            Ok(Security::Option(value.to_owned()))
        }
        _ => Err(Wrong::new(format!("there is no security option `{name}`")).help(
            "the options are `seccomp`, `apparmor`, `label`, `no-new-privileges` and `systempaths`",
        )),
    }
}

/// Checks `--pid`, `--ipc`, `--uts`, `--userns` and `--cgroupns`.
pub(super) fn namespace(kind: &str, value: &str) -> Read<Option<String>> {
    let words: &[&str] = match kind {
        "ipc" => &["none", "private", "shareable", "host"],
        "cgroupns" => &["private", "host"],
        _ => &["host"],
    };
    let of_container = matches!(kind, "ipc" | "pid")
        && value.strip_prefix("container:").is_some_and(|name| !name.is_empty());
    if value.is_empty() {
        Ok(None)
    } else if of_container || words.contains(&value) {
        Ok(Some(value.to_owned()))
    } else {
        let mut known: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
        if matches!(kind, "ipc" | "pid") {
            known.push("`container:NAME`".to_owned());
        }
        Err(Wrong::new(format!("`{value}` is not a mode"))
            .help(format!("it can be {}", known.join(", "))))
    }
}
