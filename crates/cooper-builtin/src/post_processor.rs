//! Steps that turn an artifact into another.

pub(crate) mod artifice;
pub(crate) mod checksum;
pub(crate) mod compress;
pub(crate) mod docker_import;
pub(crate) mod docker_push;
pub(crate) mod docker_save;
pub(crate) mod docker_tag;
pub(crate) mod manifest;
pub(crate) mod shell_local;

use cooper_build::artifact::Artifact;
use cooper_build::{Config, Failure};
use cooper_hcl::{Code, Reported};

use crate::arguments::refuse;

/// Takes an argument that must be given and not be empty.
fn required(
    config: &Config<'_>,
    argument: &str,
    value: Option<String>,
    help: &str,
) -> Result<String, Reported> {
    value.filter(|value| !value.is_empty()).ok_or_else(|| {
        let message = format!("the argument `{argument}` is required");
        refuse(config, Code::MissingArgument, argument, message, help)
    })
}

/// Refuses an artifact that was not made by one of these.
fn check_maker(input: &Artifact, makers: &[&str], gist: &str, help: &str) -> Result<(), Failure> {
    if makers.contains(&input.builder_id.as_str()) {
        return Ok(());
    }
    Err(Failure::new(format!("Unknown artifact type: {}\n{gist}", input.builder_id)).help(help))
}
