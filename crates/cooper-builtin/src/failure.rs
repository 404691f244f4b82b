//! What an engine refused, as trouble of a run.

use std::error::Error as StdError;

use cooper_build::Failure;
use cooper_container::Error;

/// A failure with an error and its chain as causes and, where the engine is the reason, what a
/// person can do about it.
pub(crate) fn because(message: impl Into<String>, error: &(dyn StdError + 'static)) -> Failure {
    let failure = Failure::because(message, error);
    match error.downcast_ref::<Error>().and_then(help) {
        Some(help) => failure.help(help),
        None => failure,
    }
}

fn help(error: &Error) -> Option<&'static str> {
    Some(match error {
        Error::NotBegun(reason) => return help(reason),
        Error::Unreachable { reason, .. } if reason.starts_with("ssh: ") => {
            "`ssh HOST docker version`, with the user, host and port of `DOCKER_HOST`, has to \
             work without a question"
        }
        Error::Unreachable { reason, .. }
            if reason.to_lowercase().contains("permission denied") =>
        {
            "this user may not use Docker: add it to the group `docker` \
             (`sudo usermod -aG docker \"$USER\"`) and log in again, or use `sudo`"
        }
        Error::Unreachable { reason, .. } if reason.contains("client certificate") => {
            "`cert.pem` and `key.pem` belong into the folder that `DOCKER_CERT_PATH` names"
        }
        Error::Unreachable { reason, .. } if reason.contains("peer certificate") => {
            "`ca.pem` in the folder that `DOCKER_CERT_PATH` names must be of the authority that \
             signed the engine's certificate, which must be for the host of `DOCKER_HOST`"
        }
        Error::Unreachable { reason, .. } if reason.contains("fatal alert") => {
            "`cert.pem` in the folder that `DOCKER_CERT_PATH` names must be of an authority that \
             the engine knows"
        }
        Error::Unreachable { .. } => {
            "is Docker running? `docker info` tells; `DOCKER_HOST` and `docker context` say where \
             it is looked for"
        }
        Error::Denied(_) => {
            "check the name of the image, `login_username` and `login_password`; or log in with \
             `docker login`, and Cooper finds the password there"
        }
        Error::NoSpace(_) => {
            "make room: `docker system df` shows what takes it, `docker system prune` removes \
             what is not used"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_that_cannot_be_reached_has_a_next_step() {
        for (reason, expected) in [
            ("Permission denied (os error 13)", "group `docker`"),
            ("No such file or directory (os error 2)", "`docker info`"),
            ("it wants to see a client certificate, and there is none (x)", "`key.pem`"),
            ("invalid peer certificate: UnknownIssuer", "`ca.pem`"),
            ("received fatal alert: BadCertificate", "`cert.pem`"),
            ("ssh: me@box: Permission denied (publickey).", "`ssh HOST docker version`"),
        ] {
            let (address, reason) = ("unix:///x".to_owned(), reason.to_owned());
            let failure = because("pull", &Error::Unreachable { address, reason });
            assert!(failure.next_step().is_some_and(|help| help.contains(expected)));
        }
        let denied = because("pull", &Error::Denied("unauthorized".into()));
        assert!(denied.next_step().is_some_and(|help| help.contains("`docker login`")));
        assert_eq!(because("pull", &Error::NotFound("none".into())).next_step(), None);
    }
}
