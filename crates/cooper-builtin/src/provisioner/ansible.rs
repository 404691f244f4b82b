//! `ansible`: runs a playbook of this machine against the one that is being built.
//!
//! There is no SSH between the two: Ansible is given a connection of its own (`connection.py`)
//! that asks this step, over a socket, to run commands and move files by its communicator. A
//! template that names another connection gets that one.

mod bridge;
mod extra_vars;
pub(super) mod galaxy;
mod inventory;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use cooper_build::communicator::{Command, Communicator, Input};
use cooper_build::component::{Config, Provisioner, ProvisionerKind, StepCx};
use cooper_build::{Failure, component_config};
use cooper_hcl::{Code, FileKind, Reported, plainly};
use futures::future::BoxFuture;
use tempfile::{TempDir, TempPath};

use crate::arguments::{check_file, check_folder, given, no_effect, refuse};
use crate::kind::Kind;
use crate::local::execute;
use crate::render::Renderer;
use crate::said::Said;
use crate::script::{quoted_if_needed, real, split_variables};
use bridge::Bridge;
use galaxy::{Install, Requirements};

component_config! {
    /// Runs an Ansible playbook of this machine against the one that is being built. Ansible has to
    /// be installed here, and Python there; neither needs SSH.
    struct Arguments {
        /// The playbook.
        playbook_file: String,
        /// The program that runs playbooks; `ansible-playbook` when absent.
        command: Option<String>,
        /// More arguments for it, each as it is: `["--tags", "web", "-e", "colour=green"]`. With
        /// `-e ansible_connection=docker`, or another, that connection is used.
        extra_arguments: Vec<String>,
        /// Variables of its environment: `["ANSIBLE_NOCOLOR=True"]`.
        ansible_env_vars: Vec<String>,
        /// What the machine is called in the inventory; `default` when absent.
        host_alias: Option<String>,
        /// The groups that the machine is in.
        groups: Vec<String>,
        /// Groups without any machine.
        empty_groups: Vec<String>,
        /// What `ansible_user` is; the user that commands in the machine run as when absent. It
        /// changes nothing else.
        user: Option<String>,
        /// An inventory of your own. Hosts without a connection in it are the machine.
        inventory_file: Option<String>,
        /// The folder that the inventory is written to, for `group_vars` and `host_vars` beside it.
        inventory_directory: Option<String>,
        /// What stands for the machine in the inventory. It can name `{{ .HostAlias }}`,
        /// `{{ .Host }}`, `{{ .User }}` and `{{ .Port }}`.
        inventory_file_template: Option<String>,
        /// Whether the inventory stays afterwards.
        keep_inventory_file: bool,
        /// A file with the roles and collections to install here before.
        galaxy_file: Option<String>,
        /// The program that installs them; `ansible-galaxy` when absent.
        galaxy_command: Option<String>,
        /// Whether roles and collections that are there are installed again.
        galaxy_force_install: bool,
        /// Whether what they depend on is installed again too.
        galaxy_force_with_deps: bool,
        /// Where roles are installed.
        roles_path: Option<String>,
        /// Where collections are installed.
        collections_path: Option<String>,
        /// Whether `command` may be absent before the build, because a step installs it.
        skip_version_check: bool,
        /// Without effect: there is no SSH.
        use_proxy: Option<bool>,
        /// Without effect: there is no SSH.
        local_port: Option<i64>,
        /// Without effect: there is no SSH.
        ssh_host_key_file: Option<String>,
        /// Without effect: there is no SSH.
        ssh_authorized_key_file: Option<String>,
        /// Without effect: there is no SSH.
        ansible_proxy_key_type: Option<String>,
        /// Without effect: there is no SSH.
        ansible_ssh_extra_args: Vec<String>,
        /// Without effect: there is no SSH.
        sftp_command: Option<String>,
        /// Without effect: there is no SSH.
        use_sftp: Option<bool>,
        /// Without effect: this is for Windows.
        ansible_winrm_use_http: Option<bool>,
    }
}

/// What only served Packer's SSH server between Ansible and the machine.
const FOR_SSH: &[&str] = &[
    "use_proxy",
    "local_port",
    "ssh_host_key_file",
    "ssh_authorized_key_file",
    "ansible_proxy_key_type",
    "ansible_ssh_extra_args",
    "sftp_command",
    "use_sftp",
];

/// Where Ansible looks for connections by itself.
const CONNECTIONS: &str = "~/.ansible/plugins/connection:/usr/share/ansible/plugins/connection";

/// The kind of provisioner called `ansible`.
pub(crate) fn kind() -> impl ProvisionerKind {
    Kind::new(prepare).rendered_later(&[
        ("extra_arguments", &["WinRMPassword"]),
        ("ansible_env_vars", &["WinRMPassword"]),
        ("inventory_file_template", &["HostAlias", "Host", "User", "Port"]),
    ])
}

