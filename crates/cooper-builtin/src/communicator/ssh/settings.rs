//! How a machine is reached by ssh: what a template says, checked.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cooper_build::Config;
use cooper_build::component::ConfigSchema;
use cooper_hcl::schema::ArgumentSchema;
use cooper_hcl::{Code, Reported, plainly};
use russh::keys::{Certificate, PrivateKey};
use russh::{Preferred, cipher, kex};

use super::arguments::{Arguments, KeepAlive};
use super::tunnel::Tunnel;
use crate::arguments::{GoDuration, no_effect, refuse, refuse_element};

/// How long a machine may take until one can log in.
const PATIENCE: Duration = Duration::from_secs(300);

/// How often a server that answers may refuse.
const ATTEMPTS: u32 = 10;

/// How often a silent machine is asked whether it is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(5);

/// A file of a key is smaller.
const LARGEST_KEY: usize = 64 * 1024;

/// How a machine is reached by ssh.
pub(crate) struct SshSettings {
    /// The machine; nothing when its source knows it.
    pub(super) host: Option<String>,
    pub(super) port: u16,
    pub(super) login: Login,
    pub(super) route: Route,
    /// How long to wait until one can log in.
    pub(super) patience: Duration,
    /// How often a server that answers may refuse; nothing means as long as there is patience.
    pub(super) attempts: Option<u32>,
    pub(super) terminal: bool,
    pub(super) keep_alive: Option<Duration>,
    /// How long the connection may be silent.
    pub(super) silence: Option<Duration>,
    pub(super) algorithms: Preferred,
    /// The agent that programs in the machine may use.
    pub(super) forwarded_agent: Option<PathBuf>,
    pub(super) local_tunnels: Vec<Tunnel>,
    pub(super) remote_tunnels: Vec<Tunnel>,
    /// How long to wait between a first and a second login.
    pub(super) pause: Duration,
    /// The file of the key, as it was written.
    pub(super) private_key_file: Option<String>,
}

/// Who logs in, and how that is proved.
pub(super) struct Login {
    pub(super) user: String,
    pub(super) proof: Proof,
}

/// What shows a server who we are.
pub(super) enum Proof {
    /// A password, also as the answer to every question.
    Password(String),
    /// A key, and what somebody else says of it.
    Key(Arc<PrivateKey>, Option<Box<Certificate>>),
    /// The keys of an agent, at this socket; there may be no agent.
    Agent(Option<PathBuf>),
}

/// What the way to the machine goes through.
pub(super) enum Route {
    /// Nothing.
    Direct,
    /// Another machine, by ssh.
    Bastion { host: String, port: u16, login: Login },
    /// A SOCKS5 proxy.
    Proxy { host: String, port: u16, user: Option<(String, String)> },
}

/// Whether the source knows the machine's address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Host {
    /// The template has to say it.
    Required,
    /// The source finds it out, unless the template says it.
    Found,
}

/// The arguments for ssh.
pub(crate) fn schema() -> Vec<ArgumentSchema> {
    Arguments::schema().arguments
}

impl SshSettings {
    /// Reads the arguments and the files they name, and keeps passwords and keys from being shown.
    /// Records every mistake.
    pub(crate) fn prepare(
        config: &Config<'_>,
        host: Host,
        pause: Duration,
    ) -> Result<Self, Reported> {
        config.make(|config, arguments| Self::of(config, &arguments, host, pause))
    }

    fn of(
        config: &Config<'_>,
        arguments: &Arguments,
        host: Host,
        pause: Duration,
    ) -> Result<Self, Reported> {
        warn(config, arguments);
        let reader = Reader { config };
        let machine = reader.machine(arguments, host);
        let login = reader.login(arguments);
        let route = reader.route(arguments);
        let port = reader.port("ssh_port", arguments.ssh_port, 22);
        let attempts = reader.attempts(arguments);
        let ciphers = reader.names("ssh_ciphers", &arguments.ssh_ciphers, cipher::ALL_CIPHERS);
        let exchanges = reader.names(
            "ssh_key_exchange_algorithms",
            &arguments.ssh_key_exchange_algorithms,
            kex::ALL_KEX_ALGORITHMS,
        );
        let transfer = reader.transfer(arguments.ssh_file_transfer_method.as_deref());
        let local = reader.tunnels("ssh_local_tunnels", &arguments.ssh_local_tunnels);
        let remote = reader.tunnels("ssh_remote_tunnels", &arguments.ssh_remote_tunnels);

        let forwarded_agent = match arguments.ssh_disable_agent_forwarding {
            Some(false) => reader.agent(),
            Some(true) | None => None,
        };
        transfer?;
        let given = |time: Option<GoDuration>| time.map(|GoDuration(time)| time);
        let set = |time: Option<GoDuration>| given(time).filter(|time| !time.is_zero());
        Ok(Self {
            host: machine?,
            port: port?,
            login: login?,
            route: route?,
            patience: set(arguments.ssh_timeout)
                .or(set(arguments.ssh_wait_timeout))
                .unwrap_or(PATIENCE),
            attempts: attempts?,
            terminal: arguments.ssh_pty,
            keep_alive: match arguments.ssh_keep_alive_interval {
                None | Some(KeepAlive(Some(Duration::ZERO))) => Some(KEEP_ALIVE),
                Some(KeepAlive(interval)) => interval,
            },
            silence: set(arguments.ssh_read_write_timeout),
            algorithms: algorithms(ciphers?, exchanges?),
            forwarded_agent,
            local_tunnels: local?,
            remote_tunnels: remote?,
            pause,
            private_key_file: text(&arguments.ssh_private_key_file).map(str::to_owned),
        })
    }
}

