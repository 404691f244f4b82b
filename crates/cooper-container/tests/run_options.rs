//! The same options given to Docker's program and to Cooper must make the same container.
//!
//! Runs when `COOPER_TEST_DOCKER` is set and the `docker` program has version 28 or newer; it
//! needs a daemon at the socket of `DOCKER_HOST` or the usual one, and an image `base:latest`. `--mac-address` is not here:
//! that program refuses to say it to an engine of API 1.41.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::process::Command;

use cooper_container::run_options::{ThisHost, parse};
use serde_json::{Value, json};

/// Options, one list a line.
const SAMPLES: &str = r#"
-dit --entrypoint=/bin/sh
-u=root -w /tmp -h box --domainname example.org
--entrypoint= --name cooper-test-same
-e A=1 -e B -e PATH=/x --label a=b -l c
-v /tmp:/a:ro -v cooper-test-volume:/b -v /anonymous
--mount type=bind,src=/tmp,dst=/c,readonly,bind-propagation=rslave
--mount type=tmpfs,dst=/d,tmpfs-size=1m,tmpfs-mode=1770
--mount type=volume,dst=/e,volume-nocopy,volume-label=x=y,volume-driver=local
--tmpfs /f --tmpfs /g:rw,size=64k
--device /dev/null --device /dev/zero:/dev/nought:rw --device-cgroup-rule=c_1:3_mr
--cap-add sys_admin --cap-add CAP_NET_ADMIN --cap-drop mknod --cap-drop SYS_ADMIN
--cap-add ALL --cap-add kill --cap-drop all
--privileged --init --read-only
--ipc host --pid host --uts host --cgroupns host
--ipc shareable --userns host --cgroup-parent /cooper
-p 80 -p 8080:81/udp -p 127.0.0.1:9000-9001:82-83 -p 7000-7010:84 -p [::1]::85 -P
--expose 90-92/tcp --expose 93/udp -p 90:90
--dns 1.1.1.1 --dns-opt ndots:2 --dns-search example.org --dns-search .
--add-host a:1.2.3.4 --add-host b=host-gateway --add-host c:::1
--network host
--network none
--network container:nobody
--network name=nowhere,alias=a,alias=b,ip=10.1.2.3,ip6=2001:db8::33,driver-opt=x=y
--network nowhere --network-alias a --ip 10.1.2.3 --link-local-ip 169.254.1.2
-m 512m --memory-reservation 256m --memory-swap -1 --memory-swappiness 10
--cpus 1.5 -c 512 --cpuset-cpus 0 --pids-limit 100 --oom-score-adj 10
--cpu-period 100000 --cpu-quota 50000
--blkio-weight 100 --device-read-bps /dev/null:1mb --device-write-iops /dev/null:10
--ulimit nofile=10:20 --ulimit core=-1 --ulimit nofile=30:40
--shm-size 1g --sysctl net.ipv4.ip_forward=1 --sysctl kernel.shmmax=1
--security-opt no-new-privileges --security-opt label=disable --security-opt seccomp=unconfined
--security-opt systempaths=unconfined --security-opt apparmor:unconfined
--restart on-failure:3
--restart always
--restart no --rm
--stop-signal SIGINT --stop-timeout 5
--health-cmd true --health-interval 1m30s --health-timeout 5s --health-retries 3 --health-start-period 1s
--no-healthcheck
--log-driver json-file --log-opt max-size=1m --log-opt max-file=2
--log-driver none
--group-add 5 --group-add audio
--runtime runc --isolation default
--gpus all
--gpus 2
--gpus "device=0,1","capabilities=utility,compute"
--gpus driver=nvidia,count=1
--platform linux/amd64 -itq --pull never
--volume-driver local --privileged=false -t=false -i=1
"#;

#[test]
fn docker_and_cooper_make_the_same_container() {
    if std::env::var_os("COOPER_TEST_DOCKER").is_none() || !knows_everything() {
        return;
    }
    let mut different = Vec::new();
    for line in SAMPLES.lines().filter(|line| !line.is_empty()) {
        let options: Vec<String> = line
            .split_whitespace()
            .map(|word| word.replace('_', if word.starts_with("--device-c") { " " } else { "_" }))
            .collect();
        let theirs = docker(&options);
        let ours = cooper(&options);
        for part in ["error", "Config", "HostConfig", "Networks"] {
            let (theirs, ours) = (&theirs[part], &ours[part]);
            let keys = [theirs, ours].into_iter().filter_map(Value::as_object);
            let keys: BTreeSet<&String> = keys.flat_map(|map| map.keys()).collect();
            for key in keys.into_iter().filter(|key| theirs[key] != ours[key]) {
                let (theirs, ours) = (&theirs[key], &ours[key]);
                different.push(format!("{line}\n  {part}.{key}: docker {theirs}, cooper {ours}"));
            }
            if theirs.is_object() != ours.is_object() {
                different.push(format!("{line}\n  {part}: docker {theirs}, cooper {ours}"));
            }
        }
    }
    let _removed = Command::new("docker").args(["volume", "rm", "cooper-test-volume"]).output();
    assert!(different.is_empty(), "{}", different.join("\n"));
}

