//! Plugins of a web server, in both layouts: what is installed, and what is not.

#[path = "../certified/mod.rs"]
mod certified;
mod internet;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use cooper_testbed::releases::{archive, sums};
use cooper_testbed::{Page, Release, ReleaseServer, platform};
use tempfile::TempDir;

const GITHUB: &str = "github.com/acme/box";
const HASHICORP: &str = "github.com/hashicorp/box";

/// A plugin that says so much of itself, and does nothing else.
fn program(version: &str, api: &str) -> Vec<u8> {
    let description = format!(
        r#"{{"version":"{version}","api_version":"x{api}","provisioners":["-packer-default-plugin-name-"]}}"#
    );
    format!("#!/bin/sh\necho '{description}'\n").into_bytes()
}

/// A server, and a folder with a template that requires two plugins of it.
struct Bench {
    server: ReleaseServer,
    folder: TempDir,
    mirrors: String,
}

impl Bench {
    fn new(sources: &[(&str, &str)]) -> Self {
        let server = ReleaseServer::start().expect("a port on loopback");
        let folder = tempfile::tempdir().expect("a folder");
        let url = server.url();
        let mirrors =
            format!("github.com/hashicorp=releases+{url}/hashicorp *=github+{url}/github");
        let required = sources.iter().enumerate().map(|(index, (source, version))| {
            format!("p{index} = {{ source = \"{source}\", version = \"{version}\" }}\n")
        });
        let required: String = required.collect();
        let template = format!("packer {{\n required_plugins {{\n{required}}}\n}}\n");
        fs::write(folder.path().join("t.pkr.hcl"), template).expect("it can be written");
        Self { server, folder, mirrors }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cooper"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("PACKER_PLUGIN_PATH", "plugins")
            .env("COOPER_PLUGIN_MIRRORS", &self.mirrors)
            .stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().expect("it runs"))
    }

    fn release(&self, source: &str, version: &str) -> String {
        self.release_of(source, version, "5.0", &program(version, "5.0"))
    }

    /// Adds a release where the mirrors have those of its source; returns its folder.
    fn release_of(&self, source: &str, version: &str, api: &str, program: &[u8]) -> String {
        let mut parts = source.split('/').skip(1);
        let (owner, name) = (parts.next().expect("an owner"), parts.next().expect("a name"));
        let platform = platform();
        let release = Release { owner, name, version, api, platform: &platform, program };
        match owner {
            "hashicorp" => self.server.hashicorp(&release),
            _ => self.server.github(&release),
        }
    }

    /// The names of all files below the folder of plugins, and of folders that something is made in.
    fn installed(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut left = vec![self.folder.path().join("plugins")];
        while let Some(folder) = left.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                if entry.path().is_dir() {
                    left.push(entry.path());
                    found.extend(Some(name).filter(|name| name.starts_with('.')));
                } else {
                    found.push(name);
                }
            }
        }
        found.sort();
        found
    }

    /// Where a version goes.
    fn place(&self, source: &str, version: &str) -> PathBuf {
        let file = format!("packer-plugin-box_v{version}_x5.0_{}", platform());
        self.folder.path().join("plugins").join(source).join(file)
    }
}

