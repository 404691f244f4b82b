use std::collections::BTreeMap;
use std::io::{Error, ErrorKind, Result as IoResult};

use super::*;
use crate::spec::*;

/// A machine made of a table.
#[derive(Default)]
struct Table {
    variables: BTreeMap<&'static str, &'static str>,
    files: BTreeMap<&'static str, &'static str>,
}

impl LocalHost for Table {
    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).map(|text| (*text).to_owned())
    }

    fn read(&self, path: &Path, _limit: u64) -> IoResult<Vec<u8>> {
        let text = path.to_str().and_then(|path| self.files.get(path));
        text.map(|text| text.as_bytes().to_vec())
            .ok_or_else(|| Error::new(ErrorKind::NotFound, "no such file"))
    }

    fn working_dir(&self) -> IoResult<PathBuf> {
        Ok(PathBuf::from("/here/there"))
    }
}

fn table() -> Table {
    Table {
        variables: BTreeMap::from([("HOME", "/root"), ("EMPTY", "")]),
        files: BTreeMap::from([
            ("env", "\u{feff}# a comment\n\nA=1\n  B=x y \nHOME\nUNSET\nA=2\n"),
            ("bad-env", "A=1\nA B=2\n"),
            ("labels", "one=1\ntwo\n"),
            ("seccomp.json", "{ \"defaultAction\":\n \"SCMP_ACT_ALLOW\" }\n"),
            ("broken.json", "{"),
        ]),
    }
}

fn read(arguments: &[&str]) -> Result<ContainerSpec, RunOptionError> {
    let arguments: Vec<String> = arguments.iter().map(|item| (*item).to_owned()).collect();
    parse(&arguments, &table()).map_err(|mut mistakes| mistakes.remove(0))
}

#[test]
fn every_mistake_is_told() {
    let table: [(&[&str], &[usize]); 5] = [
        (&["--pids-limit", "x", "-m", "x", "--zap=1", "-p", "a:b:c:d", "i"], &[1, 3, 4, 6]),
        (&["-v", "a:b:c:d:e", "-u"], &[1, 2]),
        // Whether `x` is its value, nobody knows.
        (&["-m", "x", "--zap", "x", "-m", "x", "i"], &[1, 2]),
        (&["-m", "x", "-dZ", "-m", "x", "i"], &[1, 2]),
        (&["-m", "x"], &[1, 2]),
    ];
    for (arguments, places) in table {
        let arguments: Vec<String> = arguments.iter().map(|item| (*item).to_owned()).collect();
        let mistakes = parse(&arguments, &self::table()).unwrap_err();
        let found: Vec<usize> = mistakes.iter().map(|mistake| mistake.index).collect();
        assert_eq!(found, places, "{mistakes:?}");
    }
}

/// The specification that options make, for the image `i`.
fn spec(options: &[&str]) -> ContainerSpec {
    let mut arguments = options.to_vec();
    arguments.push("i");
    match read(&arguments) {
        Ok(spec) => spec,
        Err(error) => panic!("{options:?}: {error}"),
    }
}

fn json(options: &[&str]) -> serde_json::Value {
    spec(options).to_create_body().to_json()
}

fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn what_public_templates_write() {
    let default = read(&["-d", "-i", "-t", "--entrypoint=/bin/sh", "--", "ubuntu"]).unwrap();
    assert!(default.open_stdin && default.tty);
    assert_eq!(default.entrypoint, Entrypoint::Program(strings(&["/bin/sh"])));
    assert_eq!((default.image.as_str(), default.command.len()), ("ubuntu", 0));
    for same in [
        &["-dit", "--entrypoint", "/bin/sh", "ubuntu"][..],
        &["-itd", "--entrypoint=/bin/sh", "--", "ubuntu"],
        &["-d=true", "-it", "--entrypoint=/bin/sh", "ubuntu"],
        &["-i", "-t=1", "--detach", "--entrypoint=/bin/bash", "--entrypoint=/bin/sh", "ubuntu"],
        &["--interactive", "--tty", "--entrypoint=/bin/sh", "--privileged=false", "ubuntu"],
    ] {
        assert_eq!(read(same).as_ref(), Ok(&default), "{same:?}");
    }

    let jenkins = read(&[
        "-d",
        "-i",
        "-t",
        "--entrypoint=/sbin/tini",
        "jenkins",
        "--",
        "/usr/local/bin/jenkins.sh",
    ]);
    assert_eq!(jenkins.unwrap().command, strings(&["--", "/usr/local/bin/jenkins.sh"]));
    let command = read(&["-dit", "--name", "box", "i", "/bin/bash", "-c", "--user"]).unwrap();
    assert_eq!(command.name.as_deref(), Some("box"));
    assert_eq!(command.command, strings(&["/bin/bash", "-c", "--user"]));
    for user in [
        &["-u=root"][..],
        &["-u", "root"],
        &["-uroot"],
        &["--user=root"],
        &["--user", "root"],
        &["-dituroot"],
        &["-ditu=root"],
        &["-ditu", "root"],
    ] {
        assert_eq!(spec(user).user.as_deref(), Some("root"), "{user:?}");
    }
    let systemd = spec(&[
        "--privileged",
        "--cgroupns=host",
        "-v",
        "/sys/fs/cgroup:/sys/fs/cgroup:rw",
        "-v",
        "/var/run/docker.sock:/var/run/docker.sock",
    ]);
    assert!(systemd.security.privileged);
    assert_eq!(systemd.security.cgroupns.as_deref(), Some("host"));
    assert_eq!(
        systemd.storage.binds,
        ["/sys/fs/cgroup:/sys/fs/cgroup:rw", "/var/run/docker.sock:/var/run/docker.sock"]
    );
    let all = &spec(&["--gpus=all"]).storage.device_requests[0];
    assert_eq!((all.count, &all.capabilities), (-1, &vec![strings(&["gpu"])]));
}

