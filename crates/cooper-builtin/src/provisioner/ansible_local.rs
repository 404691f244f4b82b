//! `ansible-local`: takes playbooks into the machine and runs them there.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use cooper_build::communicator::{Command, Communicator, Content, Input, Upload};
use cooper_build::component::{Config, Provisioner, ProvisionerKind, StepCx};
use cooper_build::{Failure, component_config};
use cooper_hcl::{Code, Reported, plainly};
use futures::future::BoxFuture;
use uuid::Uuid;

use super::ansible::galaxy::{Install, Requirements};
use crate::arguments::{check_file, check_folder, given, refuse};
use crate::kind::Kind;
use crate::lines::Lines;
use crate::render::Renderer;
use crate::script::{quoted, quoted_if_needed, real};

component_config! {
    /// Takes Ansible playbooks into the machine and runs them there. Ansible has to be installed in
    /// the machine.
    struct Arguments {
        /// The playbook. Exactly one of `playbook_file` and `playbook_files` is given.
        playbook_file: Option<String>,
        /// The playbooks, run in order.
        playbook_files: Vec<String>,
        /// A folder whose contents become the staging folder's. Playbooks in it are run from there.
        playbook_dir: Option<String>,
        /// Folders that are taken to `playbooks` in the staging folder.
        playbook_paths: Vec<String>,
        /// Folders of roles that are taken to `roles` in the staging folder.
        role_paths: Vec<String>,
        /// Folders of collections that are taken to `collections` in the staging folder.
        collection_paths: Vec<String>,
        /// A folder with variables of groups.
        group_vars: Option<String>,
        /// A folder with variables of hosts.
        host_vars: Option<String>,
        /// An inventory; one with the host `127.0.0.1` when absent.
        inventory_file: Option<String>,
        /// The groups that this host is in.
        inventory_groups: Vec<String>,
        /// What runs a playbook, for the machine's shell;
        /// `ANSIBLE_FORCE_COLOR=1 PYTHONUNBUFFERED=1 ansible-playbook` when absent.
        command: Option<String>,
        /// More arguments for it, for the machine's shell.
        extra_arguments: Vec<String>,
        /// A file with the roles and collections to install in the machine before.
        galaxy_file: Option<String>,
        /// What installs them, for the machine's shell; `ansible-galaxy` when absent.
        galaxy_command: Option<String>,
        /// Whether roles and collections that are there are installed again.
        galaxy_force_install: bool,
        /// Where roles are installed; `galaxy_roles` in the staging folder when absent.
        galaxy_roles_path: Option<String>,
        /// Where collections are installed; `galaxy_collections` in the staging folder when absent.
        galaxy_collections_path: Option<String>,
        /// The folder in the machine for all this; a new one in
        /// `/tmp/packer-provisioner-ansible-local` when absent.
        staging_directory: Option<String>,
        /// Whether it is removed afterwards.
        clean_staging_directory: bool,
    }
}

const COMMAND: &str = "ANSIBLE_FORCE_COLOR=1 PYTHONUNBUFFERED=1 ansible-playbook";

/// What a shell ends with when there is no such program.
const NOT_FOUND: i64 = 127;

/// The kind of provisioner called `ansible-local`.
pub(crate) fn kind() -> impl ProvisionerKind {
    Kind::new(prepare)
}

/// An `ansible-local` step, ready to run.
struct AnsibleLocal {
    /// Paths on this machine.
    playbooks: Playbooks,
    playbook_dir: Option<String>,
    inventory: Inventory,
    /// Folders, and what each becomes below the staging folder.
    folders: Vec<Folders>,
    command: String,
    extra_arguments: Vec<String>,
    galaxy: Option<Galaxy>,
    has_collections: bool,
    staging: String,
    clean: bool,
    renderer: Renderer,
}

enum Playbooks {
    /// One, which stands in the staging folder itself.
    One(String),
    /// Several, which keep their paths below it.
    Several(Vec<String>),
}

enum Inventory {
    File(String),
    Text(String),
}

/// Folders that go the same way.
struct Folders {
    /// What people are told.
    message: &'static str,
    /// What failed when it did.
    failure: &'static str,
    /// Each, and its path below the staging folder.
    each: Vec<(String, String)>,
}

struct Galaxy {
    command: String,
    file: String,
    force: bool,
    roles_path: String,
    collections_path: String,
}