/// How a command ended, and what it printed.
#[derive(Debug)]
struct Ran {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Ran {
    fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("text");
        Self {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// What it printed, when it succeeded without complaint.
    #[track_caller]
    fn ok(self) -> String {
        assert_eq!((self.code, &*self.stderr), (Some(0), ""), "{self:?}");
        self.stdout
    }

    /// What was wrong.
    #[track_caller]
    fn failed(self) -> String {
        assert_eq!(self.code, Some(1), "{self:?}");
        self.stderr
    }
}

#[test]
fn the_newest_version_that_fits_is_installed_from_both_layouts() {
    for source in [GITHUB, HASHICORP] {
        let bench = Bench::new(&[(source, "~> 1.0")]);
        for version in ["0.9.0", "1.0.0", "1.2.0", "1.10.0", "1.11.0-beta1", "2.0.0"] {
            bench.release(source, version);
        }
        let place = format!("plugins/{source}/packer-plugin-box_v1.10.0_x5.0_{}", platform());
        let said = bench.run(&["init", "."]).ok();
        let noted = format!("\nNoted in .cooper.lock.hcl: {source} 1.10.0 {} sha256:", platform());
        let said = said.split_once(&noted).expect("it is in the lock file").0;
        assert_eq!(said, format!("Installed plugin {source} v1.10.0 in \"{place}\""));
        let mode = fs::metadata(bench.place(source, "1.10.0")).expect("it is there");
        assert_eq!(mode.permissions().mode() & 0o777, 0o755);
        assert_eq!(bench.run(&["plugins", "installed"]).ok(), format!("{place}\n"));
        // It is there, so nobody is asked.
        bench.server.asked();
        assert_eq!(bench.run(&["init", "."]).ok(), "");
        assert_eq!(bench.server.asked(), [""; 0]);
        // And it is used.
        let required = bench.run(&["plugins", "required", "."]).ok();
        assert_eq!(required, format!("p0 {source} \"~> 1.0\" {place}\n"));
        assert_eq!(bench.installed().len(), 2);
    }
}

#[test]
fn what_is_locked_is_installed_and_nothing_else() {
    let bench = Bench::new(&[(GITHUB, "~> 1.0")]);
    bench.release(GITHUB, "1.0.0");
    bench.run(&["init", "."]).ok();
    bench.release(GITHUB, "1.1.0");
    for flags in [&["init", "."][..], &["init", "-locked", "."]] {
        fs::remove_dir_all(bench.folder.path().join("plugins")).expect("it was there");
        let said = bench.run(flags).ok();
        assert!(said.starts_with("Installed plugin github.com/acme/box v1.0.0 in "), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
    let said = bench.run(&["init", "-upgrade", "."]).ok();
    assert!(said.contains("Noted in .cooper.lock.hcl: github.com/acme/box 1.1.0 "), "{said}");

    // Another program by the same version is not put in its place.
    let lock = bench.folder.path().join(".cooper.lock.hcl");
    let text = fs::read_to_string(&lock).expect("it was made");
    let begin = text.find("= \"").and_then(|_| text.rfind("= \"")).expect("a digest") + 3;
    let other = format!("{}{}{}", &text[..begin], "0".repeat(64), &text[begin + 64..]);
    fs::write(&lock, other).expect("it can be written");
    fs::remove_dir_all(bench.folder.path().join("plugins")).expect("it was there");
    for flags in [&["init", "."][..], &["init", "-locked", "."]] {
        let why = bench.run(flags).failed();
        assert!(why.contains(&text[begin..begin + 64]) && why.contains(&"0".repeat(64)), "{why}");
        assert!(!bench.place(GITHUB, "1.1.0").exists());
    }
}

#[test]
fn a_plugin_is_installed_without_a_template() {
    let bench = Bench::new(&[]);
    for version in ["1.0.0", "1.1.0", "1.2.0-beta1"] {
        bench.release(GITHUB, version);
    }
    let said = bench.run(&["plugins", "install", GITHUB]).ok();
    assert!(said.starts_with("Installed plugin github.com/acme/box v1.1.0 in "), "{said}");
    assert_eq!(bench.run(&["plugins", "install", GITHUB]).ok(), "");
    let said = bench.run(&["plugins", "install", "-force", GITHUB, "1.0.0"]).ok();
    assert!(said.starts_with("Installed plugin github.com/acme/box v1.0.0 in "), "{said}");
    let said = bench.run(&["plugins", "install", GITHUB, ">= 3"]).failed();
    assert!(said.contains("no version that meets `>= 3`; the newest is 1.2.0-beta1"), "{said}");
    let said = bench.run(&["plugins", "install", GITHUB, "1.2.0-beta1"]).failed();
    assert!(said.contains("names a pre-release") && said.contains("-path FILE"), "{said}");
}

#[test]
fn newer_versions_come_with_upgrade_and_the_same_again_with_force() {
    let bench = Bench::new(&[(GITHUB, ">= 1.0")]);
    bench.release(GITHUB, "1.0.0");
    bench.run(&["init", "."]).ok();
    bench.release(GITHUB, "1.1.0");
    assert_eq!(bench.run(&["init", "."]).ok(), "");
    let forced = bench.run(&["init", "-force", "."]).ok();
    assert!(forced.contains(" v1.0.0 in "), "{forced}");
    let upgraded = bench.run(&["init", "-upgrade", "."]).ok();
    assert!(upgraded.contains(" v1.1.0 in "), "{upgraded}");
    // An older version is left, and an upgrade without news says nothing.
    assert_eq!(bench.installed().len(), 4);
    assert_eq!(bench.run(&["init", "-upgrade", "."]).ok(), "");
    let both = bench.run(&["init", "-upgrade", "-force", "."]).ok();
    assert!(both.contains(" v1.1.0 in "), "{both}");
}

#[test]
fn what_was_changed_on_disk_is_not_installed() {
    let bench = Bench::new(&[(GITHUB, "1.0.0")]);
    bench.release(GITHUB, "1.0.0");
    bench.run(&["init", "."]).ok();
    let place = bench.place(GITHUB, "1.0.0");
    fs::write(&place, "#!/bin/sh\ntouch run\n").expect("it can be written");
    assert!(bench.run(&["init", "."]).ok().contains("Installed plugin"));
    assert_eq!(fs::read(&place).expect("it is there"), program("1.0.0", "5.0"));
    let mut checksum = place.into_os_string();
    checksum.push("_SHA256SUM");
    fs::remove_file(checksum).expect("it is there");
    assert!(bench.run(&["init", "."]).ok().contains("Installed plugin"));
    assert!(!bench.folder.path().join("run").exists());
}

#[test]
fn versions_that_do_not_run_here_are_passed_over() {
    for source in [GITHUB, HASHICORP] {
        let bench = Bench::new(&[(source, ">= 1.0")]);
        bench.release(source, "1.0.0");
        bench.release_of(source, "1.1.0", "6.0", &program("1.1.0", "6.0"));
        bench.release_of(source, "1.2.0", "5.1", &program("1.2.0", "5.1"));
        // It says that it is another version.
        bench.release_of(source, "1.3.0", "5.0", &program("1.0.0", "5.0"));
        // It is no program at all.
        bench.release_of(source, "1.4.0", "5.0", b"\x7fELF");
        let said = bench.run(&["init", "."]).ok();
        assert!(said.contains(" v1.0.0 in "), "{said}");
        assert_eq!(bench.installed().len(), 2);
    }
    let bench = Bench::new(&[(GITHUB, ">= 1.0")]);
    bench.release_of(GITHUB, "1.1.0", "6.0", &program("1.1.0", "6.0"));
    let said = bench.run(&["init", "."]).failed();
    assert_eq!(
        said,
        "error: the plugin `github.com/acme/box` cannot be installed\n  \
         127.0.0.1: version 1.1.0: it speaks version x6.0 of the plugin protocol\n"
    );
}

#[test]
fn one_that_is_not_there_does_not_keep_others_from_it() {
    let missing = "github.com/acme/none";
    let bench = Bench::new(&[(missing, "1.0.0"), (GITHUB, "1.0.0"), (HASHICORP, ">= 2")]);
    bench.release(GITHUB, "1.0.0");
    bench.release(HASHICORP, "1.0.0");
    let ran = bench.run(&["init", "."]);
    assert!(ran.stdout.contains("Installed plugin github.com/acme/box v1.0.0"), "{ran:?}");
    let said = ran.failed();
    assert!(said.contains("`github.com/acme/none` cannot be installed"), "{said}");
    assert!(said.contains("/github/api/v3/repos/acme/packer-plugin-none/git/matching-refs/tags`"));
    assert!(said.contains("no version that meets `>= 2`; the newest is 1.0.0"), "{said}");
}

/// What a server does to a release, and what is said of it.
type Harm = fn(&Bench, &str);

#[test]
fn what_cannot_be_trusted_is_not_installed() {
    fn zip(folder: &str) -> String {
        format!("{folder}/packer-plugin-box_v1.1.0_x5.0_{}.zip", platform())
    }
    fn list() -> &'static str {
        "/github/api/v3/repos/acme/packer-plugin-box/git/matching-refs/tags"
    }
    fn sums_of(folder: &str) -> String {
        format!("{folder}/packer-plugin-box_v1.1.0_SHA256SUMS")
    }
    /// Another archive, with a checksum that fits.
    fn exchanged(bench: &Bench, folder: &str, zip_bytes: Vec<u8>) {
        let file = zip(folder);
        let name = file.rsplit('/').next().expect("a name");
        bench.server.put(sums_of(folder), Page::Body(sums(&[(name, &zip_bytes)])));
        bench.server.put(file.clone(), Page::Body(zip_bytes));
    }
    let table: [(&str, Harm, &str); 11] = [
        (
            "another archive",
            |bench, folder| {
                bench.server.put(zip(folder), Page::Body(archive("x", b"x")));
            },
            "is not the file that its checksum was made for",
        ),
        (
            "ten gigabytes of it",
            |bench, folder| bench.server.put(zip(folder), Page::Promise(10 << 30)),
            "is larger than 512 MiB",
        ),
        (
            "a page for people instead of a list",
            |bench, _| bench.server.put(list(), Page::Body(b"<html>Log in".to_vec())),
            "a web page came instead: does a proxy want a login?",
        ),
        (
            "a list without end",
            |bench, _| bench.server.put(list(), Page::Endless),
            "is larger than 16 MiB",
        ),
        (
            "a list as deep as it is long",
            |bench, _| bench.server.put(list(), Page::Body(vec![b'['; 100_000])),
            "is not what it should be",
        ),
        (
            "checksums that are none",
            |bench, folder| bench.server.put(sums_of(folder), Page::Body(b"<html>".to_vec())),
            "is no list of checksums",
        ),
        (
            "a way in circles",
            |bench, folder| bench.server.put(sums_of(folder), Page::Redirect(sums_of(folder))),
            "redirects more than 10 times",
        ),
        (
            "a way to files of this machine",
            |bench, folder| {
                bench.server.put(sums_of(folder), Page::Redirect("file:///etc/passwd".into()));
            },
            "redirects to something that is no web address",
        ),
        (
            "no",
            |bench, _| bench.server.put(list(), Page::Status(403, String::new())),
            "`127.0.0.1` refuses to answer (403 Forbidden)",
        ),
        (
            "an archive without the program",
            |bench, folder| exchanged(bench, folder, archive("packer-plugin-box", b"x")),
            "there is no `packer-plugin-box_v1.1.0_x5.0_",
        ),
        (
            "no archive",
            |bench, folder| exchanged(bench, folder, b"#!/bin/sh\n".to_vec()),
            "it is no sound zip archive",
        ),
    ];
    for (what, harm, wanted) in table {
        let bench = Bench::new(&[(GITHUB, ">= 1.0")]);
        bench.release(GITHUB, "1.0.0");
        let folder = bench.release(GITHUB, "1.1.0");
        harm(&bench, &folder);
        let said = bench.run(&["init", "."]).failed();
        assert!(said.contains(wanted), "{what}: {said}");
        // Not an older version either.
        assert_eq!(bench.installed(), [""; 0], "{what}");
    }
}

/// What may pass is waited for, and not for ever. These wait beside each other.
#[test]
fn what_does_not_pass_is_given_up() {
    type Answer = (Page, &'static str);
    let table: [Answer; 3] = [
        (Page::Promise(100_000), "cannot fetch `"),
        (Page::Status(500, String::new()), "is answered with 500 Internal Server Error"),
        (Page::Status(429, String::new()), "has been asked too often (429 Too Many Requests)"),
    ];
    std::thread::scope(|scope| {
        for (page, wanted) in table {
            scope.spawn(move || {
                let bench = Bench::new(&[(GITHUB, ">= 1.0")]);
                bench.release(GITHUB, "1.0.0");
                let folder = bench.release(GITHUB, "1.1.0");
                let file = format!("{folder}/packer-plugin-box_v1.1.0_x5.0_{}.zip", platform());
                bench.server.put(&*file, page);
                let said = bench.run(&["init", "."]).failed();
                assert!(said.contains(wanted), "{said}");
                assert_eq!(bench.installed(), [""; 0]);
                let asked = bench.server.asked();
                assert_eq!(asked.iter().filter(|head| head.contains(&file)).count(), 5);
            });
        }
    });
}

#[test]
fn what_passes_is_asked_for_again() {
    for status in [429, 500, 502, 503, 504] {
        let bench = Bench::new(&[(GITHUB, ">= 1.0")]);
        let folder = bench.release(GITHUB, "1.0.0");
        let file = format!("{folder}/packer-plugin-box_v1.0.0_x5.0_{}.zip", platform());
        let whole = bench.server.page(&file).expect("it is there");
        let busy = Page::Status(status, "Retry-After: 1\r\n".to_owned());
        bench.server.put(&*file, busy);
        let server = &bench.server;
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !server.asked().iter().any(|head| head.contains(&file)) {
                    std::thread::sleep(Duration::from_millis(20));
                }
                server.put(&*file, whole);
            });
            assert!(bench.run(&["init", "."]).ok().contains(" v1.0.0 in "), "{status}");
        });
    }
}

