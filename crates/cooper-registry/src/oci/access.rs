//! What we want of a repository.

/// What is to be allowed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Access {
    /// To fetch.
    Pull,
    /// To fetch and to send.
    Push,
}

impl Access {
    /// As a scope of a token says it.
    pub(super) fn actions(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Push => "pull,push",
        }
    }

    /// As a sentence says it.
    pub(super) fn verb(self) -> &'static str {
        match self {
            Self::Pull => "pull from",
            Self::Push => "push to",
        }
    }
}
