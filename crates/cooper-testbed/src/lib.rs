//! Starts the Docker daemons, registries and base images that tests and chores work against.
//!
//! [`Testbed`] is the one that `cargo xtask setup` leaves running for a working copy: a daemon of
//! its own, a registry on loopback that is also the daemon's mirror, and the small base images.
//! A test that has to break a daemon starts one for itself with [`Daemon::start`].
//!
//! Nothing here touches a daemon that was running before, and every wait has an end. The crate
//! knows nothing of Cooper: it talks to daemons through the `docker` program.

mod base_image;
mod certificates;
mod cgroups;
mod daemon;
mod debian_image;
mod error;
pub mod http;
mod installed;
mod network;
mod packages;
pub mod process;
mod registry;
pub mod releases;
mod ssh;
mod testbed;
mod tokens;

pub use certificates::Certificates;
pub use daemon::{Daemon, DaemonOptions};
pub use debian_image::{DEBIAN_IMAGE, make_debian_image};
pub use error::{Context, Error, Result};
pub use installed::{install_plugin, platform, plugin_place};
pub use registry::{PASSWORD, Registry, USERS, free_port};
pub use releases::{Page, Release, ReleaseServer};
pub use ssh::{SSH_USER, SshServer};
pub use testbed::{Environment, Testbed};
pub use tokens::TokenServer;
