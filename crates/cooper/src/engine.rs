//! The container engine of this program.

use std::sync::Arc;
use std::time::Duration;

use cooper_build::{Interrupt, Plan};
use cooper_container::{ContainerEngine, DockerConfig, DockerEngine, Error};
use cooper_hcl::System;
use tokio::task::JoinHandle;

/// How long a run that is over waits for the removal of what dead runs left.
const SWEEP_PATIENCE: Duration = Duration::from_secs(10);

/// Names the script of an engine that only pretends; not in releases.
const PRETEND: &str = "COOPER_TEST_ENGINE";

/// Where a template's containers run. Nothing is contacted before a build needs it.
pub(crate) struct Engine {
    /// The engine; when it is configured wrongly, one that is not to be used.
    pub(crate) engine: Arc<dyn ContainerEngine>,
    misconfigured: Option<Error>,
}

impl Engine {
    /// The engine that the `docker` program would use.
    pub(crate) fn find(system: &dyn System) -> Self {
        #[cfg(debug_assertions)]
        if let Some(path) = system.env(PRETEND) {
            return Self::pretend(&path);
        }
        match DockerConfig::resolve(&|name| system.env(name)) {
            Ok(config) => {
                Self { engine: Arc::new(DockerEngine::connect(&config)), misconfigured: None }
            }
            Err(error) => {
                // A template without containers needs no engine, and a check contacts none.
                let nowhere = DockerConfig::unix("");
                let engine = Arc::new(DockerEngine::connect(&nowhere));
                Self { engine, misconfigured: Some(error) }
            }
        }
    }

    /// What a build runs on. With an engine that only pretends, what happens at once happens in
    /// the same order every time.
    pub(crate) fn runtime(system: &dyn System) -> tokio::runtime::Builder {
        if cfg!(debug_assertions) && system.env(PRETEND).is_some() {
            return tokio::runtime::Builder::new_current_thread();
        }
        tokio::runtime::Builder::new_multi_thread()
    }

    /// An engine that only pretends, as a script in a file says: for the cases.
    #[cfg(debug_assertions)]
    fn pretend(script: &str) -> Self {
        use cooper_container::fake::FakeEngine;
        let script = std::fs::read_to_string(script)
            .map_err(|error| Error::Configuration(format!("cannot read `{script}`: {error}")));
        match script.and_then(|script| FakeEngine::from_json(&script)) {
            Ok(engine) => Self { engine: Arc::new(engine), misconfigured: None },
            Err(error) => {
                Self { engine: Arc::new(FakeEngine::default()), misconfigured: Some(error) }
            }
        }
    }

    /// Fails when a plan needs an engine and it cannot be told which.
    pub(crate) fn check(&self, plan: &Plan) -> Result<(), &Error> {
        match &self.misconfigured {
            Some(error) if needs_engine(plan) => Err(error),
            Some(_) | None => Ok(()),
        }
    }

    /// Starts to remove what dead runs left, beside a run that uses the engine.
    pub(crate) fn sweep(&self, plan: &Plan) -> Sweep {
        Sweep(needs_engine(plan).then(|| {
            let engine = self.engine.clone();
            tokio::spawn(async move {
                match engine.sweep().await {
                    Ok(0) => {}
                    Ok(count) => tracing::info!("removed {count} containers of dead runs"),
                    // The run itself says what is wrong with the engine.
                    Err(error) => tracing::warn!("cannot look for what dead runs left: {error}"),
                }
            })
        }))
    }
}

fn needs_engine(plan: &Plan) -> bool {
    plan.builds.iter().any(|build| {
        let steps = build.chains.iter().flatten().map(|step| &step.kind);
        steps.chain([&build.source.kind]).any(|kind| kind.starts_with("docker"))
    })
}

/// A removal that is under way.
pub(crate) struct Sweep(Option<JoinHandle<()>>);

impl Sweep {
    /// Waits for it a while, unless the run was told to stop.
    pub(crate) async fn finish(self, interrupt: &Interrupt) {
        if let (Some(task), None) = (self.0, interrupt.received()) {
            let _ = tokio::time::timeout(SWEEP_PATIENCE, task).await;
        }
    }
}
