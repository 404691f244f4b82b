//! A [`ContainerSpec`] in the words of Docker's API.

use std::collections::{BTreeMap, HashMap};

use bollard::models::{
    ContainerCreateBody, DeviceMapping, EndpointIpamConfig, EndpointSettings, HealthConfig,
    HostConfig, HostConfigCgroupnsModeEnum, HostConfigIsolationEnum, HostConfigLogConfig,
    MountBindOptions, MountBindOptionsPropagationEnum, MountTmpfsOptions, MountType,
    MountVolumeOptions, MountVolumeOptionsDriverConfig, NetworkingConfig, PortBinding,
    ResourcesBlkioWeightDevice, ResourcesUlimits, RestartPolicy, RestartPolicyNameEnum,
    ThrottleDevice,
};
use bollard::query_parameters::CreateContainerOptions;

use super::{
    ContainerSpec, DeviceRequest, Endpoint, Entrypoint, Health, Mount, MountKind, NetworkSpec,
    Propagation, ResourceSpec, Restart, SecuritySpec, StorageSpec,
};

/// The request that makes a container: `POST /containers/create`.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateBody {
    /// The query.
    pub query: CreateContainerOptions,
    /// The body, as far as bollard has a place for it.
    pub body: ContainerCreateBody,
    /// The hardware address: `MacAddress`, which API 1.41 reads at the top of the body.
    pub mac_address: Option<String>,
    /// `HostConfig.KernelMemory`, which newer APIs no longer have.
    pub kernel_memory: Option<i64>,
}

impl CreateBody {
    /// The whole body. bollard's type lacks two fields of API 1.41; this has them.
    pub fn to_json(&self) -> serde_json::Value {
        let mut json =
            serde_json::to_value(&self.body).expect("the body is made of strings and numbers");
        if let Some(address) = &self.mac_address {
            json["MacAddress"] = address.clone().into();
        }
        if let Some(bytes) = self.kernel_memory {
            json["HostConfig"]["KernelMemory"] = bytes.into();
        }
        json
    }

    /// Whether the body holds what bollard's type cannot: then [`to_json`](Self::to_json) has
    /// to be sent.
    pub fn needs_json(&self) -> bool {
        self.mac_address.is_some() || self.kernel_memory.is_some()
    }
}

impl ContainerSpec {
    /// Says it in the words of Docker's API.
    pub fn to_create_body(&self) -> CreateBody {
        let Self {
            image,
            name,
            platform,
            command,
            entrypoint,
            labels,
            env,
            working_dir,
            user,
            group_add,
            tty,
            open_stdin,
            init,
            stop_signal,
            stop_timeout,
            health,
            restart,
            auto_remove,
            runtime,
            isolation,
            network,
            storage,
            resources,
            security,
            log_driver,
            log_options,
        } = self.clone();

        let mac_address = network.endpoint.mac_address.clone();
        let kernel_memory = resources.kernel_memory;
        let mut host = HostConfig {
            group_add: some(group_add),
            init,
            restart_policy: restart.map(restart_policy),
            auto_remove: yes(auto_remove),
            runtime,
            isolation: isolation.map(isolation_mode),
            log_config: (log_driver.is_some() || !log_options.is_empty()).then(|| {
                HostConfigLogConfig {
                    typ: log_driver,
                    config: Some(log_options.into_iter().collect()),
                }
            }),
            ..HostConfig::default()
        };
        let mut body = ContainerCreateBody {
            image: Some(image),
            cmd: some(command),
            entrypoint: match entrypoint {
                Entrypoint::Image => None,
                // An empty list means the image's; one empty word means none.
                Entrypoint::None => Some(vec![String::new()]),
                Entrypoint::Program(words) => Some(words),
            },
            labels: some_map(labels),
            env: some(env.into_iter().map(variable).collect()),
            working_dir,
            user,
            tty: yes(tty),
            open_stdin: yes(open_stdin),
            stop_signal,
            stop_timeout,
            healthcheck: health.map(health_config),
            ..ContainerCreateBody::default()
        };
        put_network(network, &mut body, &mut host);
        put_storage(storage, &mut body, &mut host);
        put_resources(resources, &mut host);
        put_security(security, &mut host);
        body.host_config = Some(host);

        CreateBody {
            query: CreateContainerOptions { name, platform: platform.unwrap_or_default() },
            body,
            mac_address,
            kernel_memory,
        }
    }
}

