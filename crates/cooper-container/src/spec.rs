//! What a container is to be like, in words that every engine understands.
//!
//! [`ContainerSpec`] is data. [`run_options`](crate::run_options) reads it from `docker run`'s
//! options, and [`ContainerSpec::to_create_body`] says it in the words of Docker's API.

mod create_body;

use std::collections::{BTreeMap, BTreeSet};

pub use create_body::CreateBody;

/// What a container is to be like. Everything that `docker run` can say and an engine's API
/// (Docker's, version 1.41) can express; what is absent is the engine's default.
///
/// It is a long list, because `docker run` has one. Sizes are bytes and durations nanoseconds,
/// as the API has them.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ContainerSpec {
    /// The image: a reference or an id.
    pub image: String,
    /// The container's name.
    pub name: Option<String>,
    /// `linux/arm64`: which of an image's platforms to take.
    pub platform: Option<String>,
    /// The arguments; the image's own when there are none.
    pub command: Vec<String>,
    /// The program.
    pub entrypoint: Entrypoint,
    /// Labels on the container, Cooper's own included.
    pub labels: BTreeMap<String, String>,
    /// Environment variables in order. One without a value is taken away from the image's.
    pub env: Vec<(String, Option<String>)>,
    /// The working folder.
    pub working_dir: Option<String>,
    /// Who runs the program: a name or id, with an optional `:group`.
    pub user: Option<String>,
    /// Further groups of that user.
    pub group_add: Vec<String>,
    /// Whether the program gets a terminal.
    pub tty: bool,
    /// Whether its standard input is kept open.
    pub open_stdin: bool,
    /// Whether an init process runs in front of it; the engine decides when absent.
    pub init: Option<bool>,
    /// The signal that asks it to stop.
    pub stop_signal: Option<String>,
    /// How many seconds it has to follow that signal.
    pub stop_timeout: Option<i64>,
    /// How its health is found out.
    pub health: Option<Health>,
    /// When it is started again.
    pub restart: Option<Restart>,
    /// Whether the engine removes the container when it ends.
    pub auto_remove: bool,
    /// The low-level runtime: `nvidia`.
    pub runtime: Option<String>,
    /// How it is isolated (Windows).
    pub isolation: Option<String>,

    /// Networks and names.
    pub network: NetworkSpec,
    /// Folders, volumes and devices.
    pub storage: StorageSpec,
    /// Shares and limits.
    pub resources: ResourceSpec,
    /// Powers and walls.
    pub security: SecuritySpec,

    /// The logging driver.
    pub log_driver: Option<String>,
    /// The logging driver's options.
    pub log_options: BTreeMap<String, String>,
}

/// The program that a container starts.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Entrypoint {
    /// The image's own.
    #[default]
    Image,
    /// None: the command is the program.
    None,
    /// This one.
    Program(Vec<String>),
}

/// A container's networks and names.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct NetworkSpec {
    /// The network's name or kind: `host`, `none`, `container:x`; the engine's default when
    /// absent.
    pub mode: Option<String>,
    /// How it takes part in the network.
    pub endpoint: Endpoint,
    /// The name it has for itself.
    pub hostname: Option<String>,
    /// The domain it has for itself.
    pub domainname: Option<String>,
    /// Ports that are said to be of interest: `80/tcp`.
    pub exposed_ports: BTreeSet<String>,
    /// Where ports (`80/tcp`) can be reached on the engine's host.
    pub published_ports: BTreeMap<String, Vec<HostPort>>,
    /// Whether all exposed ports can be reached at ports the engine chooses.
    pub publish_all: bool,
    /// Name servers.
    pub dns: Vec<String>,
    /// Options of the resolver.
    pub dns_options: Vec<String>,
    /// Domains the resolver tries.
    pub dns_search: Vec<String>,
    /// Further names: `name:address`.
    pub extra_hosts: Vec<String>,
    /// Other containers it knows by name: `name:alias`.
    pub links: Vec<String>,
}

