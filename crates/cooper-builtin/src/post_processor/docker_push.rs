//! `docker-push`: sends an image to its registry.

use std::sync::Arc;

use cooper_build::artifact::Artifact;
use cooper_build::component::{Config, Keep, PostProcessor, PostProcessorKind, Processed, StepCx};
use cooper_build::{Failure, component_config};
use cooper_container::reference::is_image_id;
use cooper_container::{ContainerEngine, Error};
use cooper_hcl::{Code, Diagnostic, Reported};
use cooper_web::retry::PAUSES;
use futures::future::BoxFuture;

use super::check_maker;
use crate::arguments::{given, no_docker_path};
use crate::failure::because;
use crate::image::{self, IMPORTED, TAGGED};
use crate::kind::Kind;
use crate::login::{self, Login};
use crate::transfer::{Told, told};

component_config! {
    /// Sends every name of an image to its registry.
    struct Arguments {
        /// The platform of the image to send, such as `linux/arm64`. Needs an engine with API 1.46.
        platform: Option<String>,
        /// Without effect: Cooper talks to the engine's API itself; `DOCKER_HOST` chooses another one.
        docker_path: Option<String>,
    }
}

/// The kind of post-processor called `docker-push`.
pub(crate) fn kind(engine: Arc<dyn ContainerEngine>) -> impl PostProcessorKind {
    Kind::new(move |config, arguments| prepare(config, arguments, engine.clone()))
        .with_arguments(login::arguments())
}

struct Push {
    engine: Arc<dyn ContainerEngine>,
    login: Login,
    platform: Option<String>,
}

fn prepare(
    config: &Config<'_>,
    arguments: Arguments,
    engine: Arc<dyn ContainerEngine>,
) -> Result<Push, Reported> {
    no_docker_path(config, arguments.docker_path.as_deref());
    let login = Login::prepare(config);
    let names = |component: &String| matches!(component.as_str(), "docker-tag" | "docker-import");
    if config.before.first().is_some_and(|source| source == "docker")
        && !config.before.iter().any(names)
    {
        let message = "the image has no name to push it to";
        let error = Diagnostic::error(Code::InvalidValue, message).at(config.places.header, "");
        return Err(config.diags.error(error.help(
            "put `post-processor \"docker-tag\" { repository = \"REGISTRY/NAME\" }` before it, \
             in one `post-processors` block with it",
        )));
    }
    Ok(Push { engine, login: login?, platform: given(arguments.platform) })
}

impl PostProcessor for Push {
    fn process<'a>(
        &'a self,
        cx: &'a StepCx,
        input: &'a Artifact,
    ) -> BoxFuture<'a, Result<Processed, Failure>> {
        Box::pin(async move {
            check_maker(
                input,
                &[IMPORTED, TAGGED],
                "Can only push from docker-import and docker-tag artifacts.",
                "the source needs `commit = true`, and a `docker-tag` before this",
            )?;
            if is_image_id(&input.id) {
                return Err(Failure::new(format!(
                    "image `{}` has no name to push it to",
                    input.id
                ))
                .help("put a `docker-tag` before `docker-push` in the same `post-processors`"));
            }
            let mut names: Vec<&String> = Vec::new();
            for name in input.tags.iter().chain([&input.id]) {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            let mut digest = None;
            for name in names {
                digest = Some(self.push(cx, name).await?);
            }

            let (id, tags, facts) = (input.id.clone(), input.tags.clone(), input.facts.clone());
            let artifact = image::artifact(&self.engine, IMPORTED, id, tags, facts);
            Ok(Processed {
                artifact: Some(Artifact { digest, ..artifact }),
                input: Keep::ByDefault,
            })
        })
    }
}

impl Push {
    /// Sends one name, again when that may help; returns the manifest's digest.
    async fn push(&self, cx: &StepCx, name: &str) -> Result<String, Failure> {
        let credentials = self.login.credentials(cx, name).await?;
        let mut pauses = PAUSES.into_iter();
        loop {
            cx.say(format!("Pushing: {name}")).await;
            let (engine, credentials) = (&self.engine, &credentials);
            let platform = self.platform.as_deref();
            let pushed = told(cx, |mut tell| async move {
                let mut progress = |progress| tell(Told::from(progress));
                engine.push(name, platform, credentials, &mut progress).await
            })
            .await;
            match (pushed, pauses.next()) {
                // The engine has said it, and the artifact has it.
                (Ok(digest), _) => return Ok(digest),
                (Err(Error::Temporary(reason)), Some(pause)) => {
                    let seconds = pause.as_secs();
                    cx.error(format!("{reason}; trying again in {seconds} s")).await;
                    cx.sleep(pause).await?;
                }
                (Err(error), _) => {
                    let failure = because(format!("push `{name}`"), &error);
                    return Err(match error {
                        Error::Denied(_) => failure.help(
                            "log in with `docker login`, or give `login`, `login_username`, \
                             `login_password` and `login_server`; the image is kept",
                        ),
                        _ => failure.help("the image is kept, and can be pushed by `docker push`"),
                    });
                }
            }
        }
    }
}