#[test]
fn what_is_said_of_a_release_is_checked_too() {
    let bench = Bench::new(&[(HASHICORP, ">= 1.0")]);
    let folder = bench.release(HASHICORP, "1.0.0");
    let manifest = format!("{folder}/packer-plugin-box_1.0.0_manifest.json");
    let changed = br#"{"version":1,"metadata":{"protocol_version":"5.00"}}"#;
    bench.server.put(manifest, Page::Body(changed.to_vec()));
    let said = bench.run(&["init", "."]).failed();
    assert!(
        said.contains("_manifest.json` is not the file that its checksum was made for"),
        "{said}"
    );
    assert_eq!(bench.installed(), [""; 0]);
}

#[test]
fn a_token_goes_to_the_api_that_it_is_for_and_nowhere_else() {
    const SECRET: &str = "ghp_verysecret";
    let mut bench = Bench::new(&[(GITHUB, "1.0.0")]);
    let folder = bench.release(GITHUB, "1.0.0");
    // The files are elsewhere, as GitHub's are.
    let elsewhere = ReleaseServer::start().expect("a port on loopback");
    let file = format!("{folder}/packer-plugin-box_v1.0.0_x5.0_{}.zip", platform());
    elsewhere.put("/store?signature=hidden", bench.server.page(&file).expect("it is there"));
    bench.server.put(file, Page::Redirect(format!("{}/store?signature=hidden", elsewhere.url())));
    let url = bench.server.url();
    let config = bench.folder.path().join(".config/cooper");
    fs::create_dir_all(&config).expect("a folder");
    let mirrors = format!(
        "mirror \"github.com/acme\" {{\n  github = \"{url}/github\"\n  token_variable = \"TOKEN\"\n}}\n"
    );
    fs::write(config.join("plugins.hcl"), mirrors).expect("it can be written");
    bench.mirrors = String::new();
    let mut command = bench.command(&["init", "."]);
    command.env("TOKEN", SECRET).env("COOPER_LOG", "trace");
    let ran = Ran::of(command.output().expect("it runs"));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(!ran.stderr.contains(SECRET) && !ran.stderr.contains("signature=hidden"), "{ran:?}");
    let header = format!("authorization: bearer {SECRET}");
    let asked = bench.server.asked();
    let with: Vec<&String> =
        asked.iter().filter(|head| head.to_lowercase().contains(&header)).collect();
    assert!(!with.is_empty() && with.iter().any(|head| head.contains("/api/v3/")), "{asked:?}");
    let asked = elsewhere.asked();
    assert_eq!(asked.len(), 1);
    assert!(!asked[0].contains(SECRET), "{asked:?}");
    // Told where a token would help, when there is none.
    bench.server.put(
        "/github/api/v3/repos/acme/packer-plugin-box/git/matching-refs/tags",
        Page::Status(403, "X-RateLimit-Remaining: 0\r\n".to_owned()),
    );
    let said = bench.run(&["init", "-force", "."]).failed();
    assert!(said.contains("help: a token in `TOKEN` lets you ask more"), "{said}");
}

