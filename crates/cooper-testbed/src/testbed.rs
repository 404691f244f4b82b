//! The testbed of a working copy.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::daemon::{Daemon, DaemonOptions};
use crate::error::{Context, Error, Result};
use crate::registry::{self, Registry};
use crate::{base_image, packages, process};

/// A daemon, a registry and base images that stay up between test runs, in `target/testbed`.
#[derive(Debug)]
pub struct Testbed {
    folder: PathBuf,
}

/// What a program needs to know to use the testbed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// The value of `DOCKER_HOST`.
    pub docker_host: String,
    /// An empty folder, so that nobody's credentials are used: `DOCKER_CONFIG`.
    pub docker_config: PathBuf,
    /// The registry that also mirrors Docker Hub: `127.0.0.1:34567`.
    pub registry: String,
}

impl Environment {
    /// As environment variables. Docker tests fail without a daemon when they see these.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("DOCKER_HOST", self.docker_host.clone()),
            ("DOCKER_CONFIG", self.docker_config.display().to_string()),
            ("COOPER_TEST_REGISTRY", self.registry.clone()),
            ("COOPER_TEST_DOCKER", "require".to_owned()),
        ]
    }
}

impl Testbed {
    /// The testbed in a build folder, `target`.
    pub fn new(target: &Path) -> Self {
        Self { folder: target.join("testbed") }
    }

    /// Installs what is missing and starts what does not run. Returns at once when all is up;
    /// clears away what is left of one that is not.
    pub fn up(&self) -> Result<Environment> {
        if !rustix::process::geteuid().is_root() {
            return Err(Error::new(
                "the tests start a Docker daemon of their own, which takes root: \
                 run this as root (`sudo -E`)",
            ));
        }
        let _lock = self.lock()?;
        packages::ensure()?;
        if let Some(environment) = self.running() {
            return Ok(environment);
        }
        self.clear()?;
        let registry = Registry::start(&self.registry_folder())?;
        let mirror = Some(registry.address().to_owned());
        let options = DaemonOptions { mirror, ..DaemonOptions::default() };
        let daemon = Daemon::start(&self.daemon_folder(), &options)?;
        daemon.make_base_images()?;
        base_image::push(&daemon, registry.address())?;
        fs::create_dir_all(self.folder.join("config")).context("make folder `config`")?;
        // Last: its presence says that the rest is whole.
        fs::write(self.address_file(), registry.address()).context("note the registry")?;
        Ok(self.environment(registry.address()))
    }

    /// Ends everything and removes it. Nothing there is fine.
    pub fn down(&self) -> Result<()> {
        if !self.folder.exists() {
            return Ok(());
        }
        let _lock = self.lock()?;
        self.clear()
    }

    /// The environment, when everything answers.
    pub fn running(&self) -> Option<Environment> {
        let address = fs::read_to_string(self.address_file()).ok()?;
        let up = registry::answers(&address) && self.daemon().answers();
        up.then(|| self.environment(&address))
    }

    /// The end of the daemon's and the registry's logs.
    pub fn logs(&self) -> String {
        let tail = |log: &Path| process::tail(log, 40);
        let (daemon, registry) =
            (tail(&self.daemon().log()), tail(&registry::log(&self.registry_folder())));
        format!("the daemon's log ends:\n{daemon}\nthe registry's log ends:\n{registry}")
    }

    fn clear(&self) -> Result<()> {
        self.daemon().stop()?;
        let registry = self.registry_folder();
        for pid in process::mentioning(&format!("{}/", registry.display())) {
            process::stop(pid, std::time::Duration::from_secs(5));
        }
        for folder in [registry, self.folder.join("config")] {
            if folder.exists() {
                fs::remove_dir_all(&folder).context(format!("remove {}", folder.display()))?;
            }
        }
        match fs::remove_file(self.address_file()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).context("forget the registry")
            }
            _ => Ok(()),
        }
    }

    fn daemon(&self) -> Daemon {
        Daemon::at(&self.daemon_folder())
    }

    fn daemon_folder(&self) -> PathBuf {
        self.folder.join("daemon")
    }

    fn registry_folder(&self) -> PathBuf {
        self.folder.join("registry")
    }

    fn address_file(&self) -> PathBuf {
        self.folder.join("registry-address")
    }

    fn environment(&self, registry: &str) -> Environment {
        Environment {
            docker_host: self.daemon().host(),
            docker_config: self.folder.join("config"),
            registry: registry.to_owned(),
        }
    }

    /// One at a time: the lock ends with the file that is returned.
    fn lock(&self) -> Result<File> {
        fs::create_dir_all(&self.folder)
            .context(format!("make folder {}", self.folder.display()))?;
        let path = self.folder.join("lock");
        let file = File::create(&path).context(format!("open {}", path.display()))?;
        file.lock().context(format!("lock {}", path.display()))?;
        Ok(file)
    }
}
