//! The `build.*` values that all sources give alike.

use cooper_build::{Facts, StepCx};
use cooper_hcl::Value;

/// What `build.*` is where nothing is known of the machine but its id.
pub(crate) fn common(cx: &StepCx, id: &str, connection: &str) -> Facts {
    let text = |name: &str, value: &str| (name.to_owned(), Value::string(value));
    Facts::from([
        text("ID", id),
        text("Host", ""),
        ("Port".to_owned(), Value::number(0)),
        text("User", ""),
        text("Password", ""),
        text("ConnType", connection),
        text("PackerRunUUID", cx.run_id()),
        // Packer's words, which scripts compare with.
        text("PackerHTTPPort", "ERR_HTTP_PORT_NOT_IMPLEMENTED_BY_BUILDER"),
        text("PackerHTTPIP", "ERR_HTTP_IP_NOT_IMPLEMENTED_BY_BUILDER"),
        text("PackerHTTPAddr", "ERR_HTTP_ADDR_NOT_IMPLEMENTED_BY_BUILDER"),
        text("SSHPublicKey", ""),
        text("SSHPrivateKey", ""),
        text("WinRMPassword", ""),
        text("SSHPrivateKeyFile", ""),
        ("SSHAgentAuth".to_owned(), Value::bool(false)),
    ])
}

/// What is known of an artifact's build.
pub(crate) fn of(artifact: &cooper_build::Artifact) -> &Facts {
    static NONE: Facts = Facts::new();
    artifact.facts.as_ref().unwrap_or(&NONE)
}