#[test]
fn without_a_network_the_next_steps_are_told() {
    let mut bench = Bench::new(&[(GITHUB, "1.0.0")]);
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
    bench.mirrors = format!("*=github+http://{}", port.expect("a port"));
    let said = bench.run(&["init", "."]).failed();
    assert!(said.contains("127.0.0.1: cannot reach `127.0.0.1`: "), "{said}");
    assert!(said.contains("help: check the network and `HTTPS_PROXY`"), "{said}");
    bench.mirrors = "github.com=https://mirror.example".to_owned();
    let said = bench.run(&["init", "."]).failed();
    assert!(said.starts_with("error: `COOPER_PLUGIN_MIRRORS`: an entry is no mirror"), "{said}");
}

#[test]
fn proxies_of_the_environment_are_used() {
    let mut bench = Bench::new(&[(GITHUB, "1.0.0")]);
    bench.mirrors = "*=github+http://mirror.example/github".to_owned();
    let mut command = bench.command(&["init", "."]);
    command.env("HTTP_PROXY", bench.server.url()).env("http_proxy", bench.server.url());
    assert_eq!(command.output().expect("it runs").status.code(), Some(1));
    let asked = bench.server.asked();
    assert!(
        asked.first().is_some_and(|head| head.starts_with("GET http://mirror.example/")),
        "{asked:?}"
    );
}

