//! The arguments that choose and configure a communicator.
//!
//! Cooper has no WinRM communicator. Its arguments are known all the same, so that a template that
//! needs them is told so rather than that its arguments do not exist.

use std::sync::Arc;

use cooper_build::Config;
use cooper_build::component::ConfigSchema;
use cooper_build::component_config;
use cooper_hcl::schema::{ArgumentSchema, Choices};
use cooper_hcl::{Code, Reported};

use super::ssh::{self, Host, SshSettings};
use crate::arguments::{GoDuration, no_effect, refuse};

component_config! {
    /// How a machine is reached.
    struct Arguments {
        /// How the machine is reached: `docker`, by the engine that runs the container, `ssh`, or
        /// `none`. When absent, the `docker` source takes `docker`, and the `null` source `ssh`.
        communicator: Option<String>,
        /// How long to wait after a first login by ssh, before the one that is used.
        pause_before_connecting: Option<GoDuration>,
        /// Without effect, because Cooper has no WinRM communicator; a warning says so:
        winrm_username: Option<String>,
        /// Without effect, because Cooper has no WinRM communicator; a warning says so:
        winrm_password: Option<String>,
        /// Without effect, because Cooper has no WinRM communicator; a warning says so:
        winrm_host: Option<String>,
        /// Without effect, because Cooper has no WinRM communicator; a warning says so:
        winrm_no_proxy: bool,
        /// Without effect, because Cooper has no WinRM communicator; a warning says so:
        winrm_port: Option<i64>,
        /// Without effect, because Cooper has no WinRM communicator; a warning says so:
        winrm_timeout: Option<String>,
        /// Without effect, because Cooper has no WinRM communicator; a warning says so:
        winrm_use_ssl: bool,
        /// Without effect, because Cooper has no WinRM communicator; a warning says so:
        winrm_insecure: bool,
        /// Without effect, because Cooper has no WinRM communicator; a warning says so:
        winrm_use_ntlm: bool,
    }
}

/// How a machine is reached.
#[derive(Clone)]
pub(crate) enum Choice {
    /// By the engine that runs the container.
    Docker,
    /// By ssh.
    Ssh(Arc<SshSettings>),
    /// Not at all.
    None,
}

/// What kind of machine a source has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Machine {
    /// A container, which its engine reaches.
    Container,
    /// One that is there already, if any.
    Existing,
}

impl Machine {
    /// The communicators that reach it. What Packer has besides is refused with words of its own.
    const fn choices(self) -> Choices {
        let words: &[_] = match self {
            Self::Container => &["docker", "ssh", "none"],
            Self::Existing => &["ssh", "none"],
        };
        Choices { noun: "communicator", words, is_complete: true }
    }
}

/// Packer's arguments for communicators, to be added to those of a source.
pub(crate) fn schema(machine: Machine) -> impl Iterator<Item = ArgumentSchema> {
    let arguments = Arguments::schema().arguments.into_iter().chain(ssh::schema());
    arguments.map(move |argument| match &*argument.name {
        "communicator" => ArgumentSchema { choices: Some(machine.choices()), ..argument },
        _ => argument,
    })
}

/// Reads the choice of a communicator, and how it is configured, from rendered arguments. Records
/// every mistake.
pub(crate) fn choose(config: &Config<'_>, machine: Machine) -> Result<Choice, Reported> {
    config.make(|config, arguments| chosen(config, &arguments, machine))
}

fn chosen(
    config: &Config<'_>,
    arguments: &Arguments,
    machine: Machine,
) -> Result<Choice, Reported> {
    let given = arguments.communicator.as_deref().filter(|name| !name.is_empty());
    let natural = match machine {
        Machine::Container => "docker",
        Machine::Existing => "ssh",
    };
    let choice = match (given.unwrap_or(natural), machine) {
        ("docker", Machine::Container) => Choice::Docker,
        ("none", _) => Choice::None,
        ("ssh", machine) => {
            let host = match machine {
                Machine::Container => Host::Found,
                Machine::Existing => Host::Required,
            };
            let pause = arguments.pause_before_connecting.map(|GoDuration(pause)| pause);
            let config = config.looking_at(&["communicator"]);
            let settings = SshSettings::prepare(&config, host, pause.unwrap_or_default())?;
            Choice::Ssh(Arc::new(settings))
        }
        (name @ ("winrm" | "dockerWindowsContainer"), machine) => {
            let message = format!("Cooper has no `{name}` communicator");
            let help = match machine {
                Machine::Container => {
                    "leave `communicator` out: a container is reached through its engine"
                }
                Machine::Existing => "reach the machine by ssh, or say `communicator = \"none\"`",
            };
            return Err(refuse(config, Code::InvalidValue, "communicator", message, help));
        }
        (other, machine) => {
            let error = machine.choices().refusal(other).at(config.place("communicator"), "");
            return Err(config.looking_at(&["communicator"]).diags.error(error));
        }
    };
    let without_effect = |argument: &str| match &choice {
        _ if argument == "communicator" => None,
        _ if argument.starts_with("winrm_") => Some("Cooper has no WinRM communicator"),
        Choice::Ssh(_) => None,
        Choice::Docker | Choice::None => Some("the machine is not reached by ssh"),
    };
    for argument in schema(machine).map(|argument| argument.name) {
        if config.places.arguments.contains_key(&*argument)
            && let Some(why) = without_effect(&argument)
        {
            no_effect(&config.looking_at(&["communicator"]), &argument, why);
        }
    }
    Ok(choice)
}