fn prepare(config: &Config<'_>, arguments: Arguments) -> Result<AnsibleLocal, Reported> {
    let mut result = Ok(());
    let one = given(arguments.playbook_file);
    let choice = config.looking_at(&["playbook_file", "playbook_files"]);
    match (&one, arguments.playbook_files.is_empty()) {
        (Some(_), false) => {
            result = Err(refuse(
                &choice,
                Code::ConflictingArguments,
                "playbook_files",
                "`playbook_file` and `playbook_files` exclude each other",
                "keep one of them",
            ));
        }
        (None, true) => {
            result = Err(refuse(
                &choice,
                Code::MissingArgument,
                "playbook_file",
                "there is nothing to run: `playbook_file` or `playbook_files` is required",
                "name a playbook of this machine with `playbook_file`",
            ));
        }
        _ => {}
    }
    let (inventory_file, galaxy_file) =
        (given(arguments.inventory_file), given(arguments.galaxy_file));
    for (argument, file) in [
        ("playbook_file", &one),
        ("inventory_file", &inventory_file),
        ("galaxy_file", &galaxy_file),
    ] {
        if let Some(file) = file {
            result = check_file(config, argument, None, file).and(result);
        }
    }
    for (index, file) in arguments.playbook_files.iter().enumerate() {
        result = check_file(config, "playbook_files", Some(index), file).and(result);
    }
    let playbook_dir = given(arguments.playbook_dir);
    let (group_vars, host_vars) = (given(arguments.group_vars), given(arguments.host_vars));
    for (argument, folder) in
        [("playbook_dir", &playbook_dir), ("group_vars", &group_vars), ("host_vars", &host_vars)]
    {
        if let Some(folder) = folder {
            result = check_folder(config, argument, folder).and(result);
        }
    }
    for (argument, folders) in [
        ("playbook_paths", &arguments.playbook_paths),
        ("role_paths", &arguments.role_paths),
        ("collection_paths", &arguments.collection_paths),
    ] {
        for folder in folders {
            result = check_folder(config, argument, folder).and(result);
        }
    }
    result?;

    let staging = given(arguments.staging_directory).unwrap_or_else(|| {
        format!("/tmp/packer-provisioner-ansible-local/{}", Uuid::new_v4().simple())
    });
    let below = |path: Option<String>, name: &str| {
        given(path).unwrap_or_else(|| format!("{staging}/{name}"))
    };
    let inside = |folders: &[String], name: &str| -> Vec<(String, String)> {
        (folders.iter())
            .map(|folder| (folder.clone(), format!("{name}/{}", base_name(folder))))
            .collect()
    };
    let itself = |folder: Option<String>, name: &str| -> Vec<(String, String)> {
        folder.into_iter().map(|folder| (folder, name.to_owned())).collect()
    };
    let folders = [
        (
            "Uploading group_vars directory...",
            "Error uploading group_vars directory",
            itself(group_vars, "group_vars"),
        ),
        (
            "Uploading host_vars directory...",
            "Error uploading host_vars directory",
            itself(host_vars, "host_vars"),
        ),
        (
            "Uploading role directories...",
            "Error uploading roles",
            inside(&arguments.role_paths, "roles"),
        ),
        (
            "Uploading collection directories...",
            "Error uploading collections",
            inside(&arguments.collection_paths, "collections"),
        ),
        (
            "Uploading additional Playbooks...",
            "Error uploading playbooks",
            inside(&arguments.playbook_paths, "playbooks"),
        ),
    ];
    let groups = &arguments.inventory_groups;
    let of_groups = || match groups.is_empty() {
        true => "127.0.0.1\n".to_owned(),
        false => groups.iter().map(|group| format!("[{group}]\n127.0.0.1\n")).collect(),
    };
    Ok(AnsibleLocal {
        playbooks: match one {
            Some(file) => Playbooks::One(file),
            None => Playbooks::Several(arguments.playbook_files),
        },
        playbook_dir,
        inventory: match inventory_file {
            Some(file) => Inventory::File(file),
            None => Inventory::Text(of_groups()),
        },
        has_collections: !arguments.collection_paths.is_empty(),
        folders: (folders.into_iter())
            .map(|(message, failure, each)| Folders { message, failure, each })
            .collect(),
        command: given(arguments.command).unwrap_or_else(|| COMMAND.to_owned()),
        extra_arguments: arguments.extra_arguments,
        galaxy: galaxy_file.map(|file| Galaxy {
            command: given(arguments.galaxy_command).unwrap_or_else(|| "ansible-galaxy".to_owned()),
            file,
            force: arguments.galaxy_force_install,
            roles_path: below(arguments.galaxy_roles_path, "galaxy_roles"),
            collections_path: below(arguments.galaxy_collections_path, "galaxy_collections"),
        }),
        staging,
        clean: arguments.clean_staging_directory,
        renderer: Renderer::new(config),
    })
}

