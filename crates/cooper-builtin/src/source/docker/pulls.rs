//! Images that many builds start from are fetched once.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use cooper_container::credentials::Credentials;
use cooper_container::engine::ImageInfo;
use cooper_container::{ContainerEngine, Error};
use tokio::sync::OnceCell;

/// The pulls of a run.
pub(super) struct Pulls {
    engine: Arc<dyn ContainerEngine>,
    slots: Mutex<Vec<(Wanted, Slot)>>,
}

/// What makes two pulls the same.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) image: String,
    pub(super) platform: Option<String>,
    pub(super) credentials: Credentials,
}

/// An image that was fetched.
#[derive(Clone)]
pub(super) struct Pulled {
    pub(super) info: ImageInfo,
    /// What its name stands for in its registry, where the engine told.
    pub(super) digest: Option<String>,
}

/// The image that was fetched, or why it was not.
type Slot = Arc<OnceCell<Result<Pulled, Arc<Error>>>>;

impl Pulls {
    pub(super) fn new(engine: Arc<dyn ContainerEngine>) -> Self {
        Self { engine, slots: Mutex::default() }
    }

    /// Fetches an image unless this run did, and looks at it; whoever comes meanwhile waits for it, and shares
    /// its failure. Who comes after a failure, or after the name was given to another image,
    /// fetches again. When the one who fetches is dropped, the next one takes over.
    pub(super) async fn once<F>(
        &self,
        wanted: Wanted,
        pull: impl Fn() -> F + Send,
    ) -> Result<Pulled, Arc<Error>>
    where
        F: Future<Output = Result<Option<String>, Error>> + Send,
    {
        let image = wanted.image.clone();
        let slot = self.slot(wanted);
        let mut fetched_here = false;
        let fetch = async || {
            let digest = pull().await?;
            let info = self.engine.inspect_image(&image).await?;
            Ok(Pulled { info, digest })
        };
        let first = async {
            fetched_here = true;
            fetch().await.map_err(Arc::new)
        };
        match slot.get_or_init(|| first).await {
            Ok(pulled) if fetched_here => Ok(pulled.clone()),
            Ok(Pulled { info, digest }) => match self.engine.inspect_image(&image).await {
                Ok(now) if now.id == info.id => Ok(Pulled { info: now, digest: digest.clone() }),
                _ => fetch().await.map_err(Arc::new),
            },
            Err(error) => {
                self.slots().retain(|(_, other)| !Arc::ptr_eq(other, &slot));
                Err(error.clone())
            }
        }
    }

    fn slot(&self, wanted: Wanted) -> Slot {
        let mut slots = self.slots();
        if let Some((_, slot)) = slots.iter().find(|(known, _)| *known == wanted) {
            return slot.clone();
        }
        let slot = Slot::default();
        slots.push((wanted, slot.clone()));
        slot
    }

    fn slots(&self) -> std::sync::MutexGuard<'_, Vec<(Wanted, Slot)>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use cooper_container::fake::{FakeEngine, Script};
    use futures::future::join_all;

    use super::*;

    fn pulls() -> (Pulls, Arc<FakeEngine>) {
        let script = Script { images: vec!["base".to_owned()], ..Script::default() };
        let engine = Arc::new(FakeEngine::new(script));
        (Pulls::new(engine.clone()), engine)
    }

    fn wanted(platform: &str) -> Wanted {
        let (image, platform) = ("base".to_owned(), Some(platform.to_owned()));
        Wanted { image, platform, credentials: Credentials::Anonymous }
    }

    #[tokio::test]
    async fn builds_share_a_pull_but_not_another_platforms() {
        let (pulls, _) = pulls();
        let count = AtomicUsize::new(0);
        let pull = || async {
            count.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            Ok(None)
        };
        let same = join_all((0..16).map(|_| pulls.once(wanted("linux/amd64"), pull))).await;
        assert!(same.iter().all(Result::is_ok));
        assert_eq!(count.load(Ordering::Relaxed), 1);
        pulls.once(wanted("linux/amd64"), pull).await.unwrap();
        assert_eq!(count.load(Ordering::Relaxed), 1);
        pulls.once(wanted("linux/arm64"), pull).await.unwrap();
        assert_eq!(count.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn a_failure_is_shared_by_those_who_waited_and_forgotten() {
        let (pulls, _) = pulls();
        let count = AtomicUsize::new(0);
        let pull = || async {
            tokio::task::yield_now().await;
            match count.fetch_add(1, Ordering::Relaxed) {
                0 => Err(Error::Temporary("busy".to_owned())),
                _ => Ok(None),
            }
        };
        let all = join_all((0..4).map(|_| pulls.once(wanted("linux/amd64"), pull))).await;
        assert!(all.iter().all(Result::is_err));
        assert_eq!(count.load(Ordering::Relaxed), 1);
        pulls.once(wanted("linux/amd64"), pull).await.unwrap();
        assert_eq!(count.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn a_pull_that_is_dropped_is_taken_over() {
        let (pulls, _) = pulls();
        let endless = || std::future::pending::<Result<Option<String>, Error>>();
        let mut first = Box::pin(pulls.once(wanted("linux/amd64"), endless));
        assert!(futures::poll!(&mut first).is_pending());
        let mut second = Box::pin(pulls.once(wanted("linux/amd64"), || async { Ok(None) }));
        assert!(futures::poll!(&mut second).is_pending());
        drop(first);
        second.await.unwrap();
    }

    #[tokio::test]
    async fn a_name_that_was_moved_is_fetched_again() {
        let (pulls, engine) = pulls();
        let count = AtomicUsize::new(0);
        let pull = || async {
            count.fetch_add(1, Ordering::Relaxed);
            engine.pull("base", None, &Credentials::Anonymous, &mut |_| {}).await
        };
        pulls.once(wanted("linux/amd64"), pull).await.unwrap();
        engine.remove_image("base").await.unwrap();
        pulls.once(wanted("linux/amd64"), pull).await.unwrap();
        assert_eq!(count.load(Ordering::Relaxed), 2);
    }
}
