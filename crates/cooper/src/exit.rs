//! The codes the program ends with. They are Packer's.

use std::process::ExitCode;

/// How the program ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// Everything asked for was done: 0.
    Success,
    /// Something failed, was interrupted, or was asked for wrongly: 1.
    Failure,
    /// `fmt -check` has found a file that is not laid out: 3.
    NotCanonical,
    /// There is no such command: 127.
    UnknownCommand,
}

impl Exit {
    /// The number the shell sees.
    pub const fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failure => 1,
            Self::NotCanonical => 3,
            Self::UnknownCommand => 127,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
