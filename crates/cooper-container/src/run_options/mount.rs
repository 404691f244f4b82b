//! Volumes and mounts: `-v`, `--mount`, `--tmpfs`, `--volumes-from`.

use std::collections::BTreeMap;

use super::fields::split;
use super::number::{boolean, size};
use super::{LocalHost, Read, Wrong};
use crate::spec::{Mount, MountKind, Propagation};

/// What `-v` asks for.
pub(super) enum Volume {
    /// `source:target[:mode]`
    Bind(String),
    /// A new volume at this path.
    Anonymous(String),
}

/// Reads `-v`: `[source:]target[:mode]`. A source that starts with `.` is made absolute.
pub(super) fn volume(value: &str, host: &dyn LocalHost) -> Read<Volume> {
    let parts: Vec<&str> = value.split(':').collect();
    let (source, target, mode) = match parts[..] {
        [target] => {
            container_path(target)?;
            return Ok(Volume::Anonymous(target.to_owned()));
        }
        // `/data:ro` would mount at `ro`: nobody means that.
        [source, target] => (source, target, None),
        [source, target, mode] => (source, target, Some(mode)),
        _ => {
            return Err(Wrong::new(format!("`{value}` has too many colons"))
                .help("a volume is `[source:]/path[:mode]`"));
        }
    };
    if source.is_empty() {
        return Err(Wrong::new(format!("`{value}` has nothing before the colon")));
    }
    container_path(target)?;
    if let Some(mode) = mode {
        check_mode(mode)?;
    }
    let source = source_path(source, host)?;
    Ok(Volume::Bind(match mode {
        Some(mode) => format!("{source}:{target}:{mode}"),
        None => format!("{source}:{target}"),
    }))
}

fn source_path(source: &str, host: &dyn LocalHost) -> Read<String> {
    if source.starts_with('/') || is_windows_path(source) {
        return Ok(source.to_owned());
    }
    if source.starts_with('.') {
        return absolute(source, host);
    }
    if let Some(rest) = source.strip_prefix("~/") {
        return Err(Wrong::new(format!("`~` in `{source}` is not a home folder to Docker"))
            .help(format!("write `${{env(\"HOME\")}}/{rest}`, through a variable")));
    }
    let mut letters = source.chars();
    let fits = letters.next().is_some_and(|c| c.is_ascii_alphanumeric())
        && source.len() > 1
        && letters.all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c));
    if !fits {
        return Err(Wrong::new(format!(
            "`{source}` is neither an absolute path nor a volume's name"
        ))
        .help("a path starts with `/` or `.`; a name has letters, digits, `_`, `.` and `-`"));
    }
    Ok(source.to_owned())
}

fn is_windows_path(source: &str) -> bool {
    source.starts_with("\\\\")
}

fn absolute(path: &str, host: &dyn LocalHost) -> Read<String> {
    let folder = host
        .working_dir()
        .map_err(|error| Wrong::new(format!("cannot make `{path}` absolute: {error}")))?;
    let mut result = folder;
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                result.pop();
            }
            name => result.push(name),
        }
    }
    result
        .into_os_string()
        .into_string()
        .map_err(|_| Wrong::new(format!("`{path}` is in a folder whose name is not UTF-8")))
}

/// Checks a path that something is mounted at.
pub(super) fn container_path(path: &str) -> Read<()> {
    if !path.starts_with('/') {
        return Err(Wrong::new(format!("`{path}` is not an absolute path"))
            .help("a path in the container starts with `/`"));
    }
    if path.split('/').all(|part| part.is_empty() || part == ".") {
        return Err(Wrong::new("nothing can be mounted over the container's `/`"));
    }
    Ok(())
}

fn check_mode(mode: &str) -> Read<()> {
    let mut kinds = Vec::new();
    for word in mode.split(',') {
        let kind = match word {
            "ro" | "rw" => "access",
            "z" | "Z" => "label",
            "nocopy" => "copy",
            "consistent" | "cached" | "delegated" | "default" => "consistency",
            word if propagation(word).is_some() => "propagation",
            _ => {
                return Err(Wrong::new(format!("`{word}` is not a mode of a volume")).help(
                    "modes are `ro`, `rw`, `z`, `Z`, `nocopy` and propagations such as `rslave`",
                ));
            }
        };
        if kinds.contains(&kind) {
            return Err(Wrong::new(format!("the modes `{mode}` exclude each other")));
        }
        kinds.push(kind);
    }
    Ok(())
}

fn propagation(word: &str) -> Option<Propagation> {
    match word {
        "private" => Some(Propagation::Private),
        "rprivate" => Some(Propagation::RecursivePrivate),
        "shared" => Some(Propagation::Shared),
        "rshared" => Some(Propagation::RecursiveShared),
        "slave" => Some(Propagation::Slave),
        "rslave" => Some(Propagation::RecursiveSlave),
        _ => None,
    }
}

/// Reads `--tmpfs`: `path[:options]`.
pub(super) fn tmpfs(value: &str) -> Read<(String, String)> {
    let (path, options) = value.split_once(':').unwrap_or((value, ""));
    container_path(path)?;
    Ok((path.to_owned(), options.to_owned()))
}

/// Checks `--volumes-from`: `container[:ro|rw|z|Z]`.
pub(super) fn volumes_from(value: &str) -> Read<String> {
    let (name, mode) = match value.split_once(':') {
        Some((name, mode)) => (name, Some(mode)),
        None => (value, None),
    };
    if name.is_empty() {
        return Err(Wrong::new(format!("`{value}` names no container")));
    }
    if let Some(mode) = mode {
        check_mode(mode)?;
    }
    Ok(value.to_owned())
}

