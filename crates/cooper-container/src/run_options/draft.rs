//! The container as far as the options read so far describe it.

use std::collections::BTreeMap;

use super::mount::Volume;
use super::number::{billionths, boolean, duration, integer, size, size_or_unlimited};
use super::security::Security;
use super::{LocalHost, Read, RunOptionError, Wrong};
use super::{device, file, mount, name, network, number, port, security};
use crate::spec::{ContainerSpec, Endpoint, Entrypoint, Health, Restart};

/// The most ports that one container publishes or exposes; ranges make it easy to ask for more.
const MOST_PORTS: usize = 1 << 16;

/// A specification in the making, with what can be judged only at the end.
pub(super) struct Draft<'a> {
    host: &'a dyn LocalHost,
    spec: ContainerSpec,
    /// Where each option was last seen.
    seen: BTreeMap<&'static str, usize>,
    env_files: Vec<(String, Option<String>)>,
    label_files: BTreeMap<String, String>,
    networks: Vec<(String, Endpoint)>,
    /// What `--ip`, `--network-alias` and their like say of the first network.
    endpoint: Endpoint,
    health: Health,
    no_health: bool,
}

impl<'a> Draft<'a> {
    pub(super) fn new(host: &'a dyn LocalHost) -> Self {
        Self {
            host,
            spec: ContainerSpec::default(),
            seen: BTreeMap::new(),
            env_files: Vec::new(),
            label_files: BTreeMap::new(),
            networks: Vec::new(),
            endpoint: Endpoint::default(),
            health: Health::default(),
            no_health: false,
        }
    }

    /// Remembers where an option was.
    pub(super) fn note(&mut self, option: &'static str, index: usize) {
        self.seen.insert(option, index);
    }

