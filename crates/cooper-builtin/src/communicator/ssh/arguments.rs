//! The arguments for ssh, as a template writes them.

use std::time::Duration;

use cooper_build::component::ArgumentType;
use cooper_build::component_config;
use cooper_hcl::{Type, Value, duration};

use crate::arguments::GoDuration;

component_config! {
    /// How a machine is reached by ssh.
    pub(super) struct Arguments {
        /// The machine's name or address.
        ssh_host: Option<String>,
        /// The port of the machine's ssh server; 22 when absent.
        ssh_port: Option<i64>,
        /// Who logs in.
        ssh_username: Option<String>,
        /// The password of who logs in. It is also the answer to every question of a server that asks
        /// (keyboard-interactive).
        ssh_password: Option<String>,
        /// The file of a private key to log in with; `~/` is the home folder. Keys with a passphrase
        /// belong into an agent.
        ssh_private_key_file: Option<String>,
        /// The file of an OpenSSH certificate that belongs to `ssh_private_key_file`.
        ssh_certificate_file: Option<String>,
        /// Whether the keys of the agent at `SSH_AUTH_SOCK` are used to log in.
        ssh_agent_auth: bool,
        /// `false` lets programs in the machine use the agent at `SSH_AUTH_SOCK` while a command runs.
        /// Unlike with Packer they may not when it is absent, because Cooper cannot know whether the
        /// machine is who it says.
        ssh_disable_agent_forwarding: Option<bool>,
        /// Whether commands get a terminal.
        ssh_pty: bool,
        /// How long the machine may take until one can log in: `5m` when absent.
        ssh_timeout: Option<GoDuration>,
        /// The same as `ssh_timeout`, by its old name.
        ssh_wait_timeout: Option<GoDuration>,
        /// How often an ssh server that answers may refuse before that is final: 10 times when absent, and
        /// any number of times when only `ssh_timeout` is given.
        ssh_handshake_attempts: Option<i64>,
        /// How often a silent machine is asked whether it is still there: `5s` when absent; a negative
        /// time means never. One that answers nothing for a minute is lost.
        ssh_keep_alive_interval: Option<KeepAlive>,
        /// How long the connection may be silent before it is lost; for ever when absent.
        ssh_read_write_timeout: Option<GoDuration>,
        /// The ciphers that may be used, the best first.
        ssh_ciphers: Vec<String>,
        /// The ways to agree on a key that may be used, the best first.
        ssh_key_exchange_algorithms: Vec<String>,
        /// Ports of the machine that lead to an address that is reached from here, while the build runs:
        /// `["8080:localhost:80"]`.
        ssh_remote_tunnels: Vec<String>,
        /// Ports here that lead to an address that is reached from the machine, while the build runs:
        /// `["8080:localhost:80"]`.
        ssh_local_tunnels: Vec<String>,
        /// A machine that the way to `ssh_host` goes through, by ssh.
        ssh_bastion_host: Option<String>,
        /// The port of the bastion's ssh server; 22 when absent.
        ssh_bastion_port: Option<i64>,
        /// Who logs in to the bastion.
        ssh_bastion_username: Option<String>,
        /// The password at the bastion.
        ssh_bastion_password: Option<String>,
        /// The file of a private key for the bastion; `ssh_private_key_file` when absent.
        ssh_bastion_private_key_file: Option<String>,
        /// The file of a certificate that belongs to `ssh_bastion_private_key_file`.
        ssh_bastion_certificate_file: Option<String>,
        /// Whether the keys of the agent are used to log in to the bastion.
        ssh_bastion_agent_auth: bool,
        /// Must not be true: nobody is asked for a password. Give `ssh_bastion_password`, which also
        /// answers servers that ask.
        ssh_bastion_interactive: bool,
        /// A SOCKS5 proxy that the way to `ssh_host` goes through.
        ssh_proxy_host: Option<String>,
        /// The proxy's port; 1080 when absent.
        ssh_proxy_port: Option<i64>,
        /// Who uses the proxy, if it wants to know.
        ssh_proxy_username: Option<String>,
        /// The password for the proxy.
        ssh_proxy_password: Option<String>,
        /// `scp` or `sftp`. Without effect: files go through the machine's shell, which needs neither.
        ssh_file_transfer_method: Option<String>,
        /// Without effect, because no source of Cooper makes a machine with a temporary key; a warning says so:
        ssh_keypair_name: Option<String>,
        /// Without effect, because no source of Cooper makes a machine with a temporary key; a warning says so:
        ssh_clear_authorized_keys: bool,
        /// Without effect: for use inside Packer.
        ssh_public_key: Option<String>,
        /// Without effect: for use inside Packer.
        ssh_private_key: Option<String>,
        /// Without effect, because no source of Cooper makes a machine with a temporary key; a warning says so:
        temporary_key_pair_name: Option<String>,
        /// Without effect, because no source of Cooper makes a machine with a temporary key; a warning says so:
        temporary_key_pair_type: Option<String>,
        /// Without effect, because no source of Cooper makes a machine with a temporary key; a warning says so:
        temporary_key_pair_bits: Option<i64>,
    }
}

/// How often a silent machine is asked; nothing when it never is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct KeepAlive(pub(super) Option<Duration>);

impl ArgumentType for KeepAlive {
    fn ty() -> Type {
        Type::String
    }

    fn read(value: &Value) -> Result<Self, String> {
        let text = value.as_str().ok_or_else(|| "a string is required".to_owned())?;
        let nanoseconds = duration::parse(text).map_err(|error| error.to_string())?;
        // Packer reads nothing at all as its default, which the caller has too.
        let time = u64::try_from(nanoseconds).ok().map(Duration::from_nanos);
        Ok(Self(time))
    }
}