fn put_network(network: NetworkSpec, body: &mut ContainerCreateBody, host: &mut HostConfig) {
    let NetworkSpec {
        mode,
        endpoint,
        hostname,
        domainname,
        exposed_ports,
        published_ports,
        publish_all,
        dns,
        dns_options,
        dns_search,
        extra_hosts,
        links,
    } = network;
    body.hostname = hostname;
    body.domainname = domainname;
    body.exposed_ports = some(exposed_ports.into_iter().collect());
    if endpoint != Endpoint::default() {
        let name = mode.clone().unwrap_or_else(|| "default".to_owned());
        body.networking_config = Some(NetworkingConfig {
            endpoints_config: Some(HashMap::from([(name, endpoint_settings(endpoint))])),
        });
    }
    host.network_mode = mode;
    host.port_bindings = some_map(published_ports).map(|ports: HashMap<_, _>| {
        ports
            .into_iter()
            .map(|(port, at)| {
                let at = at
                    .into_iter()
                    .map(|at| PortBinding { host_ip: Some(at.address), host_port: Some(at.port) });
                (port, Some(at.collect()))
            })
            .collect()
    });
    host.publish_all_ports = yes(publish_all);
    host.dns = some(dns);
    host.dns_options = some(dns_options);
    host.dns_search = some(dns_search);
    host.extra_hosts = some(extra_hosts);
    host.links = some(links);
}

fn endpoint_settings(endpoint: Endpoint) -> EndpointSettings {
    let Endpoint { aliases, links, ipv4, ipv6, link_local_ips, mac_address, driver_options } =
        endpoint;
    let has_address = ipv4.is_some() || ipv6.is_some() || !link_local_ips.is_empty();
    EndpointSettings {
        aliases: some(aliases),
        links: some(links),
        mac_address,
        driver_opts: some_map(driver_options),
        ipam_config: has_address.then(|| EndpointIpamConfig {
            ipv4_address: ipv4,
            ipv6_address: ipv6,
            link_local_ips: some(link_local_ips),
        }),
        ..EndpointSettings::default()
    }
}

fn put_storage(storage: StorageSpec, body: &mut ContainerCreateBody, host: &mut HostConfig) {
    let StorageSpec {
        binds,
        anonymous_volumes,
        mounts,
        tmpfs,
        volumes_from,
        volume_driver,
        options,
        read_only,
        shm_size,
        devices,
        device_cgroup_rules,
        device_requests,
    } = storage;
    body.volumes = some(anonymous_volumes.into_iter().collect());
    host.binds = some(binds);
    host.mounts = some(mounts.into_iter().map(mount).collect());
    host.tmpfs = some_map(tmpfs);
    host.volumes_from = some(volumes_from);
    host.volume_driver = volume_driver;
    host.storage_opt = some_map(options);
    host.readonly_rootfs = yes(read_only);
    host.shm_size = shm_size;
    let devices = devices.into_iter().map(|device| DeviceMapping {
        path_on_host: Some(device.host),
        path_in_container: Some(device.container),
        cgroup_permissions: Some(device.permissions),
    });
    host.devices = some(devices.collect());
    host.device_cgroup_rules = some(device_cgroup_rules);
    host.device_requests = some(device_requests.into_iter().map(device_request).collect());
}