    /// Takes an option's value.
    pub(super) fn set(&mut self, option: &str, value: &str) -> Read<()> {
        let host = self.host;
        let spec = &mut self.spec;
        let text = || Some(value.to_owned());
        match option {
            "name" => spec.name = Some(name::container_name(value)?),
            "platform" => spec.platform = filled(name::platform(value)?),
            "entrypoint" => {
                spec.entrypoint = match value {
                    "" => Entrypoint::None,
                    program => Entrypoint::Program(vec![program.to_owned()]),
                };
            }
            "label" => spec.labels.extend([name::label(value)?]),
            "label-file" => {
                for (name, value) in file::pairs(host, value)? {
                    self.label_files.insert(name, value.unwrap_or_default());
                }
            }
            "env" => spec.env.push(name::variable(value, host)?),
            "env-file" => {
                for (name, value) in file::pairs(host, value)? {
                    // A name alone takes this machine's value; without one it does nothing.
                    if let Some(value) = value.or_else(|| host.variable(&name)) {
                        self.env_files.push((name, Some(value)));
                    }
                }
            }
            "workdir" => {
                if !value.is_empty() && !value.starts_with('/') {
                    return Err(Wrong::new(format!("`{value}` is not an absolute path")));
                }
                spec.working_dir = filled(value.to_owned());
            }
            "user" => spec.user = filled(value.to_owned()),
            "group-add" => spec.group_add.push(value.to_owned()),
            "tty" => spec.tty = boolean(value)?,
            "interactive" => spec.open_stdin = boolean(value)?,
            "init" => spec.init = Some(boolean(value)?),
            "stop-signal" => spec.stop_signal = Some(name::signal(value)?),
            "stop-timeout" => spec.stop_timeout = Some(integer(value)?),
            "restart" => spec.restart = name::restart(value)?,
            "rm" => spec.auto_remove = boolean(value)?,
            "runtime" => spec.runtime = filled(value.to_owned()),
            "isolation" => {
                if !matches!(value, "" | "default" | "process" | "hyperv") {
                    return Err(Wrong::new(format!("there is no isolation `{value}`")));
                }
                spec.isolation = filled(value.to_owned());
            }
            "log-driver" => spec.log_driver = filled(value.to_owned()),
            "log-opt" => {
                let (name, text) = value.split_once('=').unwrap_or((value, ""));
                spec.log_options.insert(name.to_owned(), text.to_owned());
            }

            "health-cmd" => {
                self.health.test = match value {
                    "" => Vec::new(),
                    command => vec!["CMD-SHELL".to_owned(), command.to_owned()],
                };
            }
            "health-interval" => self.health.interval = Some(pause(value)?),
            "health-timeout" => self.health.timeout = Some(pause(value)?),
            "health-start-period" => self.health.start_period = Some(pause(value)?),
            "health-retries" => self.health.retries = Some(count(value)?),
            "no-healthcheck" => self.no_health = boolean(value)?,

            "network" | "net" => self.networks.push(network::network(value)?),
            "network-alias" | "net-alias" => self.endpoint.aliases.push(value.to_owned()),
            "ip" => self.endpoint.ipv4 = Some(name::ipv4(value)?),
            "ip6" => self.endpoint.ipv6 = Some(name::ipv6(value)?),
            "link-local-ip" => self.endpoint.link_local_ips.push(name::address(value)?),
            "mac-address" => self.endpoint.mac_address = Some(name::mac_address(value)?),
            "link" => spec.network.links.push(name::link(value)?),
            "hostname" => spec.network.hostname = text(),
            "domainname" => spec.network.domainname = text(),
            "expose" => {
                spec.network.exposed_ports.extend(port::expose(value)?);
                return few_ports(spec.network.exposed_ports.len());
            }
            "publish" => {
                for (port, at) in port::publish(value)? {
                    spec.network.exposed_ports.insert(port.clone());
                    spec.network.published_ports.entry(port).or_default().push(at);
                }
                let published = spec.network.published_ports.values();
                return few_ports(published.map(Vec::len).sum());
            }
            "publish-all" => spec.network.publish_all = boolean(value)?,
            "dns" => spec.network.dns.push(name::address(value)?),
            "dns-option" | "dns-opt" => spec.network.dns_options.push(value.to_owned()),
            "dns-search" => spec.network.dns_search.push(name::domain(value)?),
            "add-host" => spec.network.extra_hosts.push(name::extra_host(value)?),

            "volume" => match mount::volume(value, host)? {
                Volume::Bind(bind) => spec.storage.binds.push(bind),
                Volume::Anonymous(path) => {
                    spec.storage.anonymous_volumes.insert(path);
                }
            },
            "mount" => spec.storage.mounts.push(mount::mount(value, host)?),
            "tmpfs" => spec.storage.tmpfs.extend([mount::tmpfs(value)?]),
            "volumes-from" => spec.storage.volumes_from.push(mount::volumes_from(value)?),
            "volume-driver" => spec.storage.volume_driver = filled(value.to_owned()),
            "storage-opt" => {
                let (name, text) = super::fields::pair(value)?;
                spec.storage.options.insert(name.to_owned(), text.to_owned());
            }
            "read-only" => spec.storage.read_only = boolean(value)?,
            "shm-size" => spec.storage.shm_size = Some(size(value)?),
            "device" => spec.storage.devices.push(device::device(value)?),
            "device-cgroup-rule" => {
                spec.storage.device_cgroup_rules.push(device::cgroup_rule(value)?);
            }
            "gpus" => spec.storage.device_requests.push(device::gpus(value)?),

            "privileged" => spec.security.privileged = boolean(value)?,
            "cap-add" => spec.security.cap_add.push(name::capability(value)?),
            "cap-drop" => spec.security.cap_drop.push(name::capability(value)?),
            "security-opt" => match security::option(value, host)? {
                Security::Option(option) => spec.security.options.push(option),
                Security::SystemPathsUnconfined => spec.security.system_paths_unconfined = true,
            },
            "sysctl" => spec.security.sysctls.extend([name::sysctl(value)?]),
            "ipc" => spec.security.ipc = security::namespace(option, value)?,
            "pid" => spec.security.pid = security::namespace(option, value)?,
            "uts" => spec.security.uts = security::namespace(option, value)?,
            "userns" => spec.security.userns = security::namespace(option, value)?,
            "cgroupns" => spec.security.cgroupns = security::namespace(option, value)?,

            "annotation" | "health-start-interval" => {
                return Err(Wrong::new("it needs an engine newer than API 1.41"));
            }
            "detach"
            | "attach"
            | "cidfile"
            | "detach-keys"
            | "disable-content-trust"
            | "help"
            | "pull"
            | "quiet"
            | "sig-proxy"
            | "use-api-socket" => {
                return unheard(option, value);
            }
            resource => return self.set_resource(resource, value),
        }
        Ok(())
    }