/// Waits until something is being made in the folder of plugins.
fn wait_for_scratch(bench: &Bench) {
    let patience = Instant::now() + Duration::from_secs(20);
    while !bench.installed().iter().any(|name| name.starts_with(".cooper-install-")) {
        assert!(Instant::now() < patience, "nothing is fetched");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A release whose archive comes so slowly that it never ends.
fn slow(bench: &Bench) -> (String, Page) {
    let folder = bench.release(GITHUB, "1.0.0");
    let file = format!("{folder}/packer-plugin-box_v1.0.0_x5.0_{}.zip", platform());
    let whole = bench.server.page(&file).expect("it is there");
    bench.server.put(&*file, Page::Silence);
    (file, whole)
}

#[test]
fn after_a_kill_nothing_is_half_installed() {
    let bench = Bench::new(&[(GITHUB, "1.0.0")]);
    let (file, whole) = slow(&bench);
    let mut child = bench.command(&["init", "."]).spawn().expect("it runs");
    wait_for_scratch(&bench);
    child.kill().and_then(|()| child.wait()).expect("it can be killed");
    assert_eq!(bench.run(&["plugins", "installed"]).ok(), "");
    bench.server.put(file, whole);
    assert!(bench.run(&["init", "."]).ok().contains(" v1.0.0 in "));
    assert_eq!(bench.installed().len(), 2, "{:?}", bench.installed());
}

#[test]
fn an_interrupt_ends_it_and_leaves_nothing() {
    let bench = Bench::new(&[(GITHUB, "1.0.0")]);
    slow(&bench);
    let child = bench.command(&["init", "."]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.expect("it runs");
    wait_for_scratch(&bench);
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(killed.is_ok_and(|status| status.success()));
    let begun = Instant::now();
    let ran = Ran::of(child.wait_with_output().expect("it ends"));
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert!(ran.failed().contains("Cancelled"));
    assert_eq!(bench.installed(), [""; 0]);
}

#[test]
fn several_at_once_install_one() {
    let bench = Bench::new(&[(GITHUB, "1.0.0")]);
    bench.release(GITHUB, "1.0.0");
    let children: Vec<_> = (0..6)
        .map(|_| {
            let mut command = bench.command(&["init", "."]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs")
        })
        .collect();
    let said: String = children
        .into_iter()
        .map(|child| Ran::of(child.wait_with_output().expect("it ends")).ok())
        .collect();
    assert_eq!(said.matches("Installed plugin").count(), 1, "{said}");
    let fetched = bench.server.asked().iter().filter(|head| head.contains(".zip ")).count();
    assert_eq!(fetched, 1);
    assert_eq!(bench.installed().len(), 2);
}

/// Each command adds what it has found to what others have written meanwhile.
#[test]
fn commands_at_the_same_moment_lose_no_entry_of_the_lock_file() {
    const COUNT: usize = 8;
    let bench = Bench::new(&[]);
    let file = |index: usize| format!("t{index}.pkr.hcl");
    for index in 0..COUNT {
        let source = format!("github.com/acme{index}/box");
        bench.release(&source, "1.0.0");
        let template = format!(
            "packer {{\n required_plugins {{\n box = {{ source = \"{source}\", version = \"1.0.0\" \
             }}\n }}\n}}\n"
        );
        fs::write(bench.folder.path().join(file(index)), template).expect("it can be written");
    }
    let start = || {
        let children: Vec<_> = (0..COUNT)
            .map(|index| {
                let mut command = bench.command(&["init", &file(index)]);
                command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs")
            })
            .collect();
        for child in children {
            Ran::of(child.wait_with_output().expect("it ends")).ok();
        }
    };
    start();
    let lock = bench.folder.path().join(".cooper.lock.hcl");
    for round in 0..3 {
        let text = fs::read_to_string(&lock).expect("it was made");
        assert_eq!(text.matches("plugin \"").count(), COUNT, "round {round}: {text}");
        // Now that all is installed, nothing but the file is written.
        fs::remove_file(&lock).expect("it is there");
        start();
    }
}

/// The kit for Python makes a plugin of one file, as its users publish it.
#[test]
fn a_plugin_in_python_is_installed_from_a_release() {
    let slim = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/slim");
    let has_python = Command::new("python3").arg("--version").output();
    if !has_python.is_ok_and(|output| output.status.success()) {
        return;
    }
    let bench = Bench::new(&[]);
    for file in ["packer_plugin.py", "slim.py"] {
        fs::copy(slim.join(file), bench.folder.path().join(file)).expect("it is there");
    }
    let bundled = Command::new("python3")
        .args(["packer_plugin.py", "bundle", "slim.py"])
        .current_dir(bench.folder.path())
        .output();
    assert!(bundled.is_ok_and(|output| output.status.success()));
    let made = fs::read(bench.folder.path().join("packer-plugin-slim")).expect("it is made");
    bench.release_of("github.com/acme/slim", "0.1.0", "5.0", &made);
    let said = bench.run(&["plugins", "install", "github.com/acme/slim"]).ok();
    assert!(said.contains(" v0.1.0 in "), "{said}");
    let template = "source \"null\" \"a\" { communicator = \"none\" }\nbuild {\n  sources = \
                    [\"source.null.a\"]\n  provisioner \"slim\" {}\n}\n";
    fs::write(bench.folder.path().join("t.pkr.hcl"), template).expect("it can be written");
    assert_eq!(bench.run(&["validate", "."]).ok(), "The configuration is valid.\n");
}
