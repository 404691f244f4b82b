//! The way into a machine that is none.

use std::path::Path;

use cooper_build::Failure;
use cooper_build::communicator::{Command, Communicator, ExitStatus, Output, Upload};
use futures::future::BoxFuture;

/// What a communicator without a machine answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NoMachine {
    /// Everything fails: there is nothing it could be done to.
    Refuse,
    /// Everything succeeds and does nothing, as in Packer's `file` source.
    Pretend,
}

impl NoMachine {
    fn answer<T: Send + 'static>(
        self,
        what: &str,
        pretended: T,
    ) -> BoxFuture<'static, Result<T, Failure>> {
        let failure = Failure::new(format!("{what} is not possible when communicator = 'none'"))
            .help(
                "use a source with a machine, such as `docker`, or the `shell-local` provisioner",
            );
        Box::pin(async move {
            match self {
                Self::Refuse => Err(failure),
                Self::Pretend => Ok(pretended),
            }
        })
    }
}

impl Communicator for NoMachine {
    fn run<'a>(
        &'a self,
        _command: Command,
        _output: &'a mut dyn Output,
    ) -> BoxFuture<'a, Result<ExitStatus, Failure>> {
        self.answer("running a command", ExitStatus(0))
    }

    fn upload<'a>(&'a self, _file: Upload) -> BoxFuture<'a, Result<(), Failure>> {
        self.answer("uploading a file", ())
    }

    fn upload_dir<'a>(
        &'a self,
        _source: &'a Path,
        _destination: &'a str,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        self.answer("uploading a folder", ())
    }

    fn download<'a>(
        &'a self,
        _source: &'a str,
        _destination: &'a Path,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        self.answer("downloading a file", ())
    }

    fn download_dir<'a>(
        &'a self,
        _source: &'a str,
        _destination: &'a Path,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        self.answer("downloading a folder", ())
    }
}
