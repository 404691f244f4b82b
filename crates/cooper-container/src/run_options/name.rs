//! Names, addresses and short words.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::number::integer;
use super::{LocalHost, Read, Wrong};
use crate::spec::Restart;

/// Reads `-e`: `name=value`, or a name whose value is this machine's.
pub(super) fn variable(value: &str, host: &dyn LocalHost) -> Read<(String, Option<String>)> {
    match value.split_once('=') {
        Some(("", _)) => Err(Wrong::new(format!("`{value}` has no name before `=`"))),
        Some((name, text)) => Ok((name.to_owned(), Some(text.to_owned()))),
        None if value.is_empty() => Err(Wrong::new("a variable has a name")),
        None => Ok((value.to_owned(), host.variable(value))),
    }
}

/// Reads `--label`: `name[=value]`.
pub(super) fn label(value: &str) -> Read<(String, String)> {
    let (name, text) = value.split_once('=').unwrap_or((value, ""));
    if name.is_empty() {
        return Err(Wrong::new(format!("`{value}` is a label without a name")));
    }
    Ok((name.to_owned(), text.to_owned()))
}

/// Reads `--add-host`: `name:address` or `name=address`.
pub(super) fn extra_host(value: &str) -> Read<String> {
    let (name, address) = value
        .split_once('=')
        .or_else(|| value.split_once(':'))
        .filter(|(name, _)| !name.is_empty())
        .ok_or_else(|| Wrong::new(format!("`{value}` is not of the form `name:address`")))?;
    let bare =
        address.strip_prefix('[').and_then(|address| address.strip_suffix(']')).unwrap_or(address);
    if bare != "host-gateway" && bare.parse::<IpAddr>().is_err() {
        return Err(Wrong::new(format!("`{address}` is not an IP address")));
    }
    Ok(format!("{name}:{bare}"))
}

/// Checks an IP address.
pub(super) fn address(value: &str) -> Read<String> {
    let value = value.trim();
    match value.parse::<IpAddr>() {
        Ok(address) => Ok(address.to_string()),
        Err(_) => Err(Wrong::new(format!("`{value}` is not an IP address"))),
    }
}

/// Checks an IPv4 address.
pub(super) fn ipv4(value: &str) -> Read<String> {
    match value.parse::<Ipv4Addr>() {
        Ok(address) => Ok(address.to_string()),
        Err(_) => Err(Wrong::new(format!("`{value}` is not an IPv4 address"))),
    }
}

/// Checks an IPv6 address.
pub(super) fn ipv6(value: &str) -> Read<String> {
    match value.parse::<Ipv6Addr>() {
        Ok(_) => Ok(value.to_owned()),
        Err(_) => Err(Wrong::new(format!("`{value}` is not an IPv6 address"))),
    }
}

/// Checks a hardware address: `92:d0:c6:0a:29:33`, also with `-`, or `92d0.c60a.2933`.
pub(super) fn mac_address(value: &str) -> Read<String> {
    let value = value.trim();
    let groups = |separator, width: usize| {
        let groups: Vec<&str> = value.split(separator).collect();
        let fits = groups
            .iter()
            .all(|group| group.len() == width && group.bytes().all(|b| b.is_ascii_hexdigit()));
        fits.then_some(groups.len() * width / 2)
    };
    let bytes = groups(':', 2).or(groups('-', 2)).or(groups('.', 4));
    match bytes {
        Some(6 | 8 | 20) => Ok(value.to_owned()),
        _ => Err(Wrong::new(format!("`{value}` is not a hardware address"))
            .help("a hardware address has six pairs of digits: `92:d0:c6:0a:29:33`")),
    }
}

/// Checks `--dns-search`: a domain, or `.` for none.
pub(super) fn domain(value: &str) -> Read<String> {
    let value = value.trim_matches(' ');
    if value == "." {
        return Ok(value.to_owned());
    }
    let name = value.strip_suffix('.').unwrap_or(value);
    let part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('-')
            && !part.ends_with('-')
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let lettered = name.bytes().any(|b| b.is_ascii_alphabetic());
    if !lettered || name.len() >= 255 || !name.split('.').all(part) {
        return Err(Wrong::new(format!("`{value}` is not a domain")));
    }
    Ok(value.to_owned())
}

/// Checks `--link`: `container[:alias]`.
pub(super) fn link(value: &str) -> Read<String> {
    let parts: Vec<&str> = value.split(':').collect();
    match parts[..] {
        [name] | [name, _] if !name.is_empty() => Ok(value.to_owned()),
        _ => Err(Wrong::new(format!("`{value}` is not of the form `container:alias`"))),
    }
}

/// Checks `--name`.
pub(super) fn container_name(value: &str) -> Read<String> {
    let name = value.strip_prefix('/').unwrap_or(value);
    let mut letters = name.chars();
    let fits = letters.next().is_some_and(|c| c.is_ascii_alphanumeric())
        && name.len() > 1
        && letters.all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c));
    if !fits {
        return Err(Wrong::new(format!("`{value}` is not a container's name")).help(
            "a name has two or more letters, digits, `_`, `.` and `-`, and starts with one of \
             the first two",
        ));
    }
    Ok(value.to_owned())
}

