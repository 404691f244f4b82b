//! What all kinds of component have in common: arguments, which a host may send again and again.

use std::sync::{Arc, Mutex, PoisonError};

use cooper_wire::message::Configs;
use cooper_wire::msgpack;

use crate::build::Build;
use crate::error::{self, Result, guarded};
use crate::given::{self, Given};
use crate::schema::Schema;
use crate::secrets::Secrets;

/// Checks a component's arguments, and may change them.
pub(crate) type Prepare<T> = fn(&mut T, &Build) -> Result;

/// A component, as its host has told it to be.
pub(crate) struct Component<T> {
    prepare: Prepare<T>,
    state: Mutex<State<T>>,
}

struct State<T> {
    configs: Configs,
    ready: Option<Ready<T>>,
}

/// A component that can work.
pub(crate) struct Ready<T> {
    pub(crate) component: Arc<T>,
    pub(crate) build: Arc<Build>,
    pub(crate) secrets: Secrets,
    /// Whether its arguments have to be read again with what the builder says.
    waits: bool,
}

impl<T> Clone for Ready<T> {
    fn clone(&self) -> Self {
        let Self { component, build, secrets, waits } = self;
        Self {
            component: component.clone(),
            build: build.clone(),
            secrets: secrets.clone(),
            waits: *waits,
        }
    }
}

impl<T: Schema> Component<T> {
    pub(crate) fn new(prepare: Prepare<T>) -> Self {
        let state = State { configs: Configs { parts: Vec::new() }, ready: None };
        Self { prepare, state: Mutex::new(state) }
    }

    /// Reads arguments, and has the component check them, unless some are not known yet.
    pub(crate) async fn configure(&self, configs: Configs) -> Result<Option<Ready<T>>, String> {
        let ready = self.read(&configs, None).await?;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        *state = State { configs, ready: ready.clone() };
        Ok(ready)
    }

    async fn read(
        &self,
        configs: &Configs,
        facts: Option<&msgpack::Value>,
    ) -> Result<Option<Ready<T>>, String> {
        let Given { component, build, waits } = given::read::<T>(configs, facts)?;
        let Some(mut component) = component else { return Ok(None) };
        let secrets = Secrets::of(&component);
        guarded(async { (self.prepare)(&mut component, &build) })
            .await
            .map_err(|error| secrets.hide(error))?;
        let (component, build) = (Arc::new(component), Arc::new(build));
        Ok(Some(Ready { component, build, secrets, waits }))
    }

    /// The component, to begin its work.
    pub(crate) async fn ready(&self, facts: Option<&msgpack::Value>) -> Result<Ready<T>, String> {
        let (ready, configs) = {
            let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            (state.ready.clone(), Configs { parts: state.configs.parts.clone() })
        };
        let ready = match ready {
            Some(ready) if !ready.waits => Some(ready),
            _ => self.read(&configs, facts).await?,
        };
        let Some(mut ready) = ready else {
            return Err("the host has not said what all arguments are".to_owned());
        };
        if let Some(facts) = facts {
            let mut build = (*ready.build).clone();
            build.know(facts);
            ready.build = Arc::new(build);
        }
        Ok(ready)
    }
}

impl<T> Ready<T> {
    /// Does the component's work; what goes wrong is told without what is sensitive.
    pub(crate) async fn work<R>(
        &self,
        work: impl Future<Output = error::Result<R>>,
    ) -> Result<R, String> {
        guarded(work).await.map_err(|error| self.secrets.hide(error))
    }
}