#[test]
fn mistakes_are_found_where_they_are() {
    #[rustfmt::skip]
    let cases: &[(&[&str], usize, &str)] = &[
        (&[], 0, "there is no image"),
        (&["-d"], 1, "there is no image"),
        (&["-d", "--"], 2, "there is no image"),
        (&[""], 0, "there is no image"),
        (&["--foo", "i"], 0, "`docker run` has no option `--foo`"),
        (&["-t", "--entripoint=x", "i"], 1, "`docker run` has no option `--entripoint`"),
        (&["--=", "i"], 0, "`docker run` has no option `--`"),
        (&["-X", "i"], 0, "`docker run` has no option `-X`"),
        (&["-dX", "i"], 0, "`docker run` has no option `-X`, in `-dX`"),
        (&["-é", "i"], 0, "`docker run` has no option `-é`"),
        (&["-d=", "i"], 0, "`docker run` has no option `-=`, in `-d=`"),
        (&["-u"], 0, "`-u` needs a value"),
        (&["-ditu"], 0, "`-u` needs a value"),
        (&["--user"], 0, "`--user` needs a value"),
        (&["-d=false", "i"], 0, "`-d`: the container of a build runs in the background"),
        (&["--privileged=maybe", "i"], 0, "`--privileged`: `maybe` is neither `true` nor `false`"),
        (&["--help"], 0, "`--help`: it starts no container"),
        (&["-a", "stdout", "i"], 1, "`-a`: nobody watches the container of a build"),
        (&["-m", "5x", "i"], 1, "`-m`: `5x` is not a size"),
        (&["-m5x", "i"], 0, "`-m`: `5x` is not a size"),
        (&["--cpus", "1.2345678901", "i"], 1, "`--cpus`: `1.2345678901` is too precise"),
        (&["--cpus=1", "--cpu-quota=5", "i"], 1, "`--cpus` excludes `--cpu-period` and `--cpu-quota`"),
        (&["--ulimit", "nofile", "i"], 1, "`--ulimit`: `nofile` is not of the form `key=value`"),
        (&["--ulimit", "nofile=9:5", "i"], 1, "`--ulimit`: the soft limit 9 is above the hard limit 5"),
        (&["--ulimit", "nofile=-1:5", "i"], 1, "`--ulimit`: the soft limit -1 is above the hard limit 5"),
        (&["--ulimit", "zork=1", "i"], 1, "`--ulimit`: there is no limit called `zork`"),
        (&["-p", "a", "i"], 1, "`-p`: `a` is not a port"),
        (&["-p", "80:90:100:200", "i"], 1, "`-p`: `80:90` is not an IP address"),
        (&["-p", "1-3:4-5", "i"], 1, "`-p`: `1-3:4-5` has 2 ports of the container for 3 of the host"),
        (&["-p", "5-3", "i"], 1, "`-p`: the range of ports `5-3` ends before it begins"),
        (&["-p", "80/icmp", "i"], 1, "`-p`: `icmp` is not a protocol"),
        (&["-p", "70000", "i"], 1, "`-p`: `70000` is not a port"),
        (&["-p", "0-65535", "-p", "0-65535", "i"], 3, "`-p`: these are more than 65536 ports"),
        (&["--expose", "1:2", "i"], 1, "`--expose`: `1:2` is not a port"),
        (&["--gpus", "device=0,1", "i"], 1, "`--gpus`: a number of GPUs and `device` exclude each other"),
        (&["--gpus", "some", "i"], 1, "`--gpus`: `some` is neither `all` nor a number of GPUs"),
        (&["--network", "a", "--network", "b", "i"], 2, "a container can be made in one network only"),
        (&["--network", "host", "--network-alias", "a", "i"], 2, "only networks that somebody made know aliases"),
        (&["--ip", "10.0.0.1", "i"], 0, "an address can be chosen only in a network that somebody made"),
        (&["--network", "name=n,ip=1.2.3.4", "--ip", "1.2.3.5", "i"], 2, "`--ip` and the network's `ip` exclude each other"),
        (&["--network", "alias=a", "i"], 1, "`--network`: the network has no `name`"),
        (&["--mac-address", "zz", "i"], 1, "`--mac-address`: `zz` is not a hardware address"),
        (&["--sysctl", "foo=1", "i"], 1, "`--sysctl`: a container has no kernel parameter `foo` of its own"),
        (&["--restart", "maybe", "i"], 1, "`--restart`: there is no restart policy `maybe`"),
        (&["--restart=always", "--rm", "i"], 1, "`--rm` and `--restart` exclude each other"),
        (&["--device", "rel", "i"], 1, "`--device`: `rel` is not an absolute path"),
        (&["--device", "/dev/null:rel", "i"], 1, "`--device`: `rel` is not an absolute path"),
        (&["--device-cgroup-rule", "zork", "i"], 1, "`--device-cgroup-rule`: `zork` is not a rule for devices"),
        (&["--device-read-bps", "x", "i"], 1, "`--device-read-bps`: `x` is not of the form `/dev/name:number`"),
        (&["--blkio-weight-device", "/dev/null:5", "i"], 1, "`--blkio-weight-device`: `5` is not a weight from 10 to 1000"),
        (&["-v", "a:b", "i"], 1, "`-v`: `b` is not an absolute path"),
        (&["-v", "/a:/b:zz", "i"], 1, "`-v`: `zz` is not a mode of a volume"),
        (&["-v", "/a:/b:ro,rw", "i"], 1, "`-v`: the modes `ro,rw` exclude each other"),
        (&["-v", "/a:/b:ro:x", "i"], 1, "`-v`: `/a:/b:ro:x` has too many colons"),
        (&["-v", "/a:/", "i"], 1, "`-v`: nothing can be mounted over the container's `/`"),
        (&["-v", "~/a:/b", "i"], 1, "`-v`: `~` in `~/a` is not a home folder to Docker"),
        (&["-v", "a/b:/b", "i"], 1, "`-v`: `a/b` is neither an absolute path nor a volume's name"),
        (&["--tmpfs", "rel", "i"], 1, "`--tmpfs`: `rel` is not an absolute path"),
        (&["--mount", "foo", "i"], 1, "`--mount`: `foo` is not of the form `key=value`"),
        (&["--mount", "type=bind,src=/a", "i"], 1, "`--mount`: there is no `target`"),
        (&["--mount", "type=bind,dst=/a", "i"], 1, "`--mount`: a mount of type `bind` needs a `source`"),
        (&["--mount", "type=volume,target=/x,bogus=1", "i"], 1, "`--mount`: `bogus` is not a property of a mount"),
        (&["--mount", "type=tmpfs,target=/x,bind-propagation=shared", "i"], 1, "`--mount`: `bind-propagation` cannot be combined with `type=tmpfs`"),
        (&["--mount", "type=image,src=a,target=/x", "i"], 1, "`--mount`: `type=image` needs an engine newer than API 1.41"),
        (&["--mount", "type=bind,\"src=/a", "i"], 1, "`--mount`: `type=bind,\"src=/a` has a double quote in the wrong place"),
        (&["--security-opt", "x", "i"], 1, "`--security-opt`: `x` is not of the form `name=value`"),
        (&["--security-opt", "seccomp=none.json", "i"], 1, "`--security-opt`: cannot read `none.json`: no such file"),
        (&["--security-opt", "seccomp=broken.json", "i"], 1, "`--security-opt`: `broken.json` is not a JSON file: EOF while parsing an object at line 1 column 1"),
        (&["--pid", "x", "i"], 1, "`--pid`: `x` is not a mode"),
        (&["--cgroupns", "x", "i"], 1, "`--cgroupns`: `x` is not a mode"),
        (&["--add-host", "a", "i"], 1, "`--add-host`: `a` is not of the form `name:address`"),
        (&["--add-host", "a:b", "i"], 1, "`--add-host`: `b` is not an IP address"),
        (&["--link", ":", "i"], 1, "`--link`: `:` is not of the form `container:alias`"),
        (&["--dns", "x", "i"], 1, "`--dns`: `x` is not an IP address"),
        (&["--dns-search", "-", "i"], 1, "`--dns-search`: `-` is not a domain"),
        (&["-e", "=x", "i"], 1, "`-e`: `=x` has no name before `=`"),
        (&["--env-file", "bad-env", "i"], 1, "`--env-file`: `bad-env`, line 2: the name `A B` has a space"),
        (&["--label", "=x", "i"], 1, "`--label`: `=x` is a label without a name"),
        (&["--health-interval", "-1s", "i"], 1, "`--health-interval`: `-1s` is negative"),
        (&["--health-interval", "1", "i"], 1, "`--health-interval`: `1` is not a duration"),
        (&["--no-healthcheck", "--health-cmd=true", "i"], 0, "`--no-healthcheck` and `--health-…` exclude each other"),
        (&["--health-start-interval", "1s", "i"], 1, "`--health-start-interval`: it needs an engine newer than API 1.41"),
        (&["--annotation", "a=b", "i"], 1, "`--annotation`: it needs an engine newer than API 1.41"),
        (&["--memory-swappiness", "101", "i"], 1, "`--memory-swappiness`: `101` is not between 0 and 100"),
        (&["--stop-signal", "ZORK", "i"], 1, "`--stop-signal`: there is no signal `ZORK`"),
        (&["--stop-timeout", "x", "i"], 1, "`--stop-timeout`: `x` is not a whole number"),
        (&["--log-driver=none", "--log-opt=a=b", "i"], 1, "the log driver `none` has no options"),
        (&["--name", "a/b", "i"], 1, "`--name`: `a/b` is not a container's name"),
        (&["--workdir", "rel", "i"], 1, "`--workdir`: `rel` is not an absolute path"),
        (&["--cap-add", "ZORK", "i"], 1, "`--cap-add`: there is no capability `ZORK`"),
        (&["--cpuset-cpus", "x", "i"], 1, "`--cpuset-cpus`: `x` is not a list of numbers"),
        (&["--pull", "sometimes", "i"], 1, "`--pull`: `sometimes` is not one of `always`, `missing` and `never`"),
        (&["--cidfile", "f", "i"], 1, "`--cidfile`: Cooper writes no such file"),
    ];
    for (arguments, index, message) in cases {
        match read(arguments) {
            Ok(spec) => panic!("{arguments:?} passes: {spec:?}"),
            Err(error) => {
                assert_eq!(error.message, *message, "{arguments:?}");
                assert_eq!(error.index, *index, "{arguments:?}");
            }
        }
    }
}

