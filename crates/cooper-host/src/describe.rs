//! Asking a plugin what is in it.
//!
//! The answer is kept by the digest of the program, so that each is asked once.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use cooper_hcl::System;
use tokio::io::AsyncReadExt;
use tokio::process::Command;

use crate::cache::Cache;
use crate::plugin::Description;

/// How long a plugin may take to answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long its answer may be.
const LONGEST: u64 = 1 << 20;

/// Why a plugin does not say what is in it.
#[derive(Debug, thiserror::Error)]
pub enum DescribeError {
    /// It cannot be run.
    #[error("`{program} describe` cannot be run: {cause}", program = .path.display())]
    Run {
        /// The program.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// It failed.
    #[error("`{program} describe` failed: {status}", program = .path.display())]
    Failed {
        /// The program.
        path: PathBuf,
        /// How it ended.
        status: std::process::ExitStatus,
    },
    /// It does not come to an end.
    #[error("`{program} describe` takes longer than {} seconds", PATIENCE.as_secs(),
        program = .path.display())]
    Late {
        /// The program.
        path: PathBuf,
    },
    /// It says something else.
    #[error("`{program} describe` prints no description: {cause}", program = .path.display())]
    Unreadable {
        /// The program.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
}

/// What plugins said that is in them.
#[derive(Clone, Debug)]
pub struct Descriptions(Cache);

impl Descriptions {
    /// Those that are kept where the user's programs keep such things.
    pub fn of_user(system: &dyn System) -> Self {
        Self(Cache::of_user(system))
    }

    /// None is kept.
    pub const fn nowhere() -> Self {
        Self(Cache::nowhere())
    }

    /// Where else is kept what plugins said.
    pub(crate) const fn cache(&self) -> &Cache {
        &self.0
    }

    /// What is in a program, whose digest was verified.
    ///
    /// # Errors
    ///
    /// When it was never asked before, and does not say.
    pub async fn get(&self, program: &Path, digest: &str) -> Result<Description, DescribeError> {
        let name = format!("{digest}.description");
        let kept = self.0.read(&name);
        if let Some(description) = kept.and_then(|text| serde_json::from_slice(&text).ok()) {
            return Ok(description);
        }
        let description = describe(program).await?;
        if let Ok(text) = serde_json::to_vec(&description) {
            self.0.write(&name, &text);
        }
        Ok(description)
    }
}

/// Asks a program.
///
/// # Errors
///
/// When it does not answer, or something else.
pub async fn describe(program: &Path) -> Result<Description, DescribeError> {
    let path = || program.to_owned();
    let run = |cause| DescribeError::Run { path: path(), cause };
    let mut child = Command::new(program)
        .arg("describe")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(run)?;
    let stdout = child.stdout.take();
    let answering = async {
        let mut text = Vec::new();
        if let Some(stdout) = stdout {
            stdout.take(LONGEST).read_to_end(&mut text).await.map_err(run)?;
        }
        Ok((text, child.wait().await.map_err(run)?))
    };
    let (text, status) = match tokio::time::timeout(PATIENCE, answering).await {
        Ok(answer) => answer?,
        Err(_) => return Err(DescribeError::Late { path: path() }),
    };
    if !status.success() {
        return Err(DescribeError::Failed { path: path(), status });
    }
    serde_json::from_slice(&text)
        .map_err(|cause| DescribeError::Unreadable { path: path(), cause: cause.to_string() })
}