/// The last part of a path.
fn base_name(path: &str) -> String {
    let name = Path::new(path).file_name();
    name.map_or_else(|| "files".to_owned(), |name| name.to_string_lossy().into_owned())
}

impl Provisioner for AnsibleLocal {
    fn provision<'a>(
        &'a self,
        cx: &'a StepCx,
        machine: &'a dyn Communicator,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            cx.say("Provisioning with Ansible...").await;
            Stage { step: self, cx, machine }.run().await
        })
    }
}

/// A run of the step in a machine.
struct Stage<'a> {
    step: &'a AnsibleLocal,
    cx: &'a StepCx,
    machine: &'a dyn Communicator,
}

impl Stage<'_> {
    async fn run(&self) -> Result<(), Failure> {
        let step = self.step;
        match &step.playbook_dir {
            Some(folder) => {
                let staging = "Uploading Playbook directory to Ansible staging directory...";
                self.cx.say(staging).await;
                let uploaded = self.upload_folder(folder, &step.staging).await;
                doing("Error uploading playbook_dir directory", uploaded)?;
            }
            None => {
                self.cx.say("Creating Ansible staging directory...").await;
                doing("Error creating staging directory", self.make_folder(&step.staging).await)?;
            }
        }
        let playbooks = self.upload_playbooks().await?;
        if let Some(galaxy) = &step.galaxy {
            self.cx.say("Uploading galaxy file...").await;
            let to = self.staged(&base_name(&galaxy.file));
            doing("Error uploading galaxy file", self.upload_file(&galaxy.file, &to).await)?;
        }
        let inventory = self.upload_inventory().await?;
        for folders in step.folders.iter().filter(|folders| !folders.each.is_empty()) {
            self.cx.say(folders.message).await;
            for (folder, name) in &folders.each {
                doing(folders.failure, self.upload_folder(folder, &self.staged(name)).await)?;
            }
        }
        let ran = self.run_playbooks(&playbooks, &inventory).await;
        doing("Error executing Ansible", ran)?;
        if step.clean {
            self.cx.say("Removing staging directory...").await;
            self.cx.say(format!("Removing directory: {}", step.staging)).await;
            let removed = self.command(&format!("rm -rf {}", quoted(&step.staging))).await;
            doing("Error removing staging directory", removed)?;
        }
        Ok(())
    }

    /// A path below the staging folder.
    fn staged(&self, name: &str) -> String {
        format!("{}/{}", self.step.staging.trim_end_matches('/'), name.trim_start_matches('/'))
    }

    /// Takes the playbooks into the machine, and says where each is.
    async fn upload_playbooks(&self) -> Result<Vec<String>, Failure> {
        let files = match &self.step.playbooks {
            Playbooks::One(file) => {
                self.cx.say("Uploading main Playbook file...").await;
                let to = self.staged(&base_name(file));
                doing("Error uploading main playbook", self.upload_file(file, &to).await)?;
                return Ok(vec![to]);
            }
            Playbooks::Several(files) => files,
        };
        let absolute = |path: &str| -> Result<PathBuf, Failure> {
            std::path::absolute(path)
                .map_err(|error| Failure::new(format!("`{path}`: {}", plainly(&error))))
        };
        let folder = self.step.playbook_dir.as_deref().map(absolute).transpose()?;
        let mut staged = Vec::new();
        for file in files {
            let path = absolute(file)?;
            let there = folder.as_ref().and_then(|folder| path.strip_prefix(folder).ok());
            if let Some(there) = there {
                staged.push(self.staged(&there.to_string_lossy()));
                continue;
            }
            self.cx.say(format!("Uploading playbook file: {file}")).await;
            let to = self.staged(&path.to_string_lossy());
            let folder = to.rsplit_once('/').map_or(&*to, |(folder, _)| folder);
            let made = self.make_folder(folder).await;
            doing("Error uploading playbook file", made)?;
            doing("Error uploading playbook", self.upload_file(file, &to).await)?;
            staged.push(to);
        }
        Ok(staged)
    }

    /// Takes the inventory into the machine, and says where it is.
    async fn upload_inventory(&self) -> Result<String, Failure> {
        self.cx.say("Uploading inventory file...").await;
        let (to, uploaded) = match &self.step.inventory {
            Inventory::File(file) => {
                let to = self.staged(&base_name(file));
                let uploaded = self.upload_file(file, &to).await;
                (to, uploaded)
            }
            Inventory::Text(text) => {
                let to = self.staged("packer-provisioner-ansible-local");
                let content = Content::Bytes(text.clone().into());
                let uploaded = self.upload(content, &to).await;
                (to, uploaded)
            }
        };
        doing("Error uploading inventory file", uploaded)?;
        Ok(to)
    }

    async fn run_playbooks(&self, playbooks: &[String], inventory: &str) -> Result<(), Failure> {
        let step = self.step;
        let mut roles = None;
        let mut collections = Vec::new();
        if let Some(galaxy) = &step.galaxy {
            let wanted = Requirements::read(galaxy.file.as_ref())
                .map_err(|error| Failure::new(format!("`{}`: {}", galaxy.file, plainly(&error))))?;
            doing("Error executing Ansible Galaxy", self.install(galaxy, wanted).await)?;
            roles = wanted.roles.then(|| galaxy.roles_path.clone());
            collections.extend(wanted.collections.then(|| galaxy.collections_path.clone()));
        }
        if step.has_collections {
            collections.push(self.staged("collections"));
        }
        let mut environment = String::new();
        if !collections.is_empty() {
            environment.push_str(&paths("ANSIBLE_COLLECTIONS_PATH", &collections.join(":")));
        }
        if let Some(roles) = roles {
            environment.push_str(&paths("ANSIBLE_ROLES_PATH", &roles));
        }
        let origin = self.cx.origin();
        let mut variables = format!(
            "packer_build_name={} packer_builder_type={}",
            origin.source_label, origin.source_type
        );
        if let Some(address) = real(self.cx.facts(), "PackerHTTPAddr") {
            // Writing to a string cannot fail.
            let _ = write!(variables, " packer_http_addr={address}");
        }
        let mut extra = String::new();
        for argument in &step.extra_arguments {
            extra.push(' ');
            extra.push_str(&self.step.renderer.until_stable(argument, self.cx.facts(), &[])?);
        }
        for playbook in playbooks {
            let line = format!(
                "cd {} && {environment}{} {} --extra-vars {}{extra} -c local -i {}",
                quoted_if_needed(&step.staging),
                step.command,
                quoted_if_needed(playbook),
                quoted(&variables),
                quoted_if_needed(inventory),
            );
            self.cx.say(format!("Executing Ansible: {line}")).await;
            self.command(&line).await?;
        }
        Ok(())
    }

    async fn install(&self, galaxy: &Galaxy, wanted: Requirements) -> Result<(), Failure> {
        let file = quoted_if_needed(&self.staged(&base_name(&galaxy.file)));
        let (roles, collections) =
            (quoted_if_needed(&galaxy.roles_path), quoted_if_needed(&galaxy.collections_path));
        let install = Install {
            file: &file,
            force: galaxy.force,
            force_with_deps: false,
            roles_path: Some(&roles),
            collections_path: Some(&collections),
        };
        for call in install.calls(wanted) {
            let staging = quoted_if_needed(&self.step.staging);
            let line = format!("cd {staging} && {} {}", galaxy.command, call.join(" "));
            self.cx.say(format!("Executing Ansible Galaxy: {line}")).await;
            self.command(&line).await?;
        }
        Ok(())
    }

    async fn make_folder(&self, folder: &str) -> Result<(), Failure> {
        self.cx.say(format!("Creating directory: {folder}")).await;
        self.command(&format!("mkdir -p {}", quoted(folder))).await
    }

    async fn upload_folder(&self, source: &str, to: &str) -> Result<(), Failure> {
        self.make_folder(to).await?;
        let contents = format!("{}/", source.trim_end_matches('/'));
        self.machine.upload_dir(Path::new(&contents), to).await
    }

    async fn upload_file(&self, source: &str, to: &str) -> Result<(), Failure> {
        self.upload(Content::File(source.into()), to).await
    }

    async fn upload(&self, content: Content, to: &str) -> Result<(), Failure> {
        // Whoever runs the playbook must be able to read it.
        let upload = Upload { destination: to.to_owned(), content, mode: 0o644, modified: None };
        self.machine.upload(upload).await
    }

    /// Runs a line, whose output is the step's.
    async fn command(&self, line: &str) -> Result<(), Failure> {
        let command = Command { line: line.to_owned(), stdin: Input::Nothing };
        let mut lines = Lines::new(self.cx);
        let status = self.machine.run(command, &mut lines).await?;
        lines.finish().await;
        let failure = || Failure::new(format!("Non-zero exit status: {}", status.0));
        match status.0 {
            0 => Ok(()),
            NOT_FOUND => Err(failure().help("is Ansible installed in the machine?")),
            _ => Err(failure()),
        }
    }
}

/// A variable whose value in the machine is kept, with more paths behind it.
fn paths(name: &str, more: &str) -> String {
    format!("{name}=\"${name}\":{} ", quoted_if_needed(more))
}

fn doing(what: &str, result: Result<(), Failure>) -> Result<(), Failure> {
    result.map_err(|failure| failure.while_doing(what))
}
