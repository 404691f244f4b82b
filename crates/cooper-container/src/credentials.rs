//! Who we are to a registry.

use std::fmt;

/// Who we are to a registry. Held in memory only; the secret parts never show in `Debug`.
#[derive(Clone, PartialEq, Eq, Default)]
pub enum Credentials {
    /// Nobody in particular.
    #[default]
    Anonymous,
    /// A name and a password.
    Password {
        /// The name.
        username: String,
        /// The password.
        password: String,
    },
    /// A token that an identity provider gave.
    IdentityToken(String),
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("Anonymous"),
            Self::Password { username, .. } => write!(f, "Password({username}, <sensitive>)"),
            Self::IdentityToken(_) => f.write_str("IdentityToken(<sensitive>)"),
        }
    }
}
