//! Devices, GPUs and limits.

use std::collections::BTreeSet;

use super::fields::{pair, split};
use super::number::{integer, size};
use super::{Read, Wrong};
use crate::spec::{Device, DeviceRequest, Ulimit};

/// Reads `--device`: `host[:container][:permissions]`.
pub(super) fn device(value: &str) -> Read<Device> {
    let parts: Vec<&str> = value.split(':').collect();
    let (host, container, permissions) = match parts[..] {
        [host] => (host, host, "rwm"),
        [host, mode] if is_mode(mode) => (host, host, mode),
        [host, container] => (host, container, "rwm"),
        [host, container, mode] => (host, container, mode),
        _ => {
            return Err(Wrong::new(format!("`{value}` is not a device"))
                .help("a device is `/host/path[:/container/path][:rwm]`"));
        }
    };
    if !host.starts_with('/') && host.contains('/') && host.contains('=') {
        return Err(Wrong::new(format!(
            "`{value}` names a device by its kind, which engines of API 1.41 do not know"
        )));
    }
    if !host.starts_with('/') {
        return Err(Wrong::new(format!("`{host}` is not an absolute path")));
    }
    let container = if container.is_empty() { host } else { container };
    if !container.starts_with('/') {
        return Err(Wrong::new(format!("`{container}` is not an absolute path")));
    }
    if !is_mode(permissions) {
        return Err(Wrong::new(format!("`{permissions}` is not a permission"))
            .help("permissions are letters of `rwm`"));
    }
    Ok(Device {
        host: host.to_owned(),
        container: container.to_owned(),
        permissions: permissions.to_owned(),
    })
}

/// Some of `r`, `w`, `m`, each once.
fn is_mode(mode: &str) -> bool {
    let letters: BTreeSet<char> = mode.chars().collect();
    !mode.is_empty()
        && letters.len() == mode.len()
        && letters.iter().all(|letter| "rwm".contains(*letter))
}

/// Checks `--device-cgroup-rule`: `c 1:3 mr`.
pub(super) fn cgroup_rule(value: &str) -> Read<String> {
    let number =
        |text: &str| text == "*" || (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()));
    let parts: Vec<&str> = value.split(' ').collect();
    let fits = match parts[..] {
        [kind, numbers, mode] => {
            matches!(kind, "a" | "b" | "c")
                && numbers
                    .split_once(':')
                    .is_some_and(|(major, minor)| number(major) && number(minor))
                && (1..=3).contains(&mode.len())
                && mode.chars().all(|letter| "rwm".contains(letter))
        }
        _ => false,
    };
    if !fits {
        return Err(Wrong::new(format!("`{value}` is not a rule for devices"))
            .help("a rule is `kind major:minor permissions`: `c 1:3 mr`"));
    }
    Ok(value.to_owned())
}

/// Reads `--gpus`: `all`, a number, or fields such as `device=0`.
pub(super) fn gpus(value: &str) -> Read<DeviceRequest> {
    let mut request =
        DeviceRequest { capabilities: vec![vec!["gpu".to_owned()]], ..DeviceRequest::default() };
    let mut count = None;
    let mut seen = BTreeSet::new();
    for field in split(value)? {
        let (key, text) = match field.split_once('=') {
            Some((key, text)) => (key, text),
            None => ("count", field.as_str()),
        };
        if !seen.insert(key.to_owned()) {
            return Err(Wrong::new(format!("`{key}` is there twice"))
                .help("put a field with commas into double quotes: `\"device=0,1\"`"));
        }
        match key {
            "count" if text == "all" => count = Some(-1),
            "count" => {
                count = Some(integer(text).map_err(|_| {
                    Wrong::new(format!("`{text}` is neither `all` nor a number of GPUs"))
                })?);
            }
            "driver" => request.driver = text.to_owned(),
            "device" => request.device_ids = text.split(',').map(str::to_owned).collect(),
            "capabilities" => {
                let words = text.split(',').chain(["gpu"]);
                request.capabilities = vec![words.map(str::to_owned).collect()];
            }
            "options" => {
                for option in split(text)? {
                    let (name, value) = option.split_once('=').unwrap_or((&option, ""));
                    request.options.insert(name.to_owned(), value.to_owned());
                }
            }
            _ => {
                return Err(Wrong::new(format!("`{key}` is not a property of a GPU request")).help(
                    "the properties are `count`, `device`, `driver`, `capabilities` and `options`",
                ));
            }
        }
    }
    if count.is_some() && !request.device_ids.is_empty() {
        return Err(Wrong::new("a number of GPUs and `device` exclude each other")
            .help("put several devices into double quotes: `\"device=0,1\"`"));
    }
    request.count = count.unwrap_or_else(|| i64::from(request.device_ids.is_empty()));
    Ok(request)
}

/// Reads `--ulimit`: `name=soft[:hard]`.
pub(super) fn ulimit(value: &str) -> Read<(String, Ulimit)> {
    const NAMES: [&str; 15] = [
        "core",
        "cpu",
        "data",
        "fsize",
        "locks",
        "memlock",
        "msgqueue",
        "nice",
        "nofile",
        "nproc",
        "rss",
        "rtprio",
        "rttime",
        "sigpending",
        "stack",
    ];
    let (name, limits) = pair(value)?;
    if !NAMES.contains(&name) {
        return Err(Wrong::new(format!("there is no limit called `{name}`"))
            .help(format!("the limits are {}", NAMES.join(", "))));
    }
    let number = |text: &str| {
        text.parse::<i64>().map_err(|_| Wrong::new(format!("`{text}` is not a whole number")))
    };
    let (soft, hard) = match limits.split_once(':') {
        Some((soft, hard)) => (number(soft)?, number(hard)?),
        None => (number(limits)?, number(limits)?),
    };
    if hard != -1 && (soft == -1 || soft > hard) {
        return Err(Wrong::new(format!("the soft limit {soft} is above the hard limit {hard}")));
    }
    Ok((name.to_owned(), Ulimit { soft, hard }))
}

/// Reads `--device-read-bps`: `/path:size`.
pub(super) fn bytes_per_second(value: &str) -> Read<(String, i64)> {
    let (path, rate) = device_and(value)?;
    Ok((path.to_owned(), size(rate)?))
}

/// Reads `--device-read-iops`: `/path:number`.
pub(super) fn per_second(value: &str) -> Read<(String, i64)> {
    let (path, rate) = device_and(value)?;
    let rate = rate
        .parse::<u32>()
        .map_err(|_| Wrong::new(format!("`{rate}` is not a number of operations")))?;
    Ok((path.to_owned(), rate.into()))
}

/// Reads `--blkio-weight-device`: `/path:weight`.
pub(super) fn weight(value: &str) -> Read<(String, u16)> {
    let (path, weight) = device_and(value)?;
    let weight = weight
        .parse::<u16>()
        .ok()
        .filter(|weight| matches!(weight, 0 | 10..=1000))
        .ok_or_else(|| Wrong::new(format!("`{weight}` is not a weight from 10 to 1000")))?;
    Ok((path.to_owned(), weight))
}

fn device_and(value: &str) -> Read<(&str, &str)> {
    value
        .split_once(':')
        .filter(|(path, _)| path.starts_with("/dev/"))
        .ok_or_else(|| Wrong::new(format!("`{value}` is not of the form `/dev/name:number`")))
}
