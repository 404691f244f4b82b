//! Ansible gets into containers without SSH: real playbooks against Debian.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use cooper_testbed::process::Signal;
use cooper_testbed::{Context, DEBIAN_IMAGE, Result, make_debian_image};

use crate::rig::{Ended, PATIENCE, Rig, docker, expect_no_containers};

/// A build of these steps on Debian, tagged with this name.
fn template(source: &str, steps: &str, name: &str) -> String {
    format!(
        r#"
variable "password" {{
  default   = "s3cret-of-the-playbook"
  sensitive = true
}}
source "docker" "it" {{
  image  = "{DEBIAN_IMAGE}"
  pull   = false
  commit = true
{source}
}}
build {{
  sources = ["source.docker.it"]
{steps}
  post-processor "docker-tag" {{
    repository = "ansible-test/{name}"
  }}
}}
"#
    )
}

/// A folder with a template and files for Ansible, whose temporary files are in `tmp`.
fn rig(name: &str, template: &str, files: &[(&str, &str)]) -> Result<Rig> {
    make_debian_image(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("debian"))?;
    let rig = Rig::new(&format!("ansible-{name}"), template)?;
    for (path, text) in files {
        let path = rig.folder.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).context("make a folder")?;
        }
        fs::write(&path, text).context("write a file for Ansible")?;
    }
    // Sockets have short paths only, so this is not below the rig's folder.
    let temporary = temporary(name);
    if temporary.exists() {
        fs::remove_dir_all(&temporary).context("remove what was left")?;
    }
    fs::create_dir_all(&temporary).context("make a folder for temporary files")?;
    let path = temporary.display().to_string();
    Ok(rig.with("TMPDIR", path).with("ANSIBLE_NOCOLOR", "True"))
}

fn temporary(name: &str) -> std::path::PathBuf {
    std::env::temp_dir().join(format!("cooper-test-ansible-{name}"))
}

/// Nothing is left of the step on this machine, nor of the container.
fn expect_nothing_left(ended: &Ended, name: &str) -> Result<()> {
    let folder = temporary(name);
    let left: Vec<_> = fs::read_dir(&folder)
        .context("list temporary files")?
        .filter_map(|entry| Some(entry.ok()?.file_name()))
        .collect();
    ended.expect(&format!("nothing is left, but {left:?}"), left.is_empty())?;
    fs::remove_dir_all(&folder).context("remove the folder for temporary files")?;
    expect_no_containers()
}

/// What a command prints in an image that a test made, which is then removed.
fn in_image(name: &str, command: &str) -> Result<String> {
    let image = format!("ansible-test/{name}");
    let printed = docker(&["run", "--rm", &image, "sh", "-c", command]);
    docker(&["rmi", &image])?;
    printed
}

const ROLE: &[(&str, &str)] = &[
    (
        "site.yml",
        r#"
- hosts: web
  become: true
  roles: [app]
  tasks:
    - copy: { src: big, dest: /srv/big, mode: "0640" }
    - fetch: { src: /etc/debian_version, dest: fetched/, flat: true }
    - assert: { that: ["inventory_hostname == 'box'", "'empty' in groups", "colour == 'green'"] }
    - command: cat
      args: { stdin: "{{ packer_builder_type }}/{{ packer_build_name }}" }
      register: said
    - copy: { content: "{{ said.stdout }} {{ lookup('env', 'FROM_ENV') }} {{ key }}", dest: /srv/said }
"#,
    ),
    (
        "roles/app/tasks/main.yml",
        r#"
- group: { name: app, gid: 4321 }
- template: { src: conf.j2, dest: /etc/app.conf, mode: "0600" }
  notify: restarted
"#,
    ),
    ("roles/app/templates/conf.j2", "host={{ ansible_distribution }} user={{ ansible_user }}\n"),
    (
        "roles/app/handlers/main.yml",
        "- name: restarted\n  file: { path: /srv/restarted, state: touch }\n",
    ),
];

