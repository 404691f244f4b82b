//! What goes wrong on the way to a machine.

use std::io;
use std::time::Duration;

use cooper_build::Failure;
use thiserror::Error;

use crate::arguments::shown;

/// What went wrong between here and the machine. None of it has a password.
#[derive(Debug, Error)]
pub(super) enum Trouble {
    #[error("no machine is called `{host}`")]
    UnknownHost { host: String, source: io::Error },
    #[error("`{address}` refuses connections")]
    Refused { address: String },
    #[error("`{address}` cannot be reached")]
    Unreachable { address: String, source: io::Error },
    #[error("`{address}` has not answered within {}", shown(*limit))]
    Silent { address: String, limit: Duration },
    #[error("the proxy `{address}` does not lead there: {reason}")]
    Proxy { address: String, reason: String },
    #[error("`{address}` and Cooper do not come to speak ssh")]
    Handshake { address: String, source: Box<russh::Error> },
    #[error("`{address}` does not let `{user}` in with {with}{}", instead(.accepted))]
    Denied { address: String, user: String, with: &'static str, accepted: Vec<String> },
    #[error("there is no ssh agent: `SSH_AUTH_SOCK` is not set")]
    NoAgent,
    #[error("the ssh agent at `SSH_AUTH_SOCK` does not help")]
    Agent { source: Box<russh::keys::Error> },
    #[error("the bastion `{bastion}` does not lead to `{address}`")]
    Bastion { bastion: String, address: String, source: Box<russh::Error> },
    #[error("a tunnel cannot begin at port {port} {}", if *.here { "here" } else { "of the machine" })]
    Tunnel { port: u16, here: bool, source: io::Error },
    #[error("`{address}` does not run commands")]
    NoCommands { address: String },
    /// Nothing was begun, or what may be done once more.
    #[error("the connection to `{address}` is lost")]
    Lost { address: String },
    #[error("the connection to `{address}` is lost, in the middle of a command")]
    Cut { address: String },
    #[error("the login shell of `{address}` does not run commands: {said}")]
    Shell { address: String, said: String },
}

/// What a server would rather have.
fn instead(accepted: &[String]) -> String {
    match accepted {
        [] => String::new(),
        accepted => format!("; it would take {}", accepted.join(", ")),
    }
}

impl Trouble {
    /// Whether a server answered, and said no.
    pub(super) const fn is_refusal(&self) -> bool {
        matches!(self, Self::Handshake { .. } | Self::Denied { .. })
    }

    /// Whether trying again is of no use.
    pub(super) const fn is_final(&self) -> bool {
        matches!(self, Self::NoAgent | Self::Tunnel { here: true, .. })
    }

    /// What a person can do about it.
    fn help(&self) -> &'static str {
        match self {
            Self::UnknownHost { .. } => "check `ssh_host`",
            Self::Refused { .. } => {
                "does an ssh server run there? Check `ssh_host` and `ssh_port`; \
                 `ssh_timeout` gives a machine more time to start"
            }
            Self::Unreachable { .. } | Self::Silent { .. } => {
                "check `ssh_host` and `ssh_port`, and whether a firewall is in between; \
                 `ssh_timeout` gives a machine more time to start"
            }
            Self::Proxy { .. } => "check the `ssh_proxy_…` arguments",
            Self::Handshake { .. } => {
                "does an ssh server listen at this port? `ssh_ciphers` and \
                 `ssh_key_exchange_algorithms` allow old algorithms"
            }
            Self::Denied { .. } => {
                "check the name, and the password or key; `ssh -v` with the same ones shows more"
            }
            Self::NoAgent | Self::Agent { .. } => {
                "start one with `eval \"$(ssh-agent)\"` and load a key with `ssh-add`; \
                 `ssh-add -l` shows what it has"
            }
            Self::Bastion { .. } => "check `ssh_host`, as the bastion knows it, and `ssh_port`",
            Self::Tunnel { .. } => "take another port, or find out who has this one",
            Self::NoCommands { .. } => "the user needs a shell there: check `ssh_username`",
            Self::Lost { .. } | Self::Cut { .. } => {
                "`expect_disconnect = true` of a `shell` provisioner is for scripts that restart the \
                 machine"
            }
            Self::Shell { .. } => {
                "the user needs a shell like `/bin/sh`, which prints nothing itself"
            }
        }
    }

    /// As a failure of a step.
    pub(super) fn failure(&self, doing: impl Into<String>) -> Failure {
        let failure = Failure::because(doing, self).help(self.help());
        match self {
            Self::Lost { .. } => failure.away(),
            Self::Cut { .. } => failure.cut(),
            _ => failure,
        }
    }
}
