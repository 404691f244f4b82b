//! How a container is started: the arguments of `docker run`.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cooper_build::{Config, Facts, Failure, StepCx};
use cooper_container::ContainerSpec;
use cooper_container::run_options::{self, LocalHost};
use cooper_hcl::{Code, Reported, System};

use super::Arguments;
use crate::arguments::refuse_element;
use crate::render::Renderer;

const RUN_COMMAND: &[&str] = &["-d", "-i", "-t", "--entrypoint=/bin/sh", "--", "{{.Image}}"];

/// Stands for an image that is not built yet when options are checked.
const SOME_IMAGE: &str = "image";

/// How the container is started: the arguments of `docker run`.
pub(super) struct RunCommand {
    /// Those that other arguments stand for.
    options: Vec<String>,
    /// `run_command`, not rendered.
    command: Vec<String>,
    system: Arc<dyn System>,
    renderer: Renderer,
}

impl RunCommand {
    pub(super) fn prepare(
        config: &Config<'_>,
        arguments: &Arguments,
        platform: Option<&str>,
    ) -> Result<Self, Reported> {
        // Where each option came from, for mistakes.
        let mut options: Vec<(&str, usize, String)> = Vec::new();
        let mut add = |argument: &'static str, option: &str, values: &[String]| {
            for (index, value) in values.iter().enumerate() {
                options.push((argument, index, option.to_owned()));
                options.push((argument, index, value.clone()));
            }
        };
        add("device", "--device", &arguments.device);
        add("cap_add", "--cap-add", &arguments.cap_add);
        add("cap_drop", "--cap-drop", &arguments.cap_drop);
        let runtime = arguments.runtime.iter().filter(|text| !text.is_empty()).cloned();
        add("runtime", "--runtime", &runtime.collect::<Vec<_>>());
        let platform: Vec<String> = platform.map(str::to_owned).into_iter().collect();
        add("platform", "--platform", &platform);
        add("tmpfs", "--tmpfs", &arguments.tmpfs);
        let volumes = arguments.volumes.iter();
        let volumes = volumes.map(|(host, there)| format!("{}:{there}", at_home(config, host)));
        add("volumes", "-v", &volumes.collect::<Vec<_>>());
        if arguments.privileged {
            options.push(("privileged", 0, "--privileged".to_owned()));
        }

        let command = match &arguments.run_command {
            command if command.is_empty() => {
                RUN_COMMAND.iter().map(|&item| item.to_owned()).collect()
            }
            command => command.clone(),
        };
        let run = Self {
            options: options.iter().map(|(_, _, option)| option.clone()).collect(),
            command,
            system: config.system.clone(),
            renderer: Renderer::new(config),
        };
        let image = arguments.image.as_deref().unwrap_or(SOME_IMAGE);
        let list = run.arguments(image, &Facts::new()).map_err(|failure| {
            config.error(Code::StringTemplate, "run_command", failure.to_string())
        })?;
        let mut sound = Ok(());
        for error in run_options::parse(&list, &Host(&*run.system)).err().unwrap_or_default() {
            let place = match options.get(error.index) {
                Some(&(argument, index, _)) => (argument, index),
                None => ("run_command", error.index - options.len()),
            };
            let help = error.help.unwrap_or_default();
            let code = Code::InvalidRunOption;
            sound = Err(refuse_element(config, code, place, error.message, &help));
        }
        sound.map(|()| run)
    }

    /// What the container is to be like.
    pub(super) async fn spec(&self, cx: &StepCx, image: &str) -> Result<ContainerSpec, Failure> {
        let arguments = self.arguments(image, cx.facts())?;
        cx.say(format!("Run command: docker run {}", arguments.join(" "))).await;
        run_options::parse(&arguments, &Host(&*self.system)).map_err(|errors| {
            let all: Vec<String> = errors.iter().map(ToString::to_string).collect();
            Failure::new("understand `run_command`").caused_by(all.join("; "))
        })
    }

    /// The arguments of `docker run` for an image.
    fn arguments(&self, image: &str, facts: &Facts) -> Result<Vec<String>, Failure> {
        let command = self.command.iter();
        let rendered = command.map(|item| self.renderer.once(item, facts, &[("Image", image)]));
        let mut all = self.options.clone();
        for item in rendered {
            all.push(item?);
        }
        Ok(all)
    }
}

/// A path of the host, `~` being the user's home folder.
fn at_home(config: &Config<'_>, path: &str) -> String {
    match (path.strip_prefix("~/"), config.system.home_dir()) {
        (Some(rest), Some(home)) => home.join(rest).display().to_string(),
        _ => path.to_owned(),
    }
}

/// What `docker run` options may refer to.
struct Host<'a>(&'a dyn System);

impl LocalHost for Host<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        self.0.env(name)
    }

    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        let bytes = self.0.read(path)?;
        if bytes.len() as u64 > limit {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "the file is too large"));
        }
        Ok(bytes)
    }

    fn working_dir(&self) -> io::Result<PathBuf> {
        Ok(self.0.current_dir())
    }
}
