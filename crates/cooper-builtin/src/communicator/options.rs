//! The arguments that choose and configure a communicator.
//!
//! Cooper has no ssh and no WinRM communicator. Their arguments are known all the same, so that
//! a template that needs them is told so rather than that its arguments do not exist.

use cooper_build::Config;
use cooper_hcl::schema::{ArgumentSchema, Choices};
use cooper_hcl::{Code, Reported, Type, Value};

use crate::arguments::{no_effect, refuse};

/// How a machine is reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Choice {
    /// By the engine that runs the container.
    Docker,
    /// Not at all.
    None,
}

/// Packer's arguments for communicators.
pub(crate) struct Options;

/// Packer's arguments for communicators.
pub(crate) const OPTIONS: Options = Options;

const CHOICE: &str = "How the machine is reached: by the engine that runs the container, which is what is \
    done when nothing is said, or not at all.";

const NO_MACHINE: &str = "How the machine is reached: there is none, which has to be said.";

const NO_EFFECT: &str =
    "Without effect, because Cooper has no ssh and no WinRM communicator; a warning says so:";

const TEXTS: &[&str] = &[
    "communicator",
    "pause_before_connecting",
    "ssh_host",
    "ssh_username",
    "ssh_password",
    "ssh_keypair_name",
    "ssh_private_key_file",
    "ssh_certificate_file",
    "ssh_timeout",
    "ssh_wait_timeout",
    "ssh_bastion_host",
    "ssh_bastion_username",
    "ssh_bastion_password",
    "ssh_bastion_private_key_file",
    "ssh_bastion_certificate_file",
    "ssh_file_transfer_method",
    "ssh_proxy_host",
    "ssh_proxy_username",
    "ssh_proxy_password",
    "ssh_keep_alive_interval",
    "ssh_read_write_timeout",
    "ssh_public_key",
    "ssh_private_key",
    "temporary_key_pair_name",
    "temporary_key_pair_type",
    "winrm_username",
    "winrm_password",
    "winrm_host",
    "winrm_timeout",
];

const NUMBERS: &[&str] = &[
    "ssh_port",
    "ssh_handshake_attempts",
    "ssh_bastion_port",
    "ssh_proxy_port",
    "temporary_key_pair_bits",
    "winrm_port",
];

const SWITCHES: &[&str] = &[
    "ssh_pty",
    "ssh_agent_auth",
    "ssh_disable_agent_forwarding",
    "ssh_clear_authorized_keys",
    "ssh_bastion_interactive",
    "ssh_bastion_agent_auth",
    "winrm_no_proxy",
    "winrm_use_ssl",
    "winrm_insecure",
    "winrm_use_ntlm",
];

const LISTS: &[&str] =
    &["ssh_ciphers", "ssh_key_exchange_algorithms", "ssh_remote_tunnels", "ssh_local_tunnels"];

impl Options {
    /// The arguments, to be added to those of a source. `natural` is what is chosen when the
    /// template says nothing.
    pub(crate) fn schema(
        &self,
        natural: Option<Choice>,
    ) -> impl Iterator<Item = ArgumentSchema> + use<> {
        let all = [
            (TEXTS, Type::String),
            (NUMBERS, Type::Number),
            (SWITCHES, Type::Bool),
            (LISTS, Type::list(Type::String)),
        ];
        all.into_iter().flat_map(move |(names, ty)| {
            names.iter().map(move |&name| ArgumentSchema {
                name: name.into(),
                ty: ty.clone(),
                required: false,
                choices: (name == "communicator").then_some(choices(natural)),
                doc: match (name, natural) {
                    ("communicator", Some(_)) => CHOICE,
                    ("communicator", None) => NO_MACHINE,
                    _ => NO_EFFECT,
                }
                .into(),
            })
        })
    }
}

/// The communicators of a source. What Packer has besides is refused with words of its own.
fn choices(natural: Option<Choice>) -> Choices {
    let words: &[_] = if natural.is_some() { &["docker", "none"] } else { &["none"] };
    Choices { noun: "communicator", words, is_complete: true }
}

/// Reads the choice of a communicator from rendered arguments. `natural` is what is chosen when
/// the template says nothing; without it something must be said.
pub(crate) fn choose(config: &Config<'_>, natural: Option<Choice>) -> Result<Choice, Reported> {
    let given = |name: &str| {
        let value = config.value.as_mapping().and_then(|arguments| arguments.get(name));
        value.filter(|value| !value.is_null())
    };
    let choice = match (given("communicator").and_then(Value::as_str), natural) {
        (Some("docker"), Some(_)) => Choice::Docker,
        (Some("none"), _) => Choice::None,
        (None | Some(""), Some(natural)) => natural,
        (None | Some(""), None) => {
            return Err(refuse(
                config,
                Code::MissingArgument,
                "communicator",
                "this source would reach a machine by ssh, and Cooper has no ssh communicator",
                "say `communicator = \"none\"`",
            ));
        }
        (Some(name @ ("ssh" | "winrm" | "dockerWindowsContainer")), natural) => {
            let message = format!("Cooper has no `{name}` communicator");
            let help = match natural {
                Some(_) => "leave `communicator` out: a container is reached through its engine",
                None => "say `communicator = \"none\"`",
            };
            return Err(refuse(config, Code::InvalidValue, "communicator", message, help));
        }
        (Some(other), natural) => {
            let error = choices(natural).refusal(other).at(config.place("communicator"), "");
            return Err(config.looking_at(&["communicator"]).diags.error(error));
        }
    };
    for argument in OPTIONS.schema(natural).map(|argument| argument.name) {
        if argument != "communicator" && given(&argument).is_some() {
            no_effect(config, &argument, "Cooper has no ssh and no WinRM communicator");
        }
    }
    Ok(choice)
}