/// Whether Docker's program is new enough for all the spellings above.
fn knows_everything() -> bool {
    let output = Command::new("docker").arg("--version").output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let text = text.unwrap_or_default();
    let major = text.split_whitespace().nth(2).and_then(|version| version.split('.').next());
    major.and_then(|major| major.parse::<u32>().ok()).is_some_and(|major| major >= 28)
}

fn docker(options: &[String]) -> Value {
    // `docker create` has no `-d`, and would attach.
    let options = options.iter().map(|option| match option.as_str() {
        "-dit" => "-it",
        option => option,
    });
    let output = Command::new("docker")
        .arg("create")
        .args(options)
        .args(["base:latest", "true", "--x"])
        .output()
        .expect("run docker");
    let id = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if id.is_empty() {
        return json!({ "error": String::from_utf8_lossy(&output.stderr).trim() });
    }
    inspect(&id)
}

fn cooper(options: &[String]) -> Value {
    let mut arguments = options.to_vec();
    arguments.extend(["base:latest", "true", "--x"].map(str::to_owned));
    let create = match parse(&arguments, &ThisHost) {
        Ok(spec) => spec.to_create_body(),
        Err(mistakes) => return json!({ "error": mistakes[0].message }),
    };
    let name = create.query.name.clone().unwrap_or_default();
    let name = if name.is_empty() { name } else { format!("&name={name}") };
    let path =
        format!("/containers/create?platform={}{name}", create.query.platform.replace('/', "%2F"));
    let answer = request("POST", &path, &create.to_json());
    match answer["Id"].as_str() {
        Some(id) => inspect(id),
        None => json!({ "error": answer }),
    }
}

/// What the daemon knows of a container that it then forgets.
fn inspect(id: &str) -> Value {
    let mut all = request("GET", &format!("/containers/{id}/json"), &Value::Null);
    request("DELETE", &format!("/containers/{id}?force=1&v=1"), &Value::Null);
    let config = all["Config"].as_object_mut().expect("a configuration");
    // What differs between `docker create` and a container in the background, and by chance.
    for key in ["AttachStdin", "AttachStdout", "AttachStderr", "StdinOnce"] {
        config.remove(key);
    }
    if config["Hostname"].as_str().is_some_and(|name| id.starts_with(name)) {
        config.remove("Hostname");
    }
    let mut result = json!({
        "Config": all["Config"].take(),
        "HostConfig": all["HostConfig"].take(),
        "Networks": all["NetworkSettings"]["Networks"].take(),
    });
    plain(&mut result);
    result
}

/// Nothing, an empty list, zero and their like are one; lists of variables, binds and limits have no
/// order, because Docker's program keeps them in maps.
fn plain(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, item) in &mut *map {
                // In these, the keys are what matters.
                if !matches!(key.as_str(), "ExposedPorts" | "Volumes" | "Tmpfs" | "Labels") {
                    plain(item);
                }
                if let ("Binds" | "Env", Value::Array(texts)) = (key.as_str(), item) {
                    texts.sort_by_key(Value::to_string);
                }
            }
            map.retain(|key, item| {
                let empty = match item {
                    Value::Null => true,
                    Value::Bool(flag) => !*flag,
                    Value::Number(number) => number.as_i64() == Some(0),
                    Value::String(text) => text.is_empty(),
                    Value::Array(items) => items.is_empty(),
                    Value::Object(map) => map.is_empty(),
                };
                // The daemon's default for -1, which Docker's program sends.
                let default = key == "MemorySwappiness" && item.as_i64() == Some(-1)
                    || key == "RestartPolicy" && item["Name"] == "no";
                // Absent and an empty list are two things here.
                !(default || empty && !matches!(key.as_str(), "MaskedPaths" | "ReadonlyPaths"))
            });
            map.sort_keys();
        }
        Value::Array(items) => {
            for item in items.iter_mut() {
                plain(item);
            }
            if items.iter().all(|item| item["Name"].is_string()) {
                items.sort_by_key(|item| item["Name"].to_string());
            }
        }
        _ => {}
    }
}

/// Asks the daemon, one connection a question.
fn request(method: &str, path: &str, body: &Value) -> Value {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let host = std::env::var("DOCKER_HOST").unwrap_or_default();
    let socket = host.strip_prefix("unix://").unwrap_or("/var/run/docker.sock");
    let mut stream = UnixStream::connect(socket).expect("reach the daemon");
    write!(
        stream,
        "{method} /v1.41{path} HTTP/1.0\r\nHost: docker\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .expect("ask the daemon");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("hear the daemon");
    let text = answer.split_once("\r\n\r\n").map_or("", |(_, text)| text);
    serde_json::from_str(text).unwrap_or(Value::Null)
}
