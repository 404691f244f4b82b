//! Installing a version of a plugin.

use std::cmp::Reverse;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use cooper_build::version::{Constraint, Version};
use cooper_build::{Failure, PluginSource};
use cooper_host::describe::{DescribeError, describe};
use cooper_host::discover::{sha256, speaks_ours};
use cooper_host::plugin::Description;

use crate::installed::{Claim, Store};
use crate::origin::{Offer, Origin, OriginError};

/// How many versions are looked at before it is given up.
const MOST_TRIED: usize = 50;

/// What is to be installed.
#[derive(Clone, Debug)]
pub struct Wish<'a> {
    /// The plugin.
    pub source: &'a PluginSource,
    /// Which versions of it will do. The best of them is wanted.
    pub versions: Versions<'a>,
    /// Whether it is fetched even when it is there.
    pub force: bool,
    /// The SHA-256 that the program must have, in hexadecimal and lower case, if it is known.
    pub program: Option<&'a str>,
}

/// Which versions will do. A pre-release never does.
#[derive(Clone, Debug)]
pub enum Versions<'a> {
    /// Each.
    Any,
    /// Those that meet a constraint.
    Meeting(&'a Constraint),
    /// This one.
    Exactly(Version),
}

impl Versions<'_> {
    fn allow(&self, version: &Version) -> bool {
        !version.is_prerelease()
            && match self {
                Self::Any => true,
                Self::Meeting(constraint) => constraint.allows(version),
                Self::Exactly(wanted) => wanted == version,
            }
    }
}

impl std::fmt::Display for Versions<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Any => f.write_str("a release"),
            Self::Meeting(constraint) => write!(f, "`{constraint}`"),
            Self::Exactly(version) => write!(f, "`{version}`"),
        }
    }
}

/// How a wish was met.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It was there already, and is as it should be.
    Present(Receipt),
    /// It was fetched and put in its place.
    Installed(Receipt),
}

/// What is there now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Receipt {
    /// Its version.
    pub version: Version,
    /// The program.
    pub path: PathBuf,
    /// The SHA-256 of the program, in hexadecimal.
    pub digest: String,
    /// The SHA-256 of what was fetched, or would have been.
    pub fetched_digest: String,
}

/// Installs the best version that is wished for, from the first origin that has one.
///
/// # Errors
///
/// When no origin has one that can be used here, or one cannot be trusted.
pub async fn install(
    wish: &Wish<'_>,
    origins: &[Box<dyn Origin>],
    store: &Store,
) -> Result<Outcome, Failure> {
    let source = wish.source;
    let cannot = || Failure::new(format!("the plugin `{source}` cannot be installed"));
    if origins.is_empty() {
        let failure =
            cannot().caused_by(format!("nothing is known of releases on `{}`", source.host()));
        let help = format!("fetch it yourself, and `cooper plugins install -path FILE {source}`");
        return Err(failure.help(help));
    }
    let mut why_not: Vec<String> = Vec::new();
    let mut help = None;
    for origin in origins {
        let name = origin.name();
        let versions = match origin.versions().await {
            Ok(versions) => versions,
            Err(OriginError::Unfit(cause)) => {
                why_not.push(format!("{name}: {cause}"));
                continue;
            }
            Err(OriginError::Failed(failure)) => {
                why_not.push(format!("{name}: {failure}"));
                help = help.or(failure.next_step().map(str::to_owned));
                continue;
            }
        };
        let candidates = match candidates(versions, &wish.versions) {
            Ok(candidates) => candidates,
            Err(cause) => {
                why_not.push(format!("{name}: {cause}"));
                continue;
            }
        };
        for version in &candidates {
            match install_version(version, wish, &**origin, store).await {
                Ok(outcome) => return Ok(outcome),
                Err(OriginError::Unfit(cause)) => {
                    tracing::warn!(
                        "{name}: version {version} of `{source}` is passed over: {cause}"
                    );
                    why_not.push(format!("{name}: version {version}: {cause}"));
                }
                // An older version is no way round something that cannot be trusted.
                Err(OriginError::Failed(failure)) => {
                    let mut told = cannot().caused_by(format!("{name}: {failure}"));
                    if let Some(help) = failure.next_step() {
                        told = told.help(help);
                    }
                    return Err(told);
                }
            }
        }
    }
    let failure = why_not.into_iter().fold(cannot(), Failure::caused_by);
    Err(match help {
        Some(help) => failure.help(help),
        None => failure,
    })
}

