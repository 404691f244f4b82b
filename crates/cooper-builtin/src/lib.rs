//! The sources, provisioners, post-processors and data sources that come in the box.
//!
//! One component is one file: its arguments, its behaviour and its tests. [`catalog`] lists them,
//! `kind` stands between them and the catalog. What several of them share lies beside them:
//! `arguments` reads special arguments, `script` is what `shell` and `shell-local` have in
//! common, `lines` turns a command's output into events, `login` knows who we are to a
//! registry, `communicator` has the ways into machines.

mod archive;
mod arguments;
mod communicator;
mod data;
mod facts;
mod failure;
mod files;
mod image;
mod kind;
mod lines;
mod local;
mod login;
mod post_processor;
mod provisioner;
mod render;
mod said;
mod script;
mod secret_store;
mod source;
mod transfer;

use std::sync::Arc;

use cooper_build::Catalog;
use cooper_container::ContainerEngine;

pub use secret_store::SecretStoreClients;

/// The Packer plugin whose components are built in, and the version they behave like.
pub const DOCKER_PLUGIN: (&str, &str) = ("github.com/hashicorp/docker", "1.1.5");

/// The same of its plugin for Ansible.
pub const ANSIBLE_PLUGIN: (&str, &str) = ("github.com/hashicorp/ansible", "1.1.6");

/// Every kind of component that comes in the box; those that need containers use `engine`.
pub fn catalog(engine: Arc<dyn ContainerEngine>) -> Catalog {
    let mut catalog = Catalog::new();
    for (plugin, version) in [DOCKER_PLUGIN, ANSIBLE_PLUGIN] {
        catalog.plugin(plugin, version);
    }

    catalog.source("docker", source::docker::kind(engine.clone()));
    catalog.source("file", source::file::kind());
    catalog.source("null", source::null::kind());

    catalog.provisioner("ansible", provisioner::ansible::kind());
    catalog.provisioner("ansible-local", provisioner::ansible_local::kind());
    catalog.provisioner("breakpoint", provisioner::breakpoint::kind());
    catalog.provisioner("file", provisioner::file::kind());
    catalog.provisioner("shell", provisioner::shell::kind());
    catalog.provisioner("shell-local", provisioner::shell_local::kind());
    catalog.provisioner("sleep", provisioner::sleep::kind());

    catalog.post_processor("artifice", post_processor::artifice::kind());
    catalog.post_processor("checksum", post_processor::checksum::kind());
    catalog.post_processor("compress", post_processor::compress::kind());
    catalog.post_processor("docker-import", post_processor::docker_import::kind(engine.clone()));
    catalog.post_processor("docker-push", post_processor::docker_push::kind(engine.clone()));
    catalog.post_processor("docker-save", post_processor::docker_save::kind(engine.clone()));
    catalog.post_processor("docker-tag", post_processor::docker_tag::kind(engine));
    catalog.post_processor("manifest", post_processor::manifest::kind());
    catalog.post_processor("shell-local", post_processor::shell_local::kind());

    catalog.data_source("http", data::http::kind());
    catalog.data_source("null", data::null::kind());
    catalog
}