/// How a container takes part in a network.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Endpoint {
    /// Its other names there.
    pub aliases: Vec<String>,
    /// Containers it knows there: `name:alias`.
    pub links: Vec<String>,
    /// Its address.
    pub ipv4: Option<String>,
    /// Its IPv6 address.
    pub ipv6: Option<String>,
    /// Its link-local addresses.
    pub link_local_ips: Vec<String>,
    /// Its hardware address.
    pub mac_address: Option<String>,
    /// Options of the network's driver.
    pub driver_options: BTreeMap<String, String>,
}

/// A port on the engine's host.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct HostPort {
    /// The address it is opened at; all when empty.
    pub address: String,
    /// The port or a range of ports to choose from; any when empty.
    pub port: String,
}

/// A container's folders, volumes and devices.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct StorageSpec {
    /// `source:target[:mode]`, for folders of the host and named volumes.
    pub binds: Vec<String>,
    /// Folders that get a new volume of their own.
    pub anonymous_volumes: BTreeSet<String>,
    /// Mounts in the long form.
    pub mounts: Vec<Mount>,
    /// Folders in memory, with their mount options.
    pub tmpfs: BTreeMap<String, String>,
    /// Containers whose volumes it shares: `name[:mode]`.
    pub volumes_from: Vec<String>,
    /// The driver that makes its volumes.
    pub volume_driver: Option<String>,
    /// Options of the storage driver.
    pub options: BTreeMap<String, String>,
    /// Whether its own file system is read-only.
    pub read_only: bool,
    /// How big `/dev/shm` is.
    pub shm_size: Option<i64>,
    /// The host's devices in it.
    pub devices: Vec<Device>,
    /// Rules for further devices: `c 1:3 mr`.
    pub device_cgroup_rules: Vec<String>,
    /// Devices that a driver chooses: GPUs.
    pub device_requests: Vec<DeviceRequest>,
}

/// A mount in the long form.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Mount {
    /// Where it is in the container.
    pub target: String,
    /// What is mounted.
    pub source: String,
    /// Whether it can only be read.
    pub read_only: bool,
    /// `consistent`, `cached`, `delegated` or `default`.
    pub consistency: Option<String>,
    /// What kind of mount it is.
    pub kind: MountKind,
}

/// A kind of mount, with what only this kind has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MountKind {
    /// A folder or file of the host.
    Bind {
        /// How mounts below it spread.
        propagation: Option<Propagation>,
        /// Whether mounts below it stay out.
        non_recursive: bool,
    },
    /// A volume.
    Volume {
        /// Whether the image's files stay out of a new volume.
        no_copy: bool,
        /// Labels of a new volume.
        labels: BTreeMap<String, String>,
        /// The driver of a new volume.
        driver: Option<String>,
        /// The driver's options.
        driver_options: BTreeMap<String, String>,
    },
    /// A folder in memory.
    Tmpfs {
        /// How big it may get.
        size: Option<i64>,
        /// Its permissions.
        mode: Option<u32>,
    },
    /// A named pipe (Windows).
    NamedPipe,
}

impl Default for MountKind {
    fn default() -> Self {
        Self::Volume {
            no_copy: false,
            labels: BTreeMap::new(),
            driver: None,
            driver_options: BTreeMap::new(),
        }
    }
}

/// How mounts below a mount spread.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the kernel's words")]
pub enum Propagation {
    Private,
    RecursivePrivate,
    Shared,
    RecursiveShared,
    Slave,
    RecursiveSlave,
}

/// A device of the host.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Device {
    /// Where it is on the host.
    pub host: String,
    /// Where it is in the container.
    pub container: String,
    /// What may be done: `rwm`.
    pub permissions: String,
}

/// Devices that a driver chooses.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DeviceRequest {
    /// The driver; the engine chooses one when empty.
    pub driver: String,
    /// How many; -1 for all.
    pub count: i64,
    /// Which.
    pub device_ids: Vec<String>,
    /// What they must be able to do: a list of alternatives.
    pub capabilities: Vec<Vec<String>>,
    /// The driver's options.
    pub options: BTreeMap<String, String>,
}

