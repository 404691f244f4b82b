//! How an image is held to what the lock file says.

use std::sync::Arc;

use cooper_build::event::BuildId;
use cooper_build::lock::Hold;
use cooper_build::{Config, Failure, Lock, StepCx};
use cooper_container::Error;
use cooper_container::engine::ImageInfo;
use cooper_container::reference::{Reference, is_image_id};
use cooper_hcl::{Code, Reported};

use crate::arguments::refuse;

/// How an image is held to what the lock file says.
pub(super) enum Pin {
    /// Not at all: there is no lock file, or the name says what is in the image.
    Free,
    /// It must be this one.
    To(Pinned),
    /// It may be any, which is noted.
    Noted(Noted),
}

/// The image that alone may be used.
pub(super) struct Pinned {
    /// As the lock file names it: `python:alpine`.
    name: String,
    /// The same without its tag.
    repository: String,
    digest: String,
}

/// An image whose digest is noted.
pub(super) struct Noted {
    name: String,
    reference: Reference,
    /// What was noted last.
    known: Option<String>,
    build: BuildId,
    lock: Arc<Lock>,
}

impl Pin {
    /// How an image is held that an argument names, or a file that it names.
    pub(super) fn prepare(
        config: &Config<'_>,
        argument: &str,
        image: &str,
    ) -> Result<Self, Reported> {
        let reference = Reference::parse(image).ok();
        let reference = reference.filter(|name| name.digest.is_none() && !is_image_id(image));
        let Some(reference) = reference else { return Ok(Self::Free) };
        let name = format!("{}:{}", reference.name(), reference.version());
        let known = match config.lock.image(&name) {
            Hold::Free => return Ok(Self::Free),
            Hold::Only(locked) => {
                let (repository, digest) = (reference.name().to_owned(), locked.digest.clone());
                return Ok(Self::To(Pinned { name, repository, digest }));
            }
            Hold::Refused => {
                let file = config.lock.path().display();
                return Err(refuse(
                    config,
                    Code::NotLocked,
                    argument,
                    format!("`{name}` is not in `{file}`, and `-locked` allows no other image"),
                    "`cooper build` without `-locked` adds it; an image that is named by its \
                     digest is always allowed",
                ));
            }
            Hold::Known(known) => known.map(|locked| locked.digest.clone()),
        };
        let (build, lock) = (config.origin.build.clone(), config.lock.clone());
        Ok(Self::Noted(Noted { name, reference, known, build, lock }))
    }
}

impl Pinned {
    /// What an engine is asked for: `python:alpine@sha256:…`.
    pub(super) fn full_name(&self) -> String {
        format!("{}@{}", self.name, self.digest)
    }

    /// What a Dockerfile starts from: `python@sha256:…`.
    pub(super) fn by_digest(&self) -> String {
        format!("{}@{}", self.repository, self.digest)
    }

    /// The image as the lock file names it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// What is known of the image, its digest first.
    ///
    /// # Errors
    ///
    /// When it is another one.
    pub(super) fn checked(&self, mut info: ImageInfo) -> Result<ImageInfo, Failure> {
        let is_ours = |digest: &String| digest.ends_with(&format!("@{}", self.digest));
        let Some(index) = info.repo_digests.iter().position(is_ours) else {
            return Err(self.another(&info));
        };
        info.repo_digests.swap(0, index);
        Ok(info)
    }

    /// Why an image is not the one that is wanted.
    pub(super) fn another(&self, info: &ImageInfo) -> Failure {
        let Self { name, repository: _, digest } = self;
        let other = info.repo_digests.first().and_then(|digest| digest.split_once('@'));
        let fetch = format!("fetch the right one with `docker pull {}`", self.full_name());
        let locked = format!("`{name}` is locked to {digest}, and the one that is here");
        match other {
            Some((_, other)) => Failure::new(format!("{locked} has the digest {other}"))
                .help(format!("{fetch}, or build without `-locked`, which notes the other one")),
            None => Failure::new(format!("{locked} is in no registry; its id is {}", info.id))
                .help(format!("{fetch}, or build without `-locked`")),
        }
    }

    /// The next step when no registry has the image any more.
    pub(super) fn gone(&self) -> String {
        format!(
            "the registry no longer has what the lock file names; `cooper build` without `-locked` \
             starts from what `{}` is now, and notes that",
            self.name
        )
    }
}

impl Noted {
    /// The image: `python:alpine`.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Notes what the name stands for: the digest that a registry told, or else that of the image
    /// which is here. Tells people when it is another one than before.
    pub(super) async fn note(&self, cx: &StepCx, told: Option<String>, info: &ImageInfo) {
        let Self { name, known, build, lock, .. } = self;
        let file = lock.path().display();
        let Some(digest) = told.or_else(|| self.digest(info)) else {
            cx.say(format!("{name} is in no registry, so that {file} cannot hold it")).await;
            return;
        };
        if let Some(known) = known.as_ref().filter(|known| **known != digest) {
            cx.say(format!("{name} is {digest} now; {file} has {known}")).await;
        }
        lock.note_image(build, name, &digest);
    }

    /// Says that nothing is known of an image that was used.
    pub(super) async fn cannot(&self, cx: &StepCx, error: &Error) {
        let (name, file) = (&self.name, self.lock.path().display());
        cx.say(format!("{name} cannot be looked at, so that {file} cannot hold it: {error}")).await;
    }

    /// The digest of a local image in its repository. Of several, the one that is known is as good
    /// as any.
    fn digest(&self, info: &ImageInfo) -> Option<String> {
        let of_repository = |digest: &String| {
            let found = Reference::parse(digest).ok()?;
            let (ours, theirs) = (&self.reference, &found);
            let is_ours =
                (&ours.registry, &ours.repository) == (&theirs.registry, &theirs.repository);
            found.digest.filter(|_| is_ours)
        };
        let all: Vec<String> = info.repo_digests.iter().filter_map(of_repository).collect();
        let known = self.known.clone().filter(|known| all.contains(known));
        known.or_else(|| all.into_iter().next())
    }
}