    fn set_resource(&mut self, option: &str, value: &str) -> Read<()> {
        let resources = &mut self.spec.resources;
        match option {
            "memory" => resources.memory = Some(size(value)?),
            "memory-reservation" => resources.memory_reservation = Some(size(value)?),
            "memory-swap" => resources.memory_swap = Some(size_or_unlimited(value)?),
            "memory-swappiness" => {
                let range = number::integer(value)?;
                if !(-1..=100).contains(&range) {
                    return Err(Wrong::new(format!("`{value}` is not between 0 and 100")));
                }
                resources.memory_swappiness = Some(range);
            }
            "kernel-memory" => resources.kernel_memory = Some(size(value)?),
            "oom-kill-disable" => resources.oom_kill_disable = Some(boolean(value)?),
            "oom-score-adj" => {
                let score = integer(value)?;
                if !(-1000..=1000).contains(&score) {
                    return Err(Wrong::new(format!("`{value}` is not between -1000 and 1000")));
                }
                resources.oom_score_adj = Some(score);
            }
            "cpus" => resources.nano_cpus = Some(billionths(value)?),
            "cpu-shares" => resources.cpu_shares = Some(integer(value)?),
            "cpu-period" => resources.cpu_period = Some(integer(value)?),
            "cpu-quota" => resources.cpu_quota = Some(integer(value)?),
            "cpu-rt-period" => resources.cpu_rt_period = Some(integer(value)?),
            "cpu-rt-runtime" => resources.cpu_rt_runtime = Some(integer(value)?),
            "cpuset-cpus" => resources.cpuset_cpus = cpu_list(value)?,
            "cpuset-mems" => resources.cpuset_mems = cpu_list(value)?,
            "cpu-count" => resources.cpu_count = Some(count(value)?),
            "cpu-percent" => resources.cpu_percent = Some(count(value)?),
            "blkio-weight" => {
                let weight = integer(value)?;
                resources.blkio_weight = u16::try_from(weight)
                    .ok()
                    .filter(|weight| matches!(weight, 0 | 10..=1000))
                    .map(Some)
                    .ok_or_else(|| {
                        Wrong::new(format!("`{value}` is not a weight from 10 to 1000"))
                    })?;
            }
            "blkio-weight-device" => resources.blkio_weight_device.push(device::weight(value)?),
            "device-read-bps" => {
                resources.device_read_bps.push(device::bytes_per_second(value)?);
            }
            "device-write-bps" => {
                resources.device_write_bps.push(device::bytes_per_second(value)?);
            }
            "device-read-iops" => resources.device_read_iops.push(device::per_second(value)?),
            "device-write-iops" => resources.device_write_iops.push(device::per_second(value)?),
            "io-maxbandwidth" => resources.io_max_bandwidth = Some(size(value)?),
            "io-maxiops" => resources.io_max_iops = Some(count(value)?),
            "pids-limit" => resources.pids_limit = Some(integer(value)?),
            "cgroup-parent" => resources.cgroup_parent = filled(value.to_owned()),
            "ulimit" => resources.ulimits.extend([device::ulimit(value)?]),
            other => unreachable_option(other)?,
        }
        Ok(())
    }