fn mount(mount: Mount) -> bollard::models::Mount {
    let Mount { target, source, read_only, consistency, kind } = mount;
    let mut result = bollard::models::Mount {
        target: Some(target),
        source: (!source.is_empty()).then_some(source),
        read_only: yes(read_only),
        consistency,
        ..Default::default()
    };
    match kind {
        MountKind::Bind { propagation, non_recursive } => {
            result.typ = Some(MountType::BIND);
            if propagation.is_some() || non_recursive {
                result.bind_options = Some(MountBindOptions {
                    propagation: propagation.map(propagation_mode),
                    non_recursive: yes(non_recursive),
                    ..Default::default()
                });
            }
        }
        MountKind::Volume { no_copy, labels, driver, driver_options } => {
            result.typ = Some(MountType::VOLUME);
            let has_driver = driver.is_some() || !driver_options.is_empty();
            if no_copy || !labels.is_empty() || has_driver {
                result.volume_options = Some(MountVolumeOptions {
                    no_copy: yes(no_copy),
                    labels: some_map(labels),
                    driver_config: has_driver.then(|| MountVolumeOptionsDriverConfig {
                        name: driver,
                        options: some_map(driver_options),
                    }),
                    ..Default::default()
                });
            }
        }
        MountKind::Tmpfs { size, mode } => {
            result.typ = Some(MountType::TMPFS);
            if size.is_some() || mode.is_some() {
                result.tmpfs_options = Some(MountTmpfsOptions {
                    size_bytes: size,
                    mode: mode.map(i64::from),
                    ..Default::default()
                });
            }
        }
        MountKind::NamedPipe => result.typ = Some(MountType::NPIPE),
    }
    result
}

fn propagation_mode(propagation: Propagation) -> MountBindOptionsPropagationEnum {
    match propagation {
        Propagation::Private => MountBindOptionsPropagationEnum::PRIVATE,
        Propagation::RecursivePrivate => MountBindOptionsPropagationEnum::RPRIVATE,
        Propagation::Shared => MountBindOptionsPropagationEnum::SHARED,
        Propagation::RecursiveShared => MountBindOptionsPropagationEnum::RSHARED,
        Propagation::Slave => MountBindOptionsPropagationEnum::SLAVE,
        Propagation::RecursiveSlave => MountBindOptionsPropagationEnum::RSLAVE,
    }
}

fn device_request(request: DeviceRequest) -> bollard::models::DeviceRequest {
    let DeviceRequest { driver, count, device_ids, capabilities, options } = request;
    bollard::models::DeviceRequest {
        driver: Some(driver),
        count: Some(count),
        device_ids: some(device_ids),
        capabilities: some(capabilities),
        options: Some(options.into_iter().collect()),
    }
}

fn put_resources(resources: ResourceSpec, host: &mut HostConfig) {
    let ResourceSpec {
        memory,
        memory_reservation,
        memory_swap,
        memory_swappiness,
        kernel_memory: _, // Not in bollard's type: see `CreateBody::to_json`.
        oom_kill_disable,
        oom_score_adj,
        nano_cpus,
        cpu_shares,
        cpu_period,
        cpu_quota,
        cpu_rt_period,
        cpu_rt_runtime,
        cpuset_cpus,
        cpuset_mems,
        cpu_count,
        cpu_percent,
        blkio_weight,
        blkio_weight_device,
        device_read_bps,
        device_write_bps,
        device_read_iops,
        device_write_iops,
        io_max_bandwidth,
        io_max_iops,
        pids_limit,
        cgroup_parent,
        ulimits,
    } = resources;
    host.memory = memory;
    host.memory_reservation = memory_reservation;
    host.memory_swap = memory_swap;
    host.memory_swappiness = memory_swappiness;
    host.oom_kill_disable = oom_kill_disable;
    host.oom_score_adj = oom_score_adj;
    host.nano_cpus = nano_cpus;
    host.cpu_shares = cpu_shares;
    host.cpu_period = cpu_period;
    host.cpu_quota = cpu_quota;
    host.cpu_realtime_period = cpu_rt_period;
    host.cpu_realtime_runtime = cpu_rt_runtime;
    host.cpuset_cpus = cpuset_cpus;
    host.cpuset_mems = cpuset_mems;
    host.cpu_count = cpu_count;
    host.cpu_percent = cpu_percent;
    host.blkio_weight = blkio_weight;
    let weights = blkio_weight_device.into_iter();
    let weights = weights.map(|(path, weight)| ResourcesBlkioWeightDevice {
        path: Some(path),
        weight: Some(weight.into()),
    });
    host.blkio_weight_device = some(weights.collect());
    host.blkio_device_read_bps = throttle(device_read_bps);
    host.blkio_device_write_bps = throttle(device_write_bps);
    host.blkio_device_read_iops = throttle(device_read_iops);
    host.blkio_device_write_iops = throttle(device_write_iops);
    host.io_maximum_bandwidth = io_max_bandwidth;
    host.io_maximum_iops = io_max_iops;
    host.pids_limit = pids_limit;
    host.cgroup_parent = cgroup_parent;
    let ulimits = ulimits.into_iter().map(|(name, limit)| ResourcesUlimits {
        name: Some(name),
        soft: Some(limit.soft),
        hard: Some(limit.hard),
    });
    host.ulimits = some(ulimits.collect());
}

