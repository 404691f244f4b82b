//! The image that a container starts from.

use std::collections::BTreeMap;
use std::path::Path;

use cooper_build::{Config, component_config};
use cooper_container::dockerfile;
use cooper_container::engine::ImageBuild;
use cooper_container::reference::{Reference, is_image_id};
use cooper_hcl::{Code, FileKind, Reported};

use super::Arguments;
use super::pin::{Noted, Pin};
use crate::arguments::{check_exists, check_file, no_effect, refuse};

component_config! {
    /// Builds the image to start from, with a Dockerfile.
    pub(super) struct BuildArguments {
        /// The Dockerfile. Required.
        path: Option<String>,
        /// The folder that the Dockerfile can copy from; the current one when absent.
        build_dir: Option<String>,
        /// Values for what the Dockerfile declares with `ARG`.
        arguments: BTreeMap<String, String>,
        /// Whether base images are pulled even when the engine has them; true when absent.
        pull: Option<bool>,
        /// Whether the folder is compressed on its way to the engine.
        compress: bool,
    }
}

/// Where the image to start from comes from.
pub(super) enum Base {
    Image {
        name: String,
        pull: bool,
        pin: Pin,
    },
    /// A Dockerfile, and the images that it starts from whose digests are noted.
    Build {
        build: ImageBuild,
        noted: Vec<Noted>,
    },
}

impl Base {
    /// Checks the arguments that say what to start from.
    pub(super) fn prepare(
        config: &Config<'_>,
        arguments: &mut Arguments,
        platform: Option<&str>,
    ) -> Result<Self, Reported> {
        let image = arguments.image.take().filter(|image| !image.is_empty());
        let build = arguments.build.take().filter(|build| {
            let BuildArguments { path, build_dir, arguments, pull, compress } = build;
            path.is_some()
                || build_dir.is_some()
                || !arguments.is_empty()
                || pull.is_some()
                || *compress
        });
        match (image, build) {
            (Some(image), None) => {
                if let (Err(error), false) = (Reference::parse(&image), is_image_id(&image)) {
                    return Err(config.error(Code::InvalidValue, "image", error.to_string()));
                }
                let pin = Pin::prepare(config, "image", &image)?;
                Ok(Self::Image { name: image, pull: arguments.pull.unwrap_or(true), pin })
            }
            (None, Some(build)) => {
                if arguments.pull == Some(true) {
                    no_effect(config, "pull", "an image that was just built is in no registry");
                }
                let (build, noted) = image_build(config, build, platform)?;
                Ok(Self::Build { build, noted })
            }
            (Some(_), Some(build)) => {
                let _ = image_build(config, build, platform);
                Err(refuse(
                    config,
                    Code::ConflictingArguments,
                    "image",
                    "`image` cannot be specified with a build config",
                    "remove `image`, or the `build` block",
                ))
            }
            (None, None) => Err(refuse(
                &config.looking_at(&["image", "build"]),
                Code::MissingArgument,
                "image",
                "missing `image` attribute or `build` section",
                "say what to start from: `image = \"debian:12\"`",
            )),
        }
    }
}

fn image_build(
    config: &Config<'_>,
    build: BuildArguments,
    platform: Option<&str>,
) -> Result<(ImageBuild, Vec<Noted>), Reported> {
    // Places inside the block, so that mistakes are shown there.
    let mut config = config.clone();
    if let Some([places, ..]) = config.places.blocks.get("build").map(Vec::as_slice) {
        config.places = places.clone();
    }
    if let Some(build) = config.value.as_mapping().and_then(|all| all.get("build")) {
        config.value = build.clone();
    }
    let folder = build.build_dir.filter(|path| !path.is_empty()).unwrap_or_else(|| ".".to_owned());
    let context = check_exists(&config, "build_dir", None, &folder).and_then(|kind| match kind {
        FileKind::Directory => Ok(()),
        FileKind::File | FileKind::Other => {
            let message = format!("`{folder}` is not a folder");
            Err(config.error(Code::UnreadableFile, "build_dir", message))
        }
    });
    let Some(dockerfile) = build.path.filter(|path| !path.is_empty()) else {
        return Err(refuse(
            &config,
            Code::MissingArgument,
            "path",
            "`path` is required for bootstrapping a build with `docker build`",
            "name the Dockerfile",
        ));
    };
    check_file(&config, "path", None, &dockerfile).and(context)?;
    let arguments: Vec<(String, String)> = build.arguments.into_iter().collect();
    let (text, noted) = held(&config, &dockerfile, &arguments)?;
    let here = config.system.current_dir();
    let build = ImageBuild {
        dockerfile: here.join(dockerfile),
        text,
        context: here.join(folder),
        arguments,
        pull: build.pull.unwrap_or(true),
        compress: build.compress,
        platform: platform.map(str::to_owned),
    };
    Ok((build, noted))
}

/// What a Dockerfile says when the images that it names are those of the lock file, if anything is
/// to be another; and the images whose digests are noted.
fn held(
    config: &Config<'_>,
    path: &str,
    arguments: &[(String, String)],
) -> Result<(Option<String>, Vec<Noted>), Reported> {
    let read = config.system.read(Path::new(path)).ok();
    let Some(text) = read.and_then(|bytes| String::from_utf8(bytes).ok()) else {
        return match config.lock.is_strict() {
            true => {
                let message = format!("`{path}` cannot be read as text");
                Err(refuse(config, Code::UnreadableFile, "path", message, ""))
            }
            false => Ok((None, Vec::new())),
        };
    };
    let (mut pinned, mut noted, mut refused) = (Vec::new(), Vec::<Noted>::new(), None);
    for dockerfile::Base { place, written, image } in dockerfile::bases(&text, arguments) {
        let Some(image) = image else {
            if config.lock.is_strict() {
                let message = format!("which image `{written}` is in `{path}` is not known");
                let help = "`-locked` allows no image that it cannot find in the lock file: give \
                    the value in `arguments`, or name the image by its digest";
                refused = Some(refuse(config, Code::NotLocked, "path", message, help));
            }
            continue;
        };
        match Pin::prepare(config, "path", &image) {
            Ok(Pin::To(to)) => pinned.push((place, to.by_digest())),
            Ok(Pin::Noted(new)) if noted.iter().all(|known| known.name() != new.name()) => {
                noted.push(new);
            }
            Ok(Pin::Free | Pin::Noted(_)) => {}
            Err(reported) => refused = Some(reported),
        }
    }
    if let Some(reported) = refused {
        return Err(reported);
    }
    let names = pinned.iter().map(|(place, name)| (place.clone(), name.as_str()));
    let text = (!pinned.is_empty()).then(|| dockerfile::renamed(&text, names));
    Ok((text, noted))
}