/// Reads `--restart`: `policy[:count]`; nothing when empty.
pub(super) fn restart(value: &str) -> Read<Option<Restart>> {
    if value.is_empty() {
        return Ok(None);
    }
    let (policy, count) = match value.split_once(':') {
        Some((policy, count)) => (policy, Some(count)),
        None => (value, None),
    };
    let restart = match policy {
        "no" => Restart::No,
        "always" => Restart::Always,
        "unless-stopped" => Restart::UnlessStopped,
        "on-failure" => {
            let count = count.map(|text| {
                integer(text)
                    .ok()
                    .filter(|count| *count >= 0)
                    .ok_or_else(|| Wrong::new(format!("`{text}` is not a number of restarts")))
            });
            return Ok(Some(Restart::OnFailure(count.transpose()?.unwrap_or(0))));
        }
        _ => {
            return Err(Wrong::new(format!("there is no restart policy `{policy}`")).help(
                "the policies are `no`, `always`, `unless-stopped` and `on-failure[:count]`",
            ));
        }
    };
    match count {
        None => Ok(Some(restart)),
        Some(_) => Err(Wrong::new(format!("the restart policy `{policy}` takes no number"))),
    }
}

/// Checks `--platform`: `os[/architecture[/variant]]`.
pub(super) fn platform(value: &str) -> Read<String> {
    let parts: Vec<&str> = value.split('/').collect();
    let word = |part: &&str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
    };
    let fits = parts.len() <= 3 && parts.iter().all(word);
    if !value.is_empty() && !fits {
        return Err(Wrong::new(format!("`{value}` is not a platform"))
            .help("a platform is `os/architecture[/variant]`: `linux/arm64`"));
    }
    Ok(value.to_owned())
}

/// Checks `--stop-signal`: a number or a name with or without `SIG`.
pub(super) fn signal(value: &str) -> Read<String> {
    const NAMES: [&str; 33] = [
        "ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT",
        "KILL", "PIPE", "POLL", "PROF", "PWR", "QUIT", "SEGV", "STKFLT", "STOP", "SYS", "TERM",
        "TRAP", "TSTP", "TTIN", "TTOU", "URG", "USR1", "USR2", "VTALRM", "WINCH", "XCPU",
    ];
    let upper = value.to_ascii_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    let real_time =
        name.strip_prefix("RTMIN").or_else(|| name.strip_prefix("RTMAX")).is_some_and(|rest| {
            rest.is_empty()
                || (rest.starts_with(['+', '-']) && rest[1..].parse::<u8>().is_ok_and(|n| n <= 15))
        });
    let number = name.parse::<u8>().is_ok_and(|number| (1..=64).contains(&number));
    if NAMES.contains(&name) || name == "XFSZ" || real_time || number {
        Ok(value.to_owned())
    } else {
        Err(Wrong::new(format!("there is no signal `{value}`")))
    }
}

/// Checks `--sysctl`: `name=value`, of the parameters that a container has for itself.
pub(super) fn sysctl(value: &str) -> Read<(String, String)> {
    const OWN: [&str; 8] = [
        "kernel.msgmax",
        "kernel.msgmnb",
        "kernel.msgmni",
        "kernel.sem",
        "kernel.shmall",
        "kernel.shmmax",
        "kernel.shmmni",
        "kernel.shm_rmid_forced",
    ];
    let (name, text) = value
        .split_once('=')
        .ok_or_else(|| Wrong::new(format!("`{value}` is not of the form `name=value`")))?;
    if !OWN.contains(&name) && !name.starts_with("net.") && !name.starts_with("fs.mqueue.") {
        return Err(Wrong::new(format!("a container has no kernel parameter `{name}` of its own"))
            .help("it has `net.*`, `fs.mqueue.*`, `kernel.shm*`, `kernel.msg*` and `kernel.sem`"));
    }
    Ok((name.to_owned(), text.to_owned()))
}

/// Powers as the engine is told them: with `CAP_`, sorted, each once.
pub(super) fn capabilities(names: &[String]) -> Vec<String> {
    let names: BTreeSet<String> = names
        .iter()
        .map(|name| {
            let name = name.trim().to_ascii_uppercase();
            if name == "ALL" || name.starts_with("CAP_") { name } else { format!("CAP_{name}") }
        })
        .collect();
    names.into_iter().collect()
}

/// Checks `--cap-add` and `--cap-drop`.
pub(super) fn capability(value: &str) -> Read<String> {
    const NAMES: [&str; 41] = [
        "AUDIT_CONTROL",
        "AUDIT_READ",
        "AUDIT_WRITE",
        "BLOCK_SUSPEND",
        "BPF",
        "CHECKPOINT_RESTORE",
        "CHOWN",
        "DAC_OVERRIDE",
        "DAC_READ_SEARCH",
        "FOWNER",
        "FSETID",
        "IPC_LOCK",
        "IPC_OWNER",
        "KILL",
        "LEASE",
        "LINUX_IMMUTABLE",
        "MAC_ADMIN",
        "MAC_OVERRIDE",
        "MKNOD",
        "NET_ADMIN",
        "NET_BIND_SERVICE",
        "NET_BROADCAST",
        "NET_RAW",
        "PERFMON",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYSLOG",
        "SYS_ADMIN",
        "SYS_BOOT",
        "SYS_CHROOT",
        "SYS_MODULE",
        "SYS_NICE",
        "SYS_PACCT",
        "SYS_PTRACE",
        "SYS_RAWIO",
        "SYS_RESOURCE",
        "SYS_TIME",
        "SYS_TTY_CONFIG",
        "WAKE_ALARM",
    ];
    let upper = value.trim().to_ascii_uppercase();
    let name = upper.strip_prefix("CAP_").unwrap_or(&upper);
    if name == "ALL" || NAMES.contains(&name) {
        return Ok(value.to_owned());
    }
    let nearest = NAMES
        .iter()
        .filter(|_| name.len() <= 40)
        .map(|known| (strsim::damerau_levenshtein(known, name), *known))
        .filter(|(distance, _)| *distance <= 3)
        .min();
    let wrong = Wrong::new(format!("there is no capability `{value}`"));
    Err(match nearest {
        Some((_, known)) => wrong.help(format!("did you mean `{known}`?")),
        None => wrong,
    })
}