/// Roles, handlers, templates, facts, files in and out: what public playbooks do.
pub(crate) fn roles() -> Result<()> {
    let steps = r#"
  provisioner "shell" { inline = ["mkdir /srv"] }
  provisioner "ansible" {
    playbook_file    = "site.yml"
    host_alias       = "box"
    groups           = ["web"]
    empty_groups     = ["empty"]
    use_proxy        = false
    ansible_env_vars = ["FROM_ENV=seen"]
    extra_arguments  = ["--extra-vars", "colour=green", "-e", "key=${var.password}", "-v"]
  }
"#;
    let rig = rig("roles", &template("", steps, "roles"), ROLE)?;
    // Longer than one piece of an upload.
    fs::write(rig.folder.join("big"), vec![b'x'; 9 << 20]).context("write a big file")?;
    let ended = rig.run()?;
    ended.expect("it succeeds", ended.code == Some(0))?;
    ended.expect("the proxy is no more", ended.stderr.contains("`use_proxy` has no effect"))?;
    ended.expect("the play is told", ended.stdout.contains("PLAY RECAP"))?;
    let shown = format!("{}{}", ended.stdout, ended.stderr);
    ended.expect("the secret is not", !shown.contains("s3cret-of-the-playbook"))?;
    ended.expect("it was hidden in a file", shown.contains("@") && shown.contains("variables-"))?;
    let fetched = fs::read_to_string(rig.folder.join("fetched/debian_version"));
    ended.expect("a file came out", fetched.is_ok_and(|text| text.starts_with("12")))?;
    expect_nothing_left(&ended, "roles")?;
    let seen = in_image(
        "roles",
        "cat /etc/app.conf; stat -c '%a %s' /etc/app.conf /srv/big; ls /srv; cat /srv/said; \
         grep ^app /etc/group",
    )?;
    let expected = "host=Debian user=root\n600 22\n640 9437184\nbig\nrestarted\nsaid\n\
                    docker/it seen s3cret-of-the-playbook\
                    app:x:4321:";
    ended.expect(&format!("the image is right, but\n{seen}"), seen == expected)
}

/// A task that fails fails the step, at its place, with what Ansible says.
pub(crate) fn failing() -> Result<()> {
    let steps = "  provisioner \"ansible\" { playbook_file = \"site.yml\" }\n";
    let playbook = "- hosts: all\n  tasks: [{ command: 'false' }]\n";
    let rig = rig("failing", &template("", steps, "failing"), &[("site.yml", playbook)])?;
    let ended = rig.run()?;
    ended.expect_failure(&[
        "Error executing Ansible: Non-zero exit status: exit status 2",
        "template.pkr.hcl:14:3",
    ])?;
    ended.expect("the task is told", ended.stdout.contains("\"cmd\": [\"false\"]"))?;
    expect_nothing_left(&ended, "failing")
}

/// Ctrl-C ends Ansible and what it started in the container.
pub(crate) fn cancelled() -> Result<()> {
    let steps = "  provisioner \"ansible\" { playbook_file = \"site.yml\" }\n";
    let playbook = "- hosts: all\n  gather_facts: false\n  tasks: [{ raw: 'sleep 4322' }]\n";
    let rig = rig("cancelled", &template("", steps, "cancelled"), &[("site.yml", playbook)])?;
    let mut running = rig.start()?;
    running.wait_for("TASK [raw]")?;
    std::thread::sleep(Duration::from_secs(1));
    running.signal(Signal::INT);
    let ended = running.end()?;
    ended.expect("it fails", ended.code == Some(1))?;
    ended.expect("it ends soon", ended.took < PATIENCE / 2)?;
    let ps = std::process::Command::new("ps").args(["-eo", "args"]).output().context("run `ps`")?;
    let ps = String::from_utf8_lossy(&ps.stdout);
    ended.expect("no sleeper is left", !ps.lines().any(|line| line.ends_with("sleep 4322")))?;
    let playbook = ps.lines().any(|line| line.contains("ansible-cancelled/site.yml"));
    ended.expect("no Ansible is left", !playbook)?;
    expect_nothing_left(&ended, "cancelled")
}

