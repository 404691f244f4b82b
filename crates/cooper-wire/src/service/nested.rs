//! A call during which the other side calls back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::broker::{Broker, Offer};
use crate::message::ConfigSpec;
use crate::rpc::{CallError, Client, Service, serve};
use crate::spec::{Encoding, Object};

/// How long `Cancel` may take to be answered.
pub(super) const CANCELLING: Duration = Duration::from_secs(5);

/// A component's main channel, by which one long call goes at a time.
#[derive(Clone)]
pub(super) struct Main {
    pub(super) client: Client,
    pub(super) broker: Broker,
    /// Whether the long call has come as far as to call back. Components of Go's library crash
    /// when they are cancelled before.
    running: Arc<AtomicBool>,
}

impl Main {
    pub(super) fn new(client: Client, broker: Broker) -> Self {
        Self { client, broker, running: Arc::default() }
    }

    /// Asks for a spec.
    pub(super) async fn spec(
        &self,
        method: &str,
        encoding: Encoding,
        patience: Duration,
    ) -> Result<Object, CallError> {
        let ConfigSpec { spec } = self.client.call_within(patience, method, &()).await?;
        read_spec(method, encoding, &spec)
    }

    /// Makes a call, and answers what the other side calls meanwhile over the channel that it is
    /// offered.
    pub(super) async fn call_serving<'a, T>(
        &self,
        offer: Offer,
        services: &[&'a dyn Service<'a>],
        call: impl Future<Output = Result<T, CallError>>,
    ) -> Result<T, CallError> {
        let serving = async {
            let stream = offer.accept_later().await?;
            self.running.store(true, Ordering::Release);
            if let Err(why) = serve(stream, services).await {
                tracing::debug!("a nested channel ended: {why}");
            }
            Ok::<(), CallError>(())
        };
        let _over = Over(&self.running);
        let mut call = std::pin::pin!(call);
        // The channel may end before the answer comes.
        tokio::select! {
            result = &mut call => result,
            _ = serving => call.await,
        }
    }

    /// Cancels the long call, when there is one that can be.
    pub(super) async fn cancel(&self, method: &str) {
        if self.running.load(Ordering::Acquire) {
            // It may just have ended, or its process; then there is nothing to cancel.
            let _ = self.client.call_within::<(), ()>(CANCELLING, method, &()).await;
        }
    }
}

/// Reads a spec that was the answer to a call.
pub(super) fn read_spec(
    method: &str,
    encoding: Encoding,
    spec: &[u8],
) -> Result<Object, CallError> {
    encoding.decode(spec).map_err(|error| CallError::Unreadable {
        method: method.to_owned(),
        why: error.to_string(),
    })
}

/// Notes the end of the long call.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}