#[test]
fn an_unknown_option_names_the_nearest() {
    let help = |option: &str| read(&[option, "i"]).unwrap_err().help.unwrap_or_default();
    assert_eq!(help("--entripoint=x"), "did you mean `--entrypoint`?");
    assert_eq!(help("--voluem"), "did you mean `--volume`?");
    assert_eq!(help("-name=x"), "did you mean `--name`?");
    assert_eq!(help("--zzzzzzzzzz"), "");
    assert_eq!(
        read(&["--cap-add=SYS_ADMIM", "i"]).unwrap_err().help,
        Some("did you mean `SYS_ADMIN`?".to_owned())
    );
}

#[test]
fn every_known_option_is_understood() {
    for (name, _, alone) in super::flag::KNOWN {
        let item = if *alone { format!("--{name}") } else { format!("--{name}=") };
        if let Err(error) = read(&[&item, "i"]) {
            assert!(!error.message.contains("is not understood"), "{error}");
        }
    }
}

#[test]
fn environment_and_labels() {
    let all = spec(&[
        "-e",
        "A=over",
        "--env-file",
        "env",
        "-e",
        "HOME",
        "-e",
        "UNSET",
        "-e",
        "EMPTY",
        "-e",
        "X=a=b",
        "-l",
        "two=2",
        "--label-file",
        "labels",
        "-l",
        "three",
    ]);
    let env: Vec<String> = all
        .env
        .iter()
        .map(|(name, value)| format!("{name}:{}", value.as_deref().unwrap_or("-")))
        .collect();
    assert_eq!(
        env,
        [
            "A:1",
            "B:x y ",
            "HOME:/root",
            "A:2",
            "A:over",
            "HOME:/root",
            "UNSET:-",
            "EMPTY:",
            "X:a=b"
        ]
    );
    let labels: Vec<_> = all.labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
    assert_eq!(labels, ["one=1", "three=", "two=2"]);
}