/// An `ansible` step, ready to run.
struct Ansible {
    playbook: String,
    command: String,
    extra_arguments: Vec<String>,
    environment: Vec<(String, String)>,
    inventory: Inventory,
    user: Option<String>,
    galaxy: Option<Galaxy>,
    renderer: Renderer,
}

/// Where the inventory comes from.
enum Inventory {
    /// A file of the template's own.
    File(String),
    /// One that is written.
    Written(Written),
}

/// What is written into an inventory, and where.
struct Written {
    host_alias: String,
    template: String,
    groups: Vec<String>,
    empty_groups: Vec<String>,
    folder: Option<String>,
    keep: bool,
}

/// What is installed before.
struct Galaxy {
    command: String,
    file: String,
    force: bool,
    force_with_deps: bool,
    roles_path: Option<String>,
    collections_path: Option<String>,
}

fn prepare(config: &Config<'_>, arguments: Arguments) -> Result<Ansible, Reported> {
    let mut result = check_file(config, "playbook_file", None, &arguments.playbook_file);
    let command = given(arguments.command);
    let command = command.unwrap_or_else(|| "ansible-playbook".to_owned());
    if !arguments.skip_version_check {
        result = check_program(config, &command).and(result);
    }
    let (galaxy_file, inventory_file) =
        (given(arguments.galaxy_file), given(arguments.inventory_file));
    if let Some(file) = &galaxy_file {
        result = check_file(config, "galaxy_file", None, file).and(result);
    }
    let folder = given(arguments.inventory_directory);
    if let Some(folder) = &folder {
        result = check_folder(config, "inventory_directory", folder).and(result);
    }
    let help = "write `\"NAME=value\"`";
    let environment =
        split_variables(config, "ansible_env_vars", &arguments.ansible_env_vars, help);
    let is_given = |argument: &&str| {
        let value = config.value.as_mapping().and_then(|all| all.get(*argument));
        value.is_some_and(|value| !value.is_null())
    };
    for argument in FOR_SSH.iter().copied().filter(is_given) {
        no_effect(config, argument, "there is no SSH between Ansible and the machine");
    }
    if arguments.ansible_winrm_use_http.is_some() {
        no_effect(config, "ansible_winrm_use_http", "it is for Windows");
    }
    result?;
    let environment = environment?;

    let template = given(arguments.inventory_file_template);
    Ok(Ansible {
        playbook: arguments.playbook_file,
        command,
        extra_arguments: arguments.extra_arguments,
        environment,
        inventory: match inventory_file {
            Some(file) => Inventory::File(file),
            None => Inventory::Written(Written {
                host_alias: given(arguments.host_alias).unwrap_or_else(|| "default".to_owned()),
                template: template.unwrap_or_else(|| inventory::HOST.to_owned()),
                groups: arguments.groups,
                empty_groups: arguments.empty_groups,
                folder,
                keep: arguments.keep_inventory_file,
            }),
        },
        user: given(arguments.user),
        galaxy: galaxy_file.map(|file| Galaxy {
            command: given(arguments.galaxy_command).unwrap_or_else(|| "ansible-galaxy".to_owned()),
            file,
            force: arguments.galaxy_force_install,
            force_with_deps: arguments.galaxy_force_with_deps,
            roles_path: given(arguments.roles_path),
            collections_path: given(arguments.collections_path),
        }),
        renderer: Renderer::new(config),
    })
}

/// Records it when there is no such program.
fn check_program(config: &Config<'_>, program: &str) -> Result<(), Reported> {
    let is_file = |path: &Path| config.system.kind(path).is_ok_and(|kind| kind == FileKind::File);
    let found = if program.contains('/') {
        is_file(program.as_ref())
    } else {
        let path = config.system.env("PATH").unwrap_or_default();
        std::env::split_paths(&path).any(|folder| is_file(&folder.join(program)))
    };
    if found {
        return Ok(());
    }
    Err(refuse(
        &config.looking_at(&["skip_version_check"]),
        Code::UnreadableFile,
        "command",
        format!("there is no program `{program}`"),
        "install Ansible, name the program with `command`, or say with \
         `skip_version_check = true` that a step of the build installs it",
    ))
}

impl Provisioner for Ansible {
    fn provision<'a>(
        &'a self,
        cx: &'a StepCx,
        machine: &'a dyn Communicator,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            cx.say("Provisioning with Ansible...").await;
            if machine.has_terminal() {
                return Err(Failure::new(
                    "Ansible cannot use a machine whose commands get a terminal",
                )
                .help("remove `pty` from the source"));
            }
            self.run(cx, machine)
                .await
                .map_err(|failure| failure.while_doing("Error executing Ansible"))
        })
    }
}