/// Tells which arguments change nothing.
fn warn(config: &Config<'_>, arguments: &Arguments) {
    let no_key = "no source of Cooper makes a machine with a temporary key";
    let inside = "it is for use inside Packer";
    let shell = "files go through the machine's shell, which needs neither scp nor sftp";
    let given = |text: &Option<String>| text.is_some();
    for (given, argument, why) in [
        (given(&arguments.ssh_file_transfer_method), "ssh_file_transfer_method", shell),
        (given(&arguments.ssh_keypair_name), "ssh_keypair_name", no_key),
        (arguments.ssh_clear_authorized_keys, "ssh_clear_authorized_keys", no_key),
        (given(&arguments.ssh_public_key), "ssh_public_key", inside),
        (given(&arguments.ssh_private_key), "ssh_private_key", inside),
        (given(&arguments.temporary_key_pair_name), "temporary_key_pair_name", no_key),
        (given(&arguments.temporary_key_pair_type), "temporary_key_pair_type", no_key),
        (arguments.temporary_key_pair_bits.is_some(), "temporary_key_pair_bits", no_key),
    ] {
        if given {
            no_effect(config, argument, why);
        }
    }
}

/// The algorithms that may be used, the library's own choice where nothing is said.
fn algorithms(ciphers: Vec<cipher::Name>, exchanges: Vec<kex::Name>) -> Preferred {
    let mut preferred = Preferred::DEFAULT;
    if !ciphers.is_empty() {
        preferred.cipher = Cow::Owned(ciphers);
    }
    if !exchanges.is_empty() {
        // These are no algorithms: they say that both sides guard against an attack.
        let strict =
            [kex::EXTENSION_SUPPORT_AS_CLIENT, kex::EXTENSION_OPENSSH_STRICT_KEX_AS_CLIENT];
        preferred.kex = Cow::Owned(exchanges.into_iter().chain(strict).collect());
    }
    preferred
}

/// The names of the arguments of one login.
struct Names {
    user: &'static str,
    password: &'static str,
    key: &'static str,
    certificate: &'static str,
    agent: &'static str,
    /// What proves who logs in, one way or another.
    proofs: &'static [&'static str],
}

const MACHINE: Names = Names {
    user: "ssh_username",
    password: "ssh_password",
    key: "ssh_private_key_file",
    certificate: "ssh_certificate_file",
    agent: "ssh_agent_auth",
    proofs: &["ssh_agent_auth", "ssh_password", "ssh_private_key_file"],
};

const BASTION: Names = Names {
    user: "ssh_bastion_username",
    password: "ssh_bastion_password",
    key: "ssh_bastion_private_key_file",
    certificate: "ssh_bastion_certificate_file",
    agent: "ssh_bastion_agent_auth",
    proofs: &[
        "ssh_bastion_agent_auth",
        "ssh_bastion_password",
        "ssh_bastion_private_key_file",
        "ssh_bastion_interactive",
        // Taken for the bastion where there is none of its own.
        "ssh_private_key_file",
    ],
};

/// Reads arguments, and says what is wrong with them.
struct Reader<'a> {
    config: &'a Config<'a>,
}

/// A text that says something.
fn text(given: &Option<String>) -> Option<&str> {
    given.as_deref().filter(|text| !text.is_empty())
}

