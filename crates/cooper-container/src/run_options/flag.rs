//! Where options end and values begin: the grammar that all of Docker's options share.

use super::RunOptionError;

/// What stands at a position of the list.
pub(super) enum Step {
    /// Options: several when they are grouped, as in `-dit`; none for `--`.
    Options {
        /// The options, in order.
        options: Vec<Given>,
        /// Where to go on.
        next: usize,
    },
    /// The end of the options: the image, if there is one.
    Image {
        /// Where it is.
        index: usize,
    },
}

/// An option with its value.
pub(super) struct Given {
    /// Its full name, without dashes.
    pub(super) name: &'static str,
    /// How it was written: `-v`.
    pub(super) spelling: String,
    /// Its value; `true` for an option that needs none.
    pub(super) value: String,
    /// The item it is in.
    pub(super) index: usize,
    /// The item its value is in.
    pub(super) value_index: usize,
}

/// Full name, letter, and whether it stands alone.
type Known = (&'static str, Option<char>, bool);

/// The options of `docker run`, its hidden spellings included.
#[rustfmt::skip]
pub(super) const KNOWN: &[Known] = &[
    ("add-host", None, false),
    ("annotation", None, false),
    ("attach", Some('a'), false),
    ("blkio-weight", None, false),
    ("blkio-weight-device", None, false),
    ("cap-add", None, false),
    ("cap-drop", None, false),
    ("cgroup-parent", None, false),
    ("cgroupns", None, false),
    ("cidfile", None, false),
    ("cpu-count", None, false),
    ("cpu-percent", None, false),
    ("cpu-period", None, false),
    ("cpu-quota", None, false),
    ("cpu-rt-period", None, false),
    ("cpu-rt-runtime", None, false),
    ("cpu-shares", Some('c'), false),
    ("cpus", None, false),
    ("cpuset-cpus", None, false),
    ("cpuset-mems", None, false),
    ("detach", Some('d'), true),
    ("detach-keys", None, false),
    ("device", None, false),
    ("device-cgroup-rule", None, false),
    ("device-read-bps", None, false),
    ("device-read-iops", None, false),
    ("device-write-bps", None, false),
    ("device-write-iops", None, false),
    ("disable-content-trust", None, true),
    ("dns", None, false),
    ("dns-opt", None, false),
    ("dns-option", None, false),
    ("dns-search", None, false),
    ("domainname", None, false),
    ("entrypoint", None, false),
    ("env", Some('e'), false),
    ("env-file", None, false),
    ("expose", None, false),
    ("gpus", None, false),
    ("group-add", None, false),
    ("health-cmd", None, false),
    ("health-interval", None, false),
    ("health-retries", None, false),
    ("health-start-interval", None, false),
    ("health-start-period", None, false),
    ("health-timeout", None, false),
    ("help", None, true),
    ("hostname", Some('h'), false),
    ("init", None, true),
    ("interactive", Some('i'), true),
    ("io-maxbandwidth", None, false),
    ("io-maxiops", None, false),
    ("ip", None, false),
    ("ip6", None, false),
    ("ipc", None, false),
    ("isolation", None, false),
    ("kernel-memory", None, false),
    ("label", Some('l'), false),
    ("label-file", None, false),
    ("link", None, false),
    ("link-local-ip", None, false),
    ("log-driver", None, false),
    ("log-opt", None, false),
    ("mac-address", None, false),
    ("memory", Some('m'), false),
    ("memory-reservation", None, false),
    ("memory-swap", None, false),
    ("memory-swappiness", None, false),
    ("mount", None, false),
    ("name", None, false),
    ("net", None, false),
    ("net-alias", None, false),
    ("network", None, false),
    ("network-alias", None, false),
    ("no-healthcheck", None, true),
    ("oom-kill-disable", None, true),
    ("oom-score-adj", None, false),
    ("pid", None, false),
    ("pids-limit", None, false),
    ("platform", None, false),
    ("privileged", None, true),
    ("publish", Some('p'), false),
    ("publish-all", Some('P'), true),
    ("pull", None, false),
    ("quiet", Some('q'), true),
    ("read-only", None, true),
    ("restart", None, false),
    ("rm", None, true),
    ("runtime", None, false),
    ("security-opt", None, false),
    ("shm-size", None, false),
    ("sig-proxy", None, true),
    ("stop-signal", None, false),
    ("stop-timeout", None, false),
    ("storage-opt", None, false),
    ("sysctl", None, false),
    ("tmpfs", None, false),
    ("tty", Some('t'), true),
    ("ulimit", None, false),
    ("use-api-socket", None, true),
    ("user", Some('u'), false),
    ("userns", None, false),
    ("uts", None, false),
    ("volume", Some('v'), false),
    ("volume-driver", None, false),
    ("volumes-from", None, false),
    ("workdir", Some('w'), false),
];

/// Reads what stands at `index`. Options end at the first item that is not one, or after `--`.
pub(super) fn next(arguments: &[String], index: usize) -> Result<Step, RunOptionError> {
    match arguments.get(index).map(String::as_str) {
        Some("--") => Ok(Step::Image { index: index + 1 }),
        Some(item) if item.starts_with("--") => long(arguments, index, &item[2..]),
        Some(item) if item.len() > 1 && item.starts_with('-') => {
            short(arguments, index, &item[1..])
        }
        _ => Ok(Step::Image { index }),
    }
}

fn long(arguments: &[String], index: usize, item: &str) -> Result<Step, RunOptionError> {
    let (name, value) = match item.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (item, None),
    };
    let Some(&(name, _, alone)) = KNOWN.iter().find(|(known, ..)| *known == name) else {
        return Err(RunOptionError {
            index,
            message: format!("`docker run` has no option `--{name}`"),
            help: nearest(name).map(|known| format!("did you mean `--{known}`?")),
        });
    };
    let spelling = format!("--{name}");
    let (value, value_index) = match value {
        Some(value) => (value.to_owned(), index),
        None if alone => ("true".to_owned(), index),
        None => following(arguments, index, &spelling)?,
    };
    Ok(Step::Options {
        next: value_index + 1,
        options: vec![Given { name, spelling, value, index, value_index }],
    })
}