/// Reads `--mount`: `type=…,source=…,target=…` and what the type has besides.
pub(super) fn mount(value: &str, host: &dyn LocalHost) -> Read<Mount> {
    let mut kind = "volume".to_owned();
    let mut mount = Mount::default();
    let mut own = Own::default();
    // Which properties of one type were given, to refuse them on another.
    let mut given: Vec<String> = Vec::new();
    for field in split(value)? {
        let (key, text) = match field.split_once('=') {
            Some((key, text)) => (key.to_ascii_lowercase(), Some(text)),
            None => (field.to_ascii_lowercase(), None),
        };
        let flag =
            matches!(key.as_str(), "readonly" | "ro" | "volume-nocopy" | "bind-nonrecursive");
        let text = match text {
            Some(text) => text,
            None if flag => "true",
            None => {
                return Err(Wrong::new(format!("`{field}` is not of the form `key=value`")));
            }
        };
        match key.as_str() {
            "type" => kind = text.to_ascii_lowercase(),
            "source" | "src" => {
                mount.source =
                    if text.starts_with('.') { absolute(text, host)? } else { text.to_owned() };
            }
            "target" | "dst" | "destination" => mount.target = text.to_owned(),
            "readonly" | "ro" => mount.read_only = boolean(text)?,
            "consistency" => mount.consistency = Some(text.to_ascii_lowercase()),
            _ => {
                own.set(&key, text)?;
                given.push(key);
            }
        }
    }
    if mount.target.is_empty() {
        return Err(Wrong::new("there is no `target`")
            .help("add `target=/path`, the place in the container"));
    }
    mount.kind = own.into_kind(&kind)?;
    let windows = matches!(mount.kind, MountKind::NamedPipe);
    if !windows {
        container_path(&mount.target)?;
    }
    for key in given {
        if !key.starts_with(&format!("{kind}-")) {
            return Err(Wrong::new(format!("`{key}` cannot be combined with `type={kind}`")));
        }
    }
    match mount.kind {
        MountKind::Bind { .. } if mount.source.is_empty() => {
            Err(Wrong::new("a mount of type `bind` needs a `source`"))
        }
        MountKind::Bind { .. }
            if !mount.source.starts_with('/') && !is_windows_path(&mount.source) =>
        {
            Err(Wrong::new(format!("`{}` is not an absolute path", mount.source))
                .help("the source of a `bind` mount starts with `/` or `.`"))
        }
        MountKind::Tmpfs { .. } if !mount.source.is_empty() => {
            Err(Wrong::new("a mount of type `tmpfs` has no `source`"))
        }
        MountKind::Bind { .. }
        | MountKind::Volume { .. }
        | MountKind::Tmpfs { .. }
        | MountKind::NamedPipe => Ok(mount),
    }
}

/// The properties that belong to one type.
#[derive(Default)]
struct Own {
    propagation: Option<Propagation>,
    non_recursive: bool,
    no_copy: bool,
    labels: BTreeMap<String, String>,
    driver: Option<String>,
    driver_options: BTreeMap<String, String>,
    size: Option<i64>,
    mode: Option<u32>,
}

impl Own {
    fn set(&mut self, key: &str, text: &str) -> Read<()> {
        let wrong = || Wrong::new(format!("`{text}` is not a value of `{key}`"));
        let key_value = || {
            let (key, value) = text.split_once('=').unwrap_or((text, ""));
            (key.to_owned(), value.to_owned())
        };
        match key {
            "bind-propagation" => {
                let word = text.to_ascii_lowercase();
                self.propagation = Some(propagation(&word).ok_or_else(wrong)?);
            }
            "bind-nonrecursive" => self.non_recursive = boolean(text)?,
            "bind-recursive" => match text {
                "enabled" => self.non_recursive = false,
                "disabled" => self.non_recursive = true,
                "writable" | "readonly" => {
                    return Err(newer("bind-recursive", text));
                }
                _ => return Err(wrong()),
            },
            "volume-nocopy" => self.no_copy = boolean(text)?,
            "volume-label" => {
                self.labels.extend([key_value()]);
            }
            "volume-driver" => self.driver = Some(text.to_owned()),
            "volume-opt" => {
                self.driver_options.extend([key_value()]);
            }
            "tmpfs-size" => self.size = Some(size(text)?),
            "tmpfs-mode" => {
                let mode = u32::from_str_radix(text, 8).map_err(|_| wrong())?;
                self.mode = Some(mode);
            }
            "volume-subpath" | "image-subpath" => return Err(newer(key, text)),
            _ => {
                return Err(Wrong::new(format!("`{key}` is not a property of a mount")).help(
                    "properties are `type`, `source`, `target`, `readonly` and those of the type",
                ));
            }
        }
        Ok(())
    }

    fn into_kind(self, kind: &str) -> Read<MountKind> {
        match kind {
            "bind" => Ok(MountKind::Bind {
                propagation: self.propagation,
                non_recursive: self.non_recursive,
            }),
            "volume" => Ok(MountKind::Volume {
                no_copy: self.no_copy,
                labels: self.labels,
                driver: self.driver,
                driver_options: self.driver_options,
            }),
            "tmpfs" => Ok(MountKind::Tmpfs { size: self.size, mode: self.mode }),
            "npipe" => Ok(MountKind::NamedPipe),
            "image" | "cluster" => Err(newer("type", kind)),
            _ => Err(Wrong::new(format!("there is no mount of type `{kind}`"))
                .help("the types are `bind`, `volume` and `tmpfs`")),
        }
    }
}

fn newer(key: &str, text: &str) -> Wrong {
    Wrong::new(format!("`{key}={text}` needs an engine newer than API 1.41"))
}