fn throttle(devices: Vec<(String, i64)>) -> Option<Vec<ThrottleDevice>> {
    let devices = devices
        .into_iter()
        .map(|(path, rate)| ThrottleDevice { path: Some(path), rate: Some(rate) });
    some(devices.collect())
}

fn put_security(security: SecuritySpec, host: &mut HostConfig) {
    let SecuritySpec {
        privileged,
        cap_add,
        cap_drop,
        options,
        system_paths_unconfined,
        sysctls,
        ipc,
        pid,
        uts,
        userns,
        cgroupns,
    } = security;
    host.privileged = yes(privileged);
    host.cap_add = some(cap_add);
    host.cap_drop = some(cap_drop);
    host.security_opt = some(options);
    if system_paths_unconfined {
        // Absent means the engine's list; empty means none.
        host.masked_paths = Some(Vec::new());
        host.readonly_paths = Some(Vec::new());
    }
    host.sysctls = some_map(sysctls);
    host.ipc_mode = ipc;
    host.pid_mode = pid;
    host.uts_mode = uts;
    host.userns_mode = userns;
    host.cgroupns_mode = cgroupns.map(|mode| match mode.as_str() {
        "host" => HostConfigCgroupnsModeEnum::HOST,
        "private" => HostConfigCgroupnsModeEnum::PRIVATE,
        _ => HostConfigCgroupnsModeEnum::EMPTY,
    });
}

fn health_config(health: Health) -> HealthConfig {
    let Health { test, interval, timeout, start_period, retries } = health;
    HealthConfig {
        test: some(test),
        interval,
        timeout,
        start_period,
        retries,
        start_interval: None,
    }
}

fn restart_policy(restart: Restart) -> RestartPolicy {
    let (name, count) = match restart {
        Restart::No => (RestartPolicyNameEnum::NO, None),
        Restart::Always => (RestartPolicyNameEnum::ALWAYS, None),
        Restart::UnlessStopped => (RestartPolicyNameEnum::UNLESS_STOPPED, None),
        Restart::OnFailure(count) => (RestartPolicyNameEnum::ON_FAILURE, Some(count)),
    };
    RestartPolicy { name: Some(name), maximum_retry_count: count }
}

fn isolation_mode(isolation: String) -> HostConfigIsolationEnum {
    match isolation.as_str() {
        "process" => HostConfigIsolationEnum::PROCESS,
        "hyperv" => HostConfigIsolationEnum::HYPERV,
        _ => HostConfigIsolationEnum::DEFAULT,
    }
}

fn variable((name, value): (String, Option<String>)) -> String {
    match value {
        Some(value) => format!("{name}={value}"),
        None => name,
    }
}

fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

fn some_map<T>(map: BTreeMap<String, T>) -> Option<HashMap<String, T>> {
    (!map.is_empty()).then(|| map.into_iter().collect())
}

fn yes(flag: bool) -> Option<bool> {
    flag.then_some(true)
}