/// A container's shares and limits.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ResourceSpec {
    /// How much memory it may use.
    pub memory: Option<i64>,
    /// How much is kept for it when memory is short.
    pub memory_reservation: Option<i64>,
    /// How much memory and swap together; -1 for no limit.
    pub memory_swap: Option<i64>,
    /// How readily it is swapped out: 0 to 100.
    pub memory_swappiness: Option<i64>,
    /// How much memory of the kernel's.
    pub kernel_memory: Option<i64>,
    /// Whether it is spared when memory runs out.
    pub oom_kill_disable: Option<bool>,
    /// How early it is killed when memory runs out: -1000 to 1000.
    pub oom_score_adj: Option<i64>,
    /// How much of the processor, in billionths.
    pub nano_cpus: Option<i64>,
    /// Its weight against other containers.
    pub cpu_shares: Option<i64>,
    /// The scheduler's period, in microseconds.
    pub cpu_period: Option<i64>,
    /// How much of that period it gets.
    pub cpu_quota: Option<i64>,
    /// The real-time period, in microseconds.
    pub cpu_rt_period: Option<i64>,
    /// How much of that period it gets.
    pub cpu_rt_runtime: Option<i64>,
    /// The processors: `0-3,5`.
    pub cpuset_cpus: Option<String>,
    /// The memory nodes: `0-3`.
    pub cpuset_mems: Option<String>,
    /// How many processors (Windows).
    pub cpu_count: Option<i64>,
    /// How much of the processors, in percent (Windows).
    pub cpu_percent: Option<i64>,
    /// Its weight in block input and output: 10 to 1000.
    pub blkio_weight: Option<u16>,
    /// That weight for one device.
    pub blkio_weight_device: Vec<(String, u16)>,
    /// Bytes read in a second, for one device.
    pub device_read_bps: Vec<(String, i64)>,
    /// Bytes written in a second, for one device.
    pub device_write_bps: Vec<(String, i64)>,
    /// Reads in a second, for one device.
    pub device_read_iops: Vec<(String, i64)>,
    /// Writes in a second, for one device.
    pub device_write_iops: Vec<(String, i64)>,
    /// Bytes in a second for the system drive (Windows).
    pub io_max_bandwidth: Option<i64>,
    /// Operations in a second for the system drive (Windows).
    pub io_max_iops: Option<i64>,
    /// How many processes; -1 for no limit.
    pub pids_limit: Option<i64>,
    /// The control group it is put under.
    pub cgroup_parent: Option<String>,
    /// Limits of its processes, by name: `nofile`.
    pub ulimits: BTreeMap<String, Ulimit>,
}

/// A limit of processes; -1 for none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ulimit {
    /// Where the limit stands.
    pub soft: i64,
    /// How far a process may raise it.
    pub hard: i64,
}

/// A container's powers and walls.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct SecuritySpec {
    /// Whether it has all powers.
    pub privileged: bool,
    /// Powers it has besides the usual: `CAP_SYS_ADMIN`.
    pub cap_add: Vec<String>,
    /// Usual powers it does not have.
    pub cap_drop: Vec<String>,
    /// Options of seccomp, AppArmor and SELinux.
    pub options: Vec<String>,
    /// Whether the kernel's folders (`/proc/kcore`) are left open.
    pub system_paths_unconfined: bool,
    /// Kernel parameters.
    pub sysctls: BTreeMap<String, String>,
    /// Whose inter-process memory: `host`, `container:x`.
    pub ipc: Option<String>,
    /// Whose processes it sees: `host`, `container:x`.
    pub pid: Option<String>,
    /// Whose host name: `host`.
    pub uts: Option<String>,
    /// Whose users: `host`.
    pub userns: Option<String>,
    /// Whose control groups: `host` or `private`.
    pub cgroupns: Option<String>,
}

/// How a container's health is found out.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Health {
    /// The check in the API's words; the image's when empty, `["NONE"]` for no check.
    pub test: Vec<String>,
    /// Time between two checks.
    pub interval: Option<i64>,
    /// Time that a check may take.
    pub timeout: Option<i64>,
    /// Time before failures count.
    pub start_period: Option<i64>,
    /// How many failures in a row make it unhealthy.
    pub retries: Option<i64>,
}

/// When a container is started again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Restart {
    /// Never.
    No,
    /// Whenever it ends.
    Always,
    /// Whenever it ends, unless somebody stopped it.
    UnlessStopped,
    /// When it fails; this often at most, or always when 0.
    OnFailure(i64),
}