/// The versions that are wanted, the best first.
fn candidates(mut versions: Vec<Version>, wanted: &Versions<'_>) -> Result<Vec<Version>, String> {
    versions.sort_by_key(|version| Reverse(version.clone()));
    versions.dedup();
    let best = versions.first().cloned();
    versions.retain(|version| wanted.allow(version));
    versions.truncate(MOST_TRIED);
    match (versions.is_empty(), best) {
        (false, _) => Ok(versions),
        (true, None) => Err("it has no version".to_owned()),
        (true, Some(best)) => {
            Err(format!("it has no version that meets {wanted}; the newest is {best}"))
        }
    }
}

async fn install_version(
    version: &Version,
    wish: &Wish<'_>,
    origin: &dyn Origin,
    store: &Store,
) -> Result<Outcome, OriginError> {
    let offer = origin.offer(version).await?;
    if !speaks_ours(&offer.api) {
        let api = &offer.api;
        return Err(OriginError::Unfit(format!("it speaks version {api} of the plugin protocol")));
    }
    let claim = store.claim(wish.source).await?;
    let place = claim.place(wish.source, version, &offer.api);
    if !wish.force
        && let Some(receipt) = present(&place, &offer, wish, store).await
    {
        return Ok(Outcome::Present(receipt));
    }
    let scratch = claim.scratch()?;
    let program = origin.fetch(&offer, scratch.path()).await?;
    if let Some(wanted) = wish.program {
        check_program(&program, wanted)?;
    }
    put(&program, &offer, &claim, wish.source).await.map(Outcome::Installed)
}

/// What is in a place already, if it is sound.
async fn present(place: &Path, offer: &Offer, wish: &Wish<'_>, store: &Store) -> Option<Receipt> {
    let files = store.files_of(wish.source, None).await;
    let file = files.iter().find(|file| file.path == place)?;
    let plugin = match wish.program {
        Some(wanted) => store.verified_as(file, wanted).await?,
        None => store.verified(file).await?,
    };
    Some(Receipt {
        version: plugin.version,
        path: plugin.path,
        digest: plugin.digest,
        fetched_digest: offer.digest.clone(),
    })
}

/// Compares a program with the one that is wanted, before anything of it runs.
fn check_program(program: &Path, wanted: &str) -> Result<(), Failure> {
    let digest = sha256(program)
        .map_err(|error| Failure::because("what was fetched cannot be read", &error))?;
    if digest == wanted {
        return Ok(());
    }
    let message = format!("its program has the SHA-256 {digest}, and the lock file names {wanted}");
    let help = "ask who publishes it why it is another one; if that is right, `cooper init -upgrade` \
                names it";
    Err(Failure::new(message).help(help))
}

/// Puts a program in its place, after it was asked what it is.
async fn put(
    program: &Path,
    offer: &Offer,
    claim: &Claim,
    source: &PluginSource,
) -> Result<Receipt, OriginError> {
    let Offer { version, api, digest: fetched_digest, file: _ } = offer;
    let unfit = OriginError::Unfit;
    let description = ask(program).await?;
    let described =
        Version::parse(&description.version).map_err(|error| unfit(error.to_string()))?;
    if described != *version || description.api_version != *api {
        return Err(unfit(format!(
            "its program says that it is version {} of {}",
            description.version, description.api_version
        )));
    }
    let place = claim.place(source, version, api);
    let digest = claim.put(program, &place)?;
    let (version, fetched_digest) = (version.clone(), fetched_digest.clone());
    Ok(Receipt { version, path: place, digest, fetched_digest })
}

/// Asks a program what it is.
pub(crate) async fn ask(program: &Path) -> Result<Description, OriginError> {
    let executable = fs::set_permissions(program, Permissions::from_mode(0o755));
    executable.map_err(|error| Failure::because("a program cannot be made executable", &error))?;
    let unfit = |error: DescribeError| OriginError::Unfit(error.to_string());
    describe(program).await.map_err(unfit)
}