fn short(arguments: &[String], index: usize, item: &str) -> Result<Step, RunOptionError> {
    let mut options = Vec::new();
    let mut rest = item;
    while let Some(letter) = rest.chars().next() {
        rest = &rest[letter.len_utf8()..];
        let Some(&(name, _, alone)) = KNOWN.iter().find(|(_, known, _)| *known == Some(letter))
        else {
            let message = if item.chars().count() == 1 {
                format!("`docker run` has no option `-{letter}`")
            } else {
                format!("`docker run` has no option `-{letter}`, in `-{item}`")
            };
            return Err(RunOptionError {
                index,
                message,
                help: nearest(item.split('=').next().unwrap_or(item))
                    .filter(|_| item.chars().count() > 2)
                    .map(|known| format!("did you mean `--{known}`?")),
            });
        };
        let spelling = format!("-{letter}");
        let mut value_index = index;
        // `-d=` is no value: Docker reads the sign as a letter then.
        let value = match rest.strip_prefix('=') {
            Some(value) if !value.is_empty() => {
                rest = "";
                value.to_owned()
            }
            _ if alone => "true".to_owned(),
            _ if !rest.is_empty() => std::mem::take(&mut rest).to_owned(),
            _ => {
                let (value, at) = following(arguments, index, &spelling)?;
                value_index = at;
                value
            }
        };
        options.push(Given { name, spelling, value, index, value_index });
        if value_index != index {
            return Ok(Step::Options { options, next: value_index + 1 });
        }
    }
    Ok(Step::Options { options, next: index + 1 })
}

fn following(
    arguments: &[String],
    index: usize,
    spelling: &str,
) -> Result<(String, usize), RunOptionError> {
    match arguments.get(index + 1) {
        Some(value) => Ok((value.clone(), index + 1)),
        None => Err(RunOptionError {
            index,
            message: format!("`{spelling}` needs a value"),
            help: Some(format!("write `{spelling}` and its value as two items of the list")),
        }),
    }
}

/// The option whose name is nearest to one that does not exist.
fn nearest(name: &str) -> Option<&'static str> {
    // Names are short; a long one is a mistake of another kind.
    if name.len() > 40 {
        return None;
    }
    KNOWN
        .iter()
        .map(|(known, ..)| (strsim::damerau_levenshtein(known, name), *known))
        .filter(|(distance, known)| *distance <= 1 + known.len().min(name.len()) / 4)
        .min()
        .map(|(_, known)| known)
}