impl Ansible {
    async fn run(&self, cx: &StepCx, machine: &dyn Communicator) -> Result<(), Failure> {
        let place = Place::make()?;
        let (inventory, environment) = self.surroundings(cx, machine, &place).await?;
        if let Some(galaxy) = &self.galaxy {
            let failed = |failure: Failure| failure.while_doing("Error executing Ansible Galaxy");
            galaxy.install(cx, &environment).await.map_err(failed)?;
        }
        let command = self.command(cx, inventory.path(), place.folder.path()).await?;
        cx.say(format!("Executing Ansible: {}", shown(&command))).await;
        tokio::select! {
            ended = run_here(cx, &command, &environment) => ended,
            never = place.bridge.serve(machine) => match never {},
        }
    }

    /// The inventory, and the environment that lets Ansible find its way into the machine.
    async fn surroundings(
        &self,
        cx: &StepCx,
        machine: &dyn Communicator,
        place: &Place,
    ) -> Result<(InventoryFile, BTreeMap<String, String>), Failure> {
        let none: &[(&str, &str)] = &[("WinRMPassword", "")];
        let mut environment: BTreeMap<String, String> = (self.environment.iter())
            .map(|(name, value)| {
                let value = self.renderer.until_stable(value, cx.facts(), none)?;
                Ok((name.clone(), value))
            })
            .collect::<Result<_, Failure>>()?;
        let mut unless_given = |name: &str, value: OsString| {
            if !environment.contains_key(name) && std::env::var_os(name).is_none() {
                environment.insert(name.to_owned(), value.to_string_lossy().into_owned());
            }
        };
        unless_given("ANSIBLE_HOST_KEY_CHECKING", "False".into());
        unless_given("ANSIBLE_PIPELINING", "True".into());
        unless_given("ANSIBLE_LOCAL_TEMP", place.folder.path().join("local").into());
        let inventory = match &self.inventory {
            Inventory::File(file) => {
                // Nobody has said how its hosts are reached.
                unless_given("ANSIBLE_TRANSPORT", inventory::CONNECTION.into());
                InventoryFile::Own(file.into())
            }
            Inventory::Written(written) => {
                let user = match &self.user {
                    Some(user) => user.clone(),
                    None => user_of(machine).await,
                };
                self.write_inventory(cx, written, &user)?
            }
        };
        let known = environment.remove("ANSIBLE_CONNECTION_PLUGINS");
        let known = known.or_else(|| std::env::var("ANSIBLE_CONNECTION_PLUGINS").ok());
        let known = known.unwrap_or_else(|| CONNECTIONS.to_owned());
        let ours = place.folder.path().join("connection");
        let connections = format!("{}:{known}", ours.display());
        environment.insert("ANSIBLE_CONNECTION_PLUGINS".to_owned(), connections);
        let socket = place.bridge.path().display().to_string();
        environment.insert("COOPER_ANSIBLE_SOCKET".to_owned(), socket);
        Ok((inventory, environment))
    }

    fn write_inventory(
        &self,
        cx: &StepCx,
        written: &Written,
        user: &str,
    ) -> Result<InventoryFile, Failure> {
        let host = real(cx.facts(), "Host").unwrap_or_else(|| "127.0.0.1".to_owned());
        let port = real(cx.facts(), "Port").unwrap_or_else(|| "22".to_owned());
        let data = [
            ("HostAlias", &*written.host_alias),
            ("Host", &*host),
            ("User", user),
            ("Port", &*port),
        ];
        let host = self.renderer.once(&written.template, cx.facts(), &data).map_err(|failure| {
            failure.while_doing("Error generating inventory file from template")
        })?;
        let text = inventory::inventory(&host, &written.groups, &written.empty_groups);
        let failed = |error: io::Error| Failure::because("Error preparing inventory file", &error);
        let mut builder = tempfile::Builder::new();
        builder.prefix("packer-provisioner-ansible");
        let file = match &written.folder {
            Some(folder) => builder.tempfile_in(folder),
            None => builder.tempfile(),
        };
        let file = file.map_err(failed)?.into_temp_path();
        std::fs::write(&file, text).map_err(failed)?;
        Ok(match written.keep {
            true => InventoryFile::Own(file.keep().map_err(|error| failed(error.error))?),
            false => InventoryFile::Temporary(file),
        })
    }