impl Reader<'_> {
    fn machine(&self, arguments: &Arguments, host: Host) -> Result<Option<String>, Reported> {
        match (text(&arguments.ssh_host), host) {
            (Some(host), _) => Ok(Some(host.to_owned())),
            (None, Host::Found) => Ok(None),
            (None, Host::Required) => Err(self.missing(
                "ssh_host",
                &["ssh_host"],
                "there is no machine to reach: `ssh_host` is required",
                "add `ssh_host = \"NAME\"`, or say `communicator = \"none\"` for a build without a \
                 machine",
            )),
        }
    }

    fn login(&self, arguments: &Arguments) -> Result<Login, Reported> {
        let user = match text(&arguments.ssh_username) {
            Some(user) => Ok(user.to_owned()),
            None => Err(self.missing(
                "ssh_username",
                &["ssh_username"],
                "nobody to log in as: `ssh_username` is required",
                "add `ssh_username = \"root\"`, or who else may log in to the machine",
            )),
        };
        let proof = self.proof(
            &MACHINE,
            text(&arguments.ssh_password),
            text(&arguments.ssh_private_key_file),
            text(&arguments.ssh_certificate_file),
            arguments.ssh_agent_auth,
        );
        Ok(Login { user: user?, proof: proof? })
    }

    fn route(&self, arguments: &Arguments) -> Result<Route, Reported> {
        match (text(&arguments.ssh_bastion_host), text(&arguments.ssh_proxy_host)) {
            (None, None) => Ok(Route::Direct),
            // A proxy that turns up later is in the way of the bastion, whatever is wrong with that.
            (Some(host), None) => Reader { config: &self.config.looking_at(&["ssh_proxy_host"]) }
                .bastion(host, arguments),
            (None, Some(host)) => {
                if let Some(password) = text(&arguments.ssh_proxy_password) {
                    self.config.secrets.add(password);
                }
                let port = self.port("ssh_proxy_port", arguments.ssh_proxy_port, 1080)?;
                let user = text(&arguments.ssh_proxy_username).map(|user| {
                    let password = arguments.ssh_proxy_password.clone().unwrap_or_default();
                    (user.to_owned(), password)
                });
                Ok(Route::Proxy { host: host.to_owned(), port, user })
            }
            (Some(_), Some(_)) => Err(refuse(
                &self.config.looking_at(&["ssh_bastion_host"]),
                Code::ConflictingArguments,
                "ssh_proxy_host",
                "the way goes through `ssh_bastion_host` or `ssh_proxy_host`, and not both",
                "remove one of them",
            )),
        }
    }

    fn bastion(&self, host: &str, arguments: &Arguments) -> Result<Route, Reported> {
        let port = self.port("ssh_bastion_port", arguments.ssh_bastion_port, 22);
        // As with Packer, the machine's own key is taken where there is none for the bastion.
        let (key, certificate) = match text(&arguments.ssh_bastion_private_key_file) {
            None if text(&arguments.ssh_bastion_password).is_none()
                && !arguments.ssh_bastion_agent_auth =>
            {
                (&arguments.ssh_private_key_file, &arguments.ssh_certificate_file)
            }
            _ => (&arguments.ssh_bastion_private_key_file, &arguments.ssh_bastion_certificate_file),
        };
        let password = text(&arguments.ssh_bastion_password);
        let (key, agent) = (text(key), arguments.ssh_bastion_agent_auth);
        // What else is wrong is told as well, but who wants to be asked lacks no other proof.
        let asked = arguments.ssh_bastion_interactive.then(|| {
            refuse(
                self.config,
                Code::InvalidValue,
                "ssh_bastion_interactive",
                "nobody is asked for the bastion's password",
                "give it as `ssh_bastion_password`, which also answers servers that ask",
            )
        });
        let proof = match asked {
            Some(refused) if password.is_none() && key.is_none() && !agent => Err(refused),
            Some(refused) => {
                self.proof(&BASTION, password, key, text(certificate), agent).and(Err(refused))
            }
            None => self.proof(&BASTION, password, key, text(certificate), agent),
        };
        let user = match text(&arguments.ssh_bastion_username) {
            Some(user) => Ok(user.to_owned()),
            None => Err(self.missing(
                "ssh_bastion_host",
                &["ssh_bastion_username"],
                "nobody to log in to the bastion as: `ssh_bastion_username` is required",
                "add `ssh_bastion_username`",
            )),
        };
        let login = Login { user: user?, proof: proof? };
        Ok(Route::Bastion { host: host.to_owned(), port: port?, login })
    }

    /// Exactly one of the three ways to log in.
    fn proof(
        &self,
        names: &Names,
        password: Option<&str>,
        key: Option<&str>,
        certificate: Option<&str>,
        agent: bool,
    ) -> Result<Proof, Reported> {
        if let Some(password) = password {
            self.config.secrets.add(password);
        }
        let all = [names.agent, names.password, names.key];
        let given: Vec<&str> = [agent, password.is_some(), key.is_some()]
            .into_iter()
            .zip(all)
            .filter_map(|(given, name)| given.then_some(name))
            .collect();
        let mut sound = Ok(());
        if let [first, second, ..] = given.as_slice() {
            sound = Err(refuse(
                &self.config.looking_at(&all),
                Code::ConflictingArguments,
                second,
                format!("there is one way to log in: `{first}` or `{second}`, and not both"),
                "keep the one that the machine knows",
            ));
        }
        if certificate.is_some() && key.is_none() {
            sound = Err(refuse(
                &self.config.looking_at(&[names.key]),
                Code::MissingArgument,
                names.certificate,
                format!("a certificate is about a key: `{}` is required", names.key),
                "name the file of the key that the certificate was made for",
            ));
        }
        let key = key.map(|path| self.key(names.key, path)).transpose();
        let certificate =
            certificate.map(|path| self.certificate(names.certificate, path)).transpose();
        sound?;
        match (password, key?) {
            (Some(password), _) => Ok(Proof::Password(password.to_owned())),
            (None, Some(key)) => Ok(Proof::Key(Arc::new(key), certificate?.map(Box::new))),
            (None, None) if agent => Ok(Proof::Agent(self.agent())),
            (None, None) => Err(self.missing(
                names.user,
                names.proofs,
                "there is no way to log in: a password, a key or an agent is required",
                &format!("add `{}`, `{}`, or `{} = true`", names.password, names.key, names.agent),
            )),
        }
    }

    fn key(&self, argument: &str, path: &str) -> Result<PrivateKey, Reported> {
        let text = self.file(argument, path)?;
        let bad = |why: &str, help: &str| {
            let message = format!("`{path}` cannot be used as a key: {why}");
            refuse(self.config, Code::InvalidValue, argument, message, help)
        };
        // What is no key is no secret either: it may be any text.
        if text.contains("PRIVATE KEY") {
            let body: Vec<&str> = text.lines().filter(|line| !line.starts_with("-----")).collect();
            self.config.secrets.add(&body.join("\n"));
        }
        match russh::keys::decode_secret_key(&text, None) {
            Ok(key) if !key.is_encrypted() => Ok(key),
            Ok(_) | Err(russh::keys::Error::KeyIsEncrypted) => Err(bad(
                "it has a passphrase",
                "load it into an agent with `ssh-add` and say `ssh_agent_auth = true`",
            )),
            Err(_) if text.contains("ENCRYPTED") => Err(bad(
                "it has a passphrase",
                "load it into an agent with `ssh-add` and say `ssh_agent_auth = true`",
            )),
            Err(_) if text.trim_start().starts_with("ssh-") => Err(bad(
                "it is the public half",
                "the private half is in the file of the same name without `.pub`",
            )),
            Err(_) => Err(bad(
                "it is no private key of OpenSSH or in PEM",
                "`ssh-keygen -t ed25519` makes one",
            )),
        }
    }

    fn certificate(&self, argument: &str, path: &str) -> Result<Certificate, Reported> {
        let text = self.file(argument, path)?;
        Certificate::from_openssh(text.trim()).map_err(|_| {
            refuse(
                self.config,
                Code::InvalidValue,
                argument,
                format!("`{path}` is no OpenSSH certificate"),
                "`ssh-keygen -s CA -I NAME -n USER KEY.pub` makes `KEY-cert.pub`",
            )
        })
    }

    /// What a file of a key says.
    fn file(&self, argument: &str, path: &str) -> Result<String, Reported> {
        let expanded = match (path.strip_prefix("~/"), self.config.system.home_dir()) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => PathBuf::from(path),
        };
        let refuse = |why: String| {
            let here = self.config.system.current_dir();
            let help = format!("relative paths count from `{}`", here.display());
            let message = format!("`{path}` cannot be read: {why}");
            refuse(self.config, Code::UnreadableFile, argument, message, &help)
        };
        let bytes = self.read(&expanded).map_err(refuse)?;
        String::from_utf8(bytes).map_err(|_| refuse("it is no text".to_owned()))
    }

    fn read(&self, path: &Path) -> Result<Vec<u8>, String> {
        // A device has no end.
        match self.config.system.kind(path) {
            Ok(cooper_hcl::FileKind::File) => {}
            Ok(_) => return Err("it is no file".to_owned()),
            Err(error) => return Err(plainly(&error)),
        }
        let bytes = self.config.system.read(path).map_err(|error| plainly(&error))?;
        if bytes.len() > LARGEST_KEY {
            return Err("it is too large for a key".to_owned());
        }
        Ok(bytes)
    }

    fn agent(&self) -> Option<PathBuf> {
        let socket = self.config.system.env("SSH_AUTH_SOCK");
        socket.filter(|socket| !socket.is_empty()).map(PathBuf::from)
    }

    fn port(&self, argument: &str, given: Option<i64>, natural: u16) -> Result<u16, Reported> {
        match given {
            None | Some(0) => Ok(natural),
            Some(port) => u16::try_from(port).map_err(|_| {
                let message = format!("`{port}` is no port");
                let help = "ports go from 1 to 65535";
                refuse(self.config, Code::InvalidValue, argument, message, help)
            }),
        }
    }

    fn attempts(&self, arguments: &Arguments) -> Result<Option<u32>, Reported> {
        match arguments.ssh_handshake_attempts {
            Some(attempts) if attempts != 0 => match u32::try_from(attempts) {
                Ok(attempts) => Ok(Some(attempts)),
                Err(_) => Err(refuse(
                    self.config,
                    Code::InvalidValue,
                    "ssh_handshake_attempts",
                    format!("`{attempts}` is no number of attempts"),
                    "leave it out for 10",
                )),
            },
            // As with Packer: who gives a time means the time.
            _ if arguments.ssh_timeout.is_some() || arguments.ssh_wait_timeout.is_some() => {
                Ok(None)
            }
            _ => Ok(Some(ATTEMPTS)),
        }
    }

    /// Whether files are to go a way that Packer knows, too; Cooper has its own.
    fn transfer(&self, method: Option<&str>) -> Result<(), Reported> {
        const METHODS: [&str; 2] = ["scp", "sftp"];
        let Some(method) = method.filter(|text| !text.is_empty() && !METHODS.contains(text)) else {
            return Ok(());
        };
        let message = format!("there is no file transfer method `{method}`");
        let help = cooper_hcl::did_you_mean(method, METHODS)
            .unwrap_or_else(|| format!("the methods are `{}` and `{}`", METHODS[0], METHODS[1]));
        let argument = "ssh_file_transfer_method";
        Err(refuse(self.config, Code::InvalidValue, argument, message, &help))
    }

    /// The algorithms with these names.
    fn names<N: AsRef<str> + Copy>(
        &self,
        argument: &str,
        given: &[String],
        known: &[&N],
    ) -> Result<Vec<N>, Reported> {
        let mut found = Vec::new();
        let mut refused = None;
        for (index, name) in given.iter().enumerate() {
            // The last two are no algorithms, but say something between the two sides.
            let usable = |known: &str| {
                !matches!(known, "none" | "clear")
                    && !known.starts_with("ext-info-")
                    && !known.starts_with("kex-strict-")
            };
            let names = || known.iter().map(|name| name.as_ref()).filter(|name| usable(name));
            match known.iter().find(|known| known.as_ref() == name && usable(name)) {
                Some(known) => found.push(**known),
                None => {
                    let message = format!("Cooper has no algorithm `{name}`");
                    let help = cooper_hcl::did_you_mean(name, names()).unwrap_or_else(|| {
                        format!("it has {}", names().collect::<Vec<_>>().join(", "))
                    });
                    let place = (argument, index);
                    let code = Code::InvalidValue;
                    refused = Some(refuse_element(self.config, code, place, message, &help));
                }
            }
        }
        refused.map_or(Ok(found), Err)
    }

    fn tunnels(&self, argument: &str, given: &[String]) -> Result<Vec<Tunnel>, Reported> {
        let mut tunnels = Vec::new();
        let mut refused = None;
        for (index, text) in given.iter().enumerate() {
            match Tunnel::parse(text) {
                Some(tunnel) => tunnels.push(tunnel),
                None => {
                    let message = format!("`{text}` is no tunnel");
                    let help = "write PORT:HOST:PORT, as in `8080:localhost:80`";
                    let place = (argument, index);
                    let code = Code::InvalidValue;
                    refused = Some(refuse_element(self.config, code, place, message, help));
                }
            }
        }
        refused.map_or(Ok(tunnels), Err)
    }

    fn missing(&self, at: &str, looking_at: &[&str], message: &str, help: &str) -> Reported {
        let config = self.config.looking_at(looking_at);
        refuse(&config, Code::MissingArgument, at, message, help)
    }
}