#[test]
fn sizes_numbers_and_durations() {
    for (text, bytes) in [
        ("512m", 512 << 20),
        ("1.5g", 3 << 29),
        ("64", 64),
        ("64b", 64),
        ("1 KiB", 1024),
        ("2kB", 2048),
        ("0", 0),
        (".5k", 512),
        ("1T", 1 << 40),
    ] {
        assert_eq!(number::size(text).unwrap(), bytes, "{text}");
    }
    for text in ["", "m", "-1", "1e3", "1.2.3", "1xb", "99999999p", "NaN", "inf", "１"] {
        assert!(number::size(text).is_err(), "{text}");
    }
    for (text, value) in [("10", 10), ("-1", -1), ("0x10", 16), ("010", 8), ("0b11", 3), ("+5", 5)]
    {
        assert_eq!(number::integer(text).unwrap(), value, "{text}");
    }
    for text in ["", "-", "--1", "0x", "09", "1.0", "99999999999999999999999999999999999999999"] {
        assert!(number::integer(text).is_err(), "{text}");
    }
    for (text, value) in [
        ("1.5", 1_500_000_000),
        ("3/2", 1_500_000_000),
        (".25", 250_000_000),
        ("0.000000001", 1),
        ("2.", 2_000_000_000),
    ] {
        assert_eq!(number::billionths(text).unwrap(), value, "{text}");
    }
    for text in ["", ".", "1/0", "/", "1/3", "x", "1.2.3", "999999999999999999"] {
        assert!(number::billionths(text).is_err(), "{text}");
    }
    for (text, value) in [
        ("1m30s", 90_000_000_000_i64),
        ("1.5h", 5_400_000_000_000),
        ("0", 0),
        ("250ms", 250_000_000),
    ] {
        assert_eq!(number::duration(text).unwrap(), value, "{text}");
    }
    for text in ["", "s", "1", "1x", "-1s", "1s1", "9999999999h", "1 s", "µs"] {
        assert!(number::duration(text).is_err(), "{text}");
    }
}