    /// What is run: the program and its arguments.
    async fn command(
        &self,
        cx: &StepCx,
        inventory: &Path,
        folder: &Path,
    ) -> Result<Vec<String>, Failure> {
        let none: &[(&str, &str)] = &[("WinRMPassword", "")];
        let extra = (self.extra_arguments.iter())
            .map(|argument| self.renderer.until_stable(argument, cx.facts(), none))
            .collect::<Result<Vec<_>, _>>()?;
        let hidden = extra_vars::hide(&extra, |text| cx.shows_secret(text), folder)
            .map_err(|error| Failure::because("cannot write extra variables to a file", &error))?;
        if hidden.shows_secret {
            let warning = "a sensitive value is in `extra_arguments` where everybody on this \
                           machine can see it; give it as JSON: \
                           `\"-e\", jsonencode({ name = var.name })`";
            cx.error(warning).await;
        }
        let origin = cx.origin();
        let mut command = vec![
            self.command.clone(),
            "-e".to_owned(),
            format!("packer_build_name={:?}", origin.source_label),
            "-e".to_owned(),
            format!("packer_builder_type={}", origin.source_type),
        ];
        if let Some(address) = real(cx.facts(), "PackerHTTPAddr") {
            command.extend(["-e".to_owned(), format!("packer_http_addr={address}")]);
        }
        command.extend(hidden.arguments);
        let playbook = std::path::absolute(&self.playbook)
            .map_err(|error| Failure::because("cannot find the playbook", &error))?;
        for last in ["-i".as_ref(), inventory, &playbook] {
            command.push(last.to_string_lossy().into_owned());
        }
        Ok(command)
    }
}

/// A folder that nobody else may enter: Ansible's connection, its socket and its temporary files.
struct Place {
    bridge: Bridge,
    folder: TempDir,
}

impl Place {
    fn make() -> Result<Self, Failure> {
        let failed = |error: io::Error| {
            Failure::because("cannot make a socket for Ansible", &error)
                .help("is there room in the folder for temporary files, and is `TMPDIR` short?")
        };
        // The folder's mode is 0700 from its making.
        let folder = tempfile::Builder::new().prefix("cooper-").tempdir().map_err(failed)?;
        let connections = folder.path().join("connection");
        std::fs::create_dir(&connections).map_err(failed)?;
        let plugin = connections.join(format!("{}.py", inventory::CONNECTION));
        std::fs::write(plugin, include_str!("ansible/connection.py")).map_err(failed)?;
        Ok(Self { bridge: Bridge::listen(folder.path()).map_err(failed)?, folder })
    }
}

/// An inventory on this machine.
enum InventoryFile {
    /// It stays.
    Own(PathBuf),
    /// It goes when this is dropped.
    Temporary(TempPath),
}

impl InventoryFile {
    fn path(&self) -> &Path {
        match self {
            Self::Own(path) => path,
            Self::Temporary(path) => path,
        }
    }
}

impl Galaxy {
    async fn install(
        &self,
        cx: &StepCx,
        environment: &BTreeMap<String, String>,
    ) -> Result<(), Failure> {
        let wanted = Requirements::read(self.file.as_ref())
            .map_err(|error| Failure::new(format!("`{}`: {}", self.file, plainly(&error))))?;
        let install = Install {
            file: &self.file,
            force: self.force,
            force_with_deps: self.force_with_deps,
            roles_path: self.roles_path.as_deref(),
            collections_path: self.collections_path.as_deref(),
        };
        for arguments in install.calls(wanted) {
            cx.say("Executing Ansible Galaxy").await;
            let command = [vec![self.command.clone()], arguments].concat();
            run_here(cx, &command, environment).await?;
        }
        Ok(())
    }
}

/// Runs one of Ansible's programs on this machine.
async fn run_here(
    cx: &StepCx,
    command: &[String],
    environment: &BTreeMap<String, String>,
) -> Result<(), Failure> {
    match execute(cx, command, environment).await {
        Ok(0) => Ok(()),
        Ok(code) => Err(Failure::new(format!("Non-zero exit status: exit status {code}"))),
        Err(error) => {
            let program = command.first().map(String::as_str).unwrap_or_default();
            let message = format!("`{program}` cannot be started: {}", plainly(&error));
            Err(Failure::new(message).help("is Ansible installed on this machine?"))
        }
    }
}

/// Who commands in the machine run as; nobody when it does not say.
async fn user_of(machine: &dyn Communicator) -> String {
    let mut said = Said::default();
    let command = Command { line: "id -un 2>/dev/null".to_owned(), stdin: Input::Nothing };
    let status = machine.run(command, &mut said).await;
    let name = said.text();
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    let is_name = status.is_ok_and(|status| status.success()) && name.chars().all(plain);
    if is_name { name } else { String::new() }
}

/// A command as people are shown it. As with Packer, what is called a password or a secret is
/// hidden, whether or not it is declared sensitive.
fn shown(command: &[String]) -> String {
    let hide = |argument: &String| match argument.split_once('=') {
        Some((name, _)) if names_secret(name) => format!("{name}=*****"),
        _ => quoted_if_needed(argument),
    };
    command.iter().map(hide).collect::<Vec<_>>().join(" ")
}

fn names_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    name.contains("password") || name.contains("secret")
}
