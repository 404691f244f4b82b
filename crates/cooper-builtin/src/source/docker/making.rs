//! What the engine goes on making when nobody waits for it any more.

use std::future::Future;
use std::sync::Arc;

use cooper_build::{Failure, StepCx};
use cooper_container::Error;
use futures::FutureExt;
use futures::future::BoxFuture;

/// Waits for what the engine makes. A run that is told to stop meanwhile undoes it in its clean-up,
/// as soon as it is made.
pub(super) async fn made<T: Clone + Send + Sync + 'static>(
    cx: &StepCx,
    what: &'static str,
    making: impl Future<Output = Result<T, Error>> + Send + 'static,
    undo: impl FnOnce(T) -> BoxFuture<'static, Result<(), Failure>> + Send + 'static,
) -> Result<T, Arc<Error>> {
    let making = making.map(|made| made.map_err(Arc::new)).boxed().shared();
    let abandoned = cx.defer(format!("remove the {what} that is being made"), {
        let (cx, making) = (cx.clone(), making.clone());
        move || {
            Box::pin(async move {
                if making.peek().is_none() {
                    cx.say(format!("Waiting for the {what} that is being made, to remove it"))
                        .await;
                }
                match making.await {
                    Ok(made) => undo(made).await,
                    Err(_) => Ok(()),
                }
            })
        }
    });
    let made = making.await;
    cx.forget(abandoned);
    made
}
