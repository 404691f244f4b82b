//! How plugins that a template requires are held to the lock file.

use std::path::Path;

use cooper_build::Session;
use cooper_build::lock::{Hold, LockedPlugin, not_locked};
use cooper_build::template::PluginRequirement;
use cooper_build::version::Version;
use cooper_hcl::{Code, Diagnostic, Reported};

use crate::discover::Installed;
use crate::platform::Platform;
use crate::plugin::Plugin;

/// How a plugin is held to the lock file.
#[derive(Clone, Copy, Debug)]
pub enum Held<'a> {
    /// Any that fits will do; this one is in the lock file, if one is.
    Loosely(Option<&'a LockedPlugin>),
    /// It must be this one.
    To {
        /// As the lock file names it.
        locked: &'a LockedPlugin,
        /// What its program has for this machine.
        sha256: &'a str,
    },
}

/// How a plugin is held that a template requires.
///
/// # Errors
///
/// [`Reported`], when the lock file allows none that would do.
pub fn held<'a>(
    requirement: &PluginRequirement,
    session: &'a Session,
) -> Result<Held<'a>, Reported> {
    let PluginRequirement { source, version, source_span, version_span, .. } = requirement;
    let file = session.lock.path().display();
    let refuse = |error: Diagnostic, help: &str| Err(session.diags.error(error.help(help)));
    match session.lock.plugin(source.as_str()) {
        Hold::Free => Ok(Held::Loosely(None)),
        Hold::Known(known) => Ok(Held::Loosely(known)),
        Hold::Refused => {
            let message =
                format!("`{source}` is not in `{file}`, and `-locked` allows no other plugin");
            let error = not_locked(message).at(*source_span, "");
            refuse(error, "`cooper init` without `-locked` adds it")
        }
        Hold::Only(locked) if !version.allows(&locked.version) => {
            let message = format!(
                "`{version}` is required of `{source}`, and `{file}` has version {}",
                locked.version
            );
            let error = not_locked(message).at(*version_span, "").label(locked.span, "named here");
            refuse(error, "`cooper init` without `-locked` installs and names one that will do")
        }
        Hold::Only(locked) => match locked.sha256.get(&Platform::this().to_string()) {
            Some(sha256) => Ok(Held::To { locked, sha256 }),
            None => {
                let message = format!(
                    "`{file}` names no program of `{source}` for this machine, which is {}",
                    Platform::this()
                );
                let error = not_locked(message).at(*source_span, "");
                let error = error.label(locked.span, "named here");
                refuse(error, "`cooper init` without `-locked`, on such a machine, adds it")
            }
        },
    }
}

impl<'a> Held<'a> {
    /// The version and, where it is known, the SHA-256 of the program that is to be installed: what
    /// the lock file names, if that will do.
    pub fn named(self, requirement: &PluginRequirement) -> Option<(&'a Version, Option<&'a str>)> {
        match self {
            Self::To { locked, sha256 } => Some((&locked.version, Some(sha256))),
            Self::Loosely(Some(locked)) if requirement.version.allows(&locked.version) => {
                let sha256 = locked.sha256.get(&Platform::this().to_string());
                Some((&locked.version, sha256.map(String::as_str)))
            }
            Self::Loosely(_) => None,
        }
    }

    /// Whether a program may be the one that is required.
    pub(crate) fn allows(
        self,
        installed: &Installed,
        requirement: &PluginRequirement,
        folder: &Path,
    ) -> bool {
        installed.is_of(&requirement.source, folder)
            && match self {
                Self::Loosely(_) => requirement.version.allows(&installed.version.release()),
                Self::To { locked, .. } => installed.version == locked.version,
            }
    }

    /// Whether the one that it must be is not installed, which is told.
    pub(crate) fn is_missing(
        self,
        requirement: &PluginRequirement,
        all: &[Installed],
        folder: &Path,
        session: &Session,
    ) -> bool {
        let Self::To { locked, .. } = self else { return false };
        if all.iter().any(|installed| self.allows(installed, requirement, folder)) {
            return false;
        }
        let PluginRequirement { source, source_span, .. } = requirement;
        let message =
            format!("version {} of `{source}` is locked, and not installed", locked.version);
        let error = Diagnostic::error(Code::MissingPlugin, message).at(*source_span, "");
        let error = error.label(locked.span, "named here");
        session.diags.error(error.help("`cooper init -locked` installs it"));
        true
    }

    /// Tells that a plugin is used which is not the one in the lock file.
    pub(crate) fn warn(
        self,
        plugin: &Plugin,
        requirement: Option<&PluginRequirement>,
        session: &Session,
    ) {
        let (Self::Loosely(Some(locked)), Some(requirement)) = (self, requirement) else { return };
        let PluginRequirement { source, source_span, .. } = requirement;
        let known = locked.sha256.get(&Platform::this().to_string());
        let message = match known {
            _ if plugin.version != locked.version => format!(
                "version {} of `{source}` is used, and the lock file has {}",
                plugin.version, locked.version
            ),
            Some(known) if *known != plugin.digest => format!(
                "another program of `{source}` is used than the lock file names: its SHA-256 is \
                 {} and not {known}",
                plugin.digest
            ),
            Some(_) | None => return,
        };
        let warning = Diagnostic::warning(Code::NotLocked, message).at(*source_span, "");
        let warning = warning.label(locked.span, "named here");
        let help = "`cooper init -upgrade` names it, `cooper init -locked` installs the other one";
        session.diags.warn(warning.help(help));
    }
}