/// Templates that name Docker's own connection, and the container, get that one.
pub(crate) fn docker_connection() -> Result<()> {
    let source = "  run_command = [\"-dit\", \"--name\", \"ansible-by-name\", \"{{.Image}}\", \"/bin/bash\"]";
    let steps = r#"
  provisioner "ansible" {
    playbook_file   = "site.yml"
    extra_arguments = [
      "--extra-vars", "ansible_host=ansible-by-name ansible_connection=docker",
      "--scp-extra-args", "'-O'",
    ]
  }
"#;
    let playbook = "- hosts: all\n  tasks:\n    - copy: { content: there, dest: /there }\n    \
                    - debug: { var: ansible_connection }\n";
    let rig = rig("named", &template(source, steps, "named"), &[("site.yml", playbook)])?;
    let ended = rig.run()?;
    ended.expect("it succeeds", ended.code == Some(0))?;
    let connection = "\"ansible_connection\": \"docker\"";
    ended.expect("by Docker's connection", ended.stdout.contains(connection))?;
    expect_nothing_left(&ended, "named")?;
    let seen = in_image("named", "cat /there")?;
    ended.expect("the file is there", seen == "there")
}

/// An inventory of one's own, as a user who is not root.
pub(crate) fn own_inventory() -> Result<()> {
    let source = "  exec_user = \"games\"\n  run_command = [\"-dit\", \"-v\", \"/usr/games\", \"{{.Image}}\", \"/bin/bash\"]";
    let steps = r#"
  provisioner "ansible" {
    playbook_file   = "site.yml"
    inventory_file  = "hosts.ini"
    user            = "somebody"
    extra_arguments = ["--limit", "mine"]
  }
"#;
    let files = [
        ("hosts.ini", "[all]\nmine\nother ansible_connection=local\n"),
        ("group_vars/all.yml", "from_group: yes it is\n"),
        (
            "site.yml",
            "- hosts: all\n  vars: { ansible_remote_tmp: /tmp/.ansible }\n  tasks:\n    \
             - copy: { content: '{{ from_group }}', dest: /tmp/mine, mode: '0604' }\n    \
             - command: id -un\n      register: me\n    \
             - assert: { that: [\"me.stdout == 'games'\"] }\n",
        ),
    ];
    let rig = rig("inventory", &template(source, steps, "inventory"), &files)?;
    let ended = rig.run()?;
    ended.expect("it succeeds", ended.code == Some(0))?;
    expect_nothing_left(&ended, "inventory")?;
    let seen = in_image("inventory", "cat /tmp/mine; stat -c ' %U %a' /tmp/mine")?;
    ended.expect(&format!("it is the user's file, but {seen}"), seen == "yes it is games 604")
}