    /// Judges what the options say together and adds the image and the command.
    pub(super) fn finish(
        mut self,
        image: &str,
        command: &[String],
    ) -> Result<ContainerSpec, RunOptionError> {
        self.check_conflicts()?;
        self.attach_network()?;
        let mut spec = self.spec;
        spec.image = image.to_owned();
        spec.command = command.to_vec();
        // Files come first, wherever they stand; what is written in the list wins.
        self.env_files.append(&mut spec.env);
        spec.env = self.env_files;
        self.label_files.append(&mut spec.labels);
        spec.labels = self.label_files;
        spec.security.cap_add = name::capabilities(&spec.security.cap_add);
        spec.security.cap_drop = name::capabilities(&spec.security.cap_drop);
        if self.no_health {
            self.health.test = vec!["NONE".to_owned()];
        }
        if self.health != Health::default() {
            spec.health = Some(self.health);
        }
        Ok(spec)
    }

    fn check_conflicts(&self) -> Result<(), RunOptionError> {
        let spec = &self.spec;
        if self.no_health && self.health != Health::default() {
            return Err(self.conflict(
                &["no-healthcheck"],
                "`--no-healthcheck` and `--health-…` exclude each other",
            ));
        }
        let restarts = !matches!(spec.restart, None | Some(Restart::No));
        if spec.auto_remove && restarts {
            return Err(
                self.conflict(&["rm", "restart"], "`--rm` and `--restart` exclude each other")
            );
        }
        if spec.log_driver.as_deref() == Some("none") && !spec.log_options.is_empty() {
            return Err(self.conflict(&["log-opt"], "the log driver `none` has no options"));
        }
        if spec.resources.nano_cpus.is_some_and(|cpus| cpus != 0)
            && (spec.resources.cpu_period.is_some() || spec.resources.cpu_quota.is_some())
        {
            return Err(self.conflict(
                &["cpus", "cpu-period", "cpu-quota"],
                "`--cpus` excludes `--cpu-period` and `--cpu-quota`",
            ));
        }
        Ok(())
    }

    /// Puts `--ip` and its like on the network, and the network in the specification.
    fn attach_network(&mut self) -> Result<(), RunOptionError> {
        if self.networks.len() > 1 {
            let mut wrong =
                self.conflict(&["network", "net"], "a container can be made in one network only");
            wrong.help = Some("engines of API 1.41 connect the first network alone".to_owned());
            return Err(wrong);
        }
        let (mode, mut endpoint) = match self.networks.pop() {
            Some((mode, endpoint)) => (Some(mode), endpoint),
            None => (None, Endpoint::default()),
        };
        let flags = std::mem::take(&mut self.endpoint);
        let twice = |draft: &Self, option: &str, property: &str| {
            draft.conflict(
                &[option],
                &format!("`--{option}` and the network's `{property}` exclude each other"),
            )
        };
        if !flags.aliases.is_empty() {
            if !endpoint.aliases.is_empty() {
                return Err(twice(self, "network-alias", "alias"));
            }
            endpoint.aliases = flags.aliases;
        }
        if flags.ipv4.is_some() {
            if endpoint.ipv4.is_some() {
                return Err(twice(self, "ip", "ip"));
            }
            endpoint.ipv4 = flags.ipv4;
        }
        if flags.ipv6.is_some() {
            if endpoint.ipv6.is_some() {
                return Err(twice(self, "ip6", "ip6"));
            }
            endpoint.ipv6 = flags.ipv6;
        }
        if flags.mac_address.is_some() {
            if endpoint.mac_address.is_some() {
                return Err(twice(self, "mac-address", "mac-address"));
            }
            endpoint.mac_address = flags.mac_address;
        }
        if !flags.link_local_ips.is_empty() {
            if !endpoint.link_local_ips.is_empty() {
                return Err(twice(self, "link-local-ip", "link-local-ip"));
            }
            endpoint.link_local_ips = flags.link_local_ips;
        }
        endpoint.links.clone_from(&self.spec.network.links);
        if !network::is_user_defined(mode.as_deref()) {
            if !endpoint.aliases.is_empty() {
                return Err(self.conflict(
                    &["network-alias", "net-alias", "network", "net"],
                    "only networks that somebody made know aliases",
                ));
            }
            let addressed = endpoint.ipv4.is_some()
                || endpoint.ipv6.is_some()
                || !endpoint.link_local_ips.is_empty();
            if addressed {
                return Err(self.conflict(
                    &["ip", "ip6", "link-local-ip", "network", "net"],
                    "an address can be chosen only in a network that somebody made",
                ));
            }
        }
        self.spec.network.mode = mode;
        self.spec.network.endpoint = endpoint;
        Ok(())
    }

