//! The forms that Packer no longer takes, and what they became.

use super::json::{Json, Object};

/// Where a fix looks.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Builders,
    Provisioners,
    PostProcessors,
}

/// Which components a fix is for.
enum Types {
    Any,
    Is(&'static [&'static str]),
    Begins(&'static str),
}

/// What a fix does.
enum Change {
    /// An argument is called something else. Where both are there, the new one stays.
    Rename(&'static str, &'static str),
    /// An argument has no use.
    Remove(&'static str),
    /// The type is called something else.
    Type(&'static str),
    /// Anything else.
    Other(fn(&mut Object)),
}

/// A row of the table.
pub(super) struct Fix {
    pub(super) part: Part,
    types: Types,
    change: Change,
}

use Change::{Other, Remove, Rename, Type};
use Part::{Builders, PostProcessors, Provisioners};
use Types::{Any, Begins, Is};

const fn row(part: Part, types: Types, change: Change) -> Fix {
    Fix { part, types, change }
}

/// In the order in which they are applied, which is Packer's.
pub(super) static FIXES: &[Fix] = &[
    row(Builders, Any, Other(iso_md5)),
    row(Builders, Any, Other(create_time)),
    row(Builders, Is(&["virtualbox"]), Other(guest_additions)),
    row(PostProcessors, Is(&["vagrant"]), Other(vagrant_override)),
    row(Builders, Is(&["virtualbox"]), Type("virtualbox-iso")),
    row(Provisioners, Any, Other(virtualbox_override)),
    row(Builders, Is(&["vmware"]), Type("vmware-iso")),
    row(Builders, Is(&["parallels-iso", "parallels-pvm"]), Remove("headless")),
    row(Builders, Is(&["parallels-iso", "parallels-pvm"]), Remove("parallels_tools_host_path")),
    row(
        Builders,
        Is(&["parallels-iso", "parallels-pvm"]),
        Rename("guest_os_distribution", "guest_os_type"),
    ),
    row(Builders, Any, Rename("ssh_key_path", "ssh_private_key_file")),
    row(Builders, Any, Rename("ssh_disable_agent", "ssh_disable_agent_forwarding")),
    row(Builders, Is(&["scaleway"]), Rename("access_key", "organization_id")),
    row(PostProcessors, Is(&["manifest"]), Rename("filename", "output")),
    row(Builders, Begins("amazon-"), Rename("shutdown_behaviour", "shutdown_behavior")),
    row(Builders, Begins("amazon-"), Rename("enhanced_networking", "ena_support")),
    row(Builders, Begins("amazon-"), Other(private_ip)),
    row(Builders, Begins("amazon-"), Other(security_group_cidr)),
    row(Builders, Any, Remove("login_email")),
    row(PostProcessors, Any, Remove("login_email")),
    row(PostProcessors, Is(&["docker-tag"]), Other(docker_tags)),
    row(Provisioners, Is(&["powershell"]), Other(powershell_escapes)),
    row(Builders, Is(&["vmware-iso"]), Other(vmware_compaction)),
    row(Builders, Is(&["hyperv-iso"]), Remove("vhd_temp_path")),
    row(Builders, Is(&["hyperv-vmcx"]), Rename("clone_from_vmxc_path", "clone_from_vmcx_path")),
    row(Builders, Is(&["hyperv-vmcx", "hyperv-iso"]), Rename("cpu", "cpus")),
    row(Builders, Is(&["hyperv-vmcx", "hyperv-iso"]), Rename("ram_size", "memory")),
    row(Builders, Any, Other(clean_image_name)),
    row(
        Builders,
        Is(&["amazon-ebs", "amazon-ebssurrogate", "amazon-ebsvolume", "amazon-instance"]),
        Remove("spot_price_auto_product"),
    ),
    row(Builders, Is(&["qemu"]), Other(qemu_disk_size)),
    row(Provisioners, Is(&["ansible-local"]), Rename("galaxycommand", "galaxy_command")),
    row(Builders, Begins("virtualbox"), Rename("ssh_host_port_min", "host_port_min")),
    row(Builders, Begins("virtualbox"), Rename("ssh_host_port_max", "host_port_max")),
    row(Builders, Begins("virtualbox"), Rename("ssh_skip_nat_mapping", "skip_nat_mapping")),
    row(Builders, Any, Rename("ssh_wait_timeout", "ssh_timeout")),
    row(Builders, Is(&["vsphere-iso"]), Other(vsphere_network)),
    row(Builders, Is(&["vsphere-iso"]), Other(vsphere_storage)),
    row(Builders, Any, Other(iso_checksum)),
    row(Builders, Is(&["qemu"]), Rename("ssh_host_port_min", "host_port_min")),
    row(Builders, Is(&["qemu"]), Rename("ssh_host_port_max", "host_port_max")),
    row(Builders, Begins("azure-chroot"), Other(exclude_from_latest)),
    row(Builders, Is(&["proxmox"]), Type("proxmox-iso")),
];

impl Fix {
    pub(super) fn apply(&self, component: &mut Object) {
        let ty = component.get("type").and_then(Json::as_str).unwrap_or_default();
        let is_meant = match self.types {
            Any => true,
            Is(types) => types.contains(&ty),
            Begins(prefix) => ty.starts_with(prefix),
        };
        if !is_meant {
            return;
        }
        match self.change {
            Rename(old, new) => rename(component, old, new),
            Remove(name) => {
                component.remove(name);
            }
            Type(name) => {
                component.insert("type".to_owned(), text(name));
            }
            Other(change) => change(component),
        }
    }
}

fn text(text: impl Into<String>) -> Json {
    Json::String(text.into())
}

fn rename(object: &mut Object, old: &str, new: &str) {
    if let Some(value) = object.remove(old) {
        object.entry(new.to_owned()).or_insert(value);
    }
}

/// Takes a string out of an object.
fn take_string(object: &mut Object, name: &str) -> Option<String> {
    object.get(name)?.as_str()?;
    match object.remove(name) {
        Some(Json::String(text)) => Some(text),
        _ => None,
    }
}

fn iso_md5(builder: &mut Object) {
    if let Some(sum) = take_string(builder, "iso_md5") {
        builder.insert("iso_checksum".to_owned(), text(sum));
        builder.insert("iso_checksum_type".to_owned(), text("md5"));
    }
}

/// `iso_checksum_url` and `iso_checksum_type` are parts of `iso_checksum`.
fn iso_checksum(builder: &mut Object) {
    let url = take_string(builder, "iso_checksum_url").unwrap_or_default();
    let kind = take_string(builder, "iso_checksum_type").unwrap_or_default();
    let sum = builder.get("iso_checksum").and_then(Json::as_str).unwrap_or_default();
    let whole = match (url.as_str(), kind.as_str(), sum) {
        ("", _, "") => return,
        ("", "", sum) => sum.to_owned(),
        ("", kind, sum) => format!("{kind}:{sum}"),
        (url, _, _) => format!("file:{url}"),
    };
    builder.insert("iso_checksum".to_owned(), text(whole));
}

/// `{{.CreateTime}}` is `{{timestamp}}`.
fn create_time(builder: &mut Object) {
    for name in ["ami_name", "bundle_prefix", "snapshot_name"] {
        let Some(Json::String(value)) = builder.get_mut(name) else { continue };
        let mut fixed = String::new();
        let mut rest = value.as_str();
        while let Some(open) = rest.find("{{") {
            let (before, action) = rest.split_at(open);
            let end = action.find("}}").map_or(action.len(), |end| end + 2);
            let is_time = action[..end].trim_matches(['{', '}']).trim() == ".CreateTime";
            fixed += before;
            fixed += if is_time { "{{timestamp}}" } else { &action[..end] };
            rest = &action[end..];
        }
        *value = fixed + rest;
    }
}

fn guest_additions(builder: &mut Object) {
    if let Some(Json::Bool(attach)) = builder.get("guest_additions_attach") {
        let mode = if *attach { "attach" } else { "upload" };
        builder.remove("guest_additions_attach");
        builder.insert("guest_additions_mode".to_owned(), text(mode));
    }
}

fn vagrant_override(post: &mut Object) {
    let names = ["aws", "digitalocean", "virtualbox", "vmware"];
    let overrides =
        names.into_iter().filter_map(|name| Some((name.to_owned(), post.remove(name)?)));
    let overrides: Object = overrides.collect();
    if !overrides.is_empty() {
        post.insert("override".to_owned(), Json::Object(overrides));
    }
}

/// What is overridden for `virtualbox`, which is called `virtualbox-iso` now.
fn virtualbox_override(provisioner: &mut Object) {
    if let Some(Json::Object(overrides)) = provisioner.get_mut("override")
        && let Some(value) = overrides.remove("virtualbox")
    {
        overrides.insert("virtualbox-iso".to_owned(), value);
    }
}

fn private_ip(builder: &mut Object) {
    if builder.contains_key("ssh_interface") {
        return;
    }
    let is_private = match builder.get("ssh_private_ip") {
        Some(Json::Bool(value)) => *value,
        Some(Json::String(text)) => {
            matches!(text.as_str(), "1" | "t" | "T" | "true" | "TRUE" | "True")
        }
        _ => return,
    };
    builder.remove("ssh_private_ip");
    let interface = if is_private { "private_ip" } else { "public_ip" };
    builder.insert("ssh_interface".to_owned(), text(interface));
}

fn security_group_cidr(builder: &mut Object) {
    if let Some(cidr) = take_string(builder, "temporary_security_group_source_cidr") {
        let cidrs = Json::Array(vec![text(cidr)]);
        builder.insert("temporary_security_group_source_cidrs".to_owned(), cidrs);
    }
}

/// `tag` and `tags` are one list, in which nothing is there twice.
fn docker_tags(post: &mut Object) {
    let mut tags: Vec<Json> = Vec::new();
    for name in ["tag", "tags"] {
        let given = match post.remove(name) {
            Some(Json::String(list)) => list.split(',').map(|tag| text(tag.trim())).collect(),
            Some(Json::Array(list)) => list,
            _ => Vec::new(),
        };
        for tag in given {
            if !tags.contains(&tag) {
                tags.push(tag);
            }
        }
    }
    post.insert("tags".to_owned(), Json::Array(tags));
}

/// PowerShell's escapes are made by Packer.
fn powershell_escapes(provisioner: &mut Object) {
    fn unescape(value: &mut Json) {
        let Json::String(escaped) = value else { return };
        let mut plain = String::new();
        let mut letters = escaped.chars().peekable();
        while let Some(letter) = letters.next() {
            match (letter, letters.peek()) {
                ('`', Some(&next)) if "$\"`'".contains(next) => {
                    plain.push(next);
                    letters.next();
                }
                _ => plain.push(letter),
            }
        }
        *escaped = plain;
    }
    for name in ["elevated_user", "elevated_password"] {
        provisioner.get_mut(name).into_iter().for_each(unescape);
    }
    if let Some(Json::Array(variables)) = provisioner.get_mut("environment_vars") {
        variables.iter_mut().for_each(unescape);
    }
}

/// Disks that are not thin cannot be compacted on ESXi.
fn vmware_compaction(builder: &mut Object) {
    if builder.get("remote_type").and_then(Json::as_str) != Some("esx5") {
        return;
    }
    match builder.get("disk_type_id") {
        None => {
            builder.insert("disk_type_id".to_owned(), text("zeroedthick"));
        }
        Some(Json::String(kind)) if kind != "thin" => {}
        Some(_) => return,
    }
    if matches!(builder.get("skip_compaction"), None | Some(Json::Bool(_))) {
        builder.insert("skip_compaction".to_owned(), Json::Bool(true));
    }
}

fn clean_image_name(builder: &mut Object) {
    fn rename(value: &mut Json) {
        if let Json::String(text) = value {
            let fixed = text.replace("clean_image_name", "clean_resource_name");
            *text = fixed.replace("clean_ami_name", "clean_resource_name");
        }
    }
    for value in builder.values_mut() {
        match value {
            Json::Object(entries) => entries.values_mut().for_each(rename),
            other => rename(other),
        }
    }
}

fn qemu_disk_size(builder: &mut Object) {
    if let Some(size) = builder.get_mut("disk_size")
        && let Json::Number(megabytes) = size
    {
        *size = text(format!("{megabytes}M"));
    }
}

/// The network card of the first days is one of several.
fn vsphere_network(builder: &mut Object) {
    let mut card = Object::new();
    for (old, new) in
        [("network", "network"), ("networkCard", "network_card"), ("network_card", "network_card")]
    {
        if let Some(value) = builder.remove(old) {
            card.insert(new.to_owned(), value);
        }
    }
    put_first(builder, card, "network_adapters");
}

fn vsphere_storage(builder: &mut Object) {
    let mut disk = Object::new();
    for name in ["disk_size", "disk_thin_provisioned", "disk_eagerly_scrub"] {
        if let Some(value) = builder.remove(name) {
            disk.insert(name.to_owned(), value);
        }
    }
    put_first(builder, disk, "storage");
}

/// Puts what is not empty in front of a list.
fn put_first(builder: &mut Object, first: Object, list: &str) {
    if first.is_empty() {
        return;
    }
    let mut all = vec![Json::Object(first)];
    if let Some(Json::Array(others)) = builder.remove(list) {
        all.extend(others);
    }
    builder.insert(list.to_owned(), Json::Array(all));
}

fn exclude_from_latest(builder: &mut Object) {
    if let Some(Json::Object(destination)) = builder.get_mut("shared_image_destination") {
        rename(destination, "exlude_from_latest", "exclude_from_latest");
    }
}