#[test]
fn ports() {
    let read = |text: &str| -> Vec<String> {
        let ports = port::publish(text).unwrap_or_else(|wrong| panic!("{text}: {wrong:?}"));
        let ports = ports.into_iter();
        ports.map(|(port, at)| format!("{}|{}|{port}", at.address, at.port)).collect()
    };
    assert_eq!(read("80"), ["||80/tcp"]);
    assert_eq!(read("8080:80"), ["|8080|80/tcp"]);
    assert_eq!(read("127.0.0.1:8080:80/udp"), ["127.0.0.1|8080|80/udp"]);
    assert_eq!(read("127.0.0.1::80"), ["127.0.0.1||80/tcp"]);
    assert_eq!(read("[::1]:8080:80"), ["::1|8080|80/tcp"]);
    assert_eq!(read("1-2:3-4/sctp"), ["|1|3/sctp", "|2|4/sctp"]);
    assert_eq!(read("8000-8010:80"), ["|8000-8010|80/tcp"]);
    assert_eq!(read("80-81"), ["||80/tcp", "||81/tcp"]);
    assert_eq!(read("target=80,published=8080,protocol=udp"), ["|8080|80/udp"]);
    let body = json(&["-p", "8080:80", "-p", "8081:80", "--expose", "9000-9001/udp", "-P"]);
    assert_eq!(
        body["HostConfig"]["PortBindings"]["80/tcp"],
        serde_json::json!([{"HostIp": "", "HostPort": "8080"}, {"HostIp": "", "HostPort": "8081"}])
    );
    assert_eq!(
        body["ExposedPorts"],
        serde_json::json!({"80/tcp": {}, "9000/udp": {}, "9001/udp": {}})
    );
}

#[test]
fn bodies() {
    assert_eq!(json(&["--entrypoint", ""])["Entrypoint"], serde_json::json!([""]));
    assert_eq!(json(&[])["Entrypoint"], serde_json::Value::Null);
    let body = json(&["--mac-address", "92:d0:c6:0a:29:33", "--kernel-memory", "50m"]);
    assert_eq!(body["MacAddress"], "92:d0:c6:0a:29:33");
    assert_eq!(body["HostConfig"]["KernelMemory"], 50 << 20);
    let body = json(&["--network", "name=n,alias=a,alias=b,ip=10.1.2.3", "--link", "x:y"]);
    assert_eq!(body["HostConfig"]["NetworkMode"], "n");
    assert_eq!(
        body["NetworkingConfig"]["EndpointsConfig"]["n"],
        serde_json::json!({
            "IPAMConfig": {"IPv4Address": "10.1.2.3"}, "Links": ["x:y"], "Aliases": ["a", "b"],
        })
    );
    let body =
        json(&["--security-opt", "seccomp=seccomp.json", "--security-opt=systempaths=unconfined"]);
    assert_eq!(
        body["HostConfig"]["SecurityOpt"],
        serde_json::json!(["seccomp={\"defaultAction\":\"SCMP_ACT_ALLOW\"}"])
    );
    assert_eq!(body["HostConfig"]["MaskedPaths"], serde_json::json!([]));
    let body =
        json(&["--cap-add=sys_admin", "--cap-add=CAP_KILL", "--cap-drop=all", "--cap-drop=mknod"]);
    assert_eq!(body["HostConfig"]["CapAdd"], serde_json::json!(["CAP_KILL", "CAP_SYS_ADMIN"]));
    assert_eq!(body["HostConfig"]["CapDrop"], serde_json::json!(["ALL", "CAP_MKNOD"]));
    let body = json(&["--gpus", "\"device=0,1\",\"capabilities=utility,compute\""]);
    assert_eq!(
        body["HostConfig"]["DeviceRequests"],
        serde_json::json!([{
            "Driver": "", "Count": 0, "DeviceIDs": ["0", "1"],
            "Capabilities": [["utility", "compute", "gpu"]], "Options": {},
        }])
    );
    assert_eq!(json(&["-v", "./a/../b:/c:ro"])["HostConfig"]["Binds"][0], "/here/there/b:/c:ro");
    assert_eq!(json(&["--no-healthcheck"])["Healthcheck"]["Test"][0], "NONE");
}