    /// A mistake of the last of these options that is there.
    fn conflict(&self, options: &[&str], message: &str) -> RunOptionError {
        let index = options.iter().filter_map(|option| self.seen.get(option)).max();
        RunOptionError {
            index: index.copied().unwrap_or(0),
            message: message.to_owned(),
            help: None,
        }
    }
}

/// Options about the `docker` program itself, not the container.
fn unheard(option: &str, value: &str) -> Read<()> {
    match option {
        "detach" => {
            match boolean(value)? {
                true => Ok(()),
                false => Err(Wrong::new("the container of a build runs in the background")
                    .help("leave it out")),
            }
        }
        "attach" => Err(Wrong::new("nobody watches the container of a build").help("leave it out")),
        "cidfile" => Err(Wrong::new("Cooper writes no such file")
            .help("the container's id is `build.ID` in provisioners")),
        "help" => Err(Wrong::new("it starts no container").help("leave it out")),
        "use-api-socket" => Err(Wrong::new("it is an experiment of the `docker` program")
            .help("use `-v /var/run/docker.sock:/var/run/docker.sock`")),
        "disable-content-trust" => match boolean(value)? {
            true => Ok(()),
            false => Err(Wrong::new("Cooper does not verify image signatures")),
        },
        "pull" => match value {
            // Whether the image is fetched is the source's `pull`.
            "" | "always" | "missing" | "never" => Ok(()),
            _ => {
                Err(Wrong::new(format!("`{value}` is not one of `always`, `missing` and `never`")))
            }
        },
        "quiet" | "sig-proxy" => boolean(value).map(|_| ()),
        _ => Ok(()),
    }
}

/// The table of options and the matches over them are one list, which a test holds together.
fn unreachable_option(option: &str) -> Read<()> {
    Err(Wrong::new(format!("`--{option}` is not understood")))
}

fn filled(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn count(value: &str) -> Read<i64> {
    match integer(value)? {
        number @ 0.. => Ok(number),
        _ => Err(Wrong::new(format!("`{value}` is negative"))),
    }
}

/// A time between health checks: none, or a millisecond at least.
fn pause(value: &str) -> Read<i64> {
    match duration(value)? {
        1..1_000_000 => Err(Wrong::new(format!("`{value}` is below a millisecond"))),
        time => Ok(time),
    }
}

/// Checks `0-3,5`.
fn cpu_list(value: &str) -> Read<Option<String>> {
    let number = |text: &str| text.parse::<u16>().ok();
    let fits = value.split(',').all(|part| match part.split_once('-') {
        Some((first, last)) => match (number(first), number(last)) {
            (Some(first), Some(last)) => first <= last,
            _ => false,
        },
        None => number(part).is_some(),
    });
    if !value.is_empty() && !fits {
        return Err(Wrong::new(format!("`{value}` is not a list of numbers"))
            .help("a list has numbers and ranges: `0-3,5`"));
    }
    Ok(filled(value.to_owned()))
}

fn few_ports(number: usize) -> Read<()> {
    if number > MOST_PORTS {
        return Err(Wrong::new(format!("these are more than {MOST_PORTS} ports")));
    }
    Ok(())
}