/// What is installed before, an inventory in the template's own words, and programs of one's own.
pub(crate) fn own_words() -> Result<()> {
    let steps = r#"
  provisioner "ansible" {
    playbook_file           = "site.yml"
    command                 = "./playbook.sh"
    host_alias              = "box"
    groups                  = ["web"]
    inventory_directory     = "inventory"
    inventory_file_template = "here ansible_connection=local\n{{ .HostAlias }} ansible_user={{ .User }} at={{ .Host }}:{{ .Port }}\n"
    keep_inventory_file     = true
    galaxy_file             = "requirements.yml"
    galaxy_command          = "./galaxy.sh"
    galaxy_force_install    = true
    roles_path              = "roles"
    collections_path        = "collections"
    ansible_env_vars        = ["FROM_ENV=a value with = in it"]
    extra_arguments         = [
      "-e", jsonencode({ said = "it's \"so\"" }), "-e", "two='a b' one=c id={{ build `ID` }}",
      "--limit", "box", "--scp-extra-args", "'-O'",
    ]
  }
"#;
    let files = [
        ("playbook.sh", "#!/bin/sh\nexec ansible-playbook \"$@\" -e wrapped=yes\n"),
        (
            "galaxy.sh",
            "#!/bin/sh\necho \"$*\" >>galaxy.log\nmkdir -p roles/fetched/tasks\n\
             echo '- copy: { content: there, dest: /role }' >roles/fetched/tasks/main.yml\n",
        ),
        ("requirements.yml", "roles: [fetched]\ncollections: [some.thing]\n"),
        ("inventory/group_vars/web.yml", "from_group: yes it is\n"),
        (
            "site.yml",
            r#"
- hosts: all
  roles: [fetched]
  tasks:
    - assert:
        that:
          - wrapped == "yes"
          - said == "it's \"so\""
          - two == "a b" and one == "c" and id | length == 64
          - ansible_connection == "cooper" and group_names == ["web"]
          - lookup("env", "FROM_ENV") == "a value with = in it"
    - copy: { content: "{{ from_group }} {{ at is search('^[^:]+:[0-9]+$') }}", dest: /words }
"#,
        ),
    ];
    let rig = rig("words", &template("", steps, "words"), &files)?;
    for script in ["playbook.sh", "galaxy.sh"] {
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(rig.folder.join(script), mode).context("let a script run")?;
    }
    let ended = rig.run()?;
    ended.expect("it succeeds", ended.code == Some(0))?;
    let galaxy = fs::read_to_string(rig.folder.join("galaxy.log")).context("read the calls")?;
    let calls = "install -r requirements.yml -f -p roles\n\
                 collection install -r requirements.yml -f -p collections\n";
    ended.expect(&format!("both are installed, but {galaxy}"), galaxy == calls)?;
    let kept = fs::read_dir(rig.folder.join("inventory")).context("list the inventories")?;
    ended.expect("the inventory is kept", kept.count() == 2)?;
    expect_nothing_left(&ended, "words")?;
    let seen = in_image("words", "cat /role /words")?;
    ended.expect(&format!("the image is right, but {seen}"), seen == "thereyes it is True")
}

/// `ansible-local`: the playbooks go in, and run there.
pub(crate) fn local() -> Result<()> {
    let steps = r#"
  provisioner "ansible-local" {
    playbook_dir            = "book"
    playbook_files          = ["book/one.yml", "two.yml"]
    role_paths              = ["roles/extra"]
    group_vars              = "vars"
    host_vars               = "host"
    galaxy_file             = "requirements.yml"
    galaxy_command          = "echo >/galaxy"
    inventory_groups        = ["machines"]
    extra_arguments         = ["--extra-vars", "'colour=\"dark blue\"'"]
    command                 = "PYTHONUNBUFFERED=1 ansible-playbook"
    staging_directory       = "/tmp/the stage"
    clean_staging_directory = true
  }
"#;
    let files = [
        (
            "book/one.yml",
            "- hosts: machines\n  tasks: [{ copy: { content: '{{ colour }} {{ size }} {{ here }}', dest: /one } }]\n",
        ),
        ("two.yml", "- hosts: machines\n  roles: ['/tmp/the stage/roles/extra']\n"),
        (
            "roles/extra/tasks/main.yml",
            "- copy: { content: '{{ packer_builder_type }}', dest: /two }\n",
        ),
        ("vars/machines.yml", "size: 7\n"),
        ("host/127.0.0.1.yml", "here: itself\n"),
        ("requirements.yml", "- src: some.role\n"),
    ];
    let rig = rig("local", &template("", steps, "local"), &files)?;
    let ended = rig.run()?;
    ended.expect("it succeeds", ended.code == Some(0))?;
    expect_nothing_left(&ended, "local")?;
    let seen = in_image("local", "cat /one; echo; cat /two; echo; cat /galaxy; ls /tmp")?;
    let expected = "dark blue 7 itself\ndocker\n\
                    install -r /tmp/the stage/requirements.yml -p /tmp/the stage/galaxy_roles";
    ended.expect(&format!("the image is right, but\n{seen}"), seen == expected)
}
